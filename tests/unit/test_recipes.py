"""The named recipes are those of the authors and ours, and differ in named fields only."""

import json
import types

import pytest
import yaml

from skinlib.common.errors import DataError
from skinlib.experiments import recipes
from skinlib.experiments.recipe import DESCRIBED_TEST, Recipe
from skinlib.experiments.recipes import RECIPES, from_json, get_recipe

NAMES = [
    "md-as-logged",
    "md-as-described",
    "ad-as-logged",
    "ad-as-described",
    "clean",
    "clean-frozen",
    "md-as-logged-frozen",
    "best",
    "folds",
]


def test_the_names():
    assert sorted(RECIPES) == sorted(NAMES)
    assert [get_recipe(name).name for name in NAMES] == NAMES
    with pytest.raises(DataError, match="'MD'.*md-as-logged") as error:
        get_recipe("MD")
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("one", "other", "fields"),
    [
        (
            "md-as-described",
            "md-as-logged",
            "channel_order scaling attention class_weights batch_size epochs stopping_metric "
            "stopping_patience stopping_delta test_share validation_share selection missing_age "
            "tap first_relu",
        ),
        ("md-as-described", "ad-as-described", "metadata class_weights augmentation"),
        (
            "md-as-described",
            "clean",
            "split_unit lesion_pairs test_share validation_share attention tap first_relu",
        ),
        ("clean", "clean-frozen", "frozen schedule epochs"),
        ("md-as-logged", "md-as-logged-frozen", "frozen schedule epochs"),
        (
            "md-as-logged",
            "ad-as-logged",
            "channel_order crop interpolation scaling metadata head class_weights learning_rate "
            "batch_size epochs plateau_factor stopping_delta test_share",
        ),
    ],
)
def test_two_recipes_differ_in_these_fields_only(one, other, fields):
    one, other = vars(get_recipe(one)), vars(get_recipe(other))
    differing = {field for field in one if one[field] != other[field]} - {"name"}
    assert differing == set(fields.split())


