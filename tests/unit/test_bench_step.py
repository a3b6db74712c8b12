"""Sessions, their workers and what is made of the measured seconds."""

import io
import json
import types

import numpy as np
import pytest
import tiny

from skinlib.bench import step, worker
from skinlib.bench.session import Session, Setting


@pytest.fixture(scope="module")
def session():
    with pytest.MonkeyPatch.context() as patch:
        tiny.install(patch)
        changes = {"metadata_units": 16}
        yield Session(Setting("Tiny", size=32, batch=4, changes=changes))


def test_a_session_trains_and_predicts(session):
    before = [np.array(weight) for weight in session.model.trainable_weights]
    assert session.train() > 0
    changed = [
        not np.array_equal(old, new)
        for old, new in zip(before, session.model.trainable_weights, strict=True)
    ]
    assert any(changed)
    after = [np.array(weight) for weight in session.model.trainable_weights]
    assert session.forward() > 0
    assert session.feed() > 0
    for old, new in zip(after, session.model.trainable_weights, strict=True):
        np.testing.assert_array_equal(old, new)
    iterations = int(session.model.optimizer.iterations)
    assert session.fit(3) > 0
    assert int(session.model.optimizer.iterations) == iterations + 3


def test_a_session_says_what_it_is(session):
    about = session.describe()
    assert about["input_size"] == 32
    assert about["batch"] == 4
    assert about["parameters"] == session.model.count_params()
    # Two convolutions with stride 2, the attention on 8 x 8 x 16, and the dense layers.
    convolutions = 16 * 16 * 8 * 27 + 8 * 8 * 16 * 72
    attention = 8 * 8 * (16 * 9 * 16 + 16)
    dense = 21 * 16 + (4 * 4 * 32 + 16) * 7
    assert about["macs"] == convolutions + attention + dense


def test_memory_and_peaks_are_plain_numbers(session, monkeypatch):
    from skinlib.bench import session as module

    monkeypatch.setattr(module, "COPIED", 2**20)
    found = {**session.memory(), **session.probe()}
    assert found["process"] > 50
    assert found["flops"] > 1e6
    assert found["bytes_per_second"] > 1e6
    json.dumps(found)


def test_one_measures_neighbours_in_turn():
    calls = []
    seconds = {"train": 2.0, "forward": 0.5, "feed": 0.1}
    probe = {"flops": 1000.0, "bytes_per_second": 880.0}
    about = {"batch": 4, "macs": 50, "activations": 10, "input_size": 32}

    def do(method):
        calls.append(method)
        answers = {**seconds, "describe": about, "probe": probe, "memory": {"process": 9}}
        return answers[method]

    found = step.one(do, budget=4.0)
    assert calls[:4] == ["describe", "train", "train", "memory"]
    assert calls[7:] == ["train", "forward", "feed", "probe"] * 2
    assert found["train"]["median"] == 2.0  # images a second
    assert found["forward"]["median"] == 8.0
    assert found["input_share"]["median"] == 0.05
    # Half a second an image: 6 x 50 operations, 44 x 10 bytes.
    assert found["achieved"]["flops"] == 600
    assert found["of_compute"]["median"] == pytest.approx(0.6)
    assert found["of_bandwidth"]["median"] == pytest.approx(1.0)
    assert found["of_roofline"]["median"] == pytest.approx(1.0)


def test_a_worker_that_ends_is_quoted(monkeypatch):
    class Dead:
        def __init__(self, *_, stderr, **__):
            stderr.write("chatter\nno memory left\n")
            self.stdin, self.stdout = io.StringIO(), io.StringIO("")

        def wait(self, timeout=None):
            return -9

        def kill(self):
            raise AssertionError

    monkeypatch.setattr(worker.subprocess, "Popen", Dead)
    with (
        pytest.raises(worker.WorkerError, match=r"Tiny was killed by signal 9: no memory left"),
        worker.Worker(Setting("Tiny")),
    ):
        pass


def test_a_backbone_that_fails_does_not_end_the_bench(monkeypatch):
    def refuse(setting, quick):
        msg = f"the worker of {setting.backbone} was killed"
        raise worker.WorkerError(msg)

    monkeypatch.setattr(step, "Worker", refuse)
    found = step.measure(backbones=["MobileNet"], progress=False)
    assert found["backbones"]["MobileNet"] == {"error": "the worker of MobileNet was killed"}


def test_the_protocol_of_a_worker(monkeypatch, capfd):
    """One line in, one line out, whatever is printed in between."""

    class Fake:
        def __init__(self, setting):
            print("noise")
            self.setting = setting

        def fit(self, steps):
            print("more noise")
            return steps * self.setting.batch

    from skinlib.bench import session

    monkeypatch.setattr(session, "Session", Fake)
    channel = io.StringIO()
    channel.close = lambda: None
    monkeypatch.setattr(
        worker, "os", types.SimpleNamespace(dup=lambda _: 1, dup2=lambda *_: None,
                                            fdopen=lambda *_, **__: channel),
    )  # fmt: skip
    lines = '{"backbone": "Tiny", "batch": 5}\n["fit", 3]\n'
    monkeypatch.setattr(worker.sys, "stdin", io.StringIO(lines))
    worker.main()
    assert channel.getvalue().splitlines() == ["null", "15"]
