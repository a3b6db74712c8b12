"""What people bring: linked folders, other names and endings, lacking facts."""

import shutil
import sys

import pandas as pd
import pytest
import tiny
from PIL import Image

from skinlib.common.errors import DataError
from skinlib.data.masks import Masks
from skinlib.experiments import external
from skinlib.experiments.run import read_run
from skinlib.predict.requests import gather

METADATA = "HAM10000_metadata.csv"


def move(folder, place, count=None):
    """Move photographs of a data set to a new folder; return their names."""
    place.mkdir(parents=True, exist_ok=True)
    paths = sorted(folder.glob("*.jpg"))[:count]
    for path in paths:
        path.rename(place / path.name)
    return [path.name for path in paths]


# F38: links and rights


@pytest.mark.parametrize("count", [35, None], ids=["half", "all"])
def test_f38_photographs_behind_links(count, main, folder, tmp_path):
    """Found, once; a link to a parent ends nothing, and one that leads nowhere is named."""
    before = main("check-data", "--data", folder).succeeds()
    move(folder, tmp_path / "disk" / "deep", count)
    (folder / "part").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "circle").symlink_to(folder)
    assert main("check-data", "--data", folder).succeeds() == before
    assert len(gather([folder])) == 70
    (folder / "part").unlink()
    (folder / "part").symlink_to(tmp_path / "not mounted")
    for arguments in ((), ("--allow-missing",)):
        done = main("check-data", "--data", folder, *arguments)
        done.fails(2, count or 70, folder / "part", "link that leads nowhere")


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux'")
@pytest.mark.parametrize("mode", [0o000, 0o444], ids=["closed", "listed only"])
def test_f38_a_folder_that_cannot_be_entered(mode, cli, folder, tmp_path):
    names = move(folder, folder / "deep" / "closed", 20)
    table = folder / METADATA
    (folder / "deep" / "closed").chmod(mode)
    rights = {"preexec_fn": tiny.without_rights}
    try:
        done = cli("check-data", "--data", folder, "--allow-missing", **rights)
        done.fails(2, "20 images", "deep/closed", "Permission denied")
        table.rename(tmp_path / "table")
        out = tmp_path / "a.csv"
        done = cli("predict", folder, "-o", out, "--no-progress", **rights)
    finally:
        (folder / "deep" / "closed").chmod(0o755)
    assert done.code == 2
    assert "deep/closed" in done.err
    status = pd.read_csv(out)["status"].eq("error")
    assert (status.sum(), (~status).sum()) == (1 if mode == 0 else len(names), 50)


def test_f38_predict_says_which_folder_is_not_there(tmp_path):
    """A request that fails, so that the command does; the others are answered."""
    Image.new("RGB", (40, 40)).save(tmp_path / "a.jpg")
    (tmp_path / "share").symlink_to("/nowhere at all")
    good, bad = gather([tmp_path])
    assert good.fault is None
    assert f"'{tmp_path / 'share'}' is a link that leads nowhere" in bad.fault


def test_f38_masks_behind_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "masks").mkdir()
    Image.new("L", (600, 450)).save(tmp_path / "disk" / "ISIC_0000001_segmentation.PNG", "PNG")
    (tmp_path / "masks" / "more").symlink_to(tmp_path / "disk")
    assert Masks(tmp_path / "masks").ids == {"ISIC_0000001"}
    (tmp_path / "masks" / "other").symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match="other' is a link that leads nowhere"):
        Masks(tmp_path / "masks")


# F39: names of images


@pytest.mark.parametrize("ending", [".JPG", ".jpeg", ".Jpeg"])
def test_f39_other_spellings_of_the_ending(ending, main, folder):
    before = main("check-data", "--data", folder).succeeds()
    for path in folder.glob("*.jpg"):
        path.rename(path.with_suffix(ending))
    assert main("check-data", "--data", folder).succeeds() == before


def test_f39_ids_that_begin_otherwise(main, folder):
    table = (folder / METADATA).read_text()
    (folder / METADATA).write_text(table.replace("ISIC_", "PAT_"))
    for path in folder.glob("*.jpg"):
        path.rename(path.with_stem(path.stem.replace("ISIC_", "PAT_")))
    main("check-data", "--data", folder).succeeds()
    shutil.copy(path.with_stem(path.stem.replace("ISIC_", "PAT_")), folder / "PAT_99.jpg")
    main("check-data", "--data", folder).fails(2, "PAT_99", "no row")


@pytest.mark.parametrize(
    ("renamed", "kind"),
    [
        (lambda path: path.with_suffix(".png"), "70 .png"),
        (lambda path: path.with_name(f"copy of {path.name}"), "70 .jpg"),
        (lambda path: path.with_stem(path.stem.lower()), "isic_"),
        (lambda path: path.with_suffix(""), "70 without ending"),
    ],
)
def test_f39_what_lies_there_is_said_and_the_remedy_works(renamed, kind, main, folder):
    """Renaming all of them as the message says is enough; the flag that cannot help is not named."""
    places = {path: renamed(path) for path in folder.glob("*.jpg")}
    for old, new in places.items():
        old.rename(new)
    said = main("check-data", "--data", folder)
    line = said.fails(2, "70 of 70", kind, "The name of a file is its image_id", ".jpg or .jpeg")
    assert "--allow-missing" not in line
    for old, new in places.items():
        new.rename(old)
    main("check-data", "--data", folder).succeeds()


