"""What `predict` is given: photographs, folders of them, or CSV files with facts about patients.

Facts are three: the age in years or None, the sex and the site, both of
`skinlib.data.ham10000.SEXES` and ``SITES``, ``unknown`` included.
"""

import dataclasses
import filecmp
import functools
import logging
import os
from pathlib import Path

import pandas as pd

from skinlib.common.errors import DataError
from skinlib.common.files import below, closed_to_us, require_file
from skinlib.data import ham10000
from skinlib.data.ham10000 import SEXES, SITES, UNKNOWN
from skinlib.data.images import MAX_PHOTOGRAPH, decode
from skinlib.data.table import read_text

SUFFIXES = (".jpg", ".jpeg", ".png")
COLUMNS = ("image", "age", "sex", "site")
# What HAM10000 calls a column.
NAMES = {"image_id": "image", "localization": "site"}
# The table of HAM10000, as it is served without its ending.
METADATA = ham10000.METADATA.rpartition(".")[0].lower()
# Endings of tables that are read, and of others.
TABLES = (".csv", ".tsv", ".tab")
OTHERS = (".txt", ".xls", ".xlsx", ".ods")
# Pixels; a smaller picture shows nothing that a network could use.
LEAST_SIDE = 32
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
    def missing(self):
        """Which of ``age``, ``sex`` and ``site`` are not known."""
        named = zip(("age", "sex", "site"), self.facts, strict=True)
        return [name for name, fact in named if fact in (None, "unknown")]

    @property
    def complete(self):
        """Whether age, sex and site are known."""
        return not self.missing


def open_photograph(path):
    """Decode a photograph whole, upright, in RGB.

    Raises
    ------
    DataError
        No such file, or a side of fewer than `LEAST_SIDE` pixels.
    skinlib.common.errors.IntegrityError
        The file is not a whole image.
    """
    require_file(Path(path), "photograph")
    image = decode(path, limit=MAX_PHOTOGRAPH)
    if min(image.size) < LEAST_SIDE:
        msg = (
            f"'{path}' has {image.width} x {image.height} pixels, expected {LEAST_SIDE} a side at "
            "least; take the photograph as the camera made it"
        )
        raise DataError(msg)
    return image


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
        Images; folders, of which all `SUFFIXES` below are taken; `TABLES` with a column ``image``
        (relative to the file; without its ending: anywhere below) and perhaps ``age``, ``sex`` and
        ``site``; the table of HAM10000.
    age, sex, site
        Of every image that is not in a CSV file.

    Raises
    ------
    DataError
        Impossible facts, facts beside a CSV file, a folder without images, or a CSV file without
        its columns. A missing image, a bad row or a part of a folder that cannot be entered is a
        request of its own that fails later.
    """
    facts = age, _word(sex), _word(site)
    check_facts(*facts)
    found = []
    for path in map(Path, given):
        # Unlike that of pathlib, this raises nothing; reading says later what is wrong.
        if os.path.isdir(path):
            found += _inside(path, facts)
        elif path.suffix.lower() in TABLES or path.name.lower() == METADATA:
            if facts != NOTHING:
                msg = (
                    f"--age, --sex and --site do not apply to the patients of '{path}'; write them "
                    "into its columns age, sex and site"
                )
                raise DataError(msg)
            found += _of_table(path)
        else:
            fault = None
            if path.suffix.lower() in OTHERS:
                fault = f"'{path}' is not a photograph; save a table as CSV, with the ending .csv"
            found.append(Request(path, str(path), facts, fault))
    return found


def _inside(folder, facts):
    """Return requests for the images below a folder; warn of files of other kinds."""
    files, closed = below(folder)
    found = [Request(path, str(path), facts) for path in files if path.suffix.lower() in SUFFIXES]
    others = [path.suffix or path.name for path in files if path.suffix.lower() not in SUFFIXES]
    if others:
        kinds = ", ".join(sorted(set(others)))
        _log.warning("'%s': files of other kinds left out: %d (%s)", folder, len(others), kinds)
    for error in closed:
        path = Path(error.filename)
        found.append(Request(path, str(path), facts, closed_to_us(error)))
    if not found:
        msg = (
            f"folder '{folder}' has no {', '.join(SUFFIXES)}; name one with photographs, saved as "
            "JPEG or PNG"
        )
        raise DataError(msg)
    return sorted(found, key=lambda request: request.image)


def _of_table(path):
    require_file(path, "table")
    found = read_text(path, COLUMNS[:1], COLUMNS[1:], NAMES)
    if ignored := [name for name in found if name and name not in COLUMNS]:
        _log.warning("'%s': columns not used: %s", path, ", ".join(ignored))
    stems = functools.cache(lambda: _stems(path.parent))
    return [_of_row(path, line, row, stems) for line, row in found.iterrows()]


def _stems(folder):
    """Return the images below a folder by name without ending, and what could not be entered."""
    found, (files, closed) = {}, below(folder)
    for path in files:
        if path.suffix.lower() in SUFFIXES:
            found.setdefault(path.stem, []).append(path)
    return found, closed


def _image(folder, name, stems):
    """Return the image that a table names, perhaps without its ending."""
    path = folder / name
    if not name:
        msg = "no image is named; name photographs, a folder, or a table"
        raise DataError(msg)
    if path.suffix.lower() in SUFFIXES or path.is_file():
        return path
    images, closed = stems()
    found = images.get(name, [])
    if closed and not found:
        msg = f"no photograph '{name}' is found, and {closed_to_us(closed[0])}"
        raise DataError(msg)
    if len(found) > 1 and not all(filecmp.cmp(found[0], each, shallow=False) for each in found[1:]):
        msg = f"'{name}' is '{found[0]}' or '{found[1]}'; write which"
        raise DataError(msg)
    return found[0] if found else path


def _of_row(path, line, row, stems):
    image, name = path.parent / row["image"], row["image"]
    try:
        image = _image(path.parent, name, stems)
        facts = _age(row.get("age", "")), *(_word(row.get(key, "")) for key in ("sex", "site"))
        check_facts(*facts)
    except DataError as error:
        return Request(image, name, fault=f"{path.name} row {line}: {error}")
    return Request(image, name, facts)


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
