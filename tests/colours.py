"""Colour profiles made from their published definitions, and one picture saved under each."""

import io
import struct
import zlib

import numpy as np
import snippets
from PIL import Image

# Chromaticities of red, green and blue; all have the white D65.
PRIMARIES = {
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "p3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
D65, D50 = (0.3127, 0.3290), np.array([0.9642, 1, 0.8249])
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
# Light that the full inks of the invented press let through, red, green and blue of each.
INKS = np.array([[0.03, 0.85, 0.98], [0.95, 0.03, 0.85], [0.98, 0.95, 0.03], [0.03, 0.03, 0.03]])


def _xyz(x, y):
    return np.array([x / y, 1, (1 - x - y) / y])


def matrix(name):
    """Linear RGB to XYZ under D50, adapted by Bradford."""
    primaries = np.array([_xyz(*each) for each in PRIMARIES[name]]).T
    scaled = primaries * np.linalg.solve(primaries, _xyz(*D65))
    cones = (BRADFORD @ D50) / (BRADFORD @ _xyz(*D65))
    return np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD @ scaled


def to_linear(name, values):
    if name == "adobe":
        return values ** (563 / 256)
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def from_linear(name, light):
    light = np.clip(light, 0, 1)
    if name == "adobe":
        return light ** (256 / 563)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _s15(values):
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _profile(kind, colours, space, tags):
    """Lay out an ICC profile of version 2.4."""
    text = b"made for a test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + _s15(D50),
        **tags,
    }
    table, data, start = b"", b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"none", 0x02400000, kind, colours, space)
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _s15(D50) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + data


def rgb_profile(name):
    light = np.round(to_linear(name, np.linspace(0, 1, 1024)) * 65535).astype(">u2")
    # Adobe RGB has a gamma of 563/256, the others a table.
    curve = (
        struct.pack(">IH", 1, 563) if name == "adobe" else struct.pack(">I", 1024) + light.tobytes()
    )
    curve = b"curv\0\0\0\0" + curve
    columns = zip((b"rXYZ", b"gXYZ", b"bXYZ"), matrix(name).T, strict=True)
    tags = {tag: b"XYZ \0\0\0\0" + _s15(column) for tag, column in columns}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma):
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": curve})


def light_through(inks):
    """Linear sRGB of ink amounts, shape (n, 4): each lets a share of every colour through."""
    return np.exp(inks @ np.log(INKS))


def press_profile(grid=13, wide=True):
    """CMYK with a table of Lab, as presses have it; the inks are none that a formula would guess.

    The table has 16 bits where `wide`, else 8. Its curves space its cells so that Lab is nearly
    linear between them, or every conversion would be brighter than the inks by a level.
    """
    least, many = INKS.min() ** (1 / 3), 4096 if wide else 256
    amounts = (1 - least ** np.linspace(0, 1, many)) / (1 - least)
    steps = np.log(1 - np.linspace(0, 1, grid) * (1 - least)) / np.log(least)
    inks = np.stack(np.meshgrid(*[steps] * 4, indexing="ij"), -1).reshape(-1, 4)
    ratio = (light_through(inks) @ matrix("srgb").T) / D50
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1)
    share = [652.8, 256, 256] if wide else [2.55, 1, 1]
    coded = np.round((lab + np.array([0, 128, 128])) * share)
    table = (b"mft2" if wide else b"mft1") + bytes([0, 0, 0, 0, 4, 3, grid, 0])
    table += _s15(np.eye(3).ravel()) + (struct.pack(">HH", many, 2) if wide else b"")
    most, kind = (65535, ">u2") if wide else (255, "u1")
    curve = np.round(amounts * most).astype(kind).tobytes()
    line = struct.pack(">HH", 0, 65535) if wide else bytes(range(256))
    table += 4 * curve + np.clip(coded, 0, most).astype(kind).tobytes() + 3 * line
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table})


def recoded(picture, name):
    """The same colours in another RGB, shape (h, w, 3), floats of 0 to 1."""
    light = to_linear("srgb", picture / 255) @ matrix("srgb").T @ np.linalg.inv(matrix(name)).T
    return from_linear(name, light)


def inked(picture, black=0.5):
    """The same colours in inks, shape (h, w, 4); of the grey in them a share is black ink."""
    light = np.log(np.clip(to_linear("srgb", picture / 255), 1e-4, 1))
    key = black * np.clip((light / np.log(INKS[3])).min(-1, keepdims=True), 0, 1)
    inks = (light - key * np.log(INKS[3])) @ np.linalg.inv(np.log(INKS[:3]))
    return np.clip(np.concatenate([inks, key], -1), 0, 1)


def _saved(values, format, mode=None, **options):
    buffer = io.BytesIO()
    Image.fromarray(np.round(values * 255).astype(np.uint8), mode).save(buffer, format, **options)
    return buffer.getvalue()


def _png16(values, profile):
    """A PNG of 16 bits a channel, which Pillow does not write."""
    height, width = values.shape[:2]
    rows = np.round(values * 65535).astype(">u2").reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    return snippets.png(width, height, 16, raw, iCCP=b"a\0\0" + zlib.compress(profile))


def encodings(picture):
    """Return one picture of 8 bits, sRGB, as files in five encodings of the same colours."""
    p3, jpeg = rgb_profile("p3"), {"quality": 100, "subsampling": 0}
    return {
        "plain.png": _saved(picture / 255, "PNG"),
        "srgb.png": _saved(picture / 255, "PNG", icc_profile=rgb_profile("srgb")),
        "p3.png": _saved(recoded(picture, "p3"), "PNG", icc_profile=p3),
        "p3.jpg": _saved(recoded(picture, "p3"), "JPEG", icc_profile=p3, **jpeg),
        "adobe.png": _saved(recoded(picture, "adobe"), "PNG", icc_profile=rgb_profile("adobe")),
        "press.jpg": _saved(inked(picture), "JPEG", "CMYK", icc_profile=press_profile(), **jpeg),
        "sixteen.png": _png16(recoded(picture, "p3"), p3),
    }
