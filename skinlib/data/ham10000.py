"""Find, verify and index a data set in the HAM10000 layout.

The layout: a folder of ``ISIC_*.jpg`` at any resolution, in one or several sub-folders, and
``HAM10000_metadata.csv`` under any ending of an archive. Everything wrong with it is found here,
before any training.
"""

import dataclasses
import logging
import os
from pathlib import Path

import pandas as pd

from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.common.errors import DataError
from skinlib.common.files import below, hash_of
from skinlib.data import duplicates, synthetic
from skinlib.data.images import decode_and_hash, in_threads, open_image
from skinlib.data.matching import match, some, table_in
from skinlib.data.table import read_text

METADATA = "HAM10000_metadata.csv"
COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")
# Of which a table may lack any: then nothing is known of them.
FACTS = COLUMNS[3:]

SEXES = ("female", "male", "unknown")
SITES = (
    "abdomen", "acral", "back", "chest", "ear", "face", "foot", "genital", "hand",
    "lower extremity", "neck", "scalp", "trunk", "unknown", "upper extremity",
)  # fmt: skip

# Ids and types of diagnosis end up in CSV files and on pages of the book. Plain ones can be
# neither markup nor the formula of a spreadsheet nor a path.
PLAIN_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]*"
PLAIN_WORDS = r"(?:[a-z0-9][a-z0-9 _.-]*)?"