# From the authors' notebooks and the text of the paper; written down again on purpose.
EXPECTED = {
    "md-as-logged": {
        "channel_order": "bgr", "crop": "centre", "scaling": "logged", "attention": "as_coded",
        "metadata": True, "class_weights": (4.37, 2.78, 1.3, 12.44, 1.28, 0.21, 10.0),
        "augmentation": None, "learning_rate": 0.001, "epsilon": 0.1, "batch_size": 10,
        "epochs": 500, "plateau_factor": 0.2, "plateau_patience": 5,
        "minimum_learning_rate": 1e-7, "stopping_metric": "loss", "stopping_patience": 35,
        "stopping_delta": 0.001, "split_unit": "image", "test_share": 0.1,
        "validation_share": 0.0, "selection": "test", "checkpoint_metric": "accuracy",
        "missing_age": "drop",
    },
    "md-as-described": {
        "channel_order": "rgb", "scaling": "imagenet", "attention": "as_written",
        "tap": "as_described", "first_relu": True, "class_weights": "balanced", "learning_rate": 0.001, "epsilon": 0.1, "batch_size": 32,
        "epochs": 250, "plateau_factor": 0.2, "stopping_metric": "accuracy",
        "stopping_patience": 25, "test_share": DESCRIBED_TEST, "selection": "validation",
    },
    "ad-as-logged": {
        "channel_order": "rgb", "crop": "none", "interpolation": "nearest", "scaling": "signed",
        "metadata": False, "class_weights": (1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0),
        "augmentation": None, "learning_rate": 0.01, "batch_size": 16, "epochs": 150,
        "plateau_factor": None, "stopping_metric": "loss", "stopping_patience": 35,
        "test_share": 0.15, "validation_share": 0.0, "selection": "test",
    },
    "ad-as-described": {
        "metadata": False, "class_weights": "none",
        "augmentation": {"rotation": 180.0, "shift": 0.1, "zoom": 0.1, "flip": True},
    },
    "clean": {
        "split_unit": "lesion", "selection": "validation", "test_share": 0.15,
        "validation_share": 0.15, "missing_age": "impute",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", EXPECTED)
def test_the_values_of_the_authors(name):
    recipe = get_recipe(name).to_json()
    assert {field: recipe[field] for field in EXPECTED[name]} == EXPECTED[name]


def test_the_described_test_part_has_857_images():
    assert round(DESCRIBED_TEST * 10015) == 857


def test_replace_changes_a_copy():
    clean = get_recipe("clean")
    changed = clean.replace(epochs=3, attention="none")
    assert (changed.epochs, changed.attention, changed.name) == (3, "none", "clean")
    assert clean.epochs == 250
    assert recipes.changes(changed) == {"epochs": [250, 3], "attention": ["as_described", "none"]}
    assert recipes.changes(clean) == {}
    assert clean.replace(epochs=250) == clean


def test_an_unknown_field_is_named():
    with pytest.raises(DataError, match="no field batchsize, epoch;.*batch_size"):
        get_recipe("clean").replace(epoch=3, batchsize=3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("channel_order", "gbr"),
        ("attention", "as-coded"),
        ("stopping_metric", "last"),
        ("checkpoint_metric", "auc"),
        ("split_unit", "patient"),
        ("frozen", 1),
        ("tensorboard", "yes"),
        ("class_weights", "sqrt"),
        ("class_weights", (1.0, 2.0)),
        ("batch_size", 0),
        ("epochs", 0),
        ("attention_heads", -1),
        ("metadata_units", 0),
        # What YAML makes of 1e-3: text.
        ("learning_rate", "1e-3"),
        ("plateau_factor", "0.2"),
        ("epochs", None),
        ("batch_size", True),
    ],
)
def test_an_impossible_value_is_refused_with_its_field(field, value):
    with pytest.raises(DataError, match=field):
        get_recipe("clean").replace(**{field: value})
    with pytest.raises(DataError, match=field):
        Recipe("mine", **{field: value})


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
        ("clean", {"ema": 0.9}, "set 'last'"),
        ("clean", {"test_share": 0.0}, "test images unless"),
        ("clean", {"selection": "test", "test_share": 0.0}, "test_share"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(name, fields, named):
    with pytest.raises(DataError, match=named):
        get_recipe(name).replace(**fields)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dump", [json, yaml], ids=["json", "yaml"])
def test_a_recipe_survives_a_file(name, dump):
    recipe = get_recipe(name).replace(epochs=2, class_weights=(1.0,) * 7, dropout=0.1)
    for each in (recipe, get_recipe(name)):
        plain = each.to_json()
        assert not isinstance(plain["augmentation"], types.MappingProxyType)
        if isinstance(plain["class_weights"], tuple):
            # Tuples are no plain YAML; a person writes a list.
            plain["class_weights"] = list(plain["class_weights"])
        if dump is json:
            again = from_json(json.loads(json.dumps(plain)))
        else:
            again = from_json(yaml.safe_load(yaml.safe_dump(plain)))
        assert again == each
        assert recipes.changes(again) == recipes.changes(each)
        assert again.essence() == each.essence()


def test_from_json_refuses_what_it_does_not_know():
    plain = get_recipe("clean").to_json()
    with pytest.raises(DataError, match="gamma"):
        from_json({**plain, "gamma": 1})
    with pytest.raises(DataError, match="'dirty'"):
        from_json({**plain, "name": "dirty"})


def test_the_essence_is_what_differs_from_the_defaults():
    """So a field added later, whose default changes nothing, leaves old identities alone."""
    assert Recipe("any").essence() == {}
    described = {"attention": "as_written", "tap": "as_described", "first_relu": True}
    assert get_recipe("md-as-described").essence() == described
    clean = {"split_unit": "lesion", "test_share": 0.15, "validation_share": 0.15}
    clean["lesion_pairs"] = "joined"
    assert get_recipe("clean").essence() == clean
    assert get_recipe("clean").replace(epochs=3).essence() == {**clean, "epochs": 3}
    essences = [json.dumps(get_recipe(name).essence(), sort_keys=True) for name in NAMES]
    assert len(set(essences)) == len(NAMES)
