"""What the released model's exported files predict, against Keras: every runtime and precision.

Parity is measured on the photographs of the data's folder ``validation``; the cost of storing
less on the official test, with the interval of the paired change over lesions. One view.
"""

import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from skinlib.bench import timing
from skinlib.experiments import external
from skinlib.predict import evaluation, export, released
from skinlib.predict.requests import NOTHING, table
from skinlib.predict.runs import prepare
from skinlib.stats import bootstrap, paired, scores

# Format, precision, and whether int8 is calibrated, that is, computed in too.
VARIANTS = [
    (format, precision, calibrated)
    for precision, calibrated in (("fp32", False), ("fp16", False), ("int8", False), ("int8", True))
    for format in ("onnx", "litert", "openvino")
]
SCORES = ("mean recall", "AUC, macro")
BATCH = 16
FOLDER = "validation"


def measure(*, quick=False):
    """Export the newest released model in every way, and compare with Keras; see `skinlib.bench`.

    The data are those of ``SKINLIB_DATA``, and ``SKINLIB_TEST`` for the official test, where files
    are compared and nothing is chosen.

    Returns
    -------
    dict
        ``model``; ``set`` that is scored; ``photographs``, ``scored`` and ``calibration`` (how many
        pictures); ``keras`` (scores with their interval) and ``exports``: rows of ``format``,
        ``precision``, ``calibrated``, ``bytes`` and ``parity`` by kind of picture; with ``scores``
        where less than float32 is stored.
    """
    from skinlib.predict.export.graph import servable

    classifier = released.load(released.newest())
    test = external.load()
    prepared = prepare(classifier)
    part = evaluation.part_of(classifier, classifier.cached(test), test.table)
    chosen = np.arange(len(part))[: 40 if quick else None]
    labels, lesions = part.labels[chosen], test.table["lesion_id"].to_numpy()[chosen]
    given = {"scored": export.inputs(part, chosen)}
    paths = sorted((Path(prepared.dataset.folder) / FOLDER).glob("*.jpg"))[: 8 if quick else None]
    if paths:
        given["photographs"] = _photographs(classifier, paths)
    count = 8 if quick else export.CALIBRATION
    pictures = export.calibration(prepared.parts["train"], count)
    predict = servable(classifier).predict_on_batch
    exact = {kind: _all(predict, inputs) for kind, inputs in given.items()}
    weights = bootstrap.cluster_weights(lesions)
    scored = scores.scores(weights, labels, exact["scored"]["probabilities"], SCORES)
    found = {
        **timing.machine(), "quick": quick, "model": classifier.record["name"],
        "input_size": classifier.record["input_size"], "photographs": len(paths),
        "set": "official test", "scored": len(chosen), "calibration": count,
        "keras": {
            name: bootstrap.estimate(column).to_json()
            for name, column in zip(SCORES, scored.T, strict=True)
        },
        "exports": [],
    }  # fmt: skip
    variants = VARIANTS[:4:3] if quick else VARIANTS
    for format, precision, calibrated in tqdm(variants, unit="file", disable=None):
        # In float32 nothing is left to score once the probabilities are the same.
        kinds = [kind for kind in given if precision != "fp32" or kind == "photographs"] or given
        size, answers = _exported(
            classifier, format, precision, pictures if calibrated else None,
            {kind: given[kind] for kind in kinds},
        )  # fmt: skip
        row = {"format": format, "precision": precision, "calibrated": calibrated, "bytes": size,
               "parity": {kind: parity(exact[kind], answers[kind]) for kind in kinds}}  # fmt: skip
        if precision != "fp32":
            both = [each["scored"]["probabilities"] for each in (exact, answers)]
            effect = paired.effect([(labels, both, lesions)], SCORES)
            row["scores"] = {
                name: effect.estimate(place).to_json() for place, name in enumerate(SCORES)
            }
        found["exports"].append(row)
    return found


def _photographs(classifier, paths):
    """Return inputs of photographs of patients of whom nothing is known."""
    inputs = {"image": np.stack([classifier.prepare(path) for path in paths])}
    if classifier.recipe.metadata:
        inputs["metadata"] = classifier.encoder.transform(table([NOTHING] * len(paths)))
    return inputs


def _exported(classifier, format, precision, pictures, given):
    """Export once; return its size in bytes, and its outputs by kind of picture."""
    from skinlib.predict.export.running import opened

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model{export.FORMATS[format][1]}"
        made = export.export(classifier, format, path, precision, pictures=pictures)
        run = opened(path, threads=1)
        outputs = {kind: _all(run, inputs) for kind, inputs in given.items()}
    return sum(each["bytes"] for each in made["files"].values()), outputs


def _all(run, inputs):
    """Return the outputs of all pictures, some at a time."""
    found = [
        run({name: values[start : start + BATCH] for name, values in inputs.items()})
        for start in range(0, len(inputs["image"]), BATCH)
    ]
    return {name: np.concatenate([np.asarray(each[name]) for each in found]) for name in found[0]}


def parity(exact, other):
    """Return how far outputs are from those of Keras.

    Parameters
    ----------
    exact, other : dict of str to numpy.ndarray
        ``probabilities`` (n, 7) and perhaps ``attention`` and ``distance``.

    Returns
    -------
    dict
        Largest absolute difference by output, that of ``distance`` as a share of the distance;
        ``mean`` of the probabilities'; ``same`` diagnoses among all ``images``.
    """
    found = {}
    for name, values in exact.items():
        change = np.abs(other[name] - values)
        found[name] = float((change / np.abs(values) if name == "distance" else change).max())
    first, second = (each["probabilities"] for each in (exact, other))
    found["mean"] = float(np.abs(second - first).mean())
    found["same"] = int((first.argmax(axis=1) == second.argmax(axis=1)).sum())
    return {**found, "images": len(first)}