def test_f39_every_image_in_two_folders(main, folder):
    before = main("check-data", "--data", folder).succeeds()
    names = move(folder, folder / "HAM_part")
    shutil.copytree(folder / "HAM_part", folder / "ham_part")
    assert main("check-data", "--data", folder).succeeds() == before
    other = folder / "ham_part" / names[3]
    other.write_bytes(other.read_bytes() + b"\0")
    main("check-data", "--data", folder).fails(2, names[3][:-4], "different content", "ham_part")


# F40: names of the table


@pytest.mark.parametrize(
    "name", ["HAM10000_metadata.tab", "ham10000_metadata", "HAM10000_METADATA.CSV"]
)
def test_f40_the_table_under_another_published_name(name, main, folder):
    before = main("check-data", "--data", folder).succeeds()
    text = (folder / METADATA).read_text()
    (folder / METADATA).unlink()
    (folder / name).write_text(text.replace(",", "\t") if name.endswith("tab") else text)
    assert main("check-data", "--data", folder).succeeds() == before


@pytest.mark.parametrize("ending", [".tab", "", ".CSV"])
def test_f40_the_table_of_the_official_test_too(ending, folder):
    text = (folder / METADATA).read_text()
    (folder / METADATA).unlink()
    name = external.TABLES[1].removesuffix(".csv")
    text = text.replace(",", "\t") if ending == ".tab" else text
    (folder / f"{name}{ending}").write_text(text)
    assert len(external.load(folder).table) == 70


def test_f40_no_table_and_what_is_there_instead(main, folder):
    (folder / METADATA).rename(folder / "hmnist_28_28_RGB.csv")
    move(folder, folder / "photos")
    main("check-data", "--data", folder).fails(2, METADATA, "hmnist_28_28_RGB.csv", "photos")
    pixels = folder / "hmnist_28_28_RGB.csv"
    main("check-data", "--data", pixels).fails(2, pixels, "is a file", "table of pixels")
    pixels.rename(folder / "photos" / METADATA)
    main("check-data", "--data", folder).fails(2, folder / "photos", "name its folder")
    main("check-data", "--data", folder / "photos").succeeds()


# F42: facts that are not used


def without(folder, *columns, empty=False):
    table = pd.read_csv(folder / METADATA, dtype=str, keep_default_na=False)
    for name in columns:
        table[name] = ""
    (table if empty else table.drop(columns=list(columns))).to_csv(folder / METADATA, index=False)


@pytest.mark.parametrize(
    ("columns", "empty"),
    [(("age",), True), (("age", "sex", "localization", "dx_type"), False)],
    ids=["empty", "no columns"],
)
def test_f42_facts_that_the_recipe_does_not_use(columns, empty, main, train, folder, results):
    without(folder, *columns, empty=empty)
    out = main("check-data", "--data", folder).succeeds()
    assert "age          none known, missing in 70 rows" in out
    train(folder).fails(2, "age", "--set metadata=False")
    assert not list(results.rglob("run.json"))
    train(folder, "metadata=False", "--name", "plain").succeeds()
    (run,) = results.rglob("run.json")
    counts = read_run(run.parent).record["split"]["counts"]
    assert sum(counts.values()) == 70


# F43: tables for predict

TABLE = "lesion_id,image_id,dx,dx_type,age,sex,localization"


@pytest.fixture
def photos(folder):
    """Photographs in two folders beside the place of a table, and the ids of two."""
    first, second = move(folder, folder / "part 1", 1) + move(folder, folder / "part 2" / "deep", 1)
    return folder, first[:-4], second[:-4]


@pytest.mark.parametrize("name", [METADATA, "patients.tsv", "HAM10000_metadata"])
def test_f43_the_table_of_the_data_set_is_given_to_predict(name, main, photos):
    """Ids without ending are found below the table's folder, upper-case endings too."""
    folder, first, second = photos
    (folder / "part 1" / f"{first}.jpg").rename(folder / "part 1" / f"{first}.JPG")
    rows = [TABLE, f"H1,{first},nv,histo,45,male,back", f"H2,{second},nv,histo,,unknown,"]
    text = "\n".join([*rows, ""])
    (folder / name).write_text(text.replace(",", "\t") if name.endswith("tsv") else text)
    one, two = gather([folder / name])
    assert (one.image, one.facts) == (folder / "part 1" / f"{first}.JPG", (45.0, "male", "back"))
    assert two.image == folder / "part 2" / "deep" / f"{second}.jpg"
    assert not two.complete
    main("predict", folder / name, "-o", folder / "a.csv", "--no-progress").succeeds()


@pytest.mark.parametrize("told", ["sep=;\r\n", "SEP=;\n", '"sep=;"\r\n', "\ufeffsep=;\n"])
def test_f43_a_line_that_tells_excel_the_separator(told, photos):
    folder, first, _ = photos
    path = folder / "patients.csv"
    path.write_bytes(f"{told}image;age;site\r\n{first};61;back\r\n{first};600;back\r\n".encode())
    good, bad = gather([path])
    assert good.facts == (61.0, "unknown", "back")
    assert "row 4: age 600" in bad.fault


def test_f43_an_id_of_two_photographs(photos):
    folder, first, second = photos
    shutil.copy(folder / "part 2" / "deep" / f"{second}.jpg", folder / "part 2" / f"{first}.jpg")
    (folder / "t.csv").write_text(f"image_id\n{first}\nISIC_none\n")
    twice, none = gather([folder / "t.csv"])
    (folder / "share").symlink_to("/nowhere at all")
    assert "share' is a link that leads nowhere" in gather([folder / "t.csv"])[1].fault
    assert "write which" in twice.fault
    assert (none.image, none.fault) == (folder / "ISIC_none", None)
