"""The table of HAM10000, and a folder in its layout: what is normalised, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinlib.common.errors import DataError
from skinlib.data import ham10000, synthetic

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


def refused(function, *arguments):
    """Return the message of the DataError that the call must raise."""
    with pytest.raises(DataError) as error:
        function(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_plain_table(tmp_path):
    table = read(tmp_path, "\n".join([HEADER, *reversed(ROWS), ""]))
    assert table.columns.tolist() == HEADER.split(",")
    assert table["image_id"].tolist() == ["ISIC_11", "ISIC_12", "ISIC_13"]
    assert table["dx"].tolist() == ["nv", "nv", "mel"]
    assert table["sex"].tolist() == ["male", "male", "unknown"]
    assert table["localization"].tolist() == ["back", "back", "lower extremity"]
    np.testing.assert_array_equal(table["age"], [45, 45, np.nan])


def _reorder(text):
    lines = [line.split(",") for line in text.splitlines()]
    return "\n".join(",".join([*fields[::-1], "rosendahl"]) for fields in lines)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace(",", "\t"), id="tab"),
        pytest.param(lambda text: "sep=\t\n" + text.replace(",", "\t"), id="Excel's line"),
        pytest.param(lambda text: text.replace(",", " , "), id="spaces"),
        pytest.param(lambda text: text.title().replace("Isic", "ISIC").replace("Ham", "HAM"),
                     id="capitals"),
        pytest.param(lambda text: text.replace("45.0", "45"), id="whole age"),
        pytest.param(lambda text: text.rstrip(), id="no last line end"),
        pytest.param(lambda text: text.replace("\n", "\n\n"), id="blank lines"),
        pytest.param(lambda text: text.replace("ISIC_13", '"ISIC_13"'), id="quotes"),
        pytest.param(_reorder, id="other column order and one more column"),
    ],
)  # fmt: skip
def test_harmless_differences_are_normalised(tmp_path, change):
    pd.testing.assert_frame_equal(
        read(tmp_path, change(TEXT))[HEADER.split(",")], read(tmp_path, TEXT)
    )


@pytest.mark.parametrize("word", ["", "unknown", "Unknown", "NaN", "NA", "n/a", "None", "null"])
def test_words_for_not_known(tmp_path, word):
    table = read(tmp_path, f"{HEADER}\nHAM_1,ISIC_11,nv,histo,{word},{word},{word}")
    assert np.isnan(table.loc[0, "age"])
    assert table.loc[0, "sex"] == table.loc[0, "localization"] == "unknown"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (",mel,", ",mell,", "dx is 'mell'"),
        (",mel,", ",,", "dx is ''"),
        ("ISIC_13", "ISIC_12", "image_id is 'ISIC_12'"),
        ("ISIC_13", " ", "image_id is ''"),
        ("HAM_2", "", "lesion_id is ''"),
        (",,unknown", ",-5,unknown", "age is '-5'"),
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
    text = text.replace("\n", "\n\n", 1) if blank else text
    message = refused(read, tmp_path, text)
    assert f"{ham10000.METADATA} row {5 if blank else 4}:" in message
    assert named in message
    assert str(tmp_path) in message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "lesion_id"),
        (HEADER, "no rows"),
        (TEXT.replace("lesion_id", "lesion"), "['lesion_id']"),
        (TEXT.replace("dx_type", "dx"), "'dx'"),
        (TEXT.encode("utf-16"), "not a readable CSV file"),
        (TEXT.replace("back", "r\xfccken").encode("latin-1"), "not a readable CSV file"),
        (TEXT.replace("ISIC_13", '"ISIC_13'), "not a readable CSV file"),
        ("<!doctype html><html>", "lesion_id"),
        (TEXT.replace("HAM_2", "HAM_1"), "'HAM_1', expected one diagnosis"),
        # pandas would take the first column for row names and shift all others.
        ("\n".join([HEADER, *(f"{row}," for row in ROWS)]), "row 2: 8 fields"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, text, named):
    message = refused(read, tmp_path, text)
    assert ham10000.METADATA in message
    assert named in message


# A folder; what may lie in it, and what is missing, is in the faults F06, F38 to F40


def write_set(folder, size=(32, 24)):
    """Write the set of `TEXT`: three grey JPEGs in folders of any name, and the table."""
    for name, place in (("ISIC_11", "."), ("ISIC_12", "part 1"), ("ISIC_13", "part 2/é")):
        (folder / place).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (int(name[-2:]),) * 3).save(folder / place / f"{name}.jpg")
    (folder / ham10000.METADATA).write_text(TEXT)
    return folder


def test_files_and_rows_meet(tmp_path):
    found = ham10000.load(write_set(tmp_path))
    assert [path.name for path in found.table["path"]] == [f"ISIC_{n}.jpg" for n in (11, 12, 13)]
    assert (found.image_size, found.folder) == ((32, 24), tmp_path)


def test_the_official_test_images_below_the_folder_are_no_extras(tmp_path):
    plain = ham10000.load(write_set(tmp_path))
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "ISIC_99.jpg").write_bytes((tmp_path / "ISIC_11.jpg").read_bytes())
    assert ham10000.load(tmp_path).fingerprint == plain.fingerprint


def test_locate(tmp_path, monkeypatch, synthetic_folder):
    calls = []
    monkeypatch.setattr(synthetic, "ensure", lambda **options: calls.append(options))
    for word in (None, "synthetic", "synthetic:90"):
        ham10000.locate(word)
    assert calls == [{}, {}, {"images": 90}]
    assert "synthetic:many" in refused(ham10000.locate, "synthetic:many")
    assert "nowhere' does not exist" in refused(ham10000.locate, tmp_path / "nowhere")
    monkeypatch.setenv("SKINLIB_DATA", str(synthetic_folder))
    assert ham10000.locate() == synthetic_folder
    assert ham10000.locate(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ("size", "name"), [((600, 450), "ham10000"), ((341, 256), "ham10000-256px")]
)
def test_the_name_ham10000_is_kept_for_the_whole_set(tmp_path, monkeypatch, size, name):
    write_set(tmp_path, size)
    assert ham10000.load(tmp_path).name == f"custom-3-{min(size)}px"
    monkeypatch.setattr(ham10000, "HAM10000_COUNTS", {"nv": 2, "mel": 1})
    assert ham10000.load(tmp_path).name == name


def test_the_fingerprint_follows_rows_and_file_sizes_only(tmp_path):
    first = ham10000.load(write_set(tmp_path / "a")).fingerprint
    table, image = (write_set(tmp_path / "b") / name for name in (ham10000.METADATA, "ISIC_11.jpg"))
    table.write_text("\r\n".join([HEADER, *reversed(ROWS)]))
    assert ham10000.load(tmp_path / "b").fingerprint == first
    table.write_text(TEXT.replace("unknown", "male"))
    assert ham10000.load(tmp_path / "b").fingerprint != first
    table.write_text(TEXT)
    image.write_bytes(image.read_bytes() + b"\0")
    assert ham10000.load(tmp_path / "b").fingerprint != first
