"""From a data folder to the encoded parts that a recipe asks for: the one way through the data."""

import dataclasses

import numpy as np

from skinlib.classes import CLASSES
from skinlib.data import ham10000, pixels, splits
from skinlib.data.batches import Part
from skinlib.data.metadata import MetadataEncoder, apply_age_policy


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Data made ready for a recipe: `parts` by name, their `tables`, and provenance."""

    dataset: ham10000.Dataset
    split: splits.Split
    encoder: MetadataEncoder
    tables: dict
    parts: dict
    ages: dict


def prepare(recipe, data, size, seed, *, progress=True):
    """Read, split and encode a data set for a recipe.

    Parameters
    ----------
    recipe : skinlib.recipes.Recipe
    data : str, pathlib.Path, None or Dataset
        See `skinlib.data.ham10000.locate`.
    size : int
        Side of the images in pixels.
    seed : int
        Seed of the split.

    Returns
    -------
    Prepared
    """
    dataset = data if isinstance(data, ham10000.Dataset) else ham10000.load(data, decode=False)
    cache = pixels.cached(
        dataset, size, interpolation=recipe.interpolation, crop=recipe.crop, progress=progress
    )
    table, ages = apply_age_policy(dataset.table, recipe.missing_age)
    split = splits.make_split(
        table,
        unit=recipe.split_unit,
        test=recipe.test_share,
        validation=recipe.validation_share,
        seed=seed,
    )
    row_of = {name: row for row, name in enumerate(dataset.table["image_id"])}
    tables = {part: split.rows(table, part) for part in split.counts()}
    encoder = MetadataEncoder.fit(tables["train"])
    parts = {
        name: Part(
            cache,
            np.array([row_of[image] for image in rows["image_id"]]),
            encoder.transform(rows),
            np.array([CLASSES.index(dx) for dx in rows["dx"]]),
            recipe.channel_order,
        )
        for name, rows in tables.items()
    }
    return Prepared(dataset, split, encoder, tables, parts, ages)
