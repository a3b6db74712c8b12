"""From a data folder to the encoded sets of a recipe."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.data import duplicates, ham10000, pixels, splits
from skinlib.data.augmented import ROOM, AugmentedPart
from skinlib.data.batches import Part
from skinlib.data.masks import grids, of_recipe
from skinlib.data.metadata import MetadataEncoder, apply_age_policy


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Data made ready for a recipe: `parts` by name, their `tables`, and provenance.

    `copies` groups the ids of files with the same bytes.
    """

    dataset: ham10000.Dataset
    split: splits.Split
    encoder: MetadataEncoder
    tables: dict
    parts: dict
    ages: dict
    copies: tuple = ()


def prepare(recipe, data, size, seed, *, progress=True):
    """Read, split and encode a data set for a recipe, and return it `Prepared`.

    `data` is a `skinlib.data.ham10000.Dataset` or what `skinlib.data.ham10000.locate` takes, `size`
    the side of the images in pixels, `seed` that of the split. `progress` shows a bar while images
    are decoded.

    Raises
    ------
    IntegrityError
        If an image does not decode whole, or is in two sets under two ids.
    """
    dataset = data if isinstance(data, ham10000.Dataset) else ham10000.load(data, decode=False)
    if recipe.metadata and (lacks := {*dataset.table.attrs.get("lacks", ())} - {"dx_type"}):
        msg = (
            f"the table has no columns {sorted(lacks)}, which the recipe needs; add them, or train "
            "without facts: --set metadata=False"
        )
        raise DataError(msg)
    # Where nobody has an age and none is used, no row is dropped for it.
    unused = not recipe.metadata and dataset.table["age"].isna().all()
    table, ages = apply_age_policy(dataset.table, "impute" if unused else recipe.missing_age)
    if recipe.lesion_pairs == "joined":
        table = splits.join_lesions(table)
    split = splits.make_split(
        table,
        unit=recipe.split_unit,
        test=recipe.test_share,
        validation=recipe.validation_share,
        seed=seed,
        fold=recipe.fold,
    )
    outlined = recipe.picture in pixels.OUTLINED
    needed = outlined or recipe.mask_path
    masks = of_recipe(recipe.outlines, dataset, split.hash) if needed else None
    options = {"interpolation": recipe.interpolation, "progress": progress}
    changed = {"picture": recipe.picture, "masks": masks if outlined else None}
    cache = pixels.cached(dataset, size, crop=recipe.crop, **changed, **options)
    copies = duplicates.warn(dataset.table["image_id"], pixels.file_hashes(cache))
    duplicates.refuse_across(split, copies)
    tables = {part: split.rows(table, part) for part in split.counts()}
    encoder = MetadataEncoder.fit(tables["train"], needed=recipe.metadata)
    row_of = pd.Index(dataset.table["image_id"])
    sides = sides_of(dataset, size, recipe, progress=progress)
    outlines = grids(masks, dataset, recipe.crop) if recipe.mask_path else None
    parts = {
        name: Part(
            cache,
            row_of.get_indexer(rows["image_id"]),
            encoder.transform(rows) if recipe.metadata else None,
            np.array([CLASSES.index(dx) for dx in rows["dx"]]),
            recipe.channel_order,
            sides,
            outlines,
        )
        for name, rows in tables.items()
    }
    return Prepared(dataset, split, encoder, tables, parts, ages, tuple(copies))


def augmented(prepared, recipe, size, seed, *, progress=True):
    """Return the training set of a recipe as the epochs see it; arguments as of `prepare`."""
    train, whole = prepared.parts["train"], None
    if recipe.crops is None and not recipe.facts_dropped:
        return train
    if recipe.crops is not None:
        options = {"interpolation": recipe.interpolation, "progress": progress}
        whole = pixels.cached(prepared.dataset, round(ROOM * size), crop="whole", **options)
    nothing = prepared.encoder.nothing() if recipe.metadata else None
    return AugmentedPart(train, whole, recipe.crops or {}, recipe.facts_dropped, nothing, seed)


def sides_of(dataset, size, recipe, *, progress=True):
    """Return the caches of the squares beside the one in the centre, for the views ``crops``."""
    ends = ("first", "last") if recipe.views == "crops" else ()
    options = {"interpolation": recipe.interpolation, "progress": progress}
    return tuple(pixels.cached(dataset, size, crop=end, **options) for end in ends)
