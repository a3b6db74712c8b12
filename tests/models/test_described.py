"""Networks cut where the paper's text says (§2.2.1), with the attention of its equation 1."""

import pytest

from skinlib.common.errors import DataError
from skinlib.experiments.recipes import get_recipe
from skinlib.models.backbones import BACKBONES
from skinlib.models.classifier import build_classifier

pytestmark = pytest.mark.usefixtures("session")

# Read off the text and the published architectures: what is removed, and the channels left.
# The last three of 32 dense layers of 32 channels after 896; the last three residual blocks, which
# are the fifth stage; two and one normal cells of six filter groups; the classifier and the
# convolution before it, or, where these two are the classifier, nothing of the features.
CHANNELS = {
    "DenseNet201": 896 + 29 * 32,
    "InceptionResNetV2": 1536,
    "ResNet50": 1024,
    "ResNet152": 1024,
    "NASNetLarge": 6 * 672,
    "NASNetMobile": 6 * 176,
    "MobileNet": 1024,
    "MobileNetV2": 320,
    "MobileNetV3Small": 576,
    "MobileNetV3Large": 960,
    "VGG16": 512,
}
HALVINGS = {"ResNet50": 16, "ResNet152": 16, "VGG16": 8}


@pytest.mark.parametrize("name", BACKBONES)
def test_each_described_network_at_96_pixels(name):
    row = BACKBONES[name]
    model = build_classifier(name, get_recipe("md-as-described"), size=96)
    relu, attention = model.get_layer("first_relu"), model.get_layer("soft_attention")
    layer, shape = row.cut("as_described")
    assert relu.input._keras_history.operation.name == layer
    assert relu.input.shape[-1] == shape[-1] == CHANNELS[name]
    if name != "InceptionResNetV2":  # it does not pad
        for size, found in ((96, relu.input.shape[1]), (row.input_size, shape[0])):
            assert found == -(-size // HALVINGS.get(name, 32))
    assert attention.bias is None
    # Both paths of figure 7 begin after the ReLU.
    assert model.get_layer("pool").input is attention.input is relu.output


def test_the_cut_as_coded_is_where_it_was():
    for row in BACKBONES.values():
        assert row.cut("as_coded") == (row.tap_layer, row.tap_shape)
    assert BACKBONES["VGG16"].cut("as_described") == BACKBONES["VGG16"].cut("as_coded")


def test_the_tap_34_layers_from_the_end_has_the_logged_parameters():
    """The total that the notebook behind the printed accuracy logs, less the age normaliser's 3."""
    recipe = get_recipe("md-as-logged").replace(tap="coded_34")
    model = build_classifier("MobileNetV3Large", recipe)
    assert model.count_params() == 2_666_922 - 3
    with pytest.raises(DataError, match="no notebook taps MobileNetV2 34 layers"):
        BACKBONES["MobileNetV2"].cut("coded_34")
