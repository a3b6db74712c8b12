"""A training writes what the contract says, once, and nothing that is not true."""

import importlib.util
import json
import math
import os
import subprocess
import sys

import h5py
import keras
import numpy as np
import pandas as pd
import pytest
import tiny
from sklearn import metrics as sk
from sklearn.utils import compute_class_weight

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, TrainingError
from skinlib.common.files import sha256
from skinlib.data import ham10000, splits, synthetic
from skinlib.data.prepare import prepare
from skinlib.experiments import contract
from skinlib.experiments import run as runs
from skinlib.experiments.recipes import LOGGED_MD_WEIGHTS, from_json
from skinlib.models.classifier import build_classifier
from skinlib.models.weights import load_classifier
from skinlib.stats import scores
from skinlib.training import epochs, state, validation
from skinlib.training import loop as training
from skinlib.training import run_lock as occupancy


@pytest.fixture
def train(dataset):
    """Train the tiny network: ``train(study, recipe_name, **fields, **options)``."""

    def run(study, name="clean", *, options=None, **fields):
        options = {"data": dataset, "progress": False, **(options or {})}
        return training.train(tiny.recipe(name, **fields), "Tiny", study=study, **options)

    return run


@pytest.fixture(scope="module")
def logged(dataset):
    """A finished run of md-as-logged."""
    recipe = tiny.recipe("md-as-logged", test_share=0.25)
    return training.train(recipe, "Tiny", data=dataset, study="logged", progress=False)


def assert_same_numbers(one, other):
    """Predictions agree byte by byte, weights bit by bit.

    The weights files also hold the names of layers, which depend on the models built
    before in this process.
    """
    file = "predictions.csv"
    assert (one.folder / file).read_bytes() == (other.folder / file).read_bytes()
    mine, theirs = arrays(one), arrays(other)
    assert len(mine) == len(theirs) > 10
    for name, array in mine.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def arrays(run):
    found = {}
    with h5py.File(run.folder / "best.weights.h5") as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if hasattr(item, "shape") else None
        )
    return found


def no_training(*_):
    pytest.fail("trained although the run was finished")


def test_run_directory_holds_the_contract(trained, results):
    assert trained.folder == results / "runs" / "clean" / "Tiny-clean-32px-s0"
    visible = {path.name for path in trained.folder.iterdir() if path.name[0] != "."}
    expected = {"run.json", "history.csv", "predictions.csv", "best.weights.h5", "attention.csv"}
    assert visible == expected
    hidden = {path.name for path in trained.folder.iterdir() if path.name[0] == "."}
    assert hidden <= {".lock", ".owner"}
    assert trained.finished


def test_run_json_says_where_the_numbers_come_from(trained, dataset):
    text = (trained.folder / "run.json").read_text()
    record = json.loads(text, parse_constant=pytest.fail)
    assert set(contract.REQUIRED) <= set(record)
    assert record == trained.record
    assert record["status"] == "finished"
    assert record["data"]["name"] == "synthetic"
    assert record["data"]["fingerprint"] == dataset.fingerprint
    assert record["data"]["images"] == 70
    assert record["data"]["image_size"] == [64, 48]
    assert sum(record["split"]["counts"].values()) == 70
    assert record["split"]["lesions_on_both_sides"] == 0
    assert record["weights"] == {"source": "none"}
    assert (record["backbone"], record["input_size"], record["seed"]) == ("Tiny", 32, 0)
    assert (record["epochs"], record["resumed"]) == (3, 0)
    assert record["selection"] == "validation"
    assert record["versions"]["keras"] == keras.__version__
    assert record["device"].startswith(("cpu: ", "gpu: "))
    assert record["peak_memory_mb"] > 100
    assert record["parameters"] == build_classifier("Tiny", tiny.recipe()).count_params()
    assert record["weights_sha256"] == sha256(trained.folder / "best.weights.h5")


def test_recipe_comes_back_from_run_json(trained):
    assert from_json(trained.record["recipe"]) == tiny.recipe()
    assert trained.record["changes"] == {
        "batch_size": [32, 8],
        "epochs": [250, 3],
        "learning_rate": [0.001, 0.01],
        "metadata_units": [4096, 16],
    }


@pytest.mark.parametrize(
    ("run", "parts"), [("trained", ["validation", "test"]), ("logged", ["test"])]
)
def test_predictions_cover_the_held_out_parts(run, parts, request, dataset, results):
    run = request.getfixturevalue(run)
    frame = run.predictions()
    assert list(frame["part"].unique()) == parts
    split = splits.read(
        results / "splits" / run.record["split"]["file"], run.record["split"]["unit"]
    )
    held_out = split.table[split.table["part"] != "train"]
    pd.testing.assert_frame_equal(
        frame[["image_id", "lesion_id", "part"]].sort_values("image_id", ignore_index=True),
        held_out.sort_values("image_id", ignore_index=True),
    )
    truth = dataset.table.set_index("image_id")["dx"]
    assert (frame["label"] == frame["image_id"].map(truth)).all()


