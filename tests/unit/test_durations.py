"""How long the studies took."""

import types

from skinlib.evidence import durations


def run(seconds, epochs, device="cpu: a box"):
    record = {"seconds_per_epoch": seconds, "epochs": epochs, "device": device}
    return types.SimpleNamespace(record=record)


def test_hours_are_seconds_of_epochs_by_epochs(monkeypatch):
    made = {
        "long": ("x", [run(3600, 2), run(1800, 1, "gpu: a card")], 5),
        "short": ("x", [run(None, 4), run(36, 10)], 2),
        "drawn": ("synthetic", [run(3600, 9)], 1),
        "planned": ("x", [], 3),
    }
    monkeypatch.setattr(durations, "study_names", lambda: list(made))

    def load(name):
        require, done, planned = made[name]
        return types.SimpleNamespace(
            name=name, require=require, specs=[None] * planned, finished=lambda: done
        )

    monkeypatch.setattr(durations, "load_study", load)
    frame = durations.studies()
    assert frame.to_dict("records") == [
        {"Study": "long", "Runs": 5, "Finished": 2, "Hours": 2.5},
        {"Study": "short", "Runs": 2, "Finished": 2, "Hours": 0.1},
    ]
    assert durations.devices() == "cpu: a box, gpu: a card"


def test_the_table_of_the_demonstration_is_empty_without_runs(monkeypatch):
    monkeypatch.setattr(
        durations, "load_study", lambda name: types.SimpleNamespace(finished=lambda: [])
    )
    assert durations.demonstration().empty
