"""The table of backbones: the only place that knows one network from another.

Input sizes, taps and parameter totals are from the ``model.summary()`` outputs in the authors' MD
notebooks; the scalings from the ``preprocess_input`` that these notebooks import.
"""

import dataclasses
import re

from skinlib.common.errors import DataError


@dataclasses.dataclass(frozen=True)
class Backbone:
    """One row of the table.

    Attributes
    ----------
    name : str
        Of the function in ``keras.applications``; VGG16 is built by `skinlib.models.vgg`.
    input_size, minimum_size : int
        Side in pixels that the authors used, and the smallest one that the network accepts.
    tap_layer : str
        Layer whose output feeds the attention, under its name in a fresh session.
    tap_shape : tuple of int
        (height, width, channels) of that output at `input_size`.
    described_layer, described_shape
        The same for the cut that the paper's text describes (§2.2.1); where it is not clear, the
        reading is in ``skinlib/paper/cuts.yaml``. None where the text says nothing.
    layer_34 : str or None
        The tap 34 layers from the end, of the notebook behind the printed accuracy of
        MobileNetV3Large; its shape is that of `tap_layer`.
    imagenet_scaling, logged_scaling : str
        The scaling that the ImageNet weights were trained with, and the one that the MD notebooks
        applied; see `skinlib.models.scaling.scale`.
    logged_parameters : int or None
        Total logged by the MD notebook minus the 3 numbers of the age normaliser, which is outside
        our graph. None where there is no MD notebook.
    pooled_head : bool
        The AD notebook of this network ends in global average pooling, not in Flatten.
    pretrained : bool
        ImageNet weights exist in keras.applications.
    frozen_layer : str or None
        Last layer before the last halving of the resolution: a recipe with ``frozen`` trains what
        is above it. None where no layer has been named.
    """

    name: str
    input_size: int
    minimum_size: int
    tap_layer: str
    tap_shape: tuple[int, int, int]
    imagenet_scaling: str
    logged_scaling: str
    logged_parameters: int | None
    pooled_head: bool = False
    pretrained: bool = True
    frozen_layer: str | None = None
    described_layer: str | None = None
    described_shape: tuple[int, int, int] | None = None
    layer_34: str | None = None

    def cut(self, tap):
        """Return layer and shape of a recipe's ``tap``; `DataError`: this network has no such."""
        if tap == "coded_34":
            if self.layer_34 is None:
                msg = f"no notebook taps {self.name} 34 layers from its end; use tap as_coded"
                raise DataError(msg)
            return self.layer_34, self.tap_shape
        if tap == "as_described" and self.described_layer:
            return self.described_layer, self.described_shape
        return self.tap_layer, self.tap_shape

    def scaling(self, name):
        """Return the scaling that a recipe's field ``scaling`` stands for."""
        return {"imagenet": self.imagenet_scaling, "logged": self.logged_scaling}.get(name, name)


_ROWS = (
    Backbone(
        "DenseNet201", 224, 32, "conv5_block29_1_relu", (7, 7, 128),
        "torch", "signed", 17_596_250 - 3, frozen_layer="pool4_relu",
        described_layer="conv5_block29_concat", described_shape=(7, 7, 1824),
    ),
    Backbone(
        "InceptionResNetV2", 299, 75, "batch_normalization_195", (8, 8, 192),
        "signed", "signed", 47_654_074 - 3, frozen_layer="block17_20_ac",
        described_layer="conv_7b_ac", described_shape=(8, 8, 1536),
    ),
    Backbone(
        "ResNet50", 224, 32, "conv5_block3_out", (7, 7, 2048),
        "caffe", "caffe", 24_460_186 - 3, pooled_head=True, frozen_layer="conv4_block6_out",
        described_layer="conv4_block6_out", described_shape=(14, 14, 1024),
    ),
    Backbone(
        "ResNet152", 224, 32, "conv5_block1_out", (7, 7, 2048),
        "caffe", "caffe", 50_299_802 - 3, pooled_head=True, frozen_layer="conv4_block36_out",
        described_layer="conv4_block36_out", described_shape=(14, 14, 1024),
    ),
    Backbone(
        "NASNetLarge", 331, 32, "activation_258", (11, 11, 672),
        "signed", "signed", 78_573_004 - 3,
        described_layer="normal_concat_16", described_shape=(11, 11, 4032),
    ),
    Backbone(
        "NASNetMobile", 224, 32, "activation_186", (7, 7, 176),
        "signed", "signed", 3_956_094 - 3,
        described_layer="normal_concat_11", described_shape=(7, 7, 1056),
    ),
    # Only a row of the paper's Table 4; no notebook trained it. Tapped like MobileNetV2,
    # at the last depthwise convolution.
    Backbone(
        "MobileNet", 224, 32, "conv_dw_13", (7, 7, 1024),
        "signed", "signed", None, frozen_layer="conv_pw_11_relu",
        described_layer="conv_dw_13_relu", described_shape=(7, 7, 1024),
    ),
    Backbone(
        "MobileNetV2", 224, 32, "block_14_depthwise", (7, 7, 960),
        "signed", "signed", 1_354_714 - 3, frozen_layer="block_12_add",
        described_layer="block_16_project_BN", described_shape=(7, 7, 320),
    ),
    Backbone(
        "MobileNetV3Small", 224, 32, "activation_16", (7, 7, 576),
        "identity", "identity", 990_010 - 3, frozen_layer="expanded_conv_7_add",
        described_layer="activation_17", described_shape=(7, 7, 576),
    ),
    Backbone(
        "MobileNetV3Large", 224, 32, "activation_18", (7, 7, 960),
        "identity", "identity", 2_694_762 - 3, frozen_layer="expanded_conv_11_add",
        described_layer="activation_19", described_shape=(7, 7, 960),
        layer_34="activation_17",
    ),
    # Built by hand, from scratch, with attention in the middle; see `vgg`.
    Backbone(
        "VGG16", 224, 32, "block4_conv3_relu", (28, 28, 512),
        "signed", "signed", None, pretrained=False,
    ),
)  # fmt: skip