def test_history_has_one_row_an_epoch(trained):
    history = trained.history()
    assert list(history["epoch"]) == [1, 2, 3]
    assert list(history) == [
        "epoch", "loss", "accuracy", "val_loss", "val_accuracy", "val_mean_recall",
        "learning_rate", "seconds",
    ]  # fmt: skip
    assert np.isfinite(history).all(axis=None)
    assert (history["learning_rate"] == 0.01).all()


@pytest.mark.parametrize(("run", "part"), [("trained", "validation"), ("logged", "test")])
def test_best_epoch_is_the_one_that_was_kept(run, part, request):
    run = request.getfixturevalue(run)
    history, best = run.history(), run.record["best_epoch"]
    assert history["val_accuracy"].idxmax() == best - 1
    labels, probabilities, _ = run.arrays(part)
    kept = history.iloc[best - 1]
    assert np.mean(probabilities.argmax(1) == labels) == pytest.approx(
        kept["val_accuracy"], rel=1e-5
    )
    chosen = probabilities[np.arange(len(labels)), labels]
    assert -np.log(chosen).mean() == pytest.approx(kept["val_loss"], rel=1e-4)
    assert run.record["selection"] == part


@pytest.mark.parametrize(("run", "order"), [("trained", "rgb"), ("logged", "bgr")])
def test_kept_weights_give_the_predictions(run, order, request, dataset):
    run = request.getfixturevalue(run)
    recipe = from_json(run.record["recipe"])
    model = build_classifier("Tiny", recipe, seed=5)
    load_classifier(model, run.folder / "best.weights.h5", run.record["weights_sha256"])
    prepared = prepare(recipe, dataset, 32, 0, progress=False)
    part = prepared.parts["test"]
    assert part.channel_order == order
    _, probabilities, _ = run.arrays("test")
    np.testing.assert_allclose(training.predict(model, part), probabilities, atol=1e-6)
    assert np.ptp(probabilities) > 0.01


@pytest.mark.parametrize("run", ["trained", "logged"])
def test_attention_of_the_test_part_is_kept(run, request, dataset):
    run = request.getfixturevalue(run)
    recipe = from_json(run.record["recipe"])
    model = build_classifier("Tiny", recipe, seed=5, maps=True)
    load_classifier(model, run.folder / "best.weights.h5", run.record["weights_sha256"])
    part = prepare(recipe, dataset, 32, 0, progress=False).parts["test"]
    inputs = part.inputs(np.arange(len(part)))
    expected = np.asarray(model.predict_on_batch(inputs)["attention"]).mean(axis=-1)
    kept = run.attention()
    assert list(kept) == list(run.predictions("test")["image_id"])
    found = np.array(list(kept.values()))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, atol=5e-3)


def test_class_weights_are_recorded(trained, logged, dataset):
    prepared = prepare(tiny.recipe(), dataset, 32, 0, progress=False)
    labels = prepared.parts["train"].labels
    expected = compute_class_weight("balanced", classes=np.arange(7), y=labels)
    np.testing.assert_allclose(trained.record["class_weights"], expected, atol=1e-6)
    assert logged.record["class_weights"] == list(LOGGED_MD_WEIGHTS)


@pytest.mark.parametrize("run", ["trained", "logged"])
def test_metrics_of_the_file_agree_with_scikit_learn(run, request):
    run = request.getfixturevalue(run)
    frame = pd.read_csv(run.folder / "predictions.csv")
    frame = frame[frame["part"] == "test"]
    truth, numbers = frame["label"], frame[list(CLASSES)]
    guess = numbers.idxmax(axis=1)
    labels, probabilities, _ = run.arrays("test")
    found = scores.summary(labels, probabilities)
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(truth, guess))
    assert found["mean_recall"] == pytest.approx(sk.balanced_accuracy_score(truth, guess))
    options = {"average": "macro", "zero_division": 0}
    assert found["macro_precision"] == pytest.approx(sk.precision_score(truth, guess, **options))
    assert found["macro_f1"] == pytest.approx(sk.f1_score(truth, guess, **options))
    exact = numbers.to_numpy() / numbers.to_numpy().sum(axis=1, keepdims=True)
    for average in ("macro", "weighted", "micro"):
        options = {"average": average, "multi_class": "ovr"}
        expected = sk.roc_auc_score(truth, exact, labels=list(CLASSES), **options)
        assert found[f"auc_{average}"] == pytest.approx(expected, abs=1e-6), average


