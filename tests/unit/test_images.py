"""Decoding: every kind of file becomes upright RGB with the right values, or is refused by name."""

import errno
import io
import struct
import zlib
from unittest import mock

import colours
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from skinlib.common.errors import IntegrityError
from skinlib.data import images


def save(path, array, **options):
    """Save an array without loss; the name says jpg all the same."""
    Image.fromarray(array).save(path, format="PNG", **options)
    return path


def png_header(path, width, height):
    """Write a PNG that declares its size and has no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT")
    return path


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"GIF89a" + bytes(20), "in the format GIF; save it as JPEG or PNG"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "in the format WebP; save it as"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "in the format HEIC; save it as"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0", "fetch this file again"),
        (b"MM\0*\0\0\0\x08", "in the format TIFF; save it as"),
        (bytes(128) + b"DICM", "in the format DICOM; save it as"),
        (b"BMI of the patient", "fetch this file again"),
    ],
)
@pytest.mark.parametrize("memory", [False, True])
def test_what_people_have_instead_is_told_by_its_first_bytes(content, words, memory, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="JPEG or PNG") as error:
        images.decode(io.BytesIO(content) if memory else path, path)
    assert words in str(error.value)


def test_a_file_that_the_system_refuses_is_not_called_damaged(tmp_path, monkeypatch):
    path = save(tmp_path / "photo.jpg", np.zeros((2, 2, 3), np.uint8))
    error = PermissionError(errno.EACCES, "Permission denied", str(path))
    monkeypatch.setattr("builtins.open", mock.Mock(side_effect=error))
    with pytest.raises(PermissionError):
        images.decode(path)


def test_a_huge_image_is_refused_by_its_declared_size(tmp_path):
    """There is nothing to decode behind the header, so decoding cannot have been tried."""
    path = png_header(tmp_path / "ISIC_1.jpg", 10_001, 1_000)
    with pytest.raises(IntegrityError, match=f"'{path}'.*limit of {images.MAX_PIXELS}; resize it"):
        images.decode(path)
    with images.open_image(png_header(tmp_path / "ISIC_2.jpg", 10_000, 1_000)) as image:
        assert image.size == (10_000, 1_000)


def _indexed():
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0])
    return image


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.fromarray(np.array([[0, 100, 255]], np.uint8)), [[0, 100, 255]]),
        (Image.fromarray(np.array([[True, False]])), [[255, 0]]),
        # 257 sixteen-bit steps make an eight-bit one.
        (Image.fromarray(np.array([[0, 25700, 40000]], np.uint16)), [[0, 100, 155]]),
        (_indexed(), [[(255, 0, 0), (0, 255, 0)]]),
        (Image.new("RGBA", (1, 1), (10, 20, 30, 0)), [[255]]),
        (Image.new("RGBA", (1, 1), (10, 20, 30, 51)), [[(206, 208, 210)]]),
        (Image.new("LA", (1, 1), (70, 128)), [[162]]),
    ],
    ids=["grey", "black and white", "16 bit", "palette", "hidden", "alpha", "grey and alpha"],
)
def test_other_kinds_of_pixels_become_rgb(tmp_path, image, expected):
    image.save(tmp_path / "ISIC_1.jpg", format="PNG")
    expected = np.array(expected, np.uint8)
    expected = expected if expected.ndim == 3 else np.stack([expected] * 3, axis=-1)
    found = np.asarray(images.decode(tmp_path / "ISIC_1.jpg"))
    np.testing.assert_array_equal(found, expected, strict=True)


NOISE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)


@pytest.mark.parametrize("name", colours.PRIMARIES)
def test_colours_are_converted_by_their_profile(tmp_path, name):
    """To what the definitions of both spaces give; sRGB itself stays as it is."""
    path = save(tmp_path / "a.png", NOISE, icc_profile=colours.rgb_profile(name))
    light = colours.to_linear(name, NOISE / 255) @ colours.matrix(name).T
    light = light @ np.linalg.inv(colours.matrix("srgb")).T
    wanted = 255 * colours.from_linear("srgb", light)
    image = images.decode(path)
    np.testing.assert_allclose(np.asarray(image), wanted, atol=1)
    assert ("profile 'made for a test'" in image.info["note"]) == (name != "srgb")


def test_inks_are_converted_by_their_profile(tmp_path):
    inks = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [0, 0.4, 0.2, 0], [0, 0, 0, 0.6], [0.2] * 4])
    blocks = np.round(255 * inks[:, None]).repeat(16, 0).repeat(16, 1).astype(np.uint8)
    path, profile = tmp_path / "a.jpg", colours.press_profile()
    Image.fromarray(blocks, "CMYK").save(path, quality=100, icc_profile=profile)
    wanted = 255 * colours.from_linear("srgb", colours.light_through(inks))
    np.testing.assert_allclose(np.asarray(images.decode(path))[8::16, 8], wanted, atol=3)


@pytest.mark.parametrize(
    ("profile", "words"),
    [(b"no profile" * 20, "damaged"), (colours.grey_profile(1.8), "of another kind")],
)
def test_a_profile_that_says_nothing_is_left_out(tmp_path, profile, words):
    image = images.decode(save(tmp_path / "a.png", NOISE, icc_profile=profile))
    np.testing.assert_array_equal(np.asarray(image), NOISE)
    assert words in image.info["note"]


# Exif 2.3, tag 0x0112: what the viewer must do to the stored rows and columns.
UPRIGHT = {
    1: lambda stored: stored,
    2: np.fliplr,
    3: lambda stored: np.rot90(stored, 2),
    4: np.flipud,
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).swapaxes(0, 1),
    8: np.rot90,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_rotation_is_applied(tmp_path, orientation):
    stored = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(tmp_path / "ISIC_1.jpg", stored, exif=exif)
    found = np.asarray(images.decode(path))
    np.testing.assert_array_equal(found, UPRIGHT[orientation](stored))


@pytest.mark.parametrize(
    "exif",
    [b"GARBAGE!", b"II*\0", b"II*\0\x08\0\0\0\x01\0", b""],
    ids=["no header", "no offset", "no entry", "nothing"],
)
def test_a_whole_photograph_with_damaged_exif_is_decoded(tmp_path, exif):
    """As stored: what is damaged says nothing of how it was held."""
    path = tmp_path / "ISIC_1.jpg"
    picture = np.tile(np.arange(0, 240, 15, dtype=np.uint8)[:, None, None], (1, 24, 3))
    # With a density, as cameras write it: without one Pillow reads the EXIF as it opens the file.
    Image.fromarray(picture).save(path, quality=95, dpi=(72, 72))
    jpeg = path.read_bytes()
    expected = np.asarray(images.decode(path))
    segment = b"\xff\xe1" + struct.pack(">H", 2 + 6 + len(exif)) + b"Exif\0\0" + exif
    path.write_bytes(jpeg[:2] + segment + jpeg[2:])
    np.testing.assert_array_equal(np.asarray(images.decode(path)), expected)


def test_a_png_with_a_damaged_profile_of_exif_is_decoded(tmp_path):
    """The fuzzer's other finding: text that is not the hexadecimal digits it should be."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Raw profile type exif", "\nexif\n  10\nzz78696600\n")
    stored = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    path = save(tmp_path / "ISIC_1.jpg", stored, pnginfo=text)
    np.testing.assert_array_equal(np.asarray(images.decode(path)), stored)
