"""A released model gives the predictions of its run, from checked numbers and nothing else."""

import importlib.util
import shutil

import h5py
import numpy as np
import pytest
import tiny
import yaml

from skinlib.cli import main
from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import sha256
from skinlib.data.prepare import prepare
from skinlib.predict import card, release, released, tables
from skinlib.predict.runs import load_run
from skinlib.training import loop


@pytest.fixture(scope="module", autouse=True)
def models(tmp_path_factory):
    """A folder of released models of their own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("models")
        patch.setattr(paths, "MODELS", folder)
        yield folder


@pytest.fixture(scope="module")
def model(trained, dataset):
    """The folder of a released model, with its card."""
    folder = release.make(trained.folder, dataset, name="tiny", risk=0.5, progress=False)
    card.write(folder)
    return folder


@pytest.fixture(scope="module")
def turned(dataset):
    """A run whose predictions are means over eight views."""
    recipe = tiny.recipe(epochs=1, views="d4")
    return loop.train(recipe, "Tiny", data=dataset, study="turned", progress=False)


def test_float16_weights_give_the_predictions_of_the_run(model, trained, dataset):
    classifier = released.load(model)
    prepared = prepare(tiny.recipe(), dataset, 32, 0, progress=False)
    part, table = prepared.parts["test"], prepared.tables["test"]
    found = classifier.classify(part.pixels[part.rows], table)
    _, plain, _ = trained.arrays("test")
    expected = classifier.rule.decision.probabilities(plain)
    np.testing.assert_allclose(found.probabilities, expected, atol=0.02)
    record = released.read(model)
    for name in ("validation", "test"):
        change = record["float16"][name]
        assert 0 < change["largest_change"] < 0.02
        assert change["images"] == trained.record["split"]["counts"][name]
    # Rounding shows: kernels are float16, the rest float32.
    found = set(kinds(model / "float16.weights.h5").values())
    assert found == {(True, "float16"), (False, "float32")}


@pytest.mark.parametrize("run", ["trained", "turned"])
def test_one_photograph_gets_what_the_run_predicted(run, request, dataset):
    """Views included: the eight of a recipe that averages over them."""
    run = request.getfixturevalue(run)
    classifier = load_run(run.folder)
    rows = dataset.table.set_index("image_id")
    for wanted in run.predictions("test").head(3).itertuples():
        row = rows.loc[wanted.image_id]
        age = None if np.isnan(row["age"]) else row["age"]
        found = classifier.predict(row["path"], age=age, sex=row["sex"], site=row["localization"])
        expected = [getattr(wanted, name) for name in CLASSES]
        np.testing.assert_allclose(list(found.values()), expected, atol=1e-5)


def test_what_model_json_says(model, trained):
    record = released.read(model)
    assert record["run"]["identity"] == trained.record["identity"]
    assert record["recipe"] == trained.record["recipe"]
    assert record["licence"]["id"] == "cc-by-nc-4.0"
    assert "medical device" in record["notice"]
    assert record["classes"] == list(CLASSES)
    chosen = record["abstention"]
    assert (chosen["chosen_on"]["part"], chosen["risk"]) == ("validation", 0.5)
    assert chosen["chosen_on"]["wrong"][0] <= 0.5
    assert list(chosen["measured"]) == ["test"]
    assert chosen["measured"]["test"]["images"] == trained.record["split"]["counts"]["test"]
    for name, entry in record["files"].items():
        path = model / name
        assert (path.stat().st_size, sha256(path)) == (entry["bytes"], entry["sha256"])
    on_disk = {path.name for path in model.iterdir()}
    assert on_disk == {*record["files"], "model.json", "model.json.sha256", "README.md"}
    rows = {row["kind"]: row for row in record["foreign"]}
    assert rows["noise"]["unlike"] == rows["noise"]["images"]
    for row in rows.values():
        assert row["images"] == row["unlike"] + row["unsure"] + row["answered"]


def test_without_its_packages_there_is_no_onnx(model, tmp_path, monkeypatch, caplog):
    own = shutil.copytree(model, tmp_path / "own")
    (own / released.ONNX).unlink()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    release.add_onnx(own)
    assert "needs onnx, tf2onnx, onnxruntime; install the extra" in caplog.text
    assert not (own / released.ONNX).exists()


def kinds(path):
    """Return by place whether an array of floats of a file is a kernel, and its type."""
    found = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset) and item.dtype.kind == "f":
            found[name] = item.ndim > 1, item.dtype.name

    with h5py.File(path) as file:
        file.visititems(note)
    return found


def test_kernels_that_float16_does_not_serve(tmp_path):
    """Depthwise ones keep all their digits; one beyond the range is refused."""
    path, written = tmp_path / "best.weights.h5", tmp_path / "float16.weights.h5"
    with h5py.File(path, "w") as file:
        for place in ("layers/conv2d_1", "layers/depthwise_conv2d_1", "optimizer/conv2d_1"):
            file[place] = np.full((3, 3, 8, 1), 1 / 3, np.float32)
    release.write_weights(path, written, None)
    assert kinds(written) == {
        "layers/conv2d_1": (True, "float16"), "layers/depthwise_conv2d_1": (True, "float32")
    }  # fmt: skip
    with h5py.File(path, "w") as file:
        file["layers/dense/vars/0"] = np.full((2, 2), 1e5, np.float32)
    with pytest.raises(IntegrityError, match="'layers/dense/vars/0'.*65504"):
        release.write_weights(path, written, None)


def test_a_run_of_other_data_or_without_a_validation_set_is_not_released(trained, dataset):
    words = (
        r"trained on the data synthetic \(\w+\), this is synthetic \(\w+\) in .*set SKINLIB_DATA"
    )
    with pytest.raises(IntegrityError, match=words):
        release.make(trained.folder, "synthetic:63", name="other", progress=False)
    recipe = tiny.recipe("md-as-logged", test_share=0.25, epochs=1)
    run = loop.train(recipe, "Tiny", data=dataset, study="unvalidated", progress=False)
    with pytest.raises(DataError, match="a release needs validation and test"):
        release.make(run.folder, dataset, progress=False)


def test_the_model_of_another_run_is_not_replaced(model, trained, dataset):
    record = released.read(model)
    released.write(model, record | {"run": record["run"] | {"run": "other"}})
    before = (model / "model.json").read_bytes()
    for name, words in ((model.name, "holds a model of the run .*other'"), ("../a", "no name of")):
        with pytest.raises(DataError, match=words):
            release.make(trained.folder, dataset, name=name, progress=False)
    assert (model / "model.json").read_bytes() == before
    released.write(model, record)


def test_the_newest_is_the_default(model, models, tmp_path, monkeypatch):
    assert released.newest() == model
    newer = shutil.copytree(model, models / "newer")
    released.write(newer, released.read(newer) | {"released": "2999-01-01T00:00:00Z"})
    assert released.newest() == newer
    shutil.rmtree(newer)
    monkeypatch.setattr(paths, "MODELS", tmp_path)
    with pytest.raises(DataError, match="name a model folder by --model"):
        released.newest()


def test_the_command_writes_a_model_with_its_card(trained, dataset, models, capsys):
    arguments = ["release", str(trained.folder), "--data", str(dataset.folder), "--name", "typed"]
    assert main(arguments) == 0
    assert "README.md" in capsys.readouterr().out
    written = (models / "typed" / "README.md").read_bytes()
    (models / "typed" / "README.md").unlink()
    assert main(["release", "--card"]) == 0
    assert (models / "typed" / "README.md").read_bytes() == written
    shutil.rmtree(models / "typed")
    for wrong, words in ((["release"], "finished run"), ([*arguments, "--risk", "2"], "between 0")):
        assert main(wrong) == 2
        assert words in capsys.readouterr().err


def test_the_card_quotes_the_files(model, trained):
    _, matter, body = (model / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    front = yaml.safe_load(matter)
    # Of a library that cannot open the files the hub would show how to.
    assert (front["license"], front["library_name"]) == ("cc-by-nc-4.0", "skinlib")
    (result,) = front["model-index"][0]["results"]
    labels, probabilities, _ = trained.arrays("test")
    record = released.read(model)
    shares = np.array(record["decision"]["shares"])
    fitted = probabilities / shares ** record["decision"]["prior"]
    accuracy = (fitted.argmax(axis=1) == labels).mean()
    values = [row["value"] for row in result["metrics"] if row["type"] == "accuracy"]
    assert values[0] == pytest.approx(accuracy, abs=1e-4)
    for words in ("Not a medical device", "no commercial use", "Not for: diagnosis", "two centres"):
        assert words in body
    assert trained.record["identity"] in body
    assert f"| Accuracy, as the data | {accuracy:.3f} [" in body
    record["run"]["identity"] = "0" * 12
    with pytest.raises(IntegrityError, match="make the release anew"):
        tables.run_of(record, record["run"])