def test_finished_run_is_skipped(trained, train, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in trained.folder.glob("[!.]*")}
    monkeypatch.setattr(training, "_train", no_training)
    again = train("clean")
    assert again.record == trained.record
    assert {path: path.stat().st_mtime_ns for path in trained.folder.glob("[!.]*")} == before


def test_other_settings_in_the_same_folder_are_refused(trained, train):
    before = (trained.folder / "run.json").read_bytes()
    for options, fields in (({"seed": 1}, {}), ({}, {"dropout": 0.4}), ({"size": 33}, {})):
        with pytest.raises(DataError, match=r"other settings.*choose another name or remove"):
            train("clean", options={"name": trained.name, **options}, **fields)
    assert (trained.folder / "run.json").read_bytes() == before


def test_same_seed_same_numbers(trained, train):
    again = train("again")
    assert_same_numbers(again, trained)
    assert again.record["identity"] == trained.record["identity"]
    other = train("again", options={"seed": 1}, epochs=1)
    assert other.record["identity"] != trained.record["identity"]
    assert other.record["split"]["hash"] != trained.record["split"]["hash"]


def test_weights_can_be_left_out(train):
    run = train("slim", epochs=1, options={"keep_weights": False})
    assert run.finished
    assert not list(run.folder.glob("*.h5"))
    assert len(run.record["weights_sha256"]) == 64


def test_clean_looks_at_the_test_part_once(train, monkeypatch):
    seen = []
    predict = training.predict

    def noting(model, part, **options):
        seen.append(len(part))
        return predict(model, part, **options)

    monkeypatch.setattr(training, "predict", noting)
    monkeypatch.setattr(validation, "predict", noting)
    run = train("once", epochs=2)
    counts = run.record["split"]["counts"]
    assert seen == [counts["validation"]] * 2 + [counts["validation"], counts["test"]]


