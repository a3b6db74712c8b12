"""Nothing is unpacked from a zip that is damaged or has another number of images."""

import pytest
from local_server import IDS, jpeg, make_zip

from skinlib.common.errors import IntegrityError
from skinlib.data import archive


def unpack(folder, body, count):
    """Unpack a zip of these bytes; return the contents of the images."""
    path = folder / "a.zip"
    path.write_bytes(body)
    archive.unpack(path, folder / "a", count, progress=False)
    return {image.read_bytes() for image in (folder / "a").iterdir()}


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
            assert found == set(small.values())


@pytest.mark.parametrize("second", [f"{IDS[1]}.jpg", f"inner/{IDS[0]}.jpg"])
def test_other_numbers_of_images(tmp_path, second):
    """An image that is there twice is one too few."""
    body = make_zip({f"{IDS[0]}.jpg": jpeg(IDS[0]), second: jpeg(IDS[1])})
    with pytest.raises(IntegrityError, match="a.zip' holds . images, expected"):
        unpack(tmp_path, body, 1 if second.startswith(IDS[1]) else 2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
