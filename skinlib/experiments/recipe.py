"""A recipe holds every setting of a run; `skinlib.experiments.recipes` has the named ones."""

import dataclasses
import types
import typing
from typing import Literal

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError

# The paper names 857 test images "provided by the HAM10000 data set"; no such set is published, so
# "as described" takes that many at random.
DESCRIBED_TEST = 857 / 10015

# Fields that do not affect results.
_WITHOUT_EFFECT = ("tensorboard",)
_AT_LEAST_ONE = (
    "batch_size", "epochs", "attention_heads", "metadata_units", "steps_per_execution", "devices",
    "augmented_copies",
)  # fmt: skip
Score = Literal["loss", "accuracy", "mean_recall"]
SplitUnit = Literal["image", "lesion", "leaking", "sealed", "leaking_matched", "sealed_matched"]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Every setting of a run except backbone, data, input size, weights and seed.

    Attributes
    ----------
    name : str
        Name of the recipe this one started from.
    channel_order, crop, interpolation
        Of the pixels; see `skinlib.data.pixels.resize`.
    scaling
        ``imagenet``: what the pretrained weights expect; ``logged``: what the MD notebook of this
        backbone applied; ``signed``: x/127.5 - 1 for every network, as in the AD notebooks;
        ``torch``: minus the mean of ImageNet, over its standard deviation, for every network.
    attention, attention_heads
        Variant of `skinlib.models.attention.SoftAttention`, and its number of maps.
    dropout : float
    metadata, metadata_units
        Whether there is a metadata branch, and its width.
    head
        ``logged-ad``: average pooling for the ResNets, Flatten for the others.
    class_weights : str or tuple of float
        ``balanced`` (from the training labels), ``none``, or seven numbers.
    augmentation : dict or None
        Arguments of `skinlib.models.augment.RandomAffine`.
    learning_rate, epsilon, weight_decay : float
        Of Adam; of AdamW where there is a weight decay.
    batch_size, epochs : int
    schedule
        ``plateau``: the learning rate is multiplied by `plateau_factor` (None: never) after
        `plateau_patience` epochs without a lower validation loss; ``cosine``: it falls to
        `minimum_learning_rate` over `epochs`, in a step an epoch.
    stopping_metric, stopping_patience, stopping_delta
        Early stopping on the selection set.
    split_unit
        See `skinlib.data.splits.make_split`.
    lesion_pairs
        ``joined``: photographs known to show one lesion under two ids count as one lesion
        (`skinlib.data.splits.same_lesion`).
    test_share, validation_share : float
    selection
        Set that drives schedule, stopping and checkpoint. ``test`` is what the authors did: the
        reported images chose the model.
    checkpoint_metric
        Epoch whose weights are kept: the best by a score of the selection set, or the last.
    missing_age
        Images of unknown age are dropped, or their age is imputed by the mean.
    precision
        Of the arithmetic inside the network; weights, softmax and loss stay float32.
    steps_per_execution : int
        Training steps that the backend takes at once.
    devices : int
        Devices that share each batch (`skinlib.training.network.on_devices`).
    deterministic : bool
        Use operations that give the same bits every time. On a CPU a seed is enough; on a GPU this
        costs speed.
    frozen, augmented_copies
        Train only what is above the backbone's ``frozen_layer``, on features that are computed
        once, for so many augmented copies of the training set (`skinlib.models.frozen`).
    label_smoothing : float
        Share of the target spread evenly over the classes, in [0, 1).
    logit_adjustment : float
        Weight τ of the log class shares that the loss adds to the logits (Menon et al. 2021), so
        that the network predicts as if all classes were equally frequent.
    batch_norm_momentum : float or None
        Of the running statistics of batch normalisation; None leaves each network's own.
        MobileNetV2's 0.999 averages over more steps than a short training has.
    views
        Pictures that a final prediction averages over: the one, or its eight turns and mirror
        images.
    score_test : bool
        Score the test set after every epoch too, for the study of selection; it has no effect on
        the training.
    tensorboard : bool
        Write event files for TensorBoard into the run directory (`skinlib.training.tracking`).
    """

    name: str
    channel_order: Literal["rgb", "bgr"] = "rgb"
    crop: Literal["centre", "none"] = "centre"
    interpolation: Literal["bilinear", "nearest", "bicubic"] = "bilinear"
    scaling: Literal["imagenet", "logged", "signed", "torch"] = "imagenet"
    attention: Literal["as_described", "as_coded", "none"] = "as_described"
    attention_heads: int = 16
    dropout: float = 0.5
    metadata: bool = True
    metadata_units: int = 4096
    head: Literal["flatten", "logged-ad"] = "flatten"
    class_weights: str | tuple[float, ...] = "balanced"
    augmentation: dict | None = None
    learning_rate: float = 0.001
    epsilon: float = 0.1
    batch_size: int = 32
    epochs: int = 250
    plateau_factor: float | None = 0.2
    plateau_patience: int = 5
    minimum_learning_rate: float = 1e-7
    stopping_metric: Score = "accuracy"
    stopping_patience: int = 25
    stopping_delta: float = 0.0
    split_unit: SplitUnit = "image"
    test_share: float = DESCRIBED_TEST
    validation_share: float = 0.1
    selection: Literal["validation", "test"] = "validation"
    checkpoint_metric: Literal[Score, "last"] = "accuracy"
    missing_age: Literal["drop", "impute"] = "impute"
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    steps_per_execution: int = 1
    devices: int = 1
    deterministic: bool = False
    frozen: bool = False
    augmented_copies: int = 8
    schedule: Literal["plateau", "cosine"] = "plateau"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    logit_adjustment: float = 0.0
    batch_norm_momentum: float | None = None
    views: Literal["one", "d4"] = "one"
    score_test: bool = False
    lesion_pairs: Literal["apart", "joined"] = "apart"
    tensorboard: bool = False

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            expected = _expected(field.type, value)
            if expected is None and field.name in _AT_LEAST_ONE and value < 1:
                expected = "at least 1"
            if expected:
                msg = f"recipe field {field.name} is {value!r}, expected {expected}"
                raise DataError(msg)
        weights = self.class_weights
        if weights not in ("balanced", "none") and (
            isinstance(weights, str) or len(weights) != len(CLASSES)
        ):
            msg = f"class_weights is {weights!r}, expected 'balanced', 'none' or seven numbers"
            raise DataError(msg)
        if not 0 <= self.label_smoothing < 1:
            msg = f"recipe field label_smoothing is {self.label_smoothing}, expected 0 to below 1"
            raise DataError(msg)

    def replace(self, **fields):
        """Return a copy with some fields replaced.

        Raises
        ------
        DataError
            Naming a field that does not exist, or a value that is impossible.
        """
        known = {field.name for field in dataclasses.fields(self)}
        unknown = sorted(set(fields) - known)
        if unknown:
            msg = f"recipe has no field {', '.join(unknown)}; it has {', '.join(sorted(known))}"
            raise DataError(msg)
        if isinstance(fields.get("class_weights"), list):
            fields["class_weights"] = tuple(fields["class_weights"])
        return dataclasses.replace(self, **fields)

    def to_json(self):
        """Return all fields as plain values, for run.json."""
        return {
            name: dict(value) if isinstance(value, types.MappingProxyType | dict) else value
            for name, value in vars(self).items()
        }

    def essence(self):
        """Return the fields that differ from the defaults of the class.

        The identity of a run is made from these, so that a field added later, with a default that
        changes nothing, leaves old identities as they are.
        """
        defaults = Recipe(self.name).to_json()
        return {
            key: value
            for key, value in self.to_json().items()
            if value != defaults[key] and key not in _WITHOUT_EFFECT
        }


def _expected(kind, value):
    """Return what a field of a type should hold instead of a value, None if it is good."""
    if typing.get_origin(kind) is Literal:
        allowed = typing.get_args(kind)
        return None if value in allowed else f"one of {', '.join(allowed)}"
    if kind is bool:
        return None if isinstance(value, bool) else "one of False, True"
    if kind in (int, float) or kind == float | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        optional = kind == float | None and value is None
        if not number and not optional:
            return "a number; YAML takes 1e-3 for text, write 0.001"
    return None
