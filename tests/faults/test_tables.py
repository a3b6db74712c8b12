"""Faults of the table of metadata: wrong labels, wrong numbers, foreign spreadsheets."""

import pytest

from skinlib.experiments.run import read_run

METADATA = "HAM10000_metadata.csv"


@pytest.fixture
def lines(folder):
    return (folder / METADATA).read_text(encoding="utf-8").splitlines()


@pytest.fixture
def rewrite(folder):
    """Write the table anew."""

    def write(lines, end="\n", mark=""):
        (folder / METADATA).write_bytes((mark + end.join([*lines, ""])).encode())

    return write


def edited(lines, row, column, value):
    """Return the lines with one cell changed; rows as an editor counts them."""
    fields = lines[row - 1].split(",")
    fields[lines[0].split(",").index(column)] = value
    return [*lines[: row - 1], ",".join(fields), *lines[row:]]


def test_f11_a_wrong_label(main, folder, lines, rewrite):
    """Neither dropped nor made an eighth class."""
    rewrite(edited(lines, 17, "dx", "scc"))
    done = main("check-data", "--data", folder)
    done.fails(2, "row 17", "dx is 'scc'", "one of akiec, bcc", "correct the file")


@pytest.mark.parametrize("left", [0, 1], ids=["none", "one lesion"])
def test_f11_a_class_without_training_images(left, train, folder, lines, rewrite, results):
    """A network that never sees a class must not be trained as one of seven."""
    dx = lines[0].split(",").index("dx")
    lesions = sorted({line.split(",")[0] for line in lines if line.split(",")[dx] == "df"})
    gone = [line for line in lines if line.split(",")[0] in lesions[left:]]
    rewrite([line for line in lines if line not in gone])
    for line in gone:
        (folder / f"{line.split(',')[1]}.jpg").unlink()
    done = train(folder, "--recipe", "md-as-described")
    done.fails(2, "class" if left else "class 'df'")
    assert not list(results.rglob("run.json"))


def fingerprint(outcome):
    (line,) = (line for line in outcome.succeeds().splitlines() if "fingerprint" in line)
    return line


def test_f12_a_table_saved_by_another_program(main, folder, lines, rewrite):
    """Normalised: the data are the same data. Here the program is Excel."""
    before = fingerprint(main("check-data", "--data", folder))
    lines = edited(lines, 9, "sex", lines[8].split(",")[5].title() + " ")
    rewrite([*(line.replace(",", ";") for line in lines), ""], end="\r\n", mark="\ufeff")
    assert fingerprint(main("check-data", "--data", folder)) == before


def test_f12_an_age_that_is_not_known(main, folder, lines, rewrite):
    """Counted and kept; the authors' notebooks lost 57 images without a word."""
    known = next(row for row in range(2, 70) if lines[row - 1].split(",")[4])
    unknown = sum(not line.split(",")[4] for line in lines)
    rewrite(edited(lines, known, "age", "Unknown "))
    out = main("check-data", "--data", folder).succeeds()
    assert f"missing in {unknown + 1} rows" in out
    assert "70 images" in out


def test_f12_unknown_ages_are_imputed_and_counted(odd_run):
    """Policy of the recipe `clean`: the mean of the training part, and the count is printed."""
    assert f"ages not known: {odd_run.unknown_ages} imputed by the mean" in odd_run.outcome.out
    record = read_run(odd_run.folder).record
    expected = {"policy": "impute", "dropped": 0, "imputed": odd_run.unknown_ages}
    assert record["metadata"]["missing_age"] == expected


def test_f12_a_value_that_cannot_be(main, folder, lines, rewrite):
    rewrite(edited(edited(lines, 30, "age", "500"), 40, "age", "-5"))
    done = main("check-data", "--data", folder)
    done.fails(2, METADATA, "row 30: age is '500', expected years between 0 and 120", "1 more row")


def test_f12_an_image_in_two_rows(main, folder, lines, rewrite):
    rewrite([*lines, lines[4]])
    done = main("check-data", "--data", folder)
    done.fails(2, f"row {len(lines) + 1}", lines[4].split(",")[1], "only once")
