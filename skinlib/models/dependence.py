"""What the attention maps of a layer depend on, found by trying: live tensors, no formulas.

For the book's page on the attention kernel (protocol §2.1). `skinlib.plots` computes the
same shares by counting taps; a test compares the two.
"""

import numpy as np


def channel_changes(variant, height, width, channels, seed=0, heads=16):
    """Change one channel at a time and measure what that does to the attention maps.

    Parameters
    ----------
    variant : {'as_coded', 'as_described'}
    height, width, channels : int
        Of the tapped tensor.
    seed : int
        Of tensor and kernel.
    heads : int

    Returns
    -------
    numpy.ndarray
        Shape (channels,): largest absolute change of any number of any map. Exactly 0
        where the maps do not depend on the channel.
    """
    layer, tensor = _layer(variant, height, width, channels, seed, heads)
    other = np.random.default_rng(seed + 1).normal(size=tensor.shape).astype("float32")
    before = _maps(layer, tensor)
    changes = np.empty(channels)
    for channel in range(channels):
        moved = tensor.copy()
        moved[..., channel] = other[..., channel]
        changes[channel] = np.abs(_maps(layer, moved) - before).max()
    return changes


def kernel_use(variant, height, width, channels, seed=0, heads=16):
    """Count the numbers of the kernel that ever meet data.

    A layer with one head for each place of the kernel, where head i has a one at place
    i and zeros elsewhere: its map is uneven if the place meets data, else perfectly even.

    Returns
    -------
    dict
        ``weights`` (of a kernel of `heads`, without the bias), ``meeting_data``,
        ``share``.
    """
    places = 9 * channels
    layer, tensor = _layer(variant, height, width, channels, seed, places)
    layer.kernel.assign(np.eye(places, dtype="float32").reshape(layer.kernel.shape))
    # Positive numbers, which the ReLU lets through.
    uneven = np.ptp(_maps(layer, np.abs(tensor)), axis=(0, 1, 2)) > 0
    meeting = int(uneven.sum())
    return {
        "weights": places * heads,
        "meeting_data": meeting * heads,
        "share": round(meeting / places, 4),
    }


def _layer(variant, height, width, channels, seed, heads):
    import keras

    from skinlib.models.attention import SoftAttention

    keras.utils.set_random_seed(seed)
    layer = SoftAttention(variant, heads, return_maps=True)
    tensor = np.random.default_rng(seed).normal(size=(1, height, width, channels))
    tensor = tensor.astype("float32")
    layer(tensor)
    return layer, tensor


def _maps(layer, tensor):
    from keras import ops

    return ops.convert_to_numpy(layer(tensor)[1])
