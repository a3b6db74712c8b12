"""What a field of a recipe may hold, and which values of several fields exclude each other."""

import typing
from collections.abc import Mapping
from typing import Literal

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.data.pixels import OUTLINED

# Every number lies in an interval.
_INTERVALS = {
    "seed": "[0, 4294967295]",
    **dict.fromkeys(
        ("size", "attention_heads", "metadata_units", "batch_size", "epochs",
         "steps_per_execution", "devices", "augmented_copies"),
        "[1, inf)",
    ),
    **dict.fromkeys(("learning_rate", "epsilon"), "(0, inf)"),
    **dict.fromkeys(
        ("minimum_learning_rate", "plateau_patience", "stopping_patience", "stopping_delta",
         "weight_decay", "logit_adjustment", "class_weights", "fold", "warmup",
         "weight_power", "focal", "relations"),
        "[0, inf)",
    ),
    **dict.fromkeys(
        ("dropout", "validation_share", "label_smoothing", "batch_norm_momentum", "ema",
         "test_share", "facts_dropped", "brightness", "contrast", "saturation",
         "loss_cap", "missing_facts", "dropblock"),
        "[0, 1)",
    ),
    "plateau_factor": "(0, 1)",
    "scale": "(0, 1]",
    "ratio": "[1, inf)",
    "hue": "[0, 180]",
    "rotation": "[0, 360]",
    "shift": "[0, 1]",
    "zoom": "[0, 1)",
}  # fmt: skip
# Of fields that are dictionaries: their keys, what each holds, and words in the place of them.
_KEYS = {
    "augmentation": {"rotation": float, "shift": float, "zoom": float, "flip": bool},
    "crops": {
        "scale": float, "ratio": float, "turns": bool,
        **dict.fromkeys(("brightness", "contrast", "saturation", "hue"), float),
    },
}  # fmt: skip
_WORDS = {"augmentation": ("randaugment", "cutout"), "crops": ()}


def check(name, value, kind=int):
    """Raise `DataError` unless a value is of the type, and in the range, of a field of this name.

    Fields are those of `skinlib.experiments.recipe.Recipe`, ``seed`` and ``size``.
    """
    expected = _expected(name, value, kind)
    if expected:
        what = name if name in ("seed", "size") else f"recipe field {name}"
        msg = f"{what} is {value!r}, expected {expected}"
        raise DataError(msg)


def _expected(name, value, kind):
    """Return what a field should hold instead of a value, None if it is good."""
    if typing.get_origin(kind) is Literal:
        allowed = typing.get_args(kind)
        return None if value in allowed else f"one of {', '.join(allowed)}"
    if kind in (bool, str):
        return None if isinstance(value, kind) else {bool: "True or False", str: "a text"}[kind]
    if name == "teachers":
        named = isinstance(value, tuple) and all(isinstance(each, str) for each in value)
        return None if named else "a list of finished runs, <study>/<run>"
    if name == "class_weights":
        numbers = value if isinstance(value, tuple) and len(value) == len(CLASSES) else ()
        good = any(numbers) and all(_inside(name, each, float) for each in numbers)
        fit = f"'balanced', 'none' or seven numbers in {_INTERVALS[name]}, not all of them 0"
        return None if good or value in ("balanced", "none") else fit
    if keys := _KEYS.get(name):
        words = (None, *_WORDS[name])
        if isinstance(value, Mapping) and set(value) <= set(keys):
            wrong = {k: _expected(k, v, keys[k]) for k, v in value.items()}
            return next((f"{k} to be {text}" for k, text in wrong.items() if text), None)
        fit = f"{', '.join(map(str, words))} or a dictionary of {', '.join(keys)}"
        return None if value in words else fit
    optional = kind == float | None
    if _inside(name, value, kind) or (optional and value is None):
        return None
    whole = "a whole number" if kind is int else "a number"
    hint = "; YAML takes 1e-3 for text, write 0.001" if isinstance(value, str) else ""
    return f"{whole} in {_INTERVALS[name]}{' or None' if optional else ''}{hint}"