def test_order_of_the_training_images_changes_every_epoch(train, monkeypatch):
    seen = []
    batch = epochs.batch

    def noting(part, index):
        seen.append(list(index))
        return batch(part, index)

    monkeypatch.setattr(epochs, "batch", noting)
    run = train("order", epochs=2)
    count = run.record["split"]["counts"]["train"]
    steps = -(-count // 8)
    # Keras looks at the first batches of an epoch to learn their shapes, and at them again.
    orders = [seen[at : at + steps] for at in range(len(seen)) if at in (2, steps + 4)]
    orders = [[place for places in order for place in places] for order in orders]
    assert [sorted(order) for order in orders] == [list(range(count))] * 2
    assert orders[0] != orders[1]


def poisoned(part, index, *, batch=epochs.batch):
    """Hand out metadata that is not a number."""
    inputs, labels = batch(part, index)
    return {**inputs, "metadata": inputs["metadata"] * np.nan}, labels


def test_loss_that_is_no_number_fails_the_run(trained, train, monkeypatch):
    epoch_order = epochs.epoch_order

    def poison_the_third(count, seed, epoch):
        if epoch == 2:
            monkeypatch.setattr(epochs, "batch", poisoned)
        return epoch_order(count, seed, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "epoch_order", poison_the_third)
        # In some kernels the ReLU of NaN is 0: the loss stays finite there, the weights do not.
        with pytest.raises(TrainingError, match="became nan in epoch 3; lower the learning rate"):
            train("poison")
    monkeypatch.undo()
    folder = runs.folder_of("poison", trained.name)
    failed = runs.read_run(folder)
    assert failed.record["status"] == "failed"
    assert not failed.finished
    assert "epoch 3" in failed.record["reason"]
    assert not (folder / "predictions.csv").exists()
    assert (folder / state.NAME).is_file()
    assert len(failed.history()) == 2
    # Without the poison the same call goes on, and ends where it would have ended.
    run = train("poison")
    assert run.finished
    assert run.record["resumed"] == 1
    assert "reason" not in run.record
    assert_same_numbers(run, trained)


@pytest.mark.parametrize("kind", ["weight", "moment"])
def test_numbers_that_are_not_finite_fail_the_run(kind, trained, train, monkeypatch):
    train_epoch = epochs.train_epoch

    def poison_the_second(model, *args, **options):
        logs = train_epoch(model, *args, **options)
        if len(args[4].history) == 1:
            variables = model.variables if kind == "weight" else model.optimizer.variables
            floats = [v for v in variables if "float" in str(v.dtype) and v.shape]
            array = np.array(floats[-1])
            array.flat[0] = np.inf
            floats[-1].assign(array)
        return logs

    with monkeypatch.context() as patch:
        patch.setattr(epochs, "train_epoch", poison_the_second)
        with pytest.raises(TrainingError, match=r"weight '.+' of .* became inf in epoch 2; lower"):
            train(f"poison-{kind}")
    folder = runs.folder_of(f"poison-{kind}", trained.name)
    assert runs.read_run(folder).record["status"] == "failed"
    # What is kept is the first epoch: its state and its weights.
    assert len(runs.read_run(folder).history()) == 1
    for path in folder.glob("*.weights.h5"):
        assert path.name == "best-1.weights.h5"
    run = train(f"poison-{kind}")
    assert_same_numbers(run, trained)


def test_prediction_that_is_no_number_fails_the_run(train, monkeypatch):
    monkeypatch.setattr(
        validation, "predict", lambda _, part, **options: np.full((len(part), 7), np.nan)
    )
    with pytest.raises(TrainingError, match="became nan in epoch 1"):
        train("blind")
    (run,) = runs.list_runs("blind")
    assert run.record["status"] == "failed"


def test_absurd_learning_rate_ends_in_an_error_or_in_numbers(train):
    # Whatever happens inside, no run is called finished with a number that is none.
    try:
        run = train("absurd", learning_rate=1e38, epochs=2)
    except TrainingError:
        assert runs.list_runs("absurd")[0].record["status"] == "failed"
    else:
        assert np.isfinite(run.arrays("test")[1]).all()


HOLDER = """
import sys, time
from pathlib import Path
from skinlib.training import run_lock as occupancy
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
with occupancy.hold(folder):
    print("held", flush=True)
    time.sleep(600)
"""


def test_second_process_is_refused_with_the_pid_of_the_first(trained, train):
    folder = runs.folder_of("shared", trained.name)
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(DataError, match=f"process {holder.pid} is training"):
                train("shared", epochs=1)
            assert not (folder / "run.json").exists()
        finally:
            holder.kill()
    # A dead process holds nothing.
    assert train("shared", epochs=1).finished


def test_directory_is_free_after_the_block(tmp_path):
    guard = occupancy.hold(tmp_path)
    with guard:
        assert (tmp_path / ".owner").read_text() == str(os.getpid())
    with occupancy.hold(tmp_path):
        pass


def test_wrong_requests_leave_nothing_behind(train, results):
    for options, message in (
        ({"size": 15}, "at least 16 px, not 15"),
        ({"data": results / "absent"}, "does not exist"),
    ):
        with pytest.raises(DataError, match=message):
            train("wrong", options=options)
    with pytest.raises(DataError, match="'Tinny' is unknown"):
        training.train("clean", "Tinny", study="wrong")
    with pytest.raises(DataError, match="'cleen' is unknown"):
        training.train("cleen", "Tiny", study="wrong")
    assert not (results / "runs" / "wrong").exists()


def test_it_learns(tmp_path):
    folder = synthetic.generate(tmp_path / "set", images=210, width=64, height=48)
    dataset = ham10000.load(folder, decode=False)
    recipe = tiny.recipe(
        epochs=12, learning_rate=0.01, epsilon=1e-7, class_weights="none", attention="none"
    )
    run = training.train(recipe, "Tiny", data=dataset, study="learns", progress=False)
    labels, probabilities, _ = run.arrays("test")
    majority = np.bincount(labels, minlength=7).max() / len(labels)
    assert scores.summary(labels, probabilities)["accuracy"] > majority
    history = run.history()
    assert history["loss"].iloc[-1] < 0.8 * history["loss"].iloc[0]
    assert math.log(7) > history["val_loss"].min()


JAX = """
import sys
import keras, pytest
sys.path.insert(0, sys.argv[1])
import tiny
from pathlib import Path
from skinlib.common import paths
from skinlib.training import loop as training
assert keras.backend.backend() == sys.argv[4]
assert "tensorflow" not in sys.modules
paths.RESULTS = Path(sys.argv[3])
tiny.install(pytest.MonkeyPatch())
recipe = tiny.recipe(epochs=1, augmentation=tiny.KILLED.augmentation)
first = training.train(recipe, "Tiny", data=sys.argv[2], progress=False)
assert first.finished, first.record
assert first.record["versions"]["backend"] == sys.argv[4]
"""


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_trains_without_tensorflow(backend, synthetic_folder, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    here = os.path.dirname(tiny.__file__)
    environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu"}
    # Optimising takes XLA longer than everything else here.
    environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    command = [sys.executable, "-c", JAX, here, str(synthetic_folder), str(tmp_path), backend]
    subprocess.run(command, check=True, env=environment)
