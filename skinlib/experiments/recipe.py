"""A recipe holds every knob of a run; `skinlib.experiments.recipes` has the named ones."""

import dataclasses
import types

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError

# The text speaks of 857 test images "provided by the HAM10000 data set"; no such set is
# published, so "as described" draws that many at random.
DESCRIBED_TEST = 857 / 10015

_ALLOWED = {
    "channel_order": ("rgb", "bgr"),
    "crop": ("centre", "none"),
    "interpolation": ("bilinear", "nearest", "bicubic"),
    "scaling": ("imagenet", "logged", "signed", "torch"),
    "attention": ("as_described", "as_coded", "none"),
    "head": ("flatten", "logged-ad"),
    "stopping_metric": ("loss", "accuracy", "mean_recall"),
    "checkpoint_metric": ("loss", "accuracy", "mean_recall", "last"),
    "split_unit": ("image", "lesion", "leaking", "sealed", "leaking_matched", "sealed_matched"),
    "lesion_pairs": ("apart", "joined"),
    "selection": ("validation", "test"),
    "missing_age": ("drop", "impute"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
    "deterministic": (False, True),
    "frozen": (False, True),
    "schedule": ("plateau", "cosine"),
    "views": ("one", "d4"),
    "score_test": (False, True),
    "tensorboard": (False, True),
}
# Who looks on decides nothing: a run may be watched or not, it is the same run.
_LOOKS_ON = ("tensorboard",)

_AT_LEAST_ONE = (
    "batch_size", "epochs", "attention_heads", "metadata_units", "steps_per_execution", "devices",
    "augmented_copies",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Every knob of a run except backbone, data, input size, weights and seed.

    Attributes
    ----------
    name : str
        Name of the recipe this one started from.
    channel_order : {'rgb', 'bgr'}
    crop, interpolation : str
        See `skinlib.data.pixels.resize`.
    scaling : {'imagenet', 'logged', 'signed', 'torch'}
        ``imagenet``: what the pretrained weights expect; ``logged``: what the MD
        notebook of this backbone applied; ``signed``: x/127.5 - 1 for every
        network, as in the AD notebooks; ``torch``: less the mean of ImageNet, over its
        standard deviation, for every network.
    attention : {'as_described', 'as_coded', 'none'}
    attention_heads : int
    dropout : float
    metadata : bool
        Has the metadata branch.
    metadata_units : int
    head : {'flatten', 'logged-ad'}
        ``logged-ad``: average pooling for the ResNets, Flatten for the others.
    class_weights : str or tuple of float
        ``balanced`` (from the training labels), ``none``, or seven numbers.
    augmentation : dict or None
        Arguments of `skinlib.models.augment.RandomAffine`.
    learning_rate, epsilon : float
        Of Adam.
    batch_size, epochs : int
    plateau_factor, plateau_patience, minimum_learning_rate
        Learning-rate schedule on the plain validation loss; factor None: none.
    stopping_metric : {'loss', 'accuracy', 'mean_recall'}
    stopping_patience : int
    stopping_delta : float
        Early stopping on the selection part.
    split_unit : {'image', 'lesion', 'leaking', 'sealed', 'leaking_matched', 'sealed_matched'}
        See `skinlib.data.splits.make_split`.
    lesion_pairs : {'apart', 'joined'}
        ``joined``: photographs known to show one lesion under two ids count as one lesion
        (`skinlib.data.same_lesion`).
    test_share, validation_share : float
    selection : {'validation', 'test'}
        Part that drives schedule, stopping and checkpoint. ``test`` is what the
        authors did: the reported part chose the model.
    checkpoint_metric : {'accuracy', 'loss', 'mean_recall', 'last'}
        Epoch whose weights are kept: the best by a score of the selection set, or the last.
    missing_age : {'drop', 'impute'}
    precision : {'float32', 'mixed_bfloat16', 'mixed_float16'}
        Of the arithmetic inside the network; weights, softmax and loss stay float32.
    steps_per_execution : int
        Training steps that the backend takes at one go.
    devices : int
        Devices that share each batch (`skinlib.training.distribution`); 1: an ordinary run.
    deterministic : bool
        Ask the backend for operations that give the same bits every time. On a CPU a
        seed is enough; on a GPU this costs speed.
    frozen : bool
        Train only what lies above the backbone's ``frozen_layer``, on features that are
        computed once (`skinlib.models.frozen`).
    augmented_copies : int
        With `frozen` and `augmentation`: how many augmented copies of the training
        pictures there are for the epochs to take in turn.
    schedule : {'plateau', 'cosine'}
        ``plateau`` as above; ``cosine`` falls from `learning_rate` to
        `minimum_learning_rate` over `epochs`, in a step an epoch.
    weight_decay : float
        Of AdamW; 0: Adam.
    label_smoothing : float
        Share of the target spread evenly over the classes, in [0, 1).
    logit_adjustment : float
        Weight τ of the log class shares that the loss adds to the logits (Menon et al.
        2021), so that the network itself answers as if all classes were as frequent.
    batch_norm_momentum : float or None
        Of the running statistics of batch normalisation; None leaves each network's own.
        MobileNetV2's 0.999 forgets a step only after thousands, more than a short
        training has.
    views : {'one', 'd4'}
        Pictures that a final prediction averages over: the one, or its eight turns and
        mirror images.
    score_test : bool
        Score the test part after every epoch too, for the study of selection; nothing is
        decided by it.
    tensorboard : bool
        Write event files for TensorBoard into the run directory (`skinlib.training.tracking`).
    """

    name: str
    channel_order: str = "rgb"
    crop: str = "centre"
    interpolation: str = "bilinear"
    scaling: str = "imagenet"
    attention: str = "as_described"
    attention_heads: int = 16
    dropout: float = 0.5
    metadata: bool = True
    metadata_units: int = 4096
    head: str = "flatten"
    class_weights: str | tuple[float, ...] = "balanced"
    augmentation: dict | None = None
    learning_rate: float = 0.001
    epsilon: float = 0.1
    batch_size: int = 32
    epochs: int = 250
    plateau_factor: float | None = 0.2
    plateau_patience: int = 5
    minimum_learning_rate: float = 1e-7
    stopping_metric: str = "accuracy"
    stopping_patience: int = 25
    stopping_delta: float = 0.0
    split_unit: str = "image"
    test_share: float = DESCRIBED_TEST
    validation_share: float = 0.1
    selection: str = "validation"
    checkpoint_metric: str = "accuracy"
    missing_age: str = "impute"
    precision: str = "float32"
    steps_per_execution: int = 1
    devices: int = 1
    deterministic: bool = False
    frozen: bool = False
    augmented_copies: int = 8
    schedule: str = "plateau"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    logit_adjustment: float = 0.0
    batch_norm_momentum: float | None = None
    views: str = "one"
    score_test: bool = False
    lesion_pairs: str = "apart"
    tensorboard: bool = False

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            optional = field.type == float | None
            wanted = optional or field.type in (int, float)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if wanted and not number and not (optional and value is None):
                msg = (
                    f"recipe field {field.name} is {value!r}, expected a number; "
                    "YAML takes 1e-3 for text, write 0.001"
                )
                raise DataError(msg)
        for field, allowed in _ALLOWED.items():
            value = getattr(self, field)
            if value not in allowed:
                known = ", ".join(map(str, allowed))
                msg = f"recipe field {field} is {value!r}, expected one of {known}"
                raise DataError(msg)
        weights = self.class_weights
        if isinstance(weights, str):
            good = weights in ("balanced", "none")
        else:
            good = len(weights) == len(CLASSES)
        if not good:
            msg = f"class_weights is {weights!r}, expected 'balanced', 'none' or seven numbers"
            raise DataError(msg)
        if not 0 <= self.label_smoothing < 1:
            msg = f"recipe field label_smoothing is {self.label_smoothing}, expected 0 to below 1"
            raise DataError(msg)
        for field in _AT_LEAST_ONE:
            if getattr(self, field) < 1:
                msg = f"recipe field {field} is {getattr(self, field)}, expected at least 1"
                raise DataError(msg)

    def replace(self, **fields):
        """Return a copy with some fields replaced.

        Raises
        ------
        DataError
            Naming a field that does not exist.
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

        The identity of a run is made from these, so that a field added to the class
        later, with a default that changes nothing, leaves old runs what they were.
        """
        defaults = Recipe(self.name).to_json()
        return {
            key: value
            for key, value in self.to_json().items()
            if value != defaults[key] and key not in _LOOKS_ON
        }

    def scaling_of(self, backbone):
        """Return the scaling (`skinlib.models.backbones.SCALINGS`) for a backbone's row."""
        if self.scaling in ("signed", "torch"):
            return self.scaling
        if self.scaling == "logged":
            return backbone.logged_scaling
        return backbone.imagenet_scaling

    def pools(self, backbone):
        """Does the head average over positions instead of flattening?"""
        return self.head == "logged-ad" and backbone.pooled_head
