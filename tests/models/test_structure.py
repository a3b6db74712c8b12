"""The structure of a network, against its literature."""

import pytest

from skinlib.common.errors import DataError
from skinlib.models.structure import BLOCKS, stages, structure


def test_mobilenet_v2_is_that_of_its_paper():
    """Table 2 of Sandler et al.: 1, 2, 3, 4, 3, 3, 1 bottlenecks; 3,504,872 trainable."""
    found = structure("MobileNetV2")
    rows = [stage for stage in found["stages"] if stage["name"] == "bottleneck"]
    assert [stage["blocks"] for stage in rows] == [1, 2, 3, 4, 3, 3, 1]
    assert [stage["shape"][2] for stage in rows] == [16, 24, 32, 64, 96, 160, 320]
    # The tap is the depthwise convolution inside the second bottleneck of 160 channels.
    assert [stage["kept_blocks"] for stage in rows] == [1, 2, 3, 4, 3, 1, 0]
    assert [stage["tapped"] for stage in rows] == [False] * 5 + [True, False]
    assert found["stock"]["trainable"] == 3_504_872
    assert found["stock"]["depth"] == 105
    assert found["tap_shape"] == [7, 7, 960]
    assert found["truncated"]["parameters"] < found["stock"]["parameters"]


def test_a_network_built_by_hand_is_refused():
    with pytest.raises(DataError, match="VGG16 is built by hand"):
        structure("VGG16")


class Layer:
    def __init__(self, name, *shape):
        self.name, self.output = name, self
        self.shape = (None, *shape)


def test_a_tap_at_the_end_of_a_block_is_inside_none():
    layers = [Layer(f"block_{i}_add", 4, 4, 8) for i in range(3)]
    kinds = BLOCKS["MobileNetV2"]
    found = stages(kinds, layers, {"block_0_add", "block_1_add"}, "block_1_add")
    assert found == [
        {"name": "bottleneck", "blocks": 3, "kept_blocks": 2, "tapped": False, "shape": [4, 4, 8]}
    ]
