"""What is asked about: images, folders, tables; bad rows fail alone."""

import logging
from pathlib import Path

import pytest

from skinlib.common.errors import DataError
from skinlib.predict import cases


def write(path, *lines, encoding="utf-8"):
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def test_images_and_folders(tmp_path):
    folder = tmp_path / "photos"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.JPG", "a.png", "deep/c.jpeg", "notes.txt", ".hidden.jpg"):
        (folder / name).touch()
    found = cases.gather([tmp_path / "one.jpg", folder], 40.0, "male", "back")
    names = [case.image.relative_to(tmp_path).as_posix() for case in found]
    assert names == ["one.jpg", "photos/a.png", "photos/b.JPG", "photos/deep/c.jpeg"]
    assert {(case.age, case.sex, case.site) for case in found} == {(40.0, "male", "back")}


def test_a_table_with_good_and_bad_rows(tmp_path):
    path = write(
        tmp_path / "patients.csv",
        "image;age;sex;site",
        "a.jpg;61;Female;lower extremity",
        "b.jpg;;;",
        "c.jpg;old;male;back",
        "d.jpg;130;male;back",
        "e.jpg;50;boy;back",
        ";50;male;back",
        encoding="utf-8-sig",
    )
    found = cases.gather([path])
    first, second, *bad = found
    assert (first.age, first.sex, first.site, first.facts) == (61.0, "female", "lower extremity", 3)
    assert first.image == tmp_path / "a.jpg"
    assert first.name == "a.jpg"
    assert (second.age, second.sex, second.facts) == (None, "unknown", 0)
    words = ["row 4: age 'old' is no number", "row 5: age 130 is impossible",
             "row 6: sex 'boy' is unknown", "row 7: no image"]  # fmt: skip
    assert len(bad) == len(words)
    for case, word in zip(bad, words, strict=True):
        assert word in case.fault
        assert "patients.csv" in case.fault


def test_a_table_of_images_alone_and_other_columns(tmp_path, caplog):
    path = write(tmp_path / "t.csv", "id,image,dx,", "1,a.jpg,nv,")
    with caplog.at_level(logging.WARNING):
        (case,) = cases.gather([path])
    assert case.facts == 0
    assert "columns not used: id, dx\n" in caplog.text


@pytest.mark.parametrize(
    "lines",
    [
        ('"image","age","sex","site"', '"a.jpg",60,female,back'),
        ("", "image;age;sex;site", "a.jpg;60;female;back"),
        ("Image,AGE,Sex,Localization", "a.jpg,60,FEMALE,Back"),
        ("image, age, sex, site", "a.jpg, 60, female, back"),
    ],
    ids=["quoted", "blank line", "capitals", "spaces"],
)
def test_the_same_table_in_other_spellings(lines, tmp_path, caplog):
    """With its facts used, and without a warning that they are not."""
    (case,) = cases.gather([write(tmp_path / "t.csv", *lines)])
    assert case.fault is None
    assert (case.age, case.sex, case.site) == (60.0, "female", "back")
    assert caplog.text == ""


def test_facts_beside_a_table_are_refused(tmp_path):
    path = write(tmp_path / "t.csv", "image,age", "a.jpg,")
    for facts in ((10.0,), (None, "male"), (None, "unknown", "back")):
        with pytest.raises(DataError, match=r"t\.csv'; write them into its columns"):
            cases.gather(["b.jpg", path], *facts)


def test_facts_in_capitals_and_unknown_ones():
    (case,) = cases.gather(["a.jpg"], 50.0, "Female ", "BACK")
    assert (case.sex, case.site) == ("female", "back")
    (case,) = cases.gather(["a.jpg"], None, "", "N/A")
    assert case.facts == 0


def test_a_decimal_comma_is_told(tmp_path):
    (case,) = cases.gather([write(tmp_path / "t.csv", "image;age", "a.jpg;60,5")])
    assert "row 2: age '60,5' is no number of years; write it with a point" in case.fault


def test_what_lies_in_a_folder_besides_photographs(tmp_path, caplog):
    for name in ("a.jpg", "b.GIF", "c.heic", ".hidden.gif"):
        (tmp_path / name).touch()
    (tmp_path / "dangling.jpg").symlink_to("gone.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "folder.jpg" / "inside.png").touch()
    names = [case.image.name for case in cases.gather([tmp_path])]
    assert names == ["a.jpg", "dangling.jpg", "inside.png"]
    assert "files of other kinds left out: 2 (.GIF, .heic)" in caplog.text


@pytest.mark.parametrize("name", ["t.tsv", "t.xlsx", "T.TXT"])
def test_a_table_of_another_kind_fails_alone(name):
    good, bad = cases.gather(["a.jpg", name])
    assert good.fault is None
    assert "a CSV has the ending .csv" in bad.fault


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: write(folder / "t.csv", "file,age", "a.jpg,3"), "lacks the columns"),
        (lambda folder: write(folder / "t.csv", "image"), "has no rows"),
        (lambda folder: write(folder / "t.csv", "image,age", "a.jpg"), "1 fields, expected 2"),
        (lambda folder: write(folder / "t.csv", ""), "is empty; expected a first line with image"),
        (lambda folder: write(folder / "t.csv", "image,age,Age", "a.jpg,3,3"), "more than once"),
        (lambda folder: write(folder / "t.csv", "image,site,localization", "a.jpg,,"), "keep one"),
        (lambda folder: write(folder / "t.csv", "image\tage", "a.jpg\t3"), "commas or semicolons"),
        (
            lambda folder: write(folder / "t.csv", "image,age", "a.jpg,3", '"b.jpg,4', "c.jpg,5"),
            "in row 3; close the quotation marks there",
        ),
        (lambda folder: folder / "none.csv", "does not exist"),
        (lambda folder: folder, "has no .jpg"),
    ],
)
def test_what_has_no_cases_at_all(make, words, tmp_path):
    with pytest.raises(DataError, match=words):
        cases.gather([make(tmp_path)])


def test_bytes_that_are_no_table(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xff\xd8\xff\xe0 a jpeg under a wrong name")
    with pytest.raises(DataError, match="not a readable CSV"):
        cases.gather([tmp_path / "t.csv"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_table_in_another_encoding(encoding, tmp_path):
    path = write(tmp_path / "t.csv", "image,age", "läsion.jpg,60", encoding=encoding)
    with pytest.raises(DataError, match="save it as CSV, UTF-8"):
        cases.gather([path])


@pytest.mark.parametrize(
    ("facts", "words"),
    [((-1.0,), "age -1"), ((5.0, "girl"), "sex 'girl'"), ((5.0, "male", "toe"), "site 'toe'")],
)
def test_impossible_facts_end_the_command(facts, words):
    with pytest.raises(DataError, match=words):
        cases.gather(["a.jpg"], *facts)


def test_complete_rows_are_those_that_count_three_facts():
    path = Path("a.jpg")
    given = [
        cases.Case(path, "a", 50.0, "male", "back"),
        cases.Case(path, "b", None, "male", "back"),
        cases.Case(path, "c", 0.0, "unknown", "back"),
        cases.Case(path, "d", 50.0, "male"),
        cases.Case(path, "e"),
    ]
    found = cases.complete(cases.table(given))
    assert list(found) == [case.facts == 3 for case in given] == [True, False, False, False, False]
