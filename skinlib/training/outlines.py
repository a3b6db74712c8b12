"""Outlines of lesions by a small U-Net in the place of the given masks: recipe field ``outlines``.

The U-Net (Ronneberger et al. 2015) learns from the given masks of a training set alone. It outlines
all photographs of the data set, and the outlines are kept in the cache as masks, one file a split,
which `skinlib.data.prepare` reads as it reads given ones.
"""

import io
import json
import zipfile

import keras
import numpy as np
from keras import layers
from PIL import Image
from tqdm import tqdm

from skinlib.common.files import atomic_path
from skinlib.data import pixels
from skinlib.data.batches import epoch_order
from skinlib.data.masks import SIZE, Masks, locate, outlined_file
from skinlib.data.prepare import prepare
from skinlib.models import normalization, runtime

# Rows of the whole photographs that it sees, channels by level, and the length of its training.
ROWS = 48
FILTERS = (16, 32, 64, 128)
EPOCHS = 12
BATCH = 32
RATE = 0.002
# Of the zip, beside the masks.
AGREEMENT = "agreement.json"


def provide(recipe, data, size, seed, *, progress=True):
    """Train the U-Net of a split and outline all photographs, unless that has been done.

    The arguments are those of `skinlib.data.prepare.prepare`.

    Returns
    -------
    dict
        ``jaccard``, the mean over the test set of the area that outline and given mask share over
        the area of both, and ``images``, their number.
    """
    plain = recipe.replace(picture="plain", mask_path=False, outlines="given")
    prepared = prepare(plain, data, size, seed, progress=progress)
    path = outlined_file(prepared.split.hash)
    if not path.is_file():
        _make(prepared, path, seed, progress)
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(AGREEMENT))


def _make(prepared, path, seed, progress):
    dataset = prepared.dataset
    given = Masks(locate(dataset.folder))
    pictures = pixels.cached(dataset, ROWS, crop="whole", progress=progress)
    train = prepared.parts["train"].rows
    ids = dataset.table["image_id"]
    shares = given.shares(ids.iloc[train], pictures.shape[1:3], "none").astype(np.float32)
    model = learn(pictures[train], shares, seed, progress=progress)
    found = model.predict(np.asarray(pictures), batch_size=4 * BATCH, verbose=0)[..., 0]
    outlines = dict(zip(ids, map(full_size, found), strict=True))
    tested = prepared.tables["test"]["image_id"]
    agreement = {
        "jaccard": round(float(np.mean([jaccard(outlines[n], given.read(n)) for n in tested])), 4),
        "images": len(tested),
    }
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(AGREEMENT, json.dumps(agreement))
        for name, outline in outlines.items():
            file = io.BytesIO()
            Image.fromarray(outline).save(file, "PNG")
            archive.writestr(f"{name}_segmentation.png", file.getvalue())


def learn(pictures, shares, seed, *, epochs=EPOCHS, progress=True):
    """Train a U-Net on pictures (n, h, w, 3), uint8, and the share of lesion a pixel, (n, h, w).

    Each epoch mirrors half of the pictures in each direction.
    """
    keras.utils.set_random_seed(seed)
    model = unet(pictures.shape[1:3])
    steps = -(-len(pictures) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * steps)
    model.compile(
        keras.optimizers.Adam(rate), "binary_crossentropy", jit_compile=runtime.jit_compile()
    )
    for epoch in tqdm(range(epochs), "U-Net", unit="epoch", disable=not progress):
        rng = np.random.default_rng([seed, epoch])
        images, targets = (
            array[epoch_order(len(array), seed, epoch)] for array in (pictures, shares)
        )
        for axis in (1, 2):
            turned = rng.random(len(images)) < 0.5
            for array in (images, targets):
                array[turned] = np.flip(array[turned], axis)
        model.fit(images, targets[..., None], BATCH, shuffle=False, verbose=0)
    return model


def unet(shape, filters=FILTERS):
    """Build the network: pictures (b, h, w, 3) in 0..255 to the share of lesion, (b, h, w, 1)."""
    image = layers.Input((*shape, 3))
    tensor, skips = layers.Rescaling(1 / 127.5, -1)(image), []
    for number in filters[:-1]:
        tensor = _block(tensor, number)
        skips.append(tensor)
        tensor = layers.MaxPooling2D()(tensor)
    tensor = _block(tensor, filters[-1])
    for number, skip in zip(filters[-2::-1], skips[::-1], strict=True):
        tensor = layers.Concatenate()([layers.UpSampling2D()(tensor), skip])
        tensor = _block(tensor, number)
    model = keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(tensor))
    normalization.fuse(model)
    return model


def _block(tensor, number):
    tensor = layers.Conv2D(number, 3, padding="same", use_bias=False)(tensor)
    # Few enough steps that the usual 0.99 would average over the beginning as well.
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(tensor))


def full_size(shares):
    """Return a mask of the size of the given ones, True where more than half is lesion."""
    return np.asarray(Image.fromarray(shares).resize(SIZE, Image.Resampling.BILINEAR)) > 0.5


def jaccard(one, other):
    """Return the area that two masks share over the area of both; 1 where both are empty."""
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0
