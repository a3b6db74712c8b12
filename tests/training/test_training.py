"""A training writes what the contract says, once, and nothing that is not true."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
import tiny
from comparing import assert_same_numbers
from networks import outcome, with_maps
from sklearn.utils import compute_class_weight

from skinlib.common.errors import DataError
from skinlib.common.files import sha256
from skinlib.data import ham10000, splits, synthetic
from skinlib.data.prepare import prepare
from skinlib.experiments.recipes import LOGGED_MD_WEIGHTS, from_json
from skinlib.models.classifier import build_classifier
from skinlib.models.prediction import predict
from skinlib.models.weights import load_classifier
from skinlib.training import evaluation, loop


@pytest.fixture(scope="module")
def logged(dataset):
    """A finished run of md-as-logged."""
    return tiny.train(dataset, "logged", tiny.recipe("md-as-logged", test_share=0.25))


@pytest.fixture(params=["trained", "logged"])
def either(request):
    """A finished run, and the set that chose its epoch."""
    run = request.getfixturevalue(request.param)
    return run, {"trained": "validation", "logged": "test"}[request.param]


def test_run_directory_holds_the_contract(trained, results):
    assert trained.folder == results / "runs" / "clean" / "Tiny-clean-32px-s0"
    names = {path.name for path in trained.folder.iterdir()}
    visible = {name for name in names if name[0] != "."}
    expected = {"run.json", "history.csv", "predictions.csv", "best.weights.h5", "attention.csv"}
    assert visible == expected
    assert names - visible <= {".lock", ".owner"}
    assert trained.finished


def test_run_json_says_where_the_numbers_come_from(trained, dataset):
    text = (trained.folder / "run.json").read_text()
    record = json.loads(text, parse_constant=pytest.fail)
    assert record == trained.record
    expected = {
        "status": "finished", "weights": {"source": "none"}, "backbone": "Tiny", "input_size": 32,
        "seed": 0, "epochs": 3, "resumed": 0, "selection": "validation",
        "parameters": build_classifier("Tiny", tiny.recipe()).count_params(),
        "weights_sha256": sha256(trained.weights_path),
    }  # fmt: skip
    assert {key: record[key] for key in expected} == expected
    data = {"name": "synthetic", "fingerprint": dataset.fingerprint, "images": 70}
    assert record["data"] == {**data, "image_size": [64, 48], "repaired": [], "copies": []}
    assert sum(record["split"]["counts"].values()) == 70
    assert record["split"]["lesions_on_both_sides"] == 0
    assert record["versions"]["keras"] == keras.__version__
    assert record["device"].startswith(("cpu: ", "gpu: "))
    assert record["peak_memory_mb"] > 100
    assert from_json(record["recipe"]) == tiny.recipe()
    changes = {"batch_size": [32, 8], "epochs": [250, 3], "learning_rate": [0.001, 0.01]}
    assert record["changes"] == {**changes, "metadata_units": [4096, 16]}


def test_predictions_cover_the_held_out_parts(either, dataset, results):
    run, selection = either
    frame, recorded = run.predictions(), run.record["split"]
    assert list(frame["part"].unique()) == [*dict.fromkeys([selection, "test"])]
    split = splits.read(results / "splits" / recorded["file"], recorded["unit"])
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


def test_best_epoch_is_the_one_that_was_kept(either):
    run, part = either
    history, best = run.history(), run.record["best_epoch"]
    assert history["val_accuracy"].idxmax() == best - 1
    labels, probabilities, _ = run.arrays(part)
    kept = history.iloc[best - 1]
    accuracy = np.mean(probabilities.argmax(1) == labels)
    assert accuracy == pytest.approx(kept["val_accuracy"], rel=1e-5)
    chosen = probabilities[np.arange(len(labels)), labels]
    assert -np.log(chosen).mean() == pytest.approx(kept["val_loss"], rel=1e-4)
    assert run.record["selection"] == part


def test_kept_weights_give_the_predictions_and_the_attention(either, dataset):
    run, _ = either
    recipe = from_json(run.record["recipe"])
    model = build_classifier("Tiny", recipe, seed=5)
    load_classifier(model, run.weights_path, run.record["weights_sha256"])
    part = prepare(recipe, dataset, 32, 0, progress=False).parts["test"]
    assert part.channel_order == {"clean": "rgb", "md-as-logged": "bgr"}[recipe.name]
    expected = outcome(with_maps(model), part.inputs(np.arange(len(part))))
    _, probabilities, _ = run.arrays("test")
    np.testing.assert_allclose(probabilities, expected["probabilities"], atol=1e-6)
    assert np.ptp(probabilities) > 0.01
    kept = run.attention()
    assert list(kept) == list(run.predictions("test")["image_id"])
    found = np.array(list(kept.values()))
    np.testing.assert_allclose(found, np.mean(expected["attention"], axis=-1), atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, atol=5e-3)


def test_class_weights_are_recorded(trained, logged, dataset):
    labels = prepare(tiny.recipe(), dataset, 32, 0, progress=False).parts["train"].labels
    expected = compute_class_weight("balanced", classes=np.arange(7), y=labels)
    np.testing.assert_allclose(trained.record["class_weights"], expected, atol=1e-6)
    assert logged.record["class_weights"] == list(LOGGED_MD_WEIGHTS)


def test_finished_run_is_skipped(trained, train, monkeypatch):
    before = {path: path.stat().st_mtime_ns for path in trained.folder.glob("[!.]*")}
    monkeypatch.setattr(loop, "_train", lambda *_: pytest.fail("trained a finished run"))
    assert train("clean").record == trained.record
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
    other = train("again", options={"seed": 1, "keep_weights": False}, epochs=1)
    assert other.record["identity"] != trained.record["identity"]
    assert other.record["split"]["hash"] != trained.record["split"]["hash"]
    # Without its weights a run is as finished.
    assert other.finished
    assert not list(other.folder.glob("*.h5"))
    assert len(other.record["weights_sha256"]) == 64


def test_clean_uses_the_test_part_once(train, monkeypatch):
    seen = []

    def noting(model, part, **options):
        seen.append(len(part))
        return predict(model, part, **options)

    monkeypatch.setattr(evaluation, "predict", noting)
    run = train("once", epochs=2)
    counts = run.record["split"]["counts"]
    assert seen == [counts["validation"]] * 2 + [counts["validation"], counts["test"]]


def test_wrong_requests_leave_nothing_behind(train, results):
    for options, message in (
        ({"size": 15}, "at least 16 px, not 15"),
        ({"data": results / "absent"}, "does not exist"),
    ):
        with pytest.raises(DataError, match=message):
            train("wrong", options=options)
    with pytest.raises(DataError, match="'Tinny' is unknown"):
        loop.train(tiny.recipe(), "Tinny", study="wrong")
    assert not (results / "runs" / "wrong").exists()


def test_it_learns(tmp_path):
    folder = synthetic.generate(tmp_path / "set", images=210, width=64, height=48)
    dataset = ham10000.load(folder, decode=False)
    recipe = tiny.recipe(epochs=12, epsilon=1e-7, class_weights="none", attention="none")
    run = tiny.train(dataset, "learns", recipe)
    labels, probabilities, _ = run.arrays("test")
    majority = np.bincount(labels, minlength=7).max() / len(labels)
    assert np.mean(probabilities.argmax(axis=1) == labels) > majority
    history = run.history()
    assert history["loss"].iloc[-1] < 0.8 * history["loss"].iloc[0]
    assert np.log(7) > history["val_loss"].min()


ELSEWHERE = """
import sys
import keras, pytest, tiny
from pathlib import Path
from skinlib.common import paths
backend, folder, results = sys.argv[1:]
assert keras.backend.backend() == backend
assert "tensorflow" not in sys.modules
paths.RESULTS = Path(results)
tiny.install(pytest.MonkeyPatch())
recipe = tiny.recipe(epochs=1, augmentation=tiny.KILLED.augmentation)
first = tiny.train(folder, "elsewhere", recipe)
assert first.finished, first.record
assert first.record["versions"]["backend"] == backend
"""


@pytest.mark.backend
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_trains_without_tensorflow(backend, synthetic_folder, tmp_path):
    tiny.on_backend(backend, ELSEWHERE, synthetic_folder, tmp_path)
