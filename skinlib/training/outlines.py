"""Outlines of lesions by a small U-Net in the place of the given masks: recipe field ``outlines``.

The U-Net (Ronneberger et al. 2015) is trained on the given masks of a training set alone. It
outlines all photographs of the data set, and the outlines are kept in the cache as masks, which
`skinlib.data.prepare` reads as it reads given ones.
"""

import io
import json
import zipfile

import keras
import numpy as np
from filelock import FileLock
from keras import layers
from PIL import Image
from tqdm import tqdm

from skinlib.common.files import atomic_path, sha256
from skinlib.data import pixels
from skinlib.data.batches import epoch_order
from skinlib.data.masks import SIZE, Masks, locate, outlined_file
from skinlib.data.prepare import prepare
from skinlib.models import normalization, runtime

# Rows of the whole photographs that it sees, channels by level, and the length of its training.
# With a change of these, or of what is done with them, raise `skinlib.data.masks.OUTLINES`.
ROWS = 48
FILTERS = (16, 32, 64, 128)
EPOCHS = 12
BATCH = 32
RATE = 0.002
# File in the zip that says how well outlines and given masks agree.
AGREEMENT = "agreement.json"
# The same masks are to give the same bytes.
DATE = (1980, 1, 1, 0, 0, 0)


def provide(recipe, data, seed, *, progress=True):
    """Train the U-Net of a split and outline all photographs, unless that has been done.

    The arguments are those of `skinlib.data.prepare.prepare`. Another process that does the same
    is waited for. Returns ``sha256`` of the masks, the number of test ``images`` and the mean
    `jaccard` of their outlines and given masks, None where there is no test set.
    """
    plain = recipe.replace(picture="plain", mask_path=False, outlines="given")
    prepared = prepare(plain, data, ROWS, seed, progress=progress)
    given = Masks(locate(prepared.dataset.folder))
    path = outlined_file(given, prepared.dataset, prepared.split.hash)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if not path.is_file():
            _make(prepared, given, path, seed, progress)
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(AGREEMENT)) | {"sha256": sha256(path)}


def _make(prepared, given, path, seed, progress):
    ids, train = prepared.dataset.table["image_id"], prepared.parts["train"].rows
    tested = set(prepared.tables["test"]["image_id"]) if "test" in prepared.tables else set()
    pictures = pixels.cached(prepared.dataset, ROWS, crop="whole", progress=progress)
    shares = given.shares(ids.iloc[train], pictures.shape[1:3], "none").astype(np.float32)
    model = learn(pictures[train], shares, seed, progress=progress)
    found = model.predict(np.asarray(pictures), batch_size=4 * BATCH, verbose=0)[..., 0]
    agreement = []
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, each in zip(ids, found, strict=True):
            # Of the size of the given ones; lesion is where more than half is.
            whole = Image.fromarray(each).resize(SIZE, Image.Resampling.BILINEAR)
            outline = np.asarray(whole) > 0.5
            if name in tested:
                agreement.append(jaccard(outline, given.read(name)))
            file = io.BytesIO()
            Image.fromarray(outline).save(file, "PNG")
            member = zipfile.ZipInfo(f"{name}_segmentation.png", DATE)
            archive.writestr(member, file.getvalue())
        mean = round(float(np.mean(agreement)), 4) if agreement else None
        told = {"jaccard": mean, "images": len(agreement)}
        archive.writestr(zipfile.ZipInfo(AGREEMENT, DATE), json.dumps(told))


def learn(pictures, shares, seed, *, progress=True):
    """Train a U-Net and return it.

    Parameters
    ----------
    pictures : numpy.ndarray
        Whole photographs, shape (n, h, w, 3), uint8. Each epoch mirrors half of them in each
        direction.
    shares : numpy.ndarray
        For each pixel the share of it that is lesion, shape (n, h, w).
    seed : int
    progress : bool
    """
    keras.utils.set_random_seed(seed)
    model = unet(pictures.shape[1:3])
    steps = -(-len(pictures) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * steps)
    model.compile(
        keras.optimizers.Adam(rate), "binary_crossentropy", jit_compile=runtime.jit_compile()
    )
    for epoch in tqdm(range(EPOCHS), "U-Net", unit="epoch", disable=not progress):
        order, rng = epoch_order(len(pictures), seed, epoch), np.random.default_rng([seed, epoch])
        images, targets = pictures[order], shares[order]
        for axis in (1, 2):
            mirrored = rng.random(len(order)) < 0.5
            for array in (images, targets):
                array[mirrored] = np.flip(array[mirrored], axis)
        model.fit(images, targets[..., None], BATCH, shuffle=False, verbose=0)
    return model


def unet(shape):
    """Build the network: pictures (b, h, w, 3) in 0..255 to the share of lesion, (b, h, w, 1)."""
    image = layers.Input((*shape, 3))
    tensor, skips = layers.Rescaling(1 / 127.5, -1)(image), []
    for number in FILTERS[:-1]:
        tensor = _block(tensor, number)
        skips.append(tensor)
        tensor = layers.MaxPooling2D()(tensor)
    tensor = _block(tensor, FILTERS[-1])
    for number, skip in zip(FILTERS[-2::-1], skips[::-1], strict=True):
        tensor = layers.Concatenate()([layers.UpSampling2D()(tensor), skip])
        tensor = _block(tensor, number)
    model = keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(tensor))
    normalization.fuse(model)
    return model


def _block(tensor, number):
    tensor = layers.Conv2D(number, 3, padding="same", use_bias=False)(tensor)
    # The training is short: with a momentum of 0.99 the averages would contain its first steps.
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(tensor))


def jaccard(one, other):
    """Return the overlap of two masks over the area that at least one covers; 1 if that is none."""
    union = (one | other).sum()
    return float((one & other).sum() / union) if union else 1.0
