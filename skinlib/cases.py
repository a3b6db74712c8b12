"""What `predict` is asked about: photographs, a folder of them, or a CSV file with patients."""

import dataclasses
import logging
import math
from pathlib import Path

import pandas as pd

from skinlib.data.ham10000 import SEXES, SITES, UNKNOWN
from skinlib.data.table import read_text
from skinlib.errors import DataError

SUFFIXES = (".jpg", ".jpeg", ".png")
COLUMNS = ("image", "age", "sex", "site")

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
        Of every image that comes from no CSV file.

    Returns
    -------
    list of Case

    Raises
    ------
    DataError
        Impossible facts, an empty folder, or a CSV file without its columns. An image that
        is not there, or a bad row, is a case of its own that fails later, alone.
    """
    check_facts(age, sex, site)
    found = []
    for path in map(Path, given):
        if path.is_dir():
            inside = sorted(
                file
                for file in path.rglob("*")
                if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
            )
            if not inside:
                msg = f"folder '{path}' has no {', '.join(SUFFIXES)}; name one with photographs"
                raise DataError(msg)
            found += [Case(file, str(file), age, sex, site) for file in inside]
        elif path.suffix.lower() == ".csv":
            found += _of_table(path)
        else:
            found.append(Case(path, str(path), age, sex, site))
    return found


def _of_table(path):
    """Return the cases of a CSV file; columns of other names are left alone."""
    if not path.is_file():
        msg = f"table '{path}' does not exist"
        raise DataError(msg)
    header = _header(path)
    if ignored := [name for name in header if name not in COLUMNS]:
        _log.warning("'%s': columns not used: %s", path, ", ".join(ignored))
    known = [name for name in COLUMNS if name == "image" or name in header]
    return [_of_row(path, line, row) for line, row in read_text(path, known).iterrows()]


def _header(path):
    try:
        with path.open(encoding="utf-8-sig") as file:
            first = file.readline().strip()
    except UnicodeDecodeError:
        return []  # read_text says what is wrong with it
    return [name.strip() for name in first.replace(";", ",").split(",")]


def _of_row(path, line, row):
    name = row["image"]
    image = path.parent / name
    words = {
        key: "unknown" if (value := str(row.get(key, "")).lower()) in UNKNOWN else value
        for key in ("sex", "site")
    }
    try:
        if not name:
            msg = "no image is named"
            raise DataError(msg)
        age = _age(str(row.get("age", "")))
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
        msg = f"age '{text}' is no number of years"
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
