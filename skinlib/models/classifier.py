"""Build the whole classifier of a recipe as one flat functional graph (paper §2.2, figure 2).

image → (augmentation) → scaling → backbone up to its tap → attention block → flatten ⊕ metadata
branch → softmax over the seven classes. Never a model inside a model, so that Grad-CAM and export
reach every layer by its name.
"""

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.common.process import import_keras
from skinlib.data.masks import GRID
from skinlib.data.metadata import WIDTH
from skinlib.models import vgg
from skinlib.models.backbones import build_stock, check_size, get_backbone, tap
from skinlib.models.starting import Start, downloading
from skinlib.models.weights import check_file, load


def build_classifier(backbone, recipe, *, size=None, weights=None, seed=0):
    """Build an untrained or pretrained classifier.

    Parameters
    ----------
    backbone : str
        A name of `skinlib.models.backbones.BACKBONES`.
    recipe : skinlib.experiments.recipe.Recipe
        Decides scaling, attention variant, metadata branch, head and augmentation.
    size : int, optional
        Side of the square input in pixels; the authors' size by default.
    weights : {None, 'imagenet'}, path or skinlib.models.starting.Start, optional
        ``imagenet`` downloads from keras.applications; a path names a file of the backbone
        without its top. VGG16 has none.
    seed : int
        Seed of the initial weights, the dropout and the augmentation.

    Returns
    -------
    keras.Model
        Inputs ``image`` (batch, size, size, 3), uint8 or float in 0..255, channels in the recipe's
        order, and ``metadata`` (batch, 21), float32, and ``mask`` (batch, 24, 24, 1), float32,
        when the recipe uses them. Output ``probabilities`` (batch, 7). With attention a layer
        ``soft_attention`` gives its maps (batch, h, w, K) as a second output.

    Raises
    ------
    skinlib.common.errors.DataError
        Unknown backbone, too small an input, or weights that do not fit.
    """
    import_keras()
    import keras

    from skinlib.models import normalization
    from skinlib.models.runtime import precision

    row = get_backbone(backbone)
    size = check_size(row, size)
    keras.utils.set_random_seed(seed)
    start = weights if isinstance(weights, Start) else None
    with precision(recipe.precision):
        model = _build(row, recipe, size, None if start else weights, seed)
    if recipe.batch_norm_momentum is not None:
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = recipe.batch_norm_momentum
    normalization.fuse(model)
    if start:
        before = start.record
        source = build_classifier(before["backbone"], start.recipe, size=before["input_size"])
        start.transfer(source, model)
    return model


def _build(row, recipe, size, weights, seed):
    import keras
    from keras import layers

    from skinlib.models.attention import SoftAttention
    from skinlib.models.augment import augment_layer
    from skinlib.models.blocks import CosineTransform, DropBlock
    from skinlib.models.scaling import scale

    image = layers.Input((size, size, 3), dtype="uint8", name="image")
    if recipe.augmentation:
        pixels = augment_layer(recipe.augmentation, seed)(image)
    else:
        pixels = layers.Rescaling(1.0, name="to_float")(image)
    tensor = _tapped(row, scale(pixels, row.scaling(recipe.scaling)), weights, recipe.tap)
    if recipe.first_relu:
        tensor = layers.ReLU(name="first_relu")(tensor)
    if recipe.dropblock:
        tensor = DropBlock(recipe.dropblock, seed=seed, name="dropblock")(tensor)

    block = layers.MaxPooling2D(2, padding="same", name="pool")(tensor)
    if recipe.attention != "none":
        attention = SoftAttention(
            recipe.attention, recipe.attention_heads, return_maps=True, name="soft_attention"
        )
        attended, _ = attention(tensor)
        attended = layers.MaxPooling2D(2, padding="same", name="attention_pool")(attended)
        block = layers.Concatenate(name="attention_concat")([block, attended])
    block = layers.ReLU(name="attention_relu")(block)
    block = layers.Dropout(recipe.dropout, seed=seed, name="attention_dropout")(block)
    if row.name == "VGG16":
        features = vgg.tail(block)
    elif recipe.head == "average" or (recipe.head == "logged-ad" and row.pooled_head):
        features = layers.GlobalAveragePooling2D(name="average")(block)
    else:
        features = layers.Flatten(name="flatten")(block)

    inputs, paths = {"image": image}, [features]
    if recipe.spectral:
        waves = layers.ReLU(name="cosine_relu")(CosineTransform(name="cosine")(tensor))
        paths.append(layers.Flatten(name="cosine_flatten")(waves))
    if recipe.metadata:
        inputs["metadata"] = layers.Input((WIDTH,), name="metadata")
        paths.append(_branch(inputs["metadata"], recipe, seed))
    if recipe.mask_path:
        inputs["mask"] = layers.Input((GRID, GRID, 1), name="mask")
        paths.append(_outline(inputs["mask"]))
    if len(paths) > 1:
        features = layers.Concatenate(name="features")(paths)
    # Probabilities and loss stay in float32 under mixed precision.
    last = layers.Dense(len(CLASSES), activation="softmax", dtype="float32", name="probabilities")
    return keras.Model(inputs, last(features), name=row.name)


def _branch(facts, recipe, seed):
    """Return what the metadata branch makes of the facts (batch, 21)."""
    from keras import layers

    if recipe.metadata_layers == "one":
        return layers.Dense(recipe.metadata_units, activation="relu", name="metadata_dense")(facts)
    for number in (1, 2):
        facts = layers.Dense(recipe.metadata_units, name=f"metadata_dense_{number}")(facts)
        facts = layers.BatchNormalization(name=f"metadata_norm_{number}")(facts)
        facts = layers.ReLU(name=f"metadata_relu_{number}")(facts)
        facts = layers.Dropout(0.4, seed=seed, name=f"metadata_dropout_{number}")(facts)
    return facts


def _outline(mask):
    """Return what a path of two convolutions makes of the masks (batch, h, w, 1)."""
    from keras import layers

    for number, filters in ((1, 16), (2, 32)):
        name = f"mask_conv_{number}"
        mask = layers.Conv2D(filters, 3, strides=2, activation="relu", name=name)(mask)
    return layers.Flatten(name="mask_flatten")(mask)


def _tapped(row, pixels, weights, cut):
    """Return the tapped tensor, with the backbone's weights loaded."""
    if row.name == "VGG16":
        if weights:
            msg = f"VGG16 is trained from scratch here; expected no weights, received '{weights}'"
            raise DataError(msg)
        return vgg.stem(pixels)
    file = None if weights == "imagenet" else weights
    with downloading(row):
        stock = build_stock(row, pixels, weights=None if file else weights)
    if file:
        check_file(file)
        load(stock, file, f"{row.name} without its top")
    return tap(stock, row, cut)


def describe(backbone, recipe, size=None):
    """Build a classifier without pretrained weights, and return its measures by name."""
    import_keras()
    import keras

    keras.utils.clear_session()  # networks in turn take the memory of one
    row = get_backbone(backbone)
    model = build_classifier(backbone, recipe, size=size)
    tapped = model.get_layer("pool").input
    return {
        "backbone": row.name,
        "input_size": check_size(row, size),
        "tap_layer": row.cut(recipe.tap)[0],
        "tap_shape": list(tapped.shape[1:]),
        "parameters": model.count_params(),
        "logged_parameters": row.logged_parameters,
    }