def _inside(name, value, kind):
    """Return whether a value is a number in the interval of a field."""
    interval = _INTERVALS[name]
    low, high = map(float, interval[1:-1].split(","))
    number = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    # Comparisons with NaN are false.
    return number and (low < value < high
                       or (value == low and interval[0] == "[")
                       or (value == high and interval[-1] == "]"))  # fmt: skip


def check_together(recipe):
    """Raise `DataError` where fields of a recipe exclude each other."""
    for fault in _faults(recipe):
        raise DataError(fault)


def _faults(recipe):
    parts = {"validation": recipe.validation_share, "test": recipe.test_share}
    chosen = recipe.selection != "none"
    if sum(parts.values()) >= 1 or (chosen and not (recipe.test_share and parts[recipe.selection])):
        yield (
            f"recipe fields test_share {recipe.test_share} and validation_share "
            f"{recipe.validation_share}: expected a sum below 1, test images unless selection is "
            f"'none', and images in the set of selection, which is '{recipe.selection}'"
        )
    if not chosen and (recipe.schedule, recipe.checkpoint_metric) != ("cosine", "last"):
        yield (
            f"recipe field selection is 'none', with the schedule '{recipe.schedule}' and the "
            f"checkpoint_metric '{recipe.checkpoint_metric}', which need scores; set 'cosine' "
            "and 'last'"
        )
    if recipe.split_unit == "fold" and recipe.fold >= recipe.folds:
        yield (
            f"recipe field fold is {recipe.fold}, expected one of 0 to {recipe.folds - 1}: "
            f"test_share {recipe.test_share} makes {recipe.folds} folds"
        )
    if recipe.ema and recipe.checkpoint_metric != "last":
        yield (
            f"recipe field ema is {recipe.ema} with the checkpoint_metric "
            f"'{recipe.checkpoint_metric}'; averages are of the last epoch, set 'last'"
        )
    if recipe.frozen and (recipe.crops is not None or recipe.facts_dropped):
        yield (
            "recipe field frozen is True with crops or facts_dropped; features are computed of "
            "whole squares once, set frozen to False"
        )
    if recipe.mask_path and (recipe.crops is not None or recipe.facts_dropped):
        yield (
            "recipe field mask_path is True with crops or facts_dropped; the mask is of the whole "
            "square, set crops to None and facts_dropped to 0"
        )
    if recipe.warmup >= recipe.epochs:
        yield f"recipe field warmup is {recipe.warmup}, expected fewer than epochs, {recipe.epochs}"
    if recipe.teachers and (recipe.label_smoothing or recipe.cumulative):
        yield (
            "recipe field teachers: the mean of the teachers is not smoothed or weighted by "
            "epoch; set label_smoothing to 0 and cumulative to False"
        )
    if recipe.relations and (not recipe.teachers or recipe.mix != "none" or recipe.devices > 1):
        yield (
            f"recipe field relations is {recipe.relations} without teachers, with mix "
            f"'{recipe.mix}' or with {recipe.devices} devices; name teachers, and set mix to none "
            "and devices to 1"
        )
    if recipe.outlines != "given" and not (recipe.mask_path or recipe.picture in OUTLINED):
        yield (
            f"recipe field outlines is '{recipe.outlines}', but no mask is used; set mask_path "
            f"or a picture of {', '.join(OUTLINED)}"
        )
    if recipe.picture != "plain" and (recipe.crops is not None or recipe.views == "crops"):
        yield (
            f"recipe field picture is '{recipe.picture}' with crops, which are of photographs as "
            "they are; set crops to None and views to one"
        )
    if recipe.learner != "network" and not chosen:
        yield (
            f"recipe field learner is '{recipe.learner}' with the selection 'none'; a learner is "
            "scored on validation or test images, set one of these"
        )
