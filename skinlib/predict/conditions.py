"""A run's test photographs under other conditions: fewer views, and facts withheld.

`measure` writes two files beside a finished run, as long as its weights are there:
``conditions.csv``, the probabilities of its test set under each of `CONDITIONS`, and
``conditions.json``, where they come from, with the limits of the likeness to the training set.
A released model that is trained on all photographs gets its rule from those of the folds.
"""

import dataclasses
import json
import shlex

import numpy as np
import pandas as pd
from tqdm import tqdm

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_csv, write_json
from skinlib.data.batches import batches
from skinlib.data.metadata import BLOCKS
from skinlib.experiments import folds
from skinlib.models.prediction import BATCH, d4
from skinlib.predict import ood
from skinlib.predict.runs import load_run, prepare

PROBABILITIES, SOURCE = "conditions.csv", "conditions.json"
# The central square: in its eight turns and mirror images, and once.
TURNS, ONE_VIEW = "turns", "one view"
# In eight turns, with facts withheld: positions in `skinlib.data.metadata.BLOCKS`.
WITHHELD = {
    "without age": (0,),
    "without sex": (1,),
    "without site": (2,),
    "without facts": (0, 1, 2),
}
CONDITIONS = (TURNS, ONE_VIEW, *WITHHELD)


def measure(run, data=None, *, progress=True):
    """Write the two files of a run, and return what `read` returns.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
        Finished, with its weights, of a recipe with metadata.
    data : str or pathlib.Path, optional
        See `skinlib.data.ham10000.locate`.
    progress : bool

    Raises
    ------
    DataError
        The run has no weights, or its recipe takes no facts.
    IntegrityError
        The data or the split are not those of the run.
    """
    classifier = load_run(run.folder)
    if not classifier.recipe.metadata:
        msg = f"run '{run.folder}' takes no facts to withhold; expected a recipe with metadata"
        raise DataError(msg)
    prepared = prepare(classifier, data, progress=progress)
    names = run.predictions("test")["image_id"]
    if list(names) != list(prepared.tables["test"]["image_id"]):
        msg = f"'{run.folder}' has other test photographs than its split; train it again"
        raise IntegrityError(msg)
    title = progress and "test"
    found = probabilities(classifier.model, prepared.parts["test"], prepared.encoder, title)
    frames = [
        pd.DataFrame(values, columns=list(CLASSES)).assign(image_id=names, condition=condition)
        for condition, values in found.items()
    ]
    frame = pd.concat(frames)[["image_id", "condition", *CLASSES]]
    write_csv(run.folder / PROBABILITIES, frame, float_format="%.4g")
    source = {
        "identity": run.record["identity"],
        "weights_sha256": run.record["weights_sha256"],
        "limits": _limits(classifier, prepared, progress),
        "percentile": ood.PERCENTILE,
    }
    write_json(run.folder / SOURCE, source)
    return read(run)


def probabilities(model, part, encoder, progress=None):
    """Return the probabilities of a set by condition, (n, 7) each.

    The backbone sees each view once; what follows the facts is computed for every condition.

    Parameters
    ----------
    model : keras.Model
        From `skinlib.models.classifier.build_classifier`, with metadata.
    part : skinlib.data.batches.Part
    encoder : skinlib.data.metadata.MetadataEncoder
    progress : str, optional
        Title of a progress bar.
    """
    import keras

    inputs = dict(zip((each.name for each in model.inputs), model.inputs, strict=True))
    pooled = model.get_layer("features").input[0]
    body = keras.Model(inputs["image"], pooled)
    head = keras.Model([pooled, inputs["metadata"]], model.output)
    found = {condition: [] for condition in CONDITIONS}
    starts = -(-len(part) // BATCH)
    for given, _ in tqdm(batches(part, BATCH), progress, starts, disable=not progress):
        views = [np.asarray(body.predict_on_batch(view)) for view in d4(given["image"])]
        found[ONE_VIEW].append(_headed(head, views[:1], given["metadata"]))
        for condition in (TURNS, *WITHHELD):
            facts = withheld(given["metadata"], encoder, WITHHELD.get(condition, ()))
            found[condition].append(_headed(head, views, facts))
    return {condition: np.concatenate(values) for condition, values in found.items()}


def _headed(head, views, facts):
    return np.mean([head.predict_on_batch([view, facts]) for view in views], axis=0)


def withheld(facts, encoder, places):
    """Return encoded facts (n, 21) with some of age, sex and site as those of nobody known."""
    facts = facts.copy()
    for place in places:
        facts[:, BLOCKS[place]] = encoder.nothing()[BLOCKS[place]]
    return facts


def _limits(classifier, prepared, progress):
    """Return the limits of the two distances, of the test set in the place of a validation set."""
    seen = {}
    for name in ("train", "test"):
        part, table = prepared.parts[name], prepared.tables[name]
        pictures = part.pixels[part.rows]
        each = classifier.classify(pictures, table, views="one", progress=progress and name)
        seen[name] = each.colours, each.features
    limits = ood.Detector.fit(seen["train"], seen["test"]).limits
    return dict(zip(ood.PARTS, limits.tolist(), strict=True))


@dataclasses.dataclass(frozen=True)
class Conditions:
    """What `measure` found.

    Attributes
    ----------
    probabilities : dict of str to numpy.ndarray
        By condition, in the order of the run's test predictions, (n, 7).
    limits : dict of str to float
        By part of `skinlib.predict.ood`.
    """

    probabilities: dict
    limits: dict


def read(run):
    """Return the `Conditions` of a run.

    Raises
    ------
    DataError
        They were not measured.
    IntegrityError
        They are of other weights, or of other photographs.
    """
    command = f"python -m skinlib conditions {shlex.quote(str(run.folder))}"
    if not (run.folder / SOURCE).is_file() or not (run.folder / PROBABILITIES).is_file():
        msg = f"run '{run.folder}' lacks '{SOURCE}' or '{PROBABILITIES}'; measure them: {command}"
        raise DataError(msg)
    source = json.loads((run.folder / SOURCE).read_text(encoding="utf-8"))
    frame = pd.read_csv(run.folder / PROBABILITIES, dtype={"image_id": str, "condition": str})
    names = run.predictions("test")["image_id"]
    found = dict(iter(frame.groupby("condition", sort=False)))
    same = source["weights_sha256"] == run.record["weights_sha256"] and set(found) == {*CONDITIONS}
    if not same or any(list(rows["image_id"]) != list(names) for rows in found.values()):
        msg = f"'{run.folder / PROBABILITIES}' is of another training; measure it anew: {command}"
        raise IntegrityError(msg)
    values = {each: found[each][list(CLASSES)].to_numpy(float) for each in CONDITIONS}
    return Conditions(values, source["limits"])


def together(runs):
    """Return what `skinlib.experiments.folds.together` does of runs, and their `Conditions`.

    The probabilities are in the order of the former, the limits are means over the runs.
    """
    joined, found = folds.together(runs), [read(run) for run in runs]
    names = np.concatenate([run.predictions("test")["image_id"] for run in runs])
    # Both in ascending order.
    order = np.argsort(names)
    values = {
        condition: np.concatenate([each.probabilities[condition] for each in found])[order]
        for condition in CONDITIONS
    }
    limits = {part: float(np.mean([each.limits[part] for each in found])) for part in ood.PARTS}
    return joined, Conditions(values, limits)
