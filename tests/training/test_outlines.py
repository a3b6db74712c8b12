"""Outlines of a U-Net: it learns the masks of the training set alone, and a run uses them."""

import numpy as np
import pytest
import tiny
from PIL import Image

from skinlib.common.errors import DataError
from skinlib.data import masks
from skinlib.data.prepare import prepare
from skinlib.training import outlines

RECIPE = tiny.recipe("clean-frozen", picture="no_background", outlines="unet", epochs=1)


@pytest.fixture
def folder(dataset, tmp_path, monkeypatch, cache):
    """Masks of the drawn photographs: what is darker than their mean."""
    given = tmp_path / "masks"
    given.mkdir()
    for row in dataset.table.itertuples():
        grey = np.asarray(Image.open(row.path).convert("L").resize(masks.SIZE))
        Image.fromarray(grey < grey.mean()).save(given / f"{row.image_id}_segmentation.png")
    monkeypatch.setenv("SKINLIB_MASKS", str(given))
    monkeypatch.setattr(outlines, "ROWS", 24)
    monkeypatch.setattr(outlines, "EPOCHS", 25)
    return given


def test_a_run_uses_outlines_that_no_test_mask_has_changed(folder, dataset, cache):
    with pytest.raises(DataError, match=r"outlines is 'unet', but there is no .*train the run on"):
        prepare(RECIPE, dataset, 32, 0, progress=False)
    run = tiny.train(dataset, "outlined", RECIPE)
    found = run.record["outlines"]
    tested = run.predictions("test")["image_id"]
    assert found["images"] == len(tested)

    given, split = masks.Masks(folder), run.record["split"]["hash"]
    path = masks.outlined_file(given, dataset, split)
    drawn = masks.Masks(path)
    assert found["sha256"] == drawn.provenance()["sha256"]
    assert drawn.ids == set(dataset.table["image_id"])
    shared = [(drawn.read(name) & given.read(name)).sum() for name in tested]
    # Well above calling everything a lesion.
    assert 1.5 * np.mean([given.read(name).mean() for name in tested]) < found["jaccard"] < 1
    either = [(drawn.read(name) | given.read(name)).sum() for name in tested]
    assert found["jaccard"] == pytest.approx(np.divide(shared, either).mean(), abs=1e-4)
    pictures = prepare(RECIPE, dataset, 32, 0, progress=False).parts["train"].pixels
    assert (np.asarray(pictures) == 0).all(axis=-1).mean() > 0.1

    # Again, with masks of test photographs that show nothing.
    before = {name: drawn.read(name) for name in tested}
    for name in tested:
        Image.new("1", masks.SIZE).save(folder / f"{name}_segmentation.png")
    assert outlines.provide(RECIPE, dataset, 0, progress=False)["jaccard"] == 0
    again = masks.outlined_file(masks.Masks(folder), dataset, split)
    assert again != path
    again = masks.Masks(again)
    for name, mask in before.items():
        np.testing.assert_array_equal(again.read(name), mask)


def test_outlines_that_no_setting_uses_are_refused():
    with pytest.raises(DataError, match="no mask is used; set mask_path"):
        RECIPE.replace(picture="plain")


def test_jaccard_is_shared_over_whole_area():
    one, other = np.zeros((2, 4, 4), bool)
    assert outlines.jaccard(one, other) == 1
    one[:2], other[1:3] = True, True
    assert outlines.jaccard(one, other) == pytest.approx(1 / 3)
