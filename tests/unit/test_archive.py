"""Nothing is unpacked from a zip that is damaged, hostile or another than it should be."""

import pytest
from local_server import IDS, jpeg, make_zip

from skinlib.common.errors import IntegrityError
from skinlib.data import archive

CONTENT = {f"{name}.jpg": jpeg(name) for name in IDS[:3]}


def unpack(folder, body, count=3):
    """Unpack a zip of these bytes; return the images by name."""
    path = folder / "a.zip"
    path.write_bytes(body)
    archive.unpack(path, folder / "a", count, progress=False)
    return {image.name: image.read_bytes() for image in (folder / "a").iterdir()}


def test_images_of_any_folder_come_out_and_nothing_else(tmp_path):
    others = {"inner/": b"", "__MACOSX/inner/x.jpg": b"shadow", "._y.jpg": b"shadow", "README": b""}
    inner = {f"inner/{name}": body for name, body in CONTENT.items()}
    assert unpack(tmp_path, make_zip({**others, **inner})) == CONTENT


def test_damage_anywhere_in_a_zip_is_an_integrity_error(tmp_path):
    """`ZIP_ERRORS` is complete: no single damaged byte gives any other exception."""
    small = {f"{name}.jpg": name.encode() * 9 for name in IDS[:2]}
    body = make_zip(small)
    for at in range(len(body)):
        for value in (0, 0xFF, body[at] ^ 1):
            try:
                found = unpack(tmp_path, body[:at] + bytes([value]) + body[at + 1 :], 2)
            except IntegrityError:
                continue
            # Harmless bytes: dates, versions, attributes.
            assert set(found.values()) == set(small.values())


def test_doubles_and_other_numbers_of_images(tmp_path):
    twice = {**CONTENT, f"b/{IDS[0]}.jpg": b"x"}
    for content, count, reason in (
        (twice, 3, "is there twice"),
        (CONTENT, 4, "holds 3 images, expected 4"),
    ):
        with pytest.raises(IntegrityError, match=reason) as error:
            unpack(tmp_path, make_zip(content), count)
        assert str(tmp_path / "a.zip") in str(error.value)
        assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
