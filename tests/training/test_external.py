"""The official test: asked once, of a final model, about images nobody trained on."""

import shutil

import numpy as np
import pandas as pd
import pytest
import tiny

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import ham10000, synthetic
from skinlib.data.images import decode
from skinlib.data.pixels import resize
from skinlib.experiments import comparison, external
from skinlib.predict.inference import load as load_classifier
from skinlib.training import loop as training


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
    shutil.rmtree(made)
    return folder


@pytest.fixture
def run(dataset, request):
    return training.train(
        tiny.recipe(epochs=1), "Tiny", data=dataset, study=request.node.name, weights=None,
        progress=False,
    )  # fmt: skip


def test_the_name_tells_how_much_of_it_is_there(official_folder, tmp_path):
    found = external.load(official_folder)
    assert (found.name, len(found.table)) == ("isic2018-test-63-48px", 63)
    shutil.copytree(official_folder, tmp_path / "less")
    next((tmp_path / "less").rglob("*.jpg")).unlink()
    less = external.load(tmp_path / "less")
    assert less.name == "isic2018-test-62-48px"
    assert less.fingerprint != found.fingerprint
    with pytest.raises(DataError, match="SKINLIB_TEST"):
        external.load(tmp_path)


def test_answers_are_added_once_and_are_those_of_the_kept_weights(run, official_folder, dataset):
    before = run.predictions()
    official = external.load(official_folder)
    found = external.look(run, official, dataset, progress=False)
    after = found.predictions()
    assert after[after["part"] != external.PART].equals(before)
    labels, probabilities, lesions = found.arrays(external.PART)
    assert len(set(lesions)) <= len(labels) == 63
    assert found.record["external"]["fingerprint"] == official.fingerprint
    classifier = load_classifier(run.folder)
    for index, row in enumerate(official.table.itertuples()):
        age = None if np.isnan(row.age) else row.age
        one = classifier.predict(row.path, age=age, sex=row.sex, site=row.localization)
        np.testing.assert_allclose(list(one.values()), probabilities[index], atol=1e-5)
    # A second look is none: nothing is asked, and weights are no longer needed.
    (run.folder / "best.weights.h5").unlink()
    assert external.look(found, official, dataset).predictions().equals(after)
    # The training goes on to skip the finished run, which kept its answers.
    again = training.train(
        tiny.recipe(epochs=1), "Tiny", data=dataset, study=run.record["study"], weights=None
    )
    assert again.predictions().equals(after)


def test_another_set_of_images_is_not_looked_at_as_well(run, official_folder, dataset, tmp_path):
    found = external.look(run, external.load(official_folder), dataset, progress=False)
    shutil.copytree(official_folder, tmp_path / "less")
    next((tmp_path / "less").rglob("*.jpg")).unlink()
    with pytest.raises(IntegrityError, match="was evaluated on isic2018-test-63-48px"):
        external.look(found, external.load(tmp_path / "less"), dataset)


def test_an_image_that_was_trained_on_is_refused(run, official_folder, dataset, tmp_path):
    shutil.copytree(official_folder, tmp_path / "leaky")
    target = next((tmp_path / "leaky").rglob("*.jpg"))
    shutil.copy(dataset.table["path"].iloc[3], target)
    with pytest.raises(IntegrityError, match=rf"1 official.*{target.stem}"):
        external.look(run, external.load(tmp_path / "leaky"), dataset, progress=False)


def test_models_of_different_splits_meet_there(dataset, official_folder):
    official = external.load(official_folder)
    runs = [
        training.train(tiny.recipe(epochs=1), "Tiny", data=dataset, study="meet", seed=seed,
                       weights=None, progress=False)
        for seed in (0, 1)
    ]  # fmt: skip
    with pytest.raises(IntegrityError, match="split"):
        comparison.compare(*runs)
    looked = [external.look(run, official, dataset, progress=False) for run in runs]
    found = comparison.compare(*looked, external.PART, n_resamples=50)
    assert found["difference"].notna().all()


def test_views_and_preprocessing_are_those_of_the_run(dataset, official_folder):
    recipe = tiny.recipe("md-as-logged", epochs=1, views="d4", test_share=0.25)
    run = training.train(recipe, "Tiny", data=dataset, study="views", weights=None, progress=False)
    found = external.look(run, external.load(official_folder), dataset, progress=False)
    row = external.load(official_folder).table.iloc[:1]
    classifier = load_classifier(run.folder)
    image = resize(decode(row["path"].iloc[0]), 32)[..., ::-1]
    metadata = classifier.encoder.transform(row.assign(age=row["age"].fillna(np.nan)))
    views = [
        classifier.model.predict_on_batch(
            {"image": np.rot90(picture, k)[None].copy(), "metadata": metadata}
        )
        for picture in (image, image[:, ::-1])
        for k in range(4)
    ]
    np.testing.assert_allclose(
        found.arrays(external.PART)[1][0], np.mean(views, axis=0)[0], atol=1e-5
    )
    assert isinstance(external.load(official_folder), ham10000.Dataset)
