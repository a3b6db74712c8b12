"""What a caller in another language must know of an exported file, as plain values.

The sentences in it are in ``sidecar.json``.
"""

import json
from pathlib import Path

from skinlib.common import NOT_A_DEVICE
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.data.metadata import SEX_SLOTS, SITE_SLOTS
from skinlib.experiments import run
from skinlib.predict.abstention import ANSWERED, UNLIKE, UNSURE

WORDS = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


def licence(classifier):
    """Return ``id`` and ``reason`` of the licence of a model; that of its data for a run."""
    from skinlib.predict.release import LICENCE

    known = classifier.record.get("licence")
    if known:
        return known
    data = classifier.record["data"]["name"]
    if data.startswith("ham10000"):
        return dict(LICENCE)
    return {"id": "unknown", "reason": f"trained on {data}, whose licence holds"}


def describe(classifier, model, format, precision, files, calibrated=False):
    """Return all that a caller needs.

    `model` is from `skinlib.predict.export.graph.servable`; `files` has ``bytes`` and ``sha256`` of
    what was written, by name; `calibrated`: whether it computes in int8.
    """
    record, recipe, rule = classifier.record, classifier.recipe, classifier.rule
    # Hashes of the files that the weights came from.
    weights = {run.WEIGHTS: record.get("weights_sha256")}
    if "files" in record:
        weights = {name: record["files"][name]["sha256"] for name in record["weights"]}
    found = {
        "model": classifier.name,
        "notice": NOT_A_DEVICE,
        "licence": licence(classifier),
        "format": format,
        "precision": precision,
        "files": files,
        "weights_sha256": weights,
        "backbone": record["backbone"],
        "inputs": [_tensor("inputs", *each) for each in model.input.items()],
        "outputs": [_tensor("outputs", *each) for each in model.output.items()],
        "classes": list(CLASSES),
        "class_names": dict(LONG_NAMES),
        "preprocessing": {
            "size": record["input_size"],
            "crop": recipe.crop,
            "interpolation": recipe.interpolation,
            **WORDS["preprocessing"],
        },
        "metadata": encoding(classifier.encoder) if recipe.metadata else None,
        "views": recipe.views,
        "decision": rule and {**rule.decision.to_json(), "rule": WORDS["decision"]},
        "abstention": rule and {
            "confidence": rule.least(),
            "confidence_without": rule.confidence_without,
            "distance": rule.distance if "distance" in model.output else None,
            "rule": WORDS["rule"],
            "words": {"answered": ANSWERED, "unsure": UNSURE, "unlike": UNLIKE},
        },
        "computes_in": "int8" if calibrated else "float32",
    }  # fmt: skip
    if format == "keras":
        found["note"] = WORDS["keras"]
    elif calibrated and "distance" in model.output:
        found["note"] = WORDS["int8"]
    return found


def encoding(encoder):
    """Return how ``metadata`` is made of age, sex and site, position by position."""
    age = {"position": 0, "mean": encoder.age_mean, "std": encoder.age_std, "value": WORDS["age"]}
    return {
        "length": 1 + SEX_SLOTS + SITE_SLOTS,
        "age": age,
        "sex": _one_hot(1, encoder.sexes),
        "site": _one_hot(1 + SEX_SLOTS, encoder.sites),
    }


def _one_hot(start, values):
    """Return the position of each category, of an unknown one, and of all others."""
    positions = {value: start + place for place, value in enumerate(values, start=1)}
    unknown = positions.get("unknown", start)
    return {"unknown": unknown, "other": start, "positions": positions, "value": WORDS["one_hot"]}


def _tensor(kind, name, tensor):
    import keras

    return {
        "name": name,
        "shape": ["n", *tensor.shape[1:]],
        "dtype": keras.backend.standardize_dtype(tensor.dtype),
        **WORDS[kind][name],
    }
