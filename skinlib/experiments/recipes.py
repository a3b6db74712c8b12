"""The named recipes: the paper's arms, the clean protocol, and ours.

Sources: the authors' MD and AD notebooks for "as logged", the paper's text (§2.2, §3.1.1) for "as
described".
"""

import dataclasses
import types

from skinlib.common.errors import DataError
from skinlib.experiments.recipe import Recipe

# The ranges of the notebooks; the draft prints none.
AUGMENTATION = types.MappingProxyType({"rotation": 180.0, "shift": 0.1, "zoom": 0.1, "flip": True})

# Constants typed in the MD notebooks: the balanced weights of all 10,015 rows, truncated.
LOGGED_MD_WEIGHTS = (4.37, 2.78, 1.3, 12.44, 1.28, 0.21, 10.0)
LOGGED_AD_WEIGHTS = (1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0)

# The text, its equation 1 and its figure 7.
_MD_DESCRIBED = Recipe(
    "md-as-described", attention="as_written", tap="as_described", first_relu=True
)

# Metadata and weighted loss, as in the MD notebooks.
_MD_LOGGED = Recipe(
    "md-as-logged",
    channel_order="bgr",
    scaling="logged",
    attention="as_coded",
    class_weights=LOGGED_MD_WEIGHTS,
    batch_size=10,
    epochs=500,
    stopping_metric="loss",
    stopping_patience=35,
    stopping_delta=0.001,
    test_share=0.10,
    validation_share=0.0,
    selection="test",
    missing_age="drop",
)

# The augmentation arm of the text: images alone, augmented, plain loss.
_AD_DESCRIBED = dataclasses.replace(
    _MD_DESCRIBED,
    name="ad-as-described",
    metadata=False,
    class_weights="none",
    augmentation=AUGMENTATION,
)

# The augmentation arm of the first AD notebooks, where nothing was augmented.
_AD_LOGGED = dataclasses.replace(
    _MD_LOGGED,
    name="ad-as-logged",
    channel_order="rgb",
    crop="none",
    interpolation="nearest",
    scaling="signed",
    metadata=False,
    head="logged-ad",
    class_weights=LOGGED_AD_WEIGHTS,
    learning_rate=0.01,
    batch_size=16,
    epochs=150,
    plateau_factor=None,
    stopping_delta=0.0,
    test_share=0.15,
)

# The text's settings on the networks that the notebooks cut, with attention over all channels;
# split by lesion, with a test set that is never used for selection.
_CLEAN = Recipe(
    "clean",
    split_unit="lesion",
    lesion_pairs="joined",
    test_share=0.15,
    validation_share=0.15,
)

# The same, with the lower part of the network frozen at its ImageNet weights and a schedule that
# ends in few epochs: for studies of many runs.
_CLEAN_FROZEN = dataclasses.replace(
    _CLEAN, name="clean-frozen", frozen=True, schedule="cosine", epochs=8
)

# As logged, frozen in the same way: to measure what single fields of it do.
_MD_LOGGED_FROZEN = dataclasses.replace(
    _MD_LOGGED, name="md-as-logged-frozen", frozen=True, schedule="cosine", epochs=8
)

# Ours, on the clean protocol: an optimiser and a schedule for few epochs, a loss for equal class
# frequencies, augmentation and averaging over views. Chosen on validation sets only
# (studies/best.yaml).
_BEST = dataclasses.replace(
    _CLEAN,
    name="best",
    class_weights="none",
    logit_adjustment=1.0,
    augmentation=AUGMENTATION,
    learning_rate=0.001,
    epsilon=1e-7,
    weight_decay=0.01,
    batch_norm_momentum=0.99,
    schedule="cosine",
    epochs=30,
    checkpoint_metric="mean_recall",
    views="d4",
)

# What changes in a photograph from one epoch to the next.
CROPS = types.MappingProxyType({
    "scale": 0.4, "ratio": 4 / 3, "turns": True,
    "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 10.0,
})  # fmt: skip

# Ours, second edition: five folds of all photographs, so that each is predicted by a network that
# has not seen its lesion. A fixed length, where nothing is selected (studies/best-folds.yaml).
_FOLDS = dataclasses.replace(
    _BEST,
    name="folds",
    split_unit="fold",
    test_share=0.2,
    validation_share=0.0,
    selection="none",
    checkpoint_metric="last",
    head="average",
    augmentation=None,
    crops=CROPS,
    facts_dropped=0.25,
    warmup=1,
    ema=0.995,
)

PAPER = (_MD_LOGGED, _MD_DESCRIBED, _AD_LOGGED, _AD_DESCRIBED, _CLEAN)
RECIPES = {
    recipe.name: recipe for recipe in (*PAPER, _CLEAN_FROZEN, _MD_LOGGED_FROZEN, _BEST, _FOLDS)
}


def get_recipe(name):
    """Return a named recipe.

    Raises
    ------
    DataError
        Naming the known recipes.
    """
    if name not in RECIPES:
        msg = f"recipe '{name}' is unknown, expected one of {', '.join(RECIPES)}"
        raise DataError(msg)
    return RECIPES[name]


def from_json(value):
    """Rebuild a recipe from `Recipe.to_json`'s dictionary; unknown fields are refused.

    A field that the dictionary lacks is younger than the run: its default changes nothing.
    """
    get_recipe(value["name"])
    return Recipe(value["name"]).replace(**value)


def changes(recipe):
    """Return ``{field: [named value, value here]}`` for fields that were replaced."""
    named, mine = get_recipe(recipe.name).to_json(), recipe.to_json()
    return {key: [named[key], mine[key]] for key in mine if mine[key] != named[key]}
