"""A split is drawn once, kept, and drawn again when the kept one is damaged or another."""

import numpy as np
import pandas as pd
import pytest

from skinlib.data import prepare, splits, synthetic
from skinlib.experiments.recipes import get_recipe

TABLE = synthetic.metadata(300, 0)
OPTIONS = {"unit": "lesion", "test": 0.2, "validation": 0.2, "seed": 3}


pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def drawn(monkeypatch):
    """Every split that is drawn, in a list."""
    found, make = [], splits.make_split

    def counting(*arguments, **options):
        found.append(make(*arguments, **options))
        return found[-1]

    monkeypatch.setattr(splits, "make_split", counting)
    return found


def test_the_second_time_it_is_read_and_the_same(drawn):
    first = prepare.remembered_split(TABLE, **OPTIONS)
    second = prepare.remembered_split(TABLE, **OPTIONS)
    assert len(drawn) == 1
    pd.testing.assert_frame_equal(first.table, second.table, check_dtype=False)
    assert (first.hash, first.unit) == (second.hash, second.unit)


@pytest.mark.parametrize(
    "change", [{"unit": "image"}, {"seed": 4}, {"test": 0.3}, {"validation": 0.0}]
)
def test_another_request_is_another_split(drawn, change):
    prepare.remembered_split(TABLE, **OPTIONS)
    other = prepare.remembered_split(TABLE, **{**OPTIONS, **change})
    assert len(drawn) == 2
    assert other.hash == splits.make_split(TABLE, **{**OPTIONS, **change}).hash


@pytest.mark.parametrize("column", ["image_id", "lesion_id", "dx"])
def test_another_table_or_library_is_another_split(drawn, column, monkeypatch):
    prepare.remembered_split(TABLE, **OPTIONS)
    table = TABLE.copy()
    # Two images of different classes change places in one column.
    first = table.index[table["dx"] == "nv"][0]
    second = table.index[table["dx"] == "mel"][0]
    table.loc[[first, second], column] = table.loc[[second, first], column].to_numpy()
    prepare.remembered_split(table, **OPTIONS)
    assert len(drawn) == 2
    monkeypatch.setattr(prepare.sklearn, "__version__", "0.0")
    prepare.remembered_split(table, **OPTIONS)
    assert len(drawn) == 3


def _edited(path):
    path.write_text(path.read_text().replace(",train", ",test", 1))


def _binary(path):
    path.write_bytes(b"\xff\x00\xfe" * 99)


def _without_a_row(path):
    """Whole in itself, its name says its hash, but it is of other images."""
    table = pd.read_csv(path, dtype=str)[1:]
    name = path.stem.rpartition("-")[0]
    path.unlink()
    splits.save(splits.Split("lesion", table), path.parent, name)


@pytest.mark.parametrize("damage", [_edited, _binary, _without_a_row])
def test_a_damaged_file_is_not_believed(cache, drawn, damage, caplog):
    first = prepare.remembered_split(TABLE, **OPTIONS)
    (path,) = cache.rglob("*.csv")
    damage(path)
    again = prepare.remembered_split(TABLE, **OPTIONS)
    assert len(drawn) == 2
    assert again.hash == first.hash
    assert "drawing the split again" in caplog.text
    assert list(cache.rglob("*.csv")) == [path]
    prepare.remembered_split(TABLE, **OPTIONS)
    assert len(drawn) == 2


def test_rows_of_the_cache_are_those_of_the_tables(dataset):
    """Every image of every part is the one of its id, also when rows were dropped."""
    recipe = get_recipe("clean").replace(missing_age="drop")
    table = dataset.table.copy()
    table.loc[[0, 30], "age"] = np.nan
    other = type(dataset)(**{**vars(dataset), "table": table})
    prepared = prepare.prepare(recipe, other, 8, 0, progress=False)
    assert sum(map(len, prepared.parts.values())) == table["age"].notna().sum() < 69
    for name, part in prepared.parts.items():
        ids = table["image_id"].to_numpy()[part.rows]
        assert ids.tolist() == prepared.tables[name]["image_id"].tolist()
