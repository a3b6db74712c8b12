"""What data sheets and publications say of GPUs: nothing here was measured by us."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Gpu:
    """Peaks of a GPU, from its maker's data sheet.

    Attributes
    ----------
    name : str
    precision : str
        Arithmetic that `flops` is of; a key of `skinlib.bench.cost.BYTES_PER_ELEMENT`.
    flops : float
        Floating-point operations a second, dense.
    bytes_per_second : float
        Of its memory.
    """

    name: str
    precision: str
    flops: float
    bytes_per_second: float


GPUS = (
    Gpu("NVIDIA H100 SXM", "mixed_bfloat16", 989e12, 3.35e12),
    Gpu("NVIDIA A100 SXM 80 GB", "mixed_bfloat16", 312e12, 2.039e12),
    Gpu("NVIDIA Titan V", "float32", 14.9e12, 0.653e12),
)

# Training images a second on an RTX 3090 in 16-bit arithmetic at the authors' input sizes:
# timm's published benchmark results. NASNetMobile is not among them and is interpolated.
PUBLISHED_RTX_3090 = {
    "MobileNetV3Small": 8035,
    "MobileNetV3Large": 2732,
    "MobileNetV2": 2313,
    "NASNetMobile": 813,
    "ResNet50": 1218,
    "DenseNet201": 562,
    "ResNet152": 501,
    "InceptionResNetV2": 358,
    "VGG16": 546,
    "NASNetLarge": 77,
}
# What ResNet-50 gains from an RTX 3090 to an H100; the ratio of their memory is 3.6.
H100_OVER_RTX_3090 = 2.5
# PCI Express 5.0, the bus of an H100: 32 gigatransfers a second on each of 16 lanes, one bit
# each, 128 bits of data in 130; one way, from the specification, before any protocol.
BUS_BYTES_PER_SECOND = 32e9 * 16 * 128 / 130 / 8


def expected_h100(backbone):
    """Return the training images a second that an H100 may reach, or None; an expectation."""
    published = PUBLISHED_RTX_3090.get(backbone)
    return None if published is None else H100_OVER_RTX_3090 * published
