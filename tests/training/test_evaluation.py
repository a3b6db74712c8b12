"""Finished runs evaluated further: once on the official test, and their maps against masks."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import tiny
from PIL import Image

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import masks, synthetic
from skinlib.data.images import decode
from skinlib.data.pixels import resize
from skinlib.experiments import effects, external
from skinlib.predict import evaluation
from skinlib.predict.runs import load_run as load_classifier
from skinlib.training import loop


@pytest.fixture(scope="module")
def official_folder(tmp_path_factory):
    """A folder as the archive fills it: a table with one column more, and images below."""
    folder = tmp_path_factory.mktemp("official")
    made = synthetic.generate(folder / "made", images=63, width=64, height=48, seed=5)
    (folder / "test").mkdir()
    table = pd.read_csv(made / "HAM10000_metadata.csv", dtype=str, keep_default_na=False)
    for index, name in enumerate(table["image_id"]):
        new = f"ISIC_{8000000 + index}"
        shutil.move(next(made.rglob(f"{name}.jpg")), folder / "test" / f"{new}.jpg")
        table.loc[index, "image_id"] = new
    table.loc[0, "age"] = ""
    table.assign(dataset="made").to_csv(folder / external.TABLES[0], index=False)
    return folder


@pytest.fixture
def less(official_folder, tmp_path):
    """The same with an image less."""
    shutil.copytree(official_folder, tmp_path / "less")
    next((tmp_path / "less").rglob("*.jpg")).unlink()
    return external.load(tmp_path / "less")


def train(dataset, study, recipe=None, seed=0):
    recipe = recipe or tiny.recipe(epochs=1)
    return loop.train(
        recipe, "Tiny", data=dataset, study=study, seed=seed, weights=None, progress=False
    )


def test_the_name_says_how_much_of_the_official_test_is_there(official_folder, less, tmp_path):
    found = external.load(official_folder)
    assert (found.name, len(found.table)) == ("isic2018-test-63-48px", 63)
    assert less.name == "isic2018-test-62-48px"
    assert less.fingerprint != found.fingerprint
    with pytest.raises(DataError, match="SKINLIB_TEST"):
        external.load(tmp_path)


def test_a_run_is_evaluated_once_and_with_its_weights(official_folder, dataset, less):
    run, official = train(dataset, "official-once"), external.load(official_folder)
    before = run.predictions()
    found = evaluation.official(run, official, dataset, progress=False)
    after = found.predictions()
    assert after[after["part"] != external.PART].equals(before)
    _, probabilities, lesions = found.arrays(external.PART)
    assert len(set(lesions)) <= len(lesions) == 63
    assert found.record["external"]["fingerprint"] == official.fingerprint
    classifier = load_classifier(run.folder)
    for index, row in enumerate(official.table.head(9).itertuples()):
        age = None if np.isnan(row.age) else row.age
        one = classifier.predict(row.path, age=age, sex=row.sex, site=row.localization)
        np.testing.assert_allclose(list(one.values()), probabilities[index], atol=1e-5)
    with pytest.raises(IntegrityError, match="was evaluated on isic2018-test-63-48px"):
        evaluation.official(found, less, dataset)
    # The second time nothing is computed, and weights are no longer needed.
    (run.folder / "best.weights.h5").unlink()
    assert evaluation.official(found, official, dataset).predictions().equals(after)
    # Training skips the finished run, which keeps these predictions.
    assert train(dataset, "official-once").predictions().equals(after)


def test_an_image_that_was_trained_on_is_refused(official_folder, dataset, tmp_path):
    shutil.copytree(official_folder, tmp_path / "leaky")
    target = next((tmp_path / "leaky").rglob("*.jpg"))
    shutil.copy(dataset.table["path"].iloc[3], target)
    leaky, run = external.load(tmp_path / "leaky"), train(dataset, "leaky")
    with pytest.raises(IntegrityError, match=rf"1 official.*{target.stem}"):
        evaluation.official(run, leaky, dataset, progress=False)


def test_views_and_preprocessing_are_those_of_the_run_and_splits_may_differ(
    dataset, official_folder
):
    recipe = tiny.recipe("md-as-logged", epochs=1, views="d4", test_share=0.25)
    official = external.load(official_folder)
    runs = [train(dataset, "views", recipe, seed) for seed in (0, 1)]
    with pytest.raises(IntegrityError, match="split"):
        effects.compare(*runs)
    found = [evaluation.official(run, official, dataset, progress=False) for run in runs]
    assert np.isfinite(effects.compare(*found, external.PART).difference).all()
    row, classifier = official.table.iloc[:1], load_classifier(runs[0].folder)
    image = resize(decode(row["path"].iloc[0]), 32)[..., ::-1]
    metadata = classifier.encoder.transform(row)
    views = [
        classifier.model.predict_on_batch(
            {"image": np.rot90(picture, k)[None].copy(), "metadata": metadata}
        )
        for picture in (image, image[:, ::-1])
        for k in range(4)
    ]
    probabilities = found[0].arrays(external.PART)[1]
    np.testing.assert_allclose(probabilities[0], np.mean(views, axis=0)[0], atol=1e-5)


def test_maps_of_a_run_are_scored_against_masks(synthetic_folder, dataset, tmp_path):
    run = train(dataset, "maps", tiny.recipe(epochs=1, attention="as_described"))
    for index, image_id in enumerate(dataset.table["image_id"]):
        drawn = np.zeros(masks.SIZE[::-1], np.uint8)
        drawn[100:300, 150 : 200 + 5 * index] = 255
        Image.fromarray(drawn).save(tmp_path / f"{image_id}_segmentation.png")
    found = evaluation.localise(run, synthetic_folder, tmp_path, progress=False)
    assert list(found["image_id"]) == list(run.predictions("test")["image_id"])
    shares = masks.Masks(tmp_path).shares(found["image_id"], (8, 8))
    maps = np.stack([run.attention()[image_id] for image_id in found["image_id"]])
    inside = (maps * shares).sum(axis=(1, 2)) / maps.sum(axis=(1, 2))
    np.testing.assert_allclose(found["attention_mass"], inside, atol=1e-3)
    np.testing.assert_allclose(found["share"], shares.mean(axis=(1, 2)), atol=1e-4)
    source = json.loads((run.folder / "pointing.json").read_text())
    assert source["gamma"] > 0
    (run.folder / "best.weights.h5").unlink()
    with pytest.raises(DataError, match="no weights"):
        evaluation.localise(run, synthetic_folder, tmp_path)
