"""Start a training from the weights of a finished run, at another input size for example.

A network trained on small pictures, and then for fewer epochs on larger ones, sees most of its
epochs at a fraction of the cost. Everything is taken over but arrays whose shape depends on
the input size: the last layer, which is learnt anew.

Source: Howard, Training ImageNet in 3 hours for 25 minutes, 2018 (progressive resizing).
"""

import dataclasses
from pathlib import Path

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.files import hash_of
from skinlib.experiments import run as runs

PREFIX = "run:"
LAST = "probabilities"


@dataclasses.dataclass(frozen=True)
class Start:
    """A finished run to start from.

    Attributes
    ----------
    run : str
        ``<study>/<run>``.
    path : pathlib.Path
        Its kept weights.
    record : dict
        Its run.json.
    """

    run: str
    path: Path
    record: dict

    def provenance(self):
        """Return what run.json says about starting weights."""
        return {
            "source": "run",
            "run": self.run,
            "sha256": self.record["weights_sha256"],
            "input_size": self.record["input_size"],
            "before": self.record["weights"],
        }


def find(backbone, text):
    """Return the run that ``run:<study>/<run>`` names.

    Raises
    ------
    DataError
        There is none, it has not finished, keeps no weights or is of another backbone.
    """
    name = text.removeprefix(PREFIX)
    study, _, run = name.partition("/")
    folder = runs.folder_of(study, run) if run else paths.RESULTS / "runs" / study
    if not run or not (folder / runs.RUN).is_file():
        msg = f"weights '{text}': there is no such run, expected {PREFIX}<study>/<run>"
        raise DataError(msg)
    found = runs.read_run(folder)
    path = folder / "best.weights.h5"
    if not found.finished or not path.is_file():
        msg = (
            f"weights '{text}': the run has not finished or did not keep its weights; train it "
            f"first, `python -m skinlib run {study} {run}`"
        )
        raise DataError(msg)
    if found.record["backbone"] != backbone.name:
        msg = f"weights '{text}' are of {found.record['backbone']}, expected {backbone.name}"
        raise DataError(msg)
    return Start(name, path, found.record)


def check_split(start, split):
    """Refuse a run of another split: it may have been trained on what is test part here.

    Raises
    ------
    DataError
    """
    theirs = start.record["split"]["hash"]
    if theirs != split:
        msg = (
            f"weights '{PREFIX}{start.run}' were trained on the split {theirs}, this run has "
            f"{split}: photographs of one may be tested by the other; use the same unit and seed"
        )
        raise DataError(msg)


def load(model, start):
    """Take over the weights of a run into a freshly built classifier.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.models.classifier.build_classifier`, of the run's backbone and structure.
    start : Start

    Raises
    ------
    DataError
        The run's network has another structure: attention, metadata or head differ.
    skinlib.common.errors.IntegrityError
        See `skinlib.models.weights.check_file`.
    """
    from skinlib.experiments.recipes import from_json
    from skinlib.models.classifier import build_classifier
    from skinlib.models.weights import load_classifier

    record = start.record
    source = build_classifier(
        record["backbone"], from_json(record["recipe"]), size=record["input_size"]
    )
    load_classifier(source, start.path, record["weights_sha256"])
    ours, theirs = [[_kind(layer) for layer in each.layers] for each in (model, source)]
    if ours != theirs:
        msg = (
            f"weights '{PREFIX}{start.run}' are of a network of other layers ({hash_of(theirs)}, "
            f"expected {hash_of(ours)}); attention, metadata, head and augmentation must agree"
        )
        raise DataError(msg)
    for here, there in zip(model.layers, source.layers, strict=True):
        shapes = [[tuple(v.shape) for v in layer.weights] for layer in (here, there)]
        if shapes[0] == shapes[1]:
            here.set_weights(there.get_weights())
        elif here.name != LAST:
            msg = f"weights '{PREFIX}{start.run}': layer '{here.name}' has other shapes, {shapes}"
            raise DataError(msg)


def _kind(layer):
    return [type(layer).__name__, len(layer.weights)]
