"""Lesion masks: found, read whole or refused by name, and averaged over cells as Pillow does."""

import io

import numpy as np
import pytest
from local_server import make_zip
from PIL import Image, ImageDraw

from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import masks
from skinlib.data.masks import Masks, cell_shares, locate
from skinlib.data.pixels import resize

IDS = ("ISIC_0000001", "ISIC_0000002", "ISIC_0000003")


def drawing(box, size=masks.SIZE):
    image = Image.new("L", size)
    ImageDraw.Draw(image).ellipse(box, fill=255)
    return image


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


PICTURES = {name: drawing((90 + 40 * i, 60, 330, 390)) for i, name in enumerate(IDS)}
FILES = {f"{name}_segmentation.png": png(image) for name, image in PICTURES.items()}


@pytest.fixture
def packed(tmp_path):
    """The layout of the published file: a folder inside, shadows of a Mac, other files."""
    extra = {"inner/": b"", f"__MACOSX/inner/._{IDS[0]}_segmentation.png": b"x", "README": b"x"}
    inside = {f"inner/{name}": content for name, content in FILES.items()}
    return pack(tmp_path / masks.NAMES[1], {**extra, **inside})


def pack(path, files):
    path.write_bytes(make_zip(files))
    return path


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "masks" / "inner"
    path.mkdir(parents=True)
    for name, content in FILES.items():
        (path / name).write_bytes(content)
    return path.parent


@pytest.mark.parametrize("kind", ["packed", "folder"])
def test_zip_and_folder_give_the_same_masks(kind, request):
    found = Masks(request.getfixturevalue(kind))
    assert found.ids == set(IDS)
    for name, image in PICTURES.items():
        np.testing.assert_array_equal(found.read(name), np.asarray(image) == 255)
    shares = [cell_shares(found.read(name), (3, 4), "none") for name in IDS[::-1]]
    np.testing.assert_array_equal(found.shares(IDS[::-1], (3, 4), "none"), shares)
    assert found.provenance()["masks"] == 3


def test_where_they_are_looked_for(packed, folder, monkeypatch):
    data = packed.parent
    assert locate(data) == packed
    packed.rename(data / masks.NAMES[0])
    assert locate(data) == data / masks.NAMES[0]
    assert locate(data, folder) == folder
    monkeypatch.setenv("SKINLIB_MASKS", str(folder))
    assert locate(data) == folder
    monkeypatch.setenv("SKINLIB_MASKS", str(data / "nowhere.zip"))
    with pytest.raises(DataError, match="nowhere.zip'.*lesion_tschandl.zip.*Dataverse"):
        locate(data)


def test_missing_masks_are_named(packed, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no ISIC_xxxxxxx_segmentation.png"):
        Masks(tmp_path / "empty")
    with pytest.raises(DataError, match="no mask of ISIC_0000009"):
        Masks(packed).read("ISIC_0000009")


# Damage


def test_damaged_files_are_named(tmp_path):
    """A corrupt member, a torn picture, a cut zip, a mask of another size."""
    name = f"{IDS[1]}_segmentation.png"
    path = pack(tmp_path / "m.zip", FILES)
    body = bytearray(path.read_bytes())
    at = body.index(name.encode()) + 500
    body[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(body)
    found = Masks(path)
    found.read(IDS[0])
    with pytest.raises(IntegrityError, match=f"{IDS[1]}.*corrupt"):
        found.read(IDS[1])
    pack(path, {**FILES, name: FILES[name][:400]})
    with pytest.raises(IntegrityError, match=f"{IDS[1]}.*does not decode whole"):
        Masks(path).read(IDS[1])
    pack(path, {name: png(drawing((10, 10, 90, 90), (300, 225)))})
    with pytest.raises(IntegrityError, match="300 x 225 pixels, expected 600 x 450"):
        Masks(path).read(IDS[1])
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(IntegrityError, match="truncated or corrupt zip"):
        Masks(path)


def test_bombs_and_doubles(tmp_path):
    name = f"{IDS[0]}_segmentation.png"
    path = pack(tmp_path / "m.zip", {name: bytes(2**21)})
    with pytest.raises(IntegrityError, match="2097152 bytes, no mask"):
        Masks(path)
    # A picture that is small as a file, and huge once decoded.
    path = pack(tmp_path / "m.zip", {name: png(Image.new("1", (8000, 8000)))})
    with pytest.raises(IntegrityError, match="more than the limit"):
        Masks(path).read(IDS[0])
    path = pack(tmp_path / "m.zip", {f"{part}/{name}": FILES[name] for part in "ab"})
    with pytest.raises(IntegrityError, match=f"two masks of {IDS[0]}"):
        Masks(path)


# Shares of cells


@pytest.mark.parametrize("crop", ["centre", "none"])
@pytest.mark.parametrize("shape", [(5, 5), (7, 7), (1, 1)])
def test_shares_against_pillows_box_filter(crop, shape):
    mask = np.asarray(PICTURES[IDS[0]]) == 255
    seen = mask[:, 75:525] if crop == "centre" else mask
    expected = Image.fromarray(seen.astype("float32")).resize(shape, Image.Resampling.BOX)
    found = cell_shares(mask, shape, crop)
    # Pillow gives a border pixel to one cell or the other: a pixel in a cell's side is 1/64.
    np.testing.assert_allclose(found, np.asarray(expected), atol=0.02)
    assert found.mean() == pytest.approx(seen.mean(), abs=1e-12)


def test_a_pixel_on_a_border_counts_for_both_cells():
    """Five pixels over two cells: the middle one is shared. The crop cuts a column each side."""
    mask = np.zeros((5, 7), bool)
    mask[:, 3] = True
    mask[:, (0, 6)] = True
    np.testing.assert_allclose(cell_shares(mask, (1, 2)), [[0.2, 0.2]])
    np.testing.assert_allclose(cell_shares(mask, (1, 1), "none"), [[3 / 7]])


def test_the_crop_is_that_of_the_photographs():
    """A mask and a photograph with the same spot, both cut and shrunk, agree on where it is."""
    image = PICTURES[IDS[1]]
    pixels = resize(image.convert("RGB").resize((341, 256)), 9)[..., 0] / 255
    np.testing.assert_allclose(pixels, cell_shares(np.asarray(image) == 255, (9, 9)), atol=0.12)
