"""Where the weights come from that a training starts with: a download, a file, a finished run."""

import contextlib
import dataclasses
import itertools
import os
import re
from pathlib import Path

from skinlib.common.errors import DataError, IntegrityError, TemporaryError
from skinlib.models.weights import check_file, load_classifier

# Prefix of a finished run that a training starts from, ``run:<study>/<run>``.
RUN_PREFIX = "run:"


@contextlib.contextmanager
def downloading(backbone):
    """Turn a failed download of ImageNet weights inside the block into an error with a remedy."""
    remedy = (
        "try again; or bring this file here from another machine and name it by --weights FILE, or "
        "set SKINLIB_WEIGHTS to its folder; or start from random ones by --weights none"
    )
    try:
        yield
    # keras.utils.get_file raises a bare Exception for a network that fails.
    except Exception as error:
        if "URL fetch failure" in str(error):
            msg = f"cannot download the ImageNet weights of {backbone.name} ({error}); {remedy}"
            raise TemporaryError(msg) from error
        if "corrupted file" in str(error):
            msg = f"the ImageNet weights of {backbone.name} came wrong ({error}); {remedy}"
            raise IntegrityError(msg) from error
        raise


@dataclasses.dataclass(frozen=True)
class Start:
    """A finished run to start from, on smaller pictures for example.

    Most epochs then cost a fraction (Howard, Training ImageNet in 3 hours for 25 minutes, 2018).
    `skinlib.experiments.records.starting_weights` finds one.
    """

    run: str  # <study>/<run>
    path: Path  # of its kept weights
    record: dict  # its run.json
    recipe: object  # skinlib.experiments.recipe.Recipe

    def provenance(self):
        """Return what run.json records about starting weights."""
        return {
            "source": "run",
            "run": self.run,
            "sha256": self.record["weights_sha256"],
            "input_size": self.record["input_size"],
            "before": self.record["weights"],
        }

    def check_split(self, split):
        """Refuse a run of another split (by hash): it may have been trained on test images."""
        theirs = self.record["split"]["hash"]
        if theirs != split:
            msg = (
                f"weights '{RUN_PREFIX}{self.run}' were trained on the split {theirs}, this run "
                f"has {split}: photographs of one may be tested by the other; use the same unit "
                "and seed"
            )
            raise DataError(msg)

    def transfer(self, source, model):
        """Load this run's weights into `source`, its network, and copy them into `model`.

        Both must have the same layers (else `DataError`); the last one may differ in shape, and
        is then left as it is.
        """
        load_classifier(source, self.path, self.record["weights_sha256"])
        for here, there in itertools.zip_longest(model.layers, source.layers):
            ours, theirs = _shape(here), _shape(there)
            if ours == theirs:
                here.set_weights(there.get_weights())
            elif not here or not there or here.name != "probabilities":
                msg = (
                    f"weights '{RUN_PREFIX}{self.run}' are of a network of other layers: {theirs}, "
                    f"expected {ours}; attention, metadata, head and augmentation must agree"
                )
                raise DataError(msg)


def _shape(layer):
    """Return the kind of a layer and the shapes of its weights as text; "nothing" for None."""
    if layer is None:
        return "nothing"
    return f"{type(layer).__name__} {[tuple(weight.shape) for weight in layer.weights]}"


def resolve(backbone, weights):
    """Return where the starting weights of a backbone come from: None, 'imagenet' or a path.

    `weights` is one of these or ``none``. ``imagenet`` becomes a file when the folder
    ``SKINLIB_WEIGHTS`` has one for this backbone, under the name that Keras publishes it by or as
    ``mobilenet_v2_imagenet_notop.weights.h5``: for machines without a network. VGG16 starts from
    scratch: it has no ImageNet weights, and a file for it is a `DataError`, as is a folder that is
    not there or has several files for one backbone.
    """
    if weights in (None, "", "none") or (weights == "imagenet" and not backbone.pretrained):
        return None
    if not backbone.pretrained:
        msg = f"{backbone.name} is trained from scratch; expected no weights, received '{weights}'"
        raise DataError(msg)
    if weights != "imagenet":
        return Path(weights)
    if not (folder := os.environ.get("SKINLIB_WEIGHTS")):
        return "imagenet"
    if not Path(folder).is_dir():
        msg = f"SKINLIB_WEIGHTS is '{folder}', which is no folder; set it to one, or unset it"
        raise DataError(msg)
    name = backbone.name.lower()
    wanted = re.compile(
        # mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5,
        # mobilenet_1_0_224_tf_no_top.h5, weights_mobilenet_v3_small_224_1.0_float_no_top_v2.h5
        rf"(weights)?{name}(weightstfdimorderingtfkernels)?(imagenet)?(10\d{{2,3}}|\d{{2,3}}10)?"
        r"(tf|float)?notop(v2)?(weights)?h5"
    )
    plain = {path: re.sub("[^a-z0-9]", "", path.name.lower()) for path in Path(folder).glob("*.h5")}
    found = sorted(path for path, name in plain.items() if wanted.fullmatch(name))
    if len(found) > 1:
        msg = (
            f"SKINLIB_WEIGHTS, '{folder}', has several files for {backbone.name}: "
            f"{', '.join(path.name for path in found)}; keep one there, or name it by --weights"
        )
        raise DataError(msg)
    return found[0] if found else "imagenet"


def provenance(backbone, weights):
    """Return what run.json records about starting weights, after checking the file."""
    if weights is None:
        return {"source": "none"}
    if isinstance(weights, Start):
        return weights.provenance()
    if weights == "imagenet":
        return {"source": "imagenet", "origin": f"keras.applications.{backbone.name}"}
    return {"source": "file", "file": weights.name, "sha256": check_file(weights)}
