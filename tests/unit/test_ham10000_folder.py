"""A folder in the HAM10000 layout: its files meet its rows, and it has a name and a fingerprint."""

import pytest
from PIL import Image

from skinlib.common.errors import DataError
from skinlib.data import ham10000, synthetic

HEADER = "lesion_id,image_id,dx,dx_type,age,sex,localization"
ROWS = (
    "HAM_1,ISIC_11,nv,histo,45.0,male,back",
    "HAM_1,ISIC_12,nv,histo,45.0,male,back",
    "HAM_2,ISIC_13,mel,consensus,,unknown,face",
)
TEXT = "\n".join([HEADER, *ROWS, ""])


def write_set(folder, size=(32, 24)):
    """Write the set of `TEXT`: three grey JPEGs and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ham10000.METADATA).write_text(TEXT)
    for name in ("ISIC_11", "ISIC_12", "ISIC_13"):
        Image.new("RGB", size, (int(name[-2:]),) * 3).save(folder / f"{name}.jpg")
    return folder


def refused(function, *arguments, **options):
    """Return the message of the DataError that the call must raise."""
    with pytest.raises(DataError) as error:
        function(*arguments, **options)
    assert error.value.exit_code == 2
    assert "\n" not in str(error.value)
    return str(error.value)


def test_files_and_rows_meet(tmp_path):
    found = ham10000.load(write_set(tmp_path))
    assert [path.name for path in found.table["path"]] == [
        "ISIC_11.jpg",
        "ISIC_12.jpg",
        "ISIC_13.jpg",
    ]
    assert found.labels.tolist() == [5, 5, 4]
    assert found.image_size == (32, 24)
    assert found.folder == tmp_path


def test_images_may_lie_in_sub_folders_of_any_name(tmp_path):
    write_set(tmp_path)
    for number, place in (("11", "part 1"), ("12", "part 2/é")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / f"ISIC_{number}.jpg").rename(tmp_path / place / f"ISIC_{number}.jpg")
    found = ham10000.load(tmp_path).table["path"]
    assert [path.parent.name for path in found] == ["part 1", "é", tmp_path.name]


def test_images_without_file_row_or_peace(tmp_path):
    write_set(tmp_path)
    (tmp_path / "ISIC_12.jpg").rename(tmp_path / "ISIC_99.jpg")
    message = refused(ham10000.load, tmp_path)
    assert "1 of 3 images" in message
    assert "ISIC_12" in message
    (tmp_path / "ISIC_12.jpg").write_bytes((tmp_path / "ISIC_99.jpg").read_bytes())
    assert "ISIC_99" in refused(ham10000.load, tmp_path)
    (tmp_path / "more").mkdir()
    (tmp_path / "ISIC_99.jpg").rename(tmp_path / "more" / "ISIC_11.jpg")
    message = refused(ham10000.load, tmp_path)
    assert "ISIC_11 lies twice" in message
    assert "more" in message


def test_the_official_test_images_below_the_folder_are_no_extras(tmp_path):
    plain = ham10000.load(write_set(tmp_path))
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "ISIC_99.jpg").write_bytes((tmp_path / "ISIC_11.jpg").read_bytes())
    assert ham10000.load(tmp_path).fingerprint == plain.fingerprint


def test_a_missing_folder_or_table_is_named(tmp_path):
    message = refused(ham10000.load, tmp_path / "nowhere")
    assert str(tmp_path / "nowhere") in message
    assert "SKINLIB_DATA" in message
    assert ham10000.METADATA in refused(ham10000.load, tmp_path)


def test_locate(tmp_path, monkeypatch, synthetic_folder):
    monkeypatch.setenv("SKINLIB_CACHE", str(tmp_path))
    calls = []
    monkeypatch.setattr(synthetic, "ensure", lambda **options: calls.append(options))
    for word in (None, "synthetic", "synthetic:90"):
        ham10000.locate(word)
    assert calls == [{}, {}, {"images": 90}]
    assert "synthetic:many" in refused(ham10000.locate, "synthetic:many")
    monkeypatch.setenv("SKINLIB_DATA", str(synthetic_folder))
    assert ham10000.locate() == synthetic_folder
    assert ham10000.locate(tmp_path) == tmp_path


# Name and fingerprint


@pytest.mark.parametrize(
    ("size", "name"), [((600, 450), "ham10000"), ((341, 256), "ham10000-256px")]
)
def test_the_name_ham10000_is_kept_for_the_whole_set(tmp_path, monkeypatch, size, name):
    write_set(tmp_path, size)
    assert ham10000.load(tmp_path).name == f"custom-3-{min(size)}px"
    monkeypatch.setattr(ham10000, "HAM10000_COUNTS", {"nv": 2, "mel": 1})
    assert ham10000.load(tmp_path).name == name


def test_the_synthetic_set_is_called_so(dataset):
    assert dataset.name == "synthetic"
    assert len(dataset.table) == 70
    assert set(dataset.labels) == set(range(7))


def test_the_fingerprint_follows_rows_and_file_sizes_only(tmp_path):
    first = ham10000.load(write_set(tmp_path / "a")).fingerprint
    assert ham10000.load(write_set(tmp_path / "b")).fingerprint == first
    table, image = tmp_path / "b" / ham10000.METADATA, tmp_path / "b" / "ISIC_12.jpg"
    table.write_text("\r\n".join([HEADER, *reversed(ROWS)]))
    assert ham10000.load(tmp_path / "b").fingerprint == first
    table.write_text(TEXT.replace("unknown", "male"))
    assert ham10000.load(tmp_path / "b").fingerprint != first
    table.write_text(TEXT)
    image.write_bytes(image.read_bytes() + b"\0")
    assert ham10000.load(tmp_path / "b").fingerprint != first
