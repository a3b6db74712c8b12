"""What `predict` is given: photographs, folders of them, or CSV files with facts about patients.

Facts are three: the age in years or None, the sex and the site, both of
`skinlib.data.ham10000.SEXES` and ``SITES``, ``unknown`` included.
"""

import dataclasses
import logging
import os
from pathlib import Path

import pandas as pd

from skinlib.common.errors import DataError
from skinlib.common.files import require_file
from skinlib.data.ham10000 import SEXES, SITES, UNKNOWN
from skinlib.data.table import read_text

SUFFIXES = (".jpg", ".jpeg", ".png")
COLUMNS = ("image", "age", "sex", "site")
# What HAM10000 calls a column.
NAMES = {"localization": "site"}
# Endings of tables that are not CSV files.
TABLES = (".tsv", ".tab", ".txt", ".xls", ".xlsx", ".ods")
# The facts about a patient of whom nothing is known.
NOTHING = (None, "unknown", "unknown")

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Request:
    """One photograph, its name as it was given, and what is known of the patient.

    `fault` says what is wrong with a row of a table.
    """

    image: Path
    name: str
    facts: tuple = NOTHING
    fault: str | None = None

    @property
    def complete(self):
        """Whether age, sex and site are known."""
        return not {None, "unknown"} & set(self.facts)


def check_facts(age, sex, site):
    """Refuse an impossible age (expected: None, or 0 to 120 years), sex or site."""
    if age is not None and not 0 <= age <= 120:
        msg = f"age {age:g} is impossible, expected years between 0 and 120"
        raise DataError(msg)
    for name, value, known in (("sex", sex, SEXES), ("site", site, SITES)):
        if value not in known:
            msg = f"{name} '{value}' is unknown, expected one of {', '.join(known)}"
            raise DataError(msg)


def gather(given, age=None, sex="unknown", site="unknown"):
    """List the requests of what was named on the command line.

    Parameters
    ----------
    given : sequence of pathlib.Path
        Images; folders, of which all `SUFFIXES` below are taken; CSV files with a column ``image``
        (relative to the file) and perhaps ``age``, ``sex`` and ``site``.
    age, sex, site
        Of every image that is not in a CSV file.

    Raises
    ------
    DataError
        Impossible facts, facts beside a CSV file, a folder without images, or a CSV file without
        its columns. A missing image or a bad row is a request of its own that fails later.
    """
    facts = age, _word(sex), _word(site)
    check_facts(*facts)
    found = []
    for path in map(Path, given):
        # Unlike that of pathlib, this raises nothing; reading says later what is wrong.
        if os.path.isdir(path):
            found += [Request(file, str(file), facts) for file in _inside(path)]
        elif path.suffix.lower() == ".csv":
            if facts != NOTHING:
                msg = (
                    f"--age, --sex and --site do not apply to the patients of '{path}'; write them "
                    "into its columns age, sex and site"
                )
                raise DataError(msg)
            found += _of_table(path)
        else:
            fault = None
            if path.suffix.lower() in TABLES:
                fault = f"'{path}' is not a photograph; save a table as CSV, with the ending .csv"
            found.append(Request(path, str(path), facts, fault))
    return found


def _inside(folder):
    """Return the images below a folder; warn of files of other kinds."""
    there = [path for path in sorted(folder.rglob("*")) if not path.name.startswith(".")]
    files = [path for path in there if not os.path.isdir(path)]
    images = [path for path in files if path.suffix.lower() in SUFFIXES]
    if others := [path.suffix or path.name for path in files if path not in images]:
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
    require_file(path, "table")
    found = read_text(path, COLUMNS[:1], COLUMNS[1:], NAMES)
    if ignored := [name for name in found if name and name not in COLUMNS]:
        _log.warning("'%s': columns not used: %s", path, ", ".join(ignored))
    return [_of_row(path, line, row) for line, row in found.iterrows()]


def _of_row(path, line, row):
    name = row["image"]
    try:
        if not name:
            msg = "no image is named"
            raise DataError(msg)
        facts = _age(row.get("age", "")), *(_word(row.get(key, "")) for key in ("sex", "site"))
        check_facts(*facts)
    except DataError as error:
        return Request(path.parent / name, name, fault=f"{path.name} row {line}: {error}")
    return Request(path.parent / name, name, facts)


def _word(text):
    return "unknown" if (word := text.strip().lower()) in UNKNOWN else word


def _age(text):
    if text.lower() in UNKNOWN:
        return None
    try:
        return float(text)
    except ValueError as error:
        msg = f"age '{text}' is not a number of years; write it with a point, 60.5, or leave it out"
        raise DataError(msg) from error


def table(facts):
    """Return the facts of n patients in the columns that `skinlib.data.metadata` encodes."""
    return pd.DataFrame(facts, columns=["age", "sex", "localization"]).astype({"age": float})


def complete(frame):
    """Return for each row of facts whether all three are known, shape (n,), bool."""
    known = frame[["sex", "localization"]].ne("unknown").all(axis=1) & frame["age"].notna()
    return known.to_numpy()