BACKBONES = {row.name: row for row in _ROWS}


def get_backbone(name):
    """Return the row of a backbone; `DataError` names the known ones."""
    if name not in BACKBONES:
        msg = f"backbone '{name}' is unknown, expected one of {', '.join(BACKBONES)}"
        raise DataError(msg)
    return BACKBONES[name]


def check_size(backbone, size):
    """Return the side of the input in pixels, the authors' where it is None.

    `DataError`: it is below what the backbone accepts.
    """
    if size is None:
        return backbone.input_size
    if size < (least := backbone.minimum_size):
        msg = (
            f"{backbone.name} needs an input of at least {least} px, not {size}; take "
            f"--size {least} or more"
        )
        raise DataError(msg)
    return size


def canonical_names(layers):
    """Map the names layers have in a fresh session to the layers.

    Keras numbers unnamed layers by a counter that runs on through the session, so
    ``activation_18`` becomes ``activation_36`` when the same network is built twice. Within one
    freshly built network, subtracting the smallest number of each stem gives the name back.
    """
    numbered, names = {}, {}
    for layer in layers:
        # As Keras makes names: Conv2D is conv2d, ReLU is re_lu.
        stem = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", type(layer).__name__)
        stem = re.sub(r"([a-z])([A-Z])", r"\1_\2", stem).lower()
        if match := re.fullmatch(rf"{stem}(?:_(\d+))?", layer.name):
            numbered.setdefault(stem, {})[int(match[1] or 0)] = layer
        else:
            names[layer.name] = layer
    for stem, members in numbered.items():
        first = min(members)
        for number, layer in members.items():
            offset = number - first
            names[f"{stem}_{offset}" if offset else stem] = layer
    return names


def build_stock(backbone, pixels, weights=None):
    """Build a keras.applications network, without its top, onto a tensor of scaled pixels.

    The shape of `pixels` is fixed: NASNetLarge builds another graph without one. The layers become
    part of the graph of this tensor. `weights` is None or ``imagenet``.
    """
    import keras

    return getattr(keras.applications, backbone.name)(
        include_top=False, weights=weights, input_tensor=pixels, input_shape=pixels.shape[1:]
    )


def tap(model, backbone, cut="as_coded"):
    """Return the output of a network's tap layer, as coded or as described.

    `DataError`: it is missing or has another shape than in the table, because this version of
    Keras builds the network differently.
    """
    layers = canonical_names(model.layers)
    name, expected = backbone.cut(cut)
    if name not in layers:
        msg = f"{backbone.name} has no layer '{name}'; pin keras as in the lock file"
        raise DataError(msg)
    output = layers[name].output
    shape = tuple(output.shape[1:])
    # At another size of the input the channels alone are in the table.
    known = slice(0 if model.input_shape[1] == backbone.input_size else 2, 3)
    if shape[known] != expected[known]:
        msg = (
            f"layer '{name}' of {backbone.name} gives {shape}, expected {expected}; "
            "pin keras as in the lock file"
        )
        raise DataError(msg)
    return output
