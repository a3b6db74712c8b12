"""What `predict` is asked about: photographs, a folder of them, or a CSV file with patients."""

import dataclasses
import logging
import math
import os
from pathlib import Path

import pandas as pd

from skinlib.common.errors import DataError
from skinlib.common.files import require_file
from skinlib.data.ham10000 import SEXES, SITES, UNKNOWN
from skinlib.data.table import read_text

SUFFIXES = (".jpg", ".jpeg", ".png")
COLUMNS = ("image", "age", "sex", "site")
# What HAM10000 calls it.
NAMES = {"localization": "site"}
# What tables are saved as that are no CSV files.
TABLES = (".tsv", ".tab", ".txt", ".xls", ".xlsx", ".ods")

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Case:
    """One photograph and what is known of the patient.

    Attributes
    ----------
    image : pathlib.Path
    name : str
        What the answer calls it: as it was given.
    age : float or None
        Years.
    sex, site : str
        Of `skinlib.data.ham10000.SEXES` and `SITES`, ``unknown`` included.
    fault : str or None
        Why there is nothing to ask, for a row of a table that makes no sense.
    """

    image: Path
    name: str
    age: float | None = None
    sex: str = "unknown"
    site: str = "unknown"
    fault: str | None = None

    @property
    def facts(self):
        """Number of facts that are known, 0 to 3."""
        return (self.age is not None) + (self.sex != "unknown") + (self.site != "unknown")


def check_facts(age, sex, site):
    """Refuse facts that cannot be.

    Parameters
    ----------
    age : float or None
        Years, 0 to 120.
    sex, site : str

    Raises
    ------
    DataError
        Naming the fact and what was expected.
    """
    if age is not None and not 0 <= age <= 120:
        msg = f"age {age:g} is impossible, expected years between 0 and 120"
        raise DataError(msg)
    for name, value, known in (("sex", sex, SEXES), ("site", site, SITES)):
        if value not in known:
            msg = f"{name} '{value}' is unknown, expected one of {', '.join(known)}"
            raise DataError(msg)


def gather(given, age=None, sex="unknown", site="unknown"):
    """List the cases of what was named on the command line.

    Parameters
    ----------
    given : sequence of pathlib.Path
        Images; folders, of which all `SUFFIXES` below are taken; CSV files with the columns
        ``image`` (relative to the file) and, if they like, ``age``, ``sex`` and ``site``.
    age, sex, site
        Of every image, in capitals or not; a CSV file has its own.

    Returns
    -------
    list of Case

    Raises
    ------
    DataError
        Impossible facts, facts beside a CSV file, a folder without images, or a CSV file
        without its columns. An image that is not there, or a bad row, is a case of its own that
        fails later, alone.
    """
    sex, site = _word(sex), _word(site)
    check_facts(age, sex, site)
    found = []
    for path in map(Path, given):
        # Unlike that of pathlib, this raises nothing; reading says later what is wrong.
        if os.path.isdir(path):
            found += [Case(file, str(file), age, sex, site) for file in _inside(path)]
        elif path.suffix.lower() == ".csv":
            if (age, sex, site) != (None, "unknown", "unknown"):
                msg = (
                    f"--age, --sex and --site are not of the patients of '{path}'; write them "
                    "into its columns age, sex and site"
                )
                raise DataError(msg)
            found += _of_table(path)
        else:
            fault = None
            if path.suffix.lower() in TABLES:
                fault = f"'{path}' is no photograph; a CSV has the ending .csv, save a table as one"
            found.append(Case(path, str(path), age, sex, site, fault))
    return found


def _inside(folder):
    """Return the images below a folder, and say what is left out."""
    files = sorted(
        path
        for path in folder.rglob("*")
        if not path.name.startswith(".") and not os.path.isdir(path)
    )
    images = [path for path in files if path.suffix.lower() in SUFFIXES]
    others = [path.suffix or path.name for path in files if path.suffix.lower() not in SUFFIXES]
    if others:
        kinds = ", ".join(sorted(set(others)))
        _log.warning("'%s': files of other kinds left out: %d (%s)", folder, len(others), kinds)
    if not images:
        msg = (
            f"folder '{folder}' has no {', '.join(SUFFIXES)}; name one with photographs, saved as "
            "JPEG or PNG"
        )
        raise DataError(msg)
    return images


def _of_table(path):
    """Return the cases of a CSV file; columns of other names are left alone."""
    require_file(path, "table")
    found = read_text(path, COLUMNS[:1], COLUMNS[1:], NAMES)
    if ignored := [name for name in found if name and name not in COLUMNS]:
        _log.warning("'%s': columns not used: %s", path, ", ".join(ignored))
    return [_of_row(path, line, row) for line, row in found.iterrows()]


def _word(text):
    return "unknown" if (word := text.strip().lower()) in UNKNOWN else word


def _of_row(path, line, row):
    name = row["image"]
    image = path.parent / name
    words = {key: _word(row.get(key, "")) for key in ("sex", "site")}
    try:
        if not name:
            msg = "no image is named"
            raise DataError(msg)
        age = _age(row.get("age", ""))
        check_facts(age, **words)
    except DataError as error:
        return Case(image, name, fault=f"{path.name} row {line}: {error}")
    return Case(image, name, age, **words)


def _age(text):
    if text.lower() in UNKNOWN:
        return None
    try:
        age = float(text)
    except ValueError:
        age = math.nan
    if math.isnan(age):
        msg = f"age '{text}' is no number of years; write it with a point, 60.5, or leave it empty"
        raise DataError(msg)
    return age


def table(cases):
    """Return the facts in the columns that `skinlib.data.metadata` encodes."""
    return pd.DataFrame(
        {
            "age": [math.nan if case.age is None else case.age for case in cases],
            "sex": [case.sex for case in cases],
            "localization": [case.site for case in cases],
        }
    )


def complete(frame):
    """Say of each row of facts, as `table` has them, whether all three are known.

    Returns
    -------
    numpy.ndarray of bool
        Shape (n,).
    """
    known = frame["age"].notna()
    for column in ("sex", "localization"):
        known &= frame[column] != "unknown"
    return known.to_numpy()
