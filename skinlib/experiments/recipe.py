"""A recipe holds every setting of a run; `skinlib.experiments.recipes` has the named ones."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from skinlib.common.errors import DataError
from skinlib.experiments.fields import check, check_together

# The paper names 857 test images "provided by the HAM10000 data set"; no such set is published, so
# "as described" takes that many at random.
DESCRIBED_TEST = 857 / 10015

# Fields that do not affect results.
_WITHOUT_EFFECT = ("tensorboard",)
Score = Literal["loss", "accuracy", "mean_recall"]
SplitUnit = Literal[
    "image", "lesion", "leaking", "sealed", "leaking_matched", "sealed_matched", "fold"
]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Every setting of a run except backbone, data, input size, weights and seed.

    Attributes
    ----------
    name : str
        Name of the recipe this one started from.
    channel_order, crop, interpolation, picture
        Of the pixels; see `skinlib.data.pixels.resize`. The picture is what is done to a photograph
        before it is cut; see `skinlib.data.pixels.changed`.
    scaling
        ``imagenet``: what the pretrained weights expect; ``logged``: what the MD notebook of this
        backbone applied; ``signed``: x/127.5 - 1, as in the AD notebooks; ``torch``: minus the mean
        of ImageNet, over its standard deviation.
    mask_path, outlines
        Whether the mask of the lesion is an input (`skinlib.data.masks.grids`), and whose masks are
        used: the given ones, or those of a U-Net that was trained on those of the training set,
        which it outlines better than other photographs (`skinlib.training.outlines`).
    attention, attention_heads
        Variant of `skinlib.models.attention.SoftAttention`, and its number of maps.
    tap, first_relu
        Where the backbone is cut (`skinlib.models.backbones.Backbone`), as in the notebooks or as
        in the text, and whether a ReLU follows, with which the paper's figure 7 begins.
    dropout, dropblock, spectral
        Shares that are dropped, of single numbers, and of the tapped tensor in blocks; whether
        there is a path through a trainable cosine transform of it (`skinlib.models.blocks`).
    metadata, metadata_units, metadata_layers
        Whether there is a metadata branch, its width, and its layers: ``one`` dense layer with
        ReLU; ``two`` with batch normalisation, ReLU and a dropout of 0.4 (Gessert et al. 2020).
    head
        ``logged-ad``: average pooling for the ResNets, Flatten for the others. ``average``: average
        pooling for all, so that the network has the same weights at every input size.
    learner
        A network, or a classifier of scikit-learn on the features of a pretrained one
        (`skinlib.training.learners`), for which the fields of the training have no effect.
    augmentation : dict, str or None
        Arguments of `skinlib.models.augment.RandomAffine`, ``randaugment`` or ``cutout``.
    crops : dict or None
        Arguments of `skinlib.data.augmented.crop`: random parts of whole pictures, turned and in
        changed colours, instead of the same square of each.
    facts_dropped, missing_facts : float
        Share of the training images whose facts are unknown (`skinlib.data.augmented`); probability
        that age, sex or site is hidden, each by itself.
    sampling
        Which training images an epoch takes: ``all`` once; ``balanced``: as many draws, every class
        as often; ``melanoma_nevus``: those of these two classes once.
    mix
        How pictures, or features, of a batch are mixed with others (`skinlib.training.mixing`).
    class_weights : str or tuple of float
        ``balanced`` (from the training labels), ``none``, or seven numbers.
    weight_power, cumulative
        Exponent of the class weights, whose mean over the images stays 1. Cumulative: it grows from
        0 in the first epoch to this in the last, with the square of the epoch (Yao et al. 2021).
    focal, loss_cap : float
        γ of the focal factor (1 - p)^γ, and the probability β of the true class below which the
        loss of an image grows no more (Yao et al. 2021); 0 is none.
    label_smoothing, logit_adjustment : float
        Share of the target spread evenly over the classes; weight τ of the log class shares that
        the loss adds to the logits (Menon et al. 2021), so that the network predicts as if all
        classes were equally frequent.
    teachers, relations
        Finished runs on the same split, ``<study>/<run>``, whose mean prediction for the training
        set is learned beside the labels (`skinlib.training.distillation`); ``{seed}`` in a name is
        the seed of the training. Weight of the loss that keeps the relations between the images of
        a batch as the teachers see them.
    learning_rate, epsilon, weight_decay, batch_size, epochs
        Of Adam, or AdamW where there is a weight decay; images in a step, and epochs at most.
    schedule
        ``plateau``: the learning rate is multiplied by `plateau_factor` (None: never) after
        `plateau_patience` epochs without a lower validation loss; ``cosine``: it falls to
        `minimum_learning_rate` over `epochs`, in a step an epoch, after `warmup` epochs in which it
        rises evenly.
    ema : float
        Momentum of the exponential moving average of the weights (`skinlib.training.averaging`),
        which replaces those of the last epoch; 0 for none.
    batch_norm_momentum : float or None
        Of batch normalisation; None leaves each network's own. MobileNetV2's 0.999 averages over
        more steps than a short training has.
    frozen, augmented_copies
        Train only what is above the backbone's ``frozen_layer``, on features that are computed
        once, for so many augmented copies of the training set (`skinlib.models.frozen`).
    still_layer : str
        Last layer of the backbone, by its name in a fresh session, up to which weights and batch
        statistics stay as they were; empty: all of it is trained. Unlike with `frozen` the
        features are computed in every step, of new pictures.
    split_unit, fold, test_share, validation_share
        See `skinlib.data.splits.make_split`; there are 1 / `test_share` folds.
    lesion_pairs
        Whether two ids of one lesion (`skinlib.data.splits.same_lesion`) count as one.
    selection
        Set that drives schedule, stopping and checkpoint. ``test`` is what the authors did: the
        reported images chose the model. ``none``: a fixed number of epochs, nothing is chosen.
    stopping_metric, stopping_patience, stopping_delta, checkpoint_metric
        Early stopping on the selection set. Epoch whose weights are kept: the best by a score of
        that set, or the last.
    missing_age
        Images of unknown age are dropped, or their age is imputed by the mean.
    views
        Pictures that a final prediction averages over: the one; its eight turns and mirror images;
        or, as ``crops``, those of the squares at both ends and in the centre of the photograph.
    score_test : bool
        Score the test set after every epoch too; it has no effect on the training.
    precision
        Of the arithmetic inside the network; weights, softmax and loss stay float32.
    steps_per_execution, devices : int
        Training steps that the backend takes at once, and devices that share each batch
        (`skinlib.training.network.on_devices`).
    deterministic, tensorboard : bool
        Use operations that give the same bits every time: slower on a GPU, needless on a CPU. Write
        event files for TensorBoard into the run directory (`skinlib.training.tracking`).
    """

    name: str
    channel_order: Literal["rgb", "bgr"] = "rgb"
    crop: Literal["centre", "none"] = "centre"
    interpolation: Literal["bilinear", "nearest", "bicubic"] = "bilinear"
    scaling: Literal["imagenet", "logged", "signed", "torch"] = "imagenet"
    attention: Literal["as_described", "as_coded", "as_written", "none"] = "as_described"
    attention_heads: int = 16
    dropout: float = 0.5
    metadata: bool = True
    metadata_units: int = 4096
    head: Literal["flatten", "logged-ad", "average"] = "flatten"
    class_weights: str | tuple[float, ...] = "balanced"
    augmentation: dict | str | None = None
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
    selection: Literal["validation", "test", "none"] = "validation"
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
    views: Literal["one", "d4", "crops"] = "one"
    score_test: bool = False
    lesion_pairs: Literal["apart", "joined"] = "apart"
    tap: Literal["as_coded", "as_described", "coded_34"] = "as_coded"
    first_relu: bool = False
    weight_power: float = 1.0
    cumulative: bool = False
    focal: float = 0.0
    loss_cap: float = 0.0
    sampling: Literal["all", "balanced", "melanoma_nevus"] = "all"
    mix: Literal["none", "mixup", "cutmix"] = "none"
    missing_facts: float = 0.0
    metadata_layers: Literal["one", "two"] = "one"
    dropblock: float = 0.0
    spectral: bool = False
    picture: Literal["plain", "equalised", "padded", "lesion", "no_background"] = "plain"
    mask_path: bool = False
    teachers: tuple[str, ...] = ()
    learner: Literal["network", "random_forest", "gradient_boosting", "svm"] = "network"
    tensorboard: bool = False
    crops: dict | None = None
    facts_dropped: float = 0.0
    fold: int = 0
    warmup: int = 0
    ema: float = 0.0
    still_layer: str = ""
    outlines: Literal["given", "unet"] = "given"
    relations: float = 0.0

    def __post_init__(self):
        for field in dataclasses.fields(self):
            check(field.name, getattr(self, field.name), field.type)
        check_together(self)

    @property
    def folds(self):
        """Number of folds of the split unit ``fold``."""
        return round(1 / self.test_share) if self.test_share else 0

    def replace(self, **fields):
        """Return a copy with some fields replaced.

        Raises
        ------
        DataError
            Naming a field that does not exist, or a value that is impossible.
        """
        known = sorted(vars(self))
        if unknown := sorted(set(fields) - set(known)):
            msg = f"recipe has no field {', '.join(unknown)}; it has {', '.join(known)}"
            raise DataError(msg)
        for name in ("class_weights", "teachers"):
            if isinstance(fields.get(name), list):
                fields[name] = tuple(fields[name])
        return dataclasses.replace(self, **fields)

    def to_json(self):
        """Return all fields as plain values, for run.json."""
        return {
            name: dict(value) if isinstance(value, Mapping) else value
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
