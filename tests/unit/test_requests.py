"""What `predict` is given: images, folders, tables; bad rows fail alone."""

import logging
from pathlib import Path

import pytest

from skinlib.common.errors import DataError
from skinlib.predict import requests
from skinlib.predict.requests import Request, gather


def write(path, *lines, encoding="utf-8"):
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def test_images_and_folders(tmp_path, caplog):
    folder = tmp_path / "photos"
    (folder / "deep.jpg").mkdir(parents=True)
    for name in ("b.JPG", "a.png", "deep.jpg/c.jpeg", "notes.txt", "d.GIF", ".hidden.jpg"):
        (folder / name).touch()
    (folder / "dangling.jpg").symlink_to("gone.jpg")
    found = gather([tmp_path / "one.jpg", folder], 40.0, "Male ", "BACK")
    names = [each.image.relative_to(tmp_path).as_posix() for each in found]
    assert names == [
        "one.jpg", "photos/a.png", "photos/b.JPG", "photos/dangling.jpg", "photos/deep.jpg/c.jpeg",
    ]  # fmt: skip
    assert {each.facts for each in found} == {(40.0, "male", "back")}
    assert "files of other kinds left out: 2 (.GIF, .txt)" in caplog.text


def test_a_table_with_good_and_bad_rows(tmp_path):
    path = write(
        tmp_path / "patients.csv",
        "image;age;sex;site",
        "a.jpg;61;Female;lower extremity",
        "b.jpg;;;",
        "c.jpg;60,5;male;back",
        "d.jpg;130;male;back",
        "e.jpg;50;boy;back",
        ";50;male;back",
        encoding="utf-8-sig",
    )
    first, second, *bad = gather([path])
    assert first.facts == (61.0, "female", "lower extremity")
    assert (first.image, first.name, first.complete) == (tmp_path / "a.jpg", "a.jpg", True)
    assert (second.facts, second.complete) == (requests.NOTHING, False)
    words = ["row 4: age '60,5' is not a number of years; write it with a point",
             "row 5: age 130 is impossible", "row 6: sex 'boy' is unknown", "row 7: no image"]  # fmt: skip
    for each, word in zip(bad, words, strict=True):
        assert word in each.fault
        assert "patients.csv" in each.fault


def test_the_columns_may_have_the_names_of_the_data_set(tmp_path, caplog):
    """How tables may be written else: tests/unit/test_ham10000.py."""
    path = write(tmp_path / "t.csv", "Image_ID,AGE,Sex,Localization", "a.jpg,60,FEMALE,Back")
    assert gather([path]) == [Request(tmp_path / "a.jpg", "a.jpg", (60.0, "female", "back"))]
    assert caplog.text == ""
    write(path, "image,site,localization", "a.jpg,,")
    with pytest.raises(DataError, match="keep one"):
        gather([path])


def test_columns_that_are_not_used_are_named(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        gather([write(tmp_path / "t.csv", "id,image,dx,", "1,a.jpg,nv,")])
    assert "columns not used: id, dx\n" in caplog.text


def test_facts_beside_a_table_are_refused(tmp_path):
    path = write(tmp_path / "t.csv", "image,age", "a.jpg,")
    for facts in ((10.0,), (None, "male"), (None, "unknown", "back")):
        with pytest.raises(DataError, match=r"t\.csv'; write them into its columns"):
            gather(["b.jpg", path], *facts)


def test_a_table_of_another_kind_fails_alone():
    good, *bad = gather(["a.jpg", "t.ods", "t.xlsx", "T.TXT"])
    assert good.fault is None
    assert all("save a table as CSV" in each.fault for each in bad)


def test_a_table_or_a_folder_without_photographs(tmp_path):
    for path, words in ((tmp_path / "none.csv", "does not exist"), (tmp_path, "has no .jpg")):
        with pytest.raises(DataError, match=words):
            gather([path])


def test_impossible_facts_end_the_command():
    for facts, words in (
        ((-1.0,), "age -1"), ((5.0, "girl"), "sex 'girl'"), ((5.0, "male", "toe"), "site 'toe'")
    ):  # fmt: skip
        with pytest.raises(DataError, match=words):
            gather(["a.jpg"], *facts)


def test_complete_rows_have_all_three_facts():
    facts = [
        (0.0, "male", "back"), (None, "male", "back"), (50.0, "unknown", "back"),
        (50.0, "male", "unknown"), requests.NOTHING,
    ]  # fmt: skip
    expected = [True, False, False, False, False]
    assert requests.complete(requests.table(facts)).tolist() == expected
    assert [Request(Path("a.jpg"), "a", each).complete for each in facts] == expected
