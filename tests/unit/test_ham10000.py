"""The table of HAM10000: what is normalised, what is refused, and how the message says so."""

import numpy as np
import pandas as pd
import pytest

from skinlib.common.errors import DataError
from skinlib.data import ham10000

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization"
ROWS = (
    "HAM_1,ISIC_11,nv,histo,45.0,male,back",
    "HAM_1,ISIC_12,nv,histo,45.0,male,back",
    "HAM_2,ISIC_13,mel,consensus,,unknown,lower extremity",
)
TEXT = "\n".join([HEADER, *ROWS, ""])


def read(folder, text):
    path = folder / ham10000.METADATA
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ham10000.read_metadata(path)


def refused(function, *arguments, **options):
    """Return the message of the DataError that the call must raise."""
    with pytest.raises(DataError) as error:
        function(*arguments, **options)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_plain_table(tmp_path):
    table = read(tmp_path, "\n".join([HEADER, *reversed(ROWS), ""]))
    assert table.columns.tolist() == HEADER.split(",")
    assert table["image_id"].tolist() == ["ISIC_11", "ISIC_12", "ISIC_13"]
    assert table["dx"].tolist() == ["nv", "nv", "mel"]
    assert table["sex"].tolist() == ["male", "male", "unknown"]
    assert table["localization"].tolist() == ["back", "back", "lower extremity"]
    assert table["age"].dtype == float
    np.testing.assert_array_equal(table["age"], [45, 45, np.nan])


def _reorder(text):
    lines = [line.split(",") for line in text.splitlines()]
    return "\n".join(",".join([*fields[::-1], "rosendahl"]) for fields in lines)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: b"\xef\xbb\xbf" + text.encode(), id="byte-order mark"),
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace(",", ";"), id="semicolon"),
        pytest.param(lambda text: text.replace(",", " , "), id="spaces"),
        pytest.param(
            lambda text: text.replace("nv,histo", "NV,Histo").replace("male,back", "Male,BACK"),
            id="capitals",
        ),
        pytest.param(lambda text: text.replace("45.0", "45"), id="whole age"),
        pytest.param(lambda text: text.rstrip(), id="no last line end"),
        pytest.param(lambda text: text.replace("\n", "\n\n"), id="blank lines"),
        pytest.param(lambda text: text.replace("ISIC_13", '"ISIC_13"'), id="quotes"),
        pytest.param(_reorder, id="other column order and one more column"),
        pytest.param(
            lambda text: b"\xef\xbb\xbf" + text.replace(",", ";").replace("\n", "\r\n").encode(),
            id="as Excel saves it",
        ),
    ],
)
def test_harmless_differences_are_normalised(tmp_path, change):
    pd.testing.assert_frame_equal(read(tmp_path, change(TEXT)), read(tmp_path, TEXT))


@pytest.mark.parametrize("word", ["", "unknown", "Unknown", "NaN", "NA", "n/a", "None", "null"])
def test_words_for_not_known(tmp_path, word):
    table = read(tmp_path, f"{HEADER}\nHAM_1,ISIC_11,nv,histo,{word},{word},{word}")
    assert np.isnan(table.loc[0, "age"])
    assert table.loc[0, "sex"] == "unknown"
    assert table.loc[0, "localization"] == "unknown"


@pytest.mark.parametrize(("word", "age"), [("0", 0), ("0.0", 0), ("85.0", 85), ("120", 120)])
def test_ages_that_can_be(tmp_path, word, age):
    assert read(tmp_path, TEXT.replace("45.0", word)).loc[0, "age"] == age


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (",mel,", ",mell,", "dx is 'mell'"),
        (",mel,", ",,", "dx is ''"),
        (",mel,", ",scc,", "dx is 'scc'"),
        ("ISIC_13", "ISIC_12", "image_id is 'ISIC_12'"),
        ("ISIC_13", " ", "image_id is ''"),
        ("HAM_2", "", "lesion_id is ''"),
        (",,unknown", ",-5,unknown", "age is '-5'"),
        (",,unknown", ",500,unknown", "age is '500'"),
        (",,unknown", ",abc,unknown", "age is 'abc'"),
        (",,unknown", ",inf,unknown", "age is 'inf'"),
        (",unknown", ",man", "sex is 'man'"),
        ("lower extremity", "moon", "localization is 'moon'"),
        (",lower extremity", "", "6 fields"),
        (",lower extremity", ",back,,", "9 fields"),
    ],
)
@pytest.mark.parametrize("blank", [False, True])
def test_what_would_have_to_be_guessed_is_refused(tmp_path, old, new, named, blank):
    """The message has the row as an editor numbers it, even after a blank line."""
    text = TEXT.replace(old, new)
    assert text != TEXT
    text = text.replace("\n", "\n\n", 1) if blank else text
    message = refused(read, tmp_path, text)
    assert f"{ham10000.METADATA} row {5 if blank else 4}:" in message
    assert named in message
    assert str(tmp_path) in message


def test_more_bad_rows_are_counted(tmp_path):
    message = refused(read, tmp_path, TEXT.replace(",nv,", ",naevus,"))
    assert "row 2: dx is 'naevus'" in message
    assert "1 more row" in message


def test_a_lesion_with_two_diagnoses_is_refused(tmp_path):
    message = refused(read, tmp_path, TEXT.replace("HAM_2", "HAM_1"))
    assert "lesion_id is 'HAM_1', expected one diagnosis" in message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "lesion_id"),
        (HEADER, "no rows"),
        (HEADER + "\n", "no rows"),
        (TEXT.replace("localization", "site"), "['localization']"),
        (TEXT.replace("dx_type", "dx"), "'dx'"),
        (TEXT.replace(",", "\t"), "lesion_id"),
        (TEXT.encode("utf-16"), "not a readable CSV file"),
        (TEXT.replace("back", "r\xfccken").encode("latin-1"), "not a readable CSV file"),
        (HEADER.encode() + b"\n" + bytes(range(128, 256)) * 100, "not a readable CSV file"),
        (TEXT.replace("ISIC_13", '"ISIC_13'), "not a readable CSV file"),
        ("<!doctype html><html>", "lesion_id"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, text, named):
    message = refused(read, tmp_path, text)
    assert ham10000.METADATA in message
    assert named in message


def test_every_row_one_field_too_long_is_refused(tmp_path):
    """pandas would take the first column for row names and shift all others."""
    message = refused(read, tmp_path, HEADER + "\n" + "".join(f"{row},\n" for row in ROWS))
    assert "row 2" in message
    assert "8 fields" in message
