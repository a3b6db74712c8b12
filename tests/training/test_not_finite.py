"""F28: a number that is not finite fails the run, which goes on without it as if nothing had been."""

import numpy as np
import pytest
from comparing import assert_same_numbers

from skinlib.common.errors import TrainingError
from skinlib.experiments.run import folder_of, list_runs, read_run
from skinlib.training import epochs, evaluation, state


def poisoned(part, index, *, batch=epochs.batch):
    """Hand out metadata that is not a number."""
    inputs, labels = batch(part, index)
    return {**inputs, "metadata": inputs["metadata"] * np.nan}, labels


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        # In some kernels the ReLU of NaN is 0: the loss stays finite there, the weights do not.
        ("loss", "became nan in epoch 2; lower the learning rate"),
        ("weight", r"weight '.+' of .* became inf in epoch 2; lower"),
        ("moment", r"weight '.+' of .* became inf in epoch 2; lower"),
    ],
)
def test_numbers_that_are_not_finite_fail_the_run(kind, message, trained, train, monkeypatch):
    fit = epochs._fit

    def poison_the_second(network, batches, progress, *others):
        second = len(progress.history) == 1
        if second and kind == "loss":
            patch.setattr(epochs, "batch", poisoned)
        chunk = fit(network, batches, progress, *others)
        if second and kind != "loss":
            model = network.trained
            variables = model.variables if kind == "weight" else model.optimizer.variables
            last = [v for v in variables if "float" in str(v.dtype) and v.shape][-1]
            array = np.array(last)
            array.flat[0] = np.inf
            last.assign(array)
        return chunk

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "_fit", poison_the_second)
        with pytest.raises(TrainingError, match=message):
            train(f"poison-{kind}")
    folder = folder_of(f"poison-{kind}", trained.name)
    failed = read_run(folder)
    assert failed.record["status"] == "failed"
    assert "epoch 2" in failed.record["reason"]
    assert not failed.finished
    assert not (folder / "predictions.csv").exists()
    # What is kept is the first epoch: its state and its weights.
    assert (folder / state.NAME).is_file()
    assert len(failed.history()) == 1
    assert {path.name for path in folder.glob("*.weights.h5")} <= {"best-1.weights.h5"}
    # Without the poison the same call goes on, and ends where it would have ended.
    run = train(f"poison-{kind}")
    assert run.finished
    assert run.record["resumed"] == 1
    assert "reason" not in run.record
    assert_same_numbers(run, trained)


def test_prediction_that_is_no_number_fails_the_run(train, monkeypatch):
    monkeypatch.setattr(
        evaluation, "predict", lambda _, part, **options: np.full((len(part), 7), np.nan)
    )
    with pytest.raises(TrainingError, match="became nan in epoch 1"):
        train("blind")
    (run,) = list_runs("blind")
    assert run.record["status"] == "failed"
