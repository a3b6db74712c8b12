"""The images of the official ISIC 2018 test.

No image and no lesion of HAM10000 is in it, see `skinlib.experiments.measuring.official_lesions`.
`skinlib.predict.evaluation` evaluates a final model, once.
"""

import os

from skinlib.common.errors import DataError
from skinlib.common.files import hash_of
from skinlib.data import ham10000
from skinlib.data.images import open_image
from skinlib.data.matching import match, table_in

PART = "official"
# The second is the name under which the archive serves the same table.
TABLES = ("ISIC2018_Task3_Test_GroundTruth_metadata.csv", "ISIC2018_Task3_Test_GroundTruth.csv")
IMAGES = ("test", "ISIC2018_Task3_Test_Images")
# Rows and images of the whole set, less the row without an image (skinlib.data.registry).
WHOLE = 1511


def table_of(folder=None):
    """Return the path of the table, see `load`."""
    chosen = folder or os.environ.get("SKINLIB_TEST") or os.environ.get("SKINLIB_DATA")
    places = [table_in(chosen, name) for name in TABLES] if os.path.isdir(chosen or "") else []
    path = next(filter(None, places), None)
    if path is None:
        msg = (
            f"no table of the official test in '{chosen}', expected {' or '.join(TABLES)}; set "
            "SKINLIB_TEST to its folder, or run `python -m skinlib fetch --dataset isic2018-test`"
        )
        raise DataError(msg)
    return path


def load(folder=None):
    """Read the official test images that are there.

    The folder, ``SKINLIB_TEST`` by default, else ``SKINLIB_DATA``, holds the table (`TABLES`) and
    the images, in one of `IMAGES` or anywhere below.

    Returns
    -------
    skinlib.data.ham10000.Dataset
        Named ``isic2018-test`` with the number of images where some are missing and the
        height where they are copies, ``isic2018-test-776-256px`` for example.

    Raises
    ------
    DataError
        No folder or no table; a row that `ham10000.read_metadata` refuses; no image.
    """
    path = table_of(folder)
    table = ham10000.read_metadata(path)
    below = next((path.parent / name for name in IMAGES if (path.parent / name).is_dir()), None)
    table["path"] = match(table["image_id"], below or path.parent, path.name, allow_missing=True)
    table = table.dropna(subset="path", ignore_index=True)
    with open_image(table["path"].iloc[0]) as image:
        size = image.size
    name = "isic2018-test" if len(table) == WHOLE else f"isic2018-test-{len(table)}"
    name += "" if min(size) >= 450 else f"-{min(size)}px"
    facts = table.drop(columns="path").astype(object).where(table.notna(), None)
    sizes = [path.stat().st_size for path in table["path"]]
    return ham10000.Dataset(name, path.parent, table, hash_of([facts.to_numpy().tolist(), sizes]),
                            size)  # fmt: skip