# Spellings of "not known" met in the wild; anything else odd is refused, not guessed.
UNKNOWN = frozenset({"", "nan", "na", "n/a", "none", "null", "unknown"})

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A verified data set.

    Attributes
    ----------
    name : str
        Name in every result, for example ``ham10000-256px`` or ``synthetic``.
    folder : pathlib.Path
    table : pandas.DataFrame
        One row an image, sorted by ``image_id``: `COLUMNS` and ``path``. ``age`` in years, NaN
        for unknown; ``sex`` and ``localization`` with ``unknown`` as an ordinary category.
    fingerprint : str
        Hash of the table and of every file's size in bytes.
    image_size : tuple of int
        (width, height) in pixels of the first image.
    missing : tuple of str
        Images without a file, left out on request; see `load`.
    """

    name: str
    folder: Path
    table: pd.DataFrame
    fingerprint: str
    image_size: tuple[int, int]
    missing: tuple[str, ...] = ()

    def provenance(self):
        """Return the record of the data in run.json; ``missing`` only where images are."""
        known = {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "images": len(self.table),
            "image_size": list(self.image_size),
        }
        return {**known, "missing": list(self.missing)} if self.missing else known


def locate(folder=None):
    """Return the data folder: the argument, else ``SKINLIB_DATA``, else the synthetic set.

    `folder` is a folder in the HAM10000 layout, ``synthetic``, or ``synthetic:N`` for N images.
    `DataError`: it does not exist.
    """
    chosen = str(folder or os.environ.get("SKINLIB_DATA") or "synthetic")
    if chosen.partition(":")[0] == "synthetic":
        count = chosen.partition(":")[2]
        if count and not count.isdigit():
            msg = f"data '{chosen}': expected synthetic:N with a whole number of images"
            raise DataError(msg)
        return synthetic.ensure(images=int(count)) if count else synthetic.ensure()
    path = Path(chosen)
    if not path.is_dir():
        odd = "does not exist"
        if path.is_file():
            odd = "is a file, and neither an archive nor a table of pixels replaces the folder"
        msg = (
            f"data folder '{path}' {odd}; expected ISIC_*.jpg and {METADATA} in it. "
            "Set SKINLIB_DATA or --data to it, or run `python -m skinlib fetch`"
        )
        raise DataError(msg)
    return path


def load(folder=None, *, decode=True, require=None, allow_missing=False):
    """Read and verify a data set.

    Parameters
    ----------
    folder : str or pathlib.Path, optional
        See `locate`.
    decode : bool
        Decode every JPEG whole, which the pixel cache does itself.
    require : str, optional
        Name the data set must have, so that results of different copies never mix.
    allow_missing : bool
        Leave out rows whose image is missing, and remember them in `Dataset.missing`.

    Raises
    ------
    DataError
        No folder; a row that `read_metadata` refuses; an image without a row or a row without
        an image; data of another name than `require`.
    IntegrityError
        A JPEG that does not decode whole.
    """
    folder = locate(folder)
    path = _table_in(folder)
    table = read_metadata(path)
    table["path"] = match(table["image_id"], folder, path.name, allow_missing=allow_missing)
    missing = tuple(table.loc[table["path"].isna(), "image_id"])
    table = table.dropna(subset="path", ignore_index=True)
    sizes = [path.stat().st_size for path in table["path"]]
    facts = table[list(COLUMNS)].astype(object)
    fingerprint = hash_of([facts.where(facts.notna(), None).to_numpy().tolist(), sizes])
    with open_image(table["path"].iloc[0]) as image:
        first = image.size
    name = _name(table, first)
    if require and name != require:
        msg = (
            f"the data in '{folder}' are '{name}', expected '{require}'; results of different "
            "data must not mix. Set SKINLIB_DATA or --data to the right folder"
        )
        raise DataError(msg)
    if decode:
        digests = in_threads(lambda path: decode_and_hash(path)[1], table["path"])
        duplicates.warn(table["image_id"], digests)
    return Dataset(name, folder, table, fingerprint, first, missing)


def _table_in(folder):
    if found := table_in(folder, METADATA):
        return found
    names = [repr(path.name) for path in sorted(folder.iterdir())]
    remedy = f"there are {some(names) or 'no files'}"
    for place in sorted({path.parent for path in below(folder)[0]}):
        if found := table_in(place, METADATA):
            remedy = f"there is '{found}': name its folder"
    msg = f"'{folder / METADATA}' is missing; the HAM10000 layout needs it beside the images; "
    raise DataError(msg + remedy)


def _name(table, size):
    """Name a data set for its results, so that original and resized copies never mix."""
    if table["lesion_id"].str.startswith("SYN_").all():
        return "synthetic"
    height = min(size)
    if table["dx"].value_counts().to_dict() == HAM10000_COUNTS:
        return "ham10000" if height >= 450 else f"ham10000-{height}px"
    return f"custom-{len(table)}-{height}px"


def read_metadata(path):
    """Read and normalise ``HAM10000_metadata.csv``: `COLUMNS`, sorted by ``image_id``.

    Accepts what `skinlib.data.table.read_text` does, stray spaces and capitals. Of `FACTS` that
    have no column (``attrs["lacks"]``) nothing is known. Anything that would have to be guessed
    is a `DataError` with row and value.
    """
    path = Path(path)
    table = read_text(path, COLUMNS[:3], FACTS)
    lacks = [name for name in FACTS if name not in table]
    if lacks:
        _log.warning("'%s' has no columns %s: not known of any image", path, ", ".join(lacks))
    table = table.reindex(columns=COLUMNS, fill_value="")
    table.attrs["lacks"] = lacks
    for name in ("dx", "dx_type", "sex", "localization"):
        table[name] = table[name].str.lower()
    for name in ("sex", "localization"):
        table.loc[table[name].isin(UNKNOWN), name] = "unknown"

    plain = "a plain name of letters, digits, '_', '.' and '-'"
    unknown = table["age"].str.lower().isin(UNKNOWN)
    age = pd.to_numeric(table["age"].where(~unknown), errors="coerce")
    labels = table.groupby("lesion_id")["dx"].transform("nunique")
    for column, bad, expected in (
        ("image_id", ~table["image_id"].str.fullmatch(PLAIN_ID), plain),
        ("lesion_id", ~table["lesion_id"].str.fullmatch(PLAIN_ID), plain),
        ("dx_type", ~table["dx_type"].str.fullmatch(PLAIN_WORDS), "plain words, as 'histo'"),
        ("image_id", table["image_id"].duplicated(), "every image id only once"),
        ("dx", ~table["dx"].isin(CLASSES), f"one of {', '.join(CLASSES)}"),
        ("sex", ~table["sex"].isin(SEXES), f"one of {', '.join(SEXES)}"),
        ("localization", ~table["localization"].isin(SITES), f"one of {', '.join(SITES)}"),
        ("age", ~unknown & ~age.between(0, 120), "years between 0 and 120, or empty"),
        ("lesion_id", labels > 1, "one diagnosis for one lesion"),
    ):
        if bad.any():
            rows = table.index[bad]
            more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            msg = (
                f"{path.name} row {rows[0]}: {column} is {table.loc[rows[0], column]!r}, "
                f"expected {expected}{more}; correct the file '{path}'"
            )
            raise DataError(msg)
    table["age"] = age.astype(float)
    return table.sort_values("image_id", ignore_index=True)


def class_counts(table):
    """Return ``images`` and ``lesions`` by class, and their ``total``, as a DataFrame.

    `table` has the columns ``dx`` and ``lesion_id``.
    """
    groups = table.groupby("dx")
    counts = pd.DataFrame({"images": groups.size(), "lesions": groups["lesion_id"].nunique()})
    counts = counts.reindex(CLASSES, fill_value=0)
    counts.loc["total"] = counts.sum()
    return counts
