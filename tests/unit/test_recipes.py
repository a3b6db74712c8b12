"""The named recipes are those of the authors and ours, and differ in named fields only."""

import json

import pytest
import yaml

from skinlib.common.errors import DataError
from skinlib.experiments import recipes
from skinlib.experiments.recipe import DESCRIBED_TEST, Recipe
from skinlib.experiments.recipes import RECIPES, from_json, get_recipe

# What the text of the paper says; the defaults of the fields. Written down again on purpose, as is
# all below.
TEXT = {
    "channel_order": "rgb", "crop": "centre", "interpolation": "bilinear", "scaling": "imagenet",
    "attention": "as_described", "attention_heads": 16, "dropout": 0.5, "metadata": True,
    "metadata_units": 4096, "head": "flatten", "class_weights": "balanced", "augmentation": None,
    "learning_rate": 0.001, "epsilon": 0.1, "batch_size": 32, "epochs": 250, "plateau_factor": 0.2,
    "plateau_patience": 5, "minimum_learning_rate": 1e-7, "stopping_metric": "accuracy",
    "stopping_patience": 25, "stopping_delta": 0.0, "split_unit": "image",
    "test_share": DESCRIBED_TEST, "validation_share": 0.1, "selection": "validation",
    "checkpoint_metric": "accuracy", "missing_age": "impute", "precision": "float32",
    "weight_decay": 0.0, "views": "one", "lesion_pairs": "apart", "learner": "network",
}  # fmt: skip
FROZEN = {"frozen": True, "schedule": "cosine", "epochs": 8}
DRAWN = {"attention": "as_written", "tap": "as_described", "first_relu": True}
AUGMENTATION = {"rotation": 180.0, "shift": 0.1, "zoom": 0.1, "flip": True}
# From the authors' notebooks.
MD = {
    "channel_order": "bgr", "scaling": "logged", "attention": "as_coded",
    "class_weights": (4.37, 2.78, 1.3, 12.44, 1.28, 0.21, 10.0), "batch_size": 10, "epochs": 500,
    "stopping_metric": "loss", "stopping_patience": 35, "stopping_delta": 0.001, "test_share": 0.1,
    "validation_share": 0.0, "selection": "test", "missing_age": "drop",
}  # fmt: skip
AD = {
    "crop": "none", "interpolation": "nearest", "scaling": "signed", "attention": "as_coded",
    "metadata": False, "head": "logged-ad", "class_weights": (1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0),
    "learning_rate": 0.01, "batch_size": 16, "epochs": 150, "plateau_factor": None,
    "stopping_metric": "loss", "stopping_patience": 35, "test_share": 0.15,
    "validation_share": 0.0, "selection": "test", "missing_age": "drop",
}  # fmt: skip
CLEAN = {
    "split_unit": "lesion", "lesion_pairs": "joined", "test_share": 0.15, "validation_share": 0.15,
}  # fmt: skip
BEST = CLEAN | {
    "class_weights": "none", "logit_adjustment": 1.0, "augmentation": AUGMENTATION,
    "epsilon": 1e-7, "weight_decay": 0.01, "batch_norm_momentum": 0.99, "schedule": "cosine",
    "epochs": 30, "checkpoint_metric": "mean_recall", "views": "d4",
}  # fmt: skip
FOLDS = {key: value for key, value in BEST.items() if key != "augmentation"} | {
    "split_unit": "fold", "test_share": 0.2, "validation_share": 0.0, "selection": "none",
    "checkpoint_metric": "last", "head": "average", "facts_dropped": 0.25, "warmup": 1,
    "ema": 0.995,
    "crops": {"scale": 0.4, "ratio": 4 / 3, "turns": True, "brightness": 0.2, "contrast": 0.2,
              "saturation": 0.2, "hue": 10.0},
}  # fmt: skip
ESSENCES = {
    "md-as-logged": MD,
    "md-as-described": DRAWN,
    "ad-as-logged": AD,
    "ad-as-described": DRAWN
    | {"metadata": False, "class_weights": "none", "augmentation": AUGMENTATION},
    "clean": CLEAN,
    "clean-frozen": CLEAN | FROZEN,
    "md-as-logged-frozen": MD | FROZEN,
    "best": BEST,
    "folds": FOLDS,
}


def test_the_defaults_are_those_of_the_text():
    """A field that is added later changes nothing by default, so it leaves old identities alone."""
    assert TEXT.items() <= Recipe("any").to_json().items()
    assert Recipe("any").essence() == {}
    assert round(DESCRIBED_TEST * 10015) == 857


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_differs_from_the_text_in_these_fields(name):
    assert get_recipe(name).essence() == ESSENCES[name]
    assert get_recipe(name).name == name


def test_replace_changes_a_copy():
    clean = get_recipe("clean")
    changed = clean.replace(epochs=3, attention="none")
    assert (changed.epochs, changed.attention, changed.name) == (3, "none", "clean")
    assert clean.essence() == CLEAN
    assert recipes.changes(changed) == {"epochs": [250, 3], "attention": ["as_described", "none"]}
    assert clean.replace(epochs=250) == clean
    with pytest.raises(DataError, match="no field batchsize, epoch;.*batch_size"):
        clean.replace(epoch=3, batchsize=3)


@pytest.mark.parametrize(
    ("name", "fields", "named"),
    [
        ("folds", {"fold": 5}, "0 to 4"),
        ("folds", {"schedule": "plateau"}, "'plateau'"),
        ("folds", {"checkpoint_metric": "loss", "ema": 0.0}, "'none'"),
        ("folds", {"warmup": 30}, "30 epochs|epochs, 30"),
        ("folds", {"frozen": True}, "set frozen to False"),
        ("folds", {"crops": {"scale": 0}}, "scale"),
        ("folds", {"crops": {"size": 2}}, "crops"),
        ("folds", {"learner": "svm"}, "set one of these"),
        ("folds", {"picture": "padded"}, "set crops to None"),
        ("clean", {"ema": 0.9}, "set 'last'"),
        ("clean", {"test_share": 0.0}, "test images unless"),
        ("clean", {"selection": "test", "test_share": 0.0}, "test_share"),
        ("clean", {"teachers": ["a/b"], "label_smoothing": 0.1}, "set label_smoothing to 0"),
        ("clean", {"relations": 0.5}, "name teachers"),
        ("clean", {"outlines": "unet"}, "set mask_path"),
        ("folds", {"mask_path": True}, "mask_path is True with crops"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(name, fields, named):
    with pytest.raises(DataError, match=named):
        get_recipe(name).replace(**fields)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_a_file(name):
    """Tuples are no plain YAML: a person writes a list."""
    for each in (get_recipe(name), get_recipe(name).replace(epochs=2, class_weights=(1.0,) * 7)):
        plain = json.loads(json.dumps(each.to_json()))
        for again in (from_json(plain), from_json(yaml.safe_load(yaml.safe_dump(plain)))):
            assert again == each
            assert recipes.changes(again) == recipes.changes(each)
            assert again.essence() == each.essence()


@pytest.mark.parametrize(("field", "value", "named"),
                         [("gamma", 1, "gamma"), ("name", "dirty", "'dirty'.*md-as-logged")])  # fmt: skip
def test_from_json_refuses_what_it_does_not_know(field, value, named):
    with pytest.raises(DataError, match=named):
        from_json({**get_recipe("clean").to_json(), field: value})
