"""Where the real data lies beside the checkout: a few real photographs through the whole pipeline."""

import pandas as pd
import pytest

from skinlib.common import paths
from skinlib.data import ham10000
from skinlib.experiments.recipes import get_recipe
from skinlib.predict.runs import load_run
from skinlib.training.loop import train

REAL = paths.ROOT.parent / "shared" / "ham10000"

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the real data is not here")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Twelve lesions of every class, with all their photographs, linked into a folder."""
    folder = tmp_path_factory.mktemp("few")
    table = pd.read_csv(REAL / ham10000.METADATA)
    lesions = table.drop_duplicates("lesion_id").groupby("dx").head(12)["lesion_id"]
    rows = table[table["lesion_id"].isin(lesions)]
    for name in rows["image_id"]:
        (folder / f"{name}.jpg").symlink_to(REAL / "images" / f"{name}.jpg")
    rows.to_csv(folder / ham10000.METADATA, index=False)
    return folder


def test_the_whole_set_is_recognised():
    dataset = ham10000.load(REAL, decode=False)
    assert dataset.name == "ham10000-256px"
    assert dataset.table["lesion_id"].nunique() == 7470
    assert dataset.table["age"].isna().sum() == 57


def test_a_few_photographs_go_all_the_way(few, tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    recipe = get_recipe("clean").replace(epochs=1, batch_size=16)
    run = train(recipe, "MobileNetV3Small", data=few, size=32, weights="none", progress=False)
    assert run.record["data"]["name"].startswith("custom-")
    assert len(run.predictions("test")) == run.record["split"]["counts"]["test"]
    picture = sorted((REAL / "validation").glob("*.jpg"))[0]
    probabilities = load_run(run.folder).predict(picture, age=50, sex="female", site="back")
    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-5)
