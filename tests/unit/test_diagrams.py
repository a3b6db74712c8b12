"""The committed diagrams agree with the networks, the kernel and the metadata they show."""

import itertools
import json
import re
from xml.etree import ElementTree

import pytest

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.models.backbones import get_backbone

FOLDER = paths.ROOT / "book" / "_static" / "diagrams"
STRUCTURES = json.loads((paths.RESULTS / "structures.json").read_text(encoding="utf-8"))
ENTRIES = {entry["backbone"]: entry for entry in STRUCTURES}
SHOWN = {
    "large-networks": ("DenseNet201", "InceptionResNetV2", "ResNet50", "ResNet152", "NASNetLarge"),
    "mobile-networks": ("MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "NASNetMobile"),
}


def texts(name):
    tree = ElementTree.parse(FOLDER / f"{name}.svg")
    return ["".join(each.itertext()) for each in tree.iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.svg")), ids=lambda path: path.stem)
def test_a_diagram_is_on_one_page_with_text_that_can_be_read_on_a_phone(path):
    """Nine pixels high at least where the page is 375 pixels wide."""
    pages = [page for page in paths.NOTEBOOKS.glob("*.ipynb")
             if f"/_static/diagrams/{path.name}" in page.read_text(encoding="utf-8")]  # fmt: skip
    assert len(pages) == 1
    svg = path.read_text(encoding="utf-8")
    width = float(re.search(r'width="([\d.]+)pt"', svg)[1])
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", svg)]
    assert min(sizes) * 375 / width > 8.9


@pytest.mark.parametrize(
    ("diagram", "backbone"), [(name, each) for name, some in SHOWN.items() for each in some]
)
def test_stacks_are_the_stages_of_the_graph(diagram, backbone):
    found = texts(diagram)
    start = found.index(backbone)
    following = [found.index(other) for other in SHOWN[diagram] if found.index(other) > start]
    own = found[start : min(following, default=len(found))]
    entry = ENTRIES[backbone]
    stages = [stage for stage in entry["stages"] if stage["blocks"]]
    shapes = ["×".join(map(str, stage["shape"])) for stage in stages]
    assert [text for text in own if re.fullmatch(r"\d+×\d+×\d+", text)] == shapes
    for stage in stages:
        name, blocks, kept = stage["name"], stage["blocks"], stage["kept_blocks"]
        in_part = blocks > 1 and (0 < kept < blocks or stage["tapped"])
        title = f"{name}: {kept} of {blocks}" if in_part else f"{name} × {blocks}"
        assert (title if blocks > 1 else name) in own
    assert entry["tap_layer"] in own
    assert " × ".join(f"{side:,}" for side in entry["tap_shape"]) in own


@pytest.mark.parametrize(
    ("diagram", "backbone", "joined"),
    [("model", "DenseNet201", 8_192), ("model-mobilenetv2", "MobileNetV2", 34_816)],
)
def test_the_whole_model_ends_in_the_logged_head(diagram, backbone, joined):
    """Numbers into the last layer, from the authors' summaries."""
    found = texts(diagram)
    assert f"{backbone}, up to its tap" in found
    assert " × ".join(f"{side:,}" for side in get_backbone(backbone).tap_shape) in found
    assert f"{joined:,}" in found
    assert " · ".join(CLASSES) in found


def test_the_layer_quotes_the_weights_that_meet_data():
    """As coded, of 128 kernel rows only those that reach one of the 7 rows of the tensor."""
    rows = {tap for tap, row in itertools.product(range(128), range(7)) if 0 <= row + tap - 63 < 7}
    meeting, weights = len(rows) * 9 * 16, 128 * 9 * 16
    words = f"{meeting:,} of {weights:,} weights meet data ({100 * meeting / weights:.1f} %)"
    assert f"{words} · 3 of 128 channels" in texts("soft-attention-layer")
