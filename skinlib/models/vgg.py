"""VGG16 with attention in the middle, as the authors built it by hand in their AD notebook.

Not the VGG16 of keras.applications: batch normalisation follows every convolution, the last
convolution of each block is 1 × 1, weights start from scratch, and the attention block is between
blocks 4 and 5.
"""

# Filters of the convolutions of each block; the last one is 1 x 1.
STEM = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
TAIL = (512, 512, 512)
DENSE = (4096, 4096)


def _block(tensor, filters, number):
    from keras import layers

    for index, count in enumerate(filters, start=1):
        name = f"block{number}_conv{index}"
        kernel = 1 if index == len(filters) else 3
        tensor = layers.Conv2D(
            count, kernel, padding="same", kernel_initializer="he_normal", name=name
        )(tensor)
        tensor = layers.BatchNormalization(name=f"{name}_bn")(tensor)
        tensor = layers.ReLU(name=f"{name}_relu")(tensor)
    return tensor


def stem(pixels):
    """Return the tap (batch, S/8, S/8, 512): blocks 1 to 4 on scaled pixels (batch, S, S, 3)."""
    from keras import layers

    tensor = pixels
    for number, filters in enumerate(STEM, start=1):
        if number > 1:
            tensor = layers.MaxPooling2D(2, padding="same", name=f"block{number - 1}_pool")(tensor)
        tensor = _block(tensor, filters, number)
    return tensor


def tail(tensor):
    """Return 4096 features of the attention block: block 5 and the two dense layers."""
    from keras import layers

    tensor = _block(tensor, TAIL, 5)
    tensor = layers.MaxPooling2D(4, padding="same", name="block5_pool")(tensor)
    tensor = layers.Flatten(name="flatten")(tensor)
    for index, units in enumerate(DENSE, start=1):
        tensor = layers.Dense(
            units, activation="relu", kernel_initializer="he_normal", name=f"fc{index}"
        )(tensor)
    return tensor
