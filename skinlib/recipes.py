"""A recipe holds every knob of a run; the named ones are the paper's arms and the clean protocol.

Two recipes differ in named fields only, and an ablation is a recipe with one field
replaced. Sources: protocol §0-§3 for "as logged", the paper's text (§2.2, §3.1.1)
for "as described".
"""

import dataclasses
import types

from skinlib.classes import CLASSES
from skinlib.errors import DataError

# Ranges of protocol §1.4, the same in text and notebooks.
AUGMENTATION = types.MappingProxyType({"rotation": 180.0, "shift": 0.1, "zoom": 0.1, "flip": True})

# Constants typed in the MD notebooks: the balanced weights of all 10,015 rows, truncated.
LOGGED_MD_WEIGHTS = (4.37, 2.78, 1.3, 12.44, 1.28, 0.21, 10.0)
LOGGED_AD_WEIGHTS = (1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0)

# The text speaks of 857 test images "provided by the HAM10000 data set"; no such set is
# published, so "as described" draws that many at random.
DESCRIBED_TEST = 857 / 10015


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
    scaling : {'imagenet', 'logged', 'signed'}
        ``imagenet``: what the pretrained weights expect; ``logged``: what the MD
        notebook of this backbone applied; ``signed``: x/127.5 - 1 for every
        network, as in the AD notebooks.
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
    stopping_metric : {'loss', 'accuracy'}
    stopping_patience : int
    stopping_delta : float
        Early stopping on the selection part.
    split_unit : {'image', 'lesion', 'leaking', 'sealed'}
    test_share, validation_share : float
    selection : {'validation', 'test'}
        Part that drives schedule, stopping and checkpoint. ``test`` is what the
        authors did: the reported part chose the model.
    checkpoint_metric : {'accuracy', 'loss'}
    missing_age : {'drop', 'impute'}
    precision : {'float32', 'mixed_bfloat16', 'mixed_float16'}
        Of the arithmetic inside the network; weights, softmax and loss stay float32.
    steps_per_execution : int
        Training steps that the backend takes at one go.
    devices : int
        Devices that share each batch (`skinlib.distribution`); 1: an ordinary run.
    deterministic : bool
        Ask the backend for operations that give the same bits every time. On a CPU a
        seed is enough; on a GPU this costs speed.
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

    @classmethod
    def from_json(cls, value):
        """Rebuild a recipe from `to_json`'s dictionary; unknown fields are refused."""
        return get_recipe(value["name"]).replace(**value)

    def essence(self):
        """Return the fields that differ from the defaults of the class.

        The identity of a run is made from these, so that a field added to the class
        later, with a default that changes nothing, leaves old runs what they were.
        """
        defaults = Recipe(self.name).to_json()
        return {key: value for key, value in self.to_json().items() if value != defaults[key]}

    def changes(self):
        """Return ``{field: [named value, value here]}`` for fields that were replaced."""
        named = RECIPES[self.name].to_json()
        mine = self.to_json()
        return {key: [named[key], mine[key]] for key in mine if mine[key] != named[key]}

    def scaling_of(self, backbone):
        """Return the scaling (`skinlib.models.backbones.SCALINGS`) for a backbone's row."""
        if self.scaling == "signed":
            return "signed"
        if self.scaling == "logged":
            return backbone.logged_scaling
        return backbone.imagenet_scaling

    def pools(self, backbone):
        """Does the head average over positions instead of flattening?"""
        return self.head == "logged-ad" and backbone.pooled_head


_ALLOWED = {
    "channel_order": ("rgb", "bgr"),
    "crop": ("centre", "none"),
    "interpolation": ("bilinear", "nearest", "bicubic"),
    "scaling": ("imagenet", "logged", "signed"),
    "attention": ("as_described", "as_coded", "none"),
    "head": ("flatten", "logged-ad"),
    "stopping_metric": ("loss", "accuracy"),
    "checkpoint_metric": ("loss", "accuracy"),
    "split_unit": ("image", "lesion", "leaking", "sealed"),
    "selection": ("validation", "test"),
    "missing_age": ("drop", "impute"),
    "precision": ("float32", "mixed_bfloat16", "mixed_float16"),
    "deterministic": (False, True),
}

_AT_LEAST_ONE = (
    "batch_size", "epochs", "attention_heads", "metadata_units", "steps_per_execution", "devices",
)  # fmt: skip

_MD_DESCRIBED = Recipe("md-as-described")

# Metadata and weighted loss, as the MD notebooks did it (protocol §1.2, §1.3, §2, §3).
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

# The augmentation arm of the text: pictures alone, augmented, plain loss.
_AD_DESCRIBED = dataclasses.replace(
    _MD_DESCRIBED,
    name="ad-as-described",
    metadata=False,
    class_weights="none",
    augmentation=AUGMENTATION,
)

# The augmentation arm of the first AD notebooks: nothing was augmented (protocol §0).
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

# As described, but no lesion on two sides, and the test part chooses nothing.
_CLEAN = dataclasses.replace(
    _MD_DESCRIBED,
    name="clean",
    split_unit="lesion",
    test_share=0.15,
    validation_share=0.15,
)

RECIPES = {
    recipe.name: recipe for recipe in (_MD_LOGGED, _MD_DESCRIBED, _AD_LOGGED, _AD_DESCRIBED, _CLEAN)
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
