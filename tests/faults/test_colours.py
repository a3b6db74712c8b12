"""F41: photographs in other colour spaces, with transparent parts, or as inks of a press."""

import io

import colours
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinlib.data import images, synthetic


def test_f41_one_photograph_in_many_colour_spaces(main, tmp_path):
    """The same answer within 0.03, and the table says what was done.

    Eight bits of a wide space are another picture by some levels.
    """
    picture = synthetic.photograph("bkl", 4, 0, 1, 341, 256)
    for name, content in colours.encodings(picture).items():
        (tmp_path / name).write_bytes(content)
    out = tmp_path / "out" / "a.csv"
    facts = ("--age", 60, "--sex", "male", "--site", "back")
    main("predict", tmp_path, *facts, "-o", out, "--no-progress").succeeds()
    table = pd.read_csv(out).set_index("image").rename(index=lambda name: name.rpartition("/")[2])
    values = table.loc[:, "akiec":"vasc"]
    np.testing.assert_allclose(values, [values.loc["plain.png"]] * len(values), atol=0.03)
    converted = table["note"].str.contains("profile", na=False)
    assert set(table.index[~converted]) == {"plain.png", "srgb.png"}
    text = main("predict", tmp_path / "p3.png").succeeds()
    assert "colours converted from the profile 'made for a test' to sRGB" in text


def test_f41_inks_are_not_brightened():
    """Little CMS interpolates in the table of the profile, not in a coarser one made of it."""
    picture = synthetic.photograph("nv", 4, 0, 1, 341, 256)
    inks = np.round(255 * colours.inked(picture)).astype(np.uint8)
    content = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(
        content, "JPEG", quality=100, subsampling=0, icc_profile=colours.press_profile()
    )
    change = np.asarray(images.decode(content)).astype(int) - picture
    assert abs(change.mean()) < 0.45
    assert np.abs(change).mean() < 0.75


@pytest.mark.parametrize("hidden", [(255, 0, 0, 0), (0, 0, 0, 0)])
def test_f41_colours_hidden_under_transparent_parts(hidden, tmp_path):
    """They do not count; what every viewer shows does."""
    seen = synthetic.photograph("nv", 3, 0, 1, 96, 96)
    picture = np.full((96, 96, 4), hidden, np.uint8)
    picture[20:70, 20:70, :3], picture[20:70, 20:70, 3] = seen[20:70, 20:70], 255
    Image.fromarray(picture).save(tmp_path / "a.png")
    image = images.decode(tmp_path / "a.png")
    wanted = np.full((96, 96, 3), 255, np.uint8)
    wanted[20:70, 20:70] = seen[20:70, 20:70]
    np.testing.assert_array_equal(np.asarray(image), wanted)
    assert image.info["note"] == "transparent parts laid over white"


def test_f41_photographs_without_a_profile_are_read_as_before(folder):
    for path in folder.glob("*.jpg"):
        plain = np.asarray(Image.open(io.BytesIO(path.read_bytes())).convert("RGB"))
        np.testing.assert_array_equal(np.asarray(images.decode(path)), plain)
