"""How long the studies took."""

import types

import pandas as pd

from skinlib.experiments import durations


def run(seconds, epochs, device="cpu: a box"):
    history = pd.DataFrame({"seconds": [seconds] * epochs})
    return types.SimpleNamespace(record={"device": device}, history=lambda: history)


def test_hours_are_the_seconds_of_the_epochs(monkeypatch):
    made = {
        "long": ("x", [run(3600, 2), run(1800, 1, "gpu: a card")], 5),
        "short": ("x", [run(0, 4), run(36, 10)], 2),
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
