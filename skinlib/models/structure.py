"""What a backbone is made of, from its graph: blocks, depth, parameters, and the cut.

For the paper's Tables 4, 6, A1 and A2 and its figures 3 and 4.
"""

import itertools
import math
import re

from skinlib.common.errors import DataError
from skinlib.models.backbones import get_backbone

# Kinds of blocks and the names of the layers that end them, in fresh-session names. Blocks
# of one kind in a row that give the same shape form a stage.
_RESNET = (("stem", "pool1_pool"), ("residual block", r"conv\d_block\d+_out"))
_NASNET = (
    ("stem", "stem_bn1"),
    ("reduction cell", r"reduction_concat_(stem_\d|reduce_\d+)"),
    ("normal cell", r"normal_concat_\d+"),
)
_MOBILENET_V3 = (
    ("stem", "conv_bn"),
    ("bottleneck", r"expanded_conv(_\d+)?_(add|project_bn)"),
    ("final convolution", "conv_1_bn"),
)
BLOCKS = {
    "DenseNet201": (
        ("stem", "pool1"),
        ("dense layer", r"conv\d_block\d+_concat"),
        ("transition", r"pool\d_pool"),
    ),
    "InceptionResNetV2": (
        ("stem", "mixed_5b"),
        ("Inception-ResNet A", r"block35_\d+_ac"),
        ("reduction A", "mixed_6a"),
        ("Inception-ResNet B", r"block17_\d+_ac"),
        ("reduction B", "mixed_7a"),
        ("Inception-ResNet C", r"block8_\d_ac|custom_scale_layer_39"),
        ("final convolution", "conv_7b_ac"),
    ),
    "ResNet50": _RESNET,
    "ResNet152": _RESNET,
    "NASNetLarge": _NASNET,
    "NASNetMobile": _NASNET,
    "MobileNet": (("stem", "conv1_relu"), ("separable block", r"conv_pw_\d+_relu")),
    "MobileNetV2": (
        ("stem", "Conv1_relu"),
        ("bottleneck", r"(expanded_conv|block_\d+)_(add|project_BN)"),
        ("final convolution", "out_relu"),
    ),
    "MobileNetV3Small": _MOBILENET_V3,
    "MobileNetV3Large": _MOBILENET_V3,
}
MIB = 2**20


def structure(backbone):
    """Build a stock network, one of `BLOCKS`, with its 1000-class top and measure it.

    Returns ``backbone``, ``input_size``, ``stock`` and ``truncated`` (up to the tap; see
    `measure`), ``stages`` (see `stages`), ``tap_layer`` and ``tap_shape``.
    """
    import keras

    keras.utils.clear_session()  # so that unnamed layers have the names of a fresh session
    row = get_backbone(backbone)
    if row.name not in BLOCKS:
        msg = f"{row.name} is built by hand; structures are of {', '.join(BLOCKS)}"
        raise DataError(msg)
    model = getattr(keras.applications, row.name)(
        weights=None, input_shape=(row.input_size,) * 2 + (3,)
    )
    tapped = model.get_layer(row.tap_layer)
    cut = keras.Model(model.input, tapped.output)
    kept = {layer.name for layer in cut.layers}
    return {
        "backbone": row.name,
        "input_size": row.input_size,
        "stock": measure(model),
        "truncated": measure(cut),
        "stages": stages(BLOCKS[row.name], model.layers, kept, row.tap_layer),
        "tap_layer": row.tap_layer,
        "tap_shape": list(tapped.output.shape[1:]),
    }


def measure(model):
    """Return ``parameters``, ``trainable``, ``depth`` (layers with any) and ``mib`` (float32)."""
    parameters = model.count_params()
    return {
        "parameters": parameters,
        "trainable": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "depth": sum(bool(layer.weights) for layer in model.layers),
        "mib": round(4 * parameters / MIB, 1),
    }


def stages(kinds, layers, kept, tap):
    """Group the blocks of a network into stages.

    Parameters
    ----------
    kinds : sequence of (str, str)
        Kind of block, and the regular expression of the layer that ends one.
    layers : sequence of keras.Layer
        All layers in graph order, with the names of a fresh session.
    kept, tap : set of str, str
        Names of the layers up to the tap, and of the tapped layer.

    Returns
    -------
    list of dict
        ``name`` (kind), ``blocks``, ``kept_blocks`` (whole ones), ``shape`` (height, width,
        channels of the last block) and ``tapped``: the tap is inside the block after the kept
        ones. Channels of dense layers grow, so those are grouped by height and width.
    """
    ends = {}
    for layer in layers:
        for kind, pattern in kinds:
            if re.fullmatch(pattern, layer.name):
                # A bottleneck with a shortcut matches twice, at its last convolution and its
                # addition: the later one ends it.
                block = re.sub(r"_(add|project_BN|project_bn)$", "", layer.name)
                ends[kind, block] = (kind, list(layer.output.shape[1:]), layer.name)

    def stage_of(end):
        """Channels of dense layers grow from block to block, so they do not tell stages apart."""
        kind, shape, _ = end
        return kind, shape[:2] if kind == "dense layer" else shape

    found = []
    for (kind, _), blocks in itertools.groupby(ends.values(), stage_of):
        _, shapes, names = zip(*blocks, strict=True)
        found.append({
            "name": kind, "blocks": len(names), "kept_blocks": len(kept.intersection(names)),
            "tapped": False, "shape": shapes[-1],
        })  # fmt: skip
    if tap not in {name for _, _, name in ends.values()}:
        cut = next(stage for stage in found if stage["kept_blocks"] < stage["blocks"])
        cut["tapped"] = True
    return found
