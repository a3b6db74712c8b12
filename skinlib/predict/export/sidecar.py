"""What a caller in another language must know of an exported file, as plain values."""

from skinlib.common import NOT_A_DEVICE
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.data.metadata import SEX_SLOTS, SITE_SLOTS
from skinlib.experiments import run
from skinlib.predict.abstention import ANSWERED, UNLIKE, UNSURE

KERAS_NOTE = (
    "Keras opens it once skinlib.predict.export.layers is imported, which registers the layers of "
    "the package 'skinlib'; skinlib itself never opens such files, which can hold code."
)
INT8_NOTE = (
    "Computed in int8 the distance may be far from that of the model; do not decide by it which "
    "pictures to answer."
)
MEANINGS = {
    "image": "the square of a photograph, see preprocessing; pixels as they are, no scaling",
    "metadata": "age, sex and site, see metadata",
    "probabilities": "of one view, in the order of classes, before the temperature",
    "attention": "mean of the attention maps at the tap, row by row from the upper left",
    "distance": "how unlike the training pictures, in units of its limit",
}
RANGES = {
    "image": [0, 255],
    "metadata": None,
    "probabilities": [0, 1],
    "attention": [0, 1],
    "distance": [0, None],
}


def properties(classifier, precision):
    """Return what is written into files that hold words: names and notices.

    Returns
    -------
    dict of str to str
    """
    import json

    return {
        "model": name_of(classifier),
        "precision": precision,
        "notice": NOT_A_DEVICE,
        "licence": licence(classifier)["id"],
        "classes": json.dumps(list(CLASSES)),
        "class_names": json.dumps([LONG_NAMES[name] for name in CLASSES]),
    }


def name_of(classifier):
    """Return the name of a released model, or study and name of a run."""
    record = classifier.record
    return record.get("name") or f"{record['study']}/{record['run']}"


def licence(classifier):
    """Return ``id`` and ``reason`` of the licence of a model.

    A run has the one of a released model: where it was trained on other data, that of its data
    is another, which only its maker knows.
    """
    from skinlib.predict.release import LICENCE

    known = classifier.record.get("licence")
    if known:
        return known
    data = classifier.record["data"]["name"]
    if data.startswith("ham10000"):
        return dict(LICENCE)
    return {"id": "unknown", "reason": f"trained on {data}, whose licence holds"}


def describe(classifier, model, format, precision, files):
    """Return all that a caller needs.

    Parameters
    ----------
    classifier : skinlib.predict.model.Classifier
    model : keras.Model
        From `skinlib.predict.export.graph.servable`.
    format, precision : str
    files : dict of str to dict
        ``bytes`` and ``sha256`` of what was written, by name.

    Returns
    -------
    dict
        Plain values, written beside the file as JSON.
    """
    record, recipe = classifier.record, classifier.recipe
    found = {
        "model": name_of(classifier),
        "notice": NOT_A_DEVICE,
        "licence": licence(classifier),
        "format": format,
        "precision": precision,
        "files": files,
        "weights_sha256": _weights(record),
        "backbone": record["backbone"],
        "inputs": [_tensor(name, each) for name, each in model.input.items()],
        "outputs": [_tensor(name, each) for name, each in model.output.items()],
        "classes": list(CLASSES),
        "class_names": dict(LONG_NAMES),
        "preprocessing": {
            "size": record["input_size"],
            "channels": "rgb",
            "crop": recipe.crop,
            "interpolation": recipe.interpolation,
            "before": SQUARE,
            "in_graph": "everything after it: scaling, and the order of channels of the training",
        },
        "metadata": encoding(classifier.encoder) if recipe.metadata else None,
        "views": recipe.views,
        "temperature": None,
        "abstention": None,
    }
    if classifier.rule is not None:
        rule = classifier.rule
        found["temperature"] = rule.temperature
        found["abstention"] = {
            "confidence": rule.confidence,
            "confidence_without": rule.confidence_without,
            "distance": rule.distance if "distance" in model.output else None,
            "rule": HOW,
            "words": {"answered": ANSWERED, "unsure": UNSURE, "unlike": UNLIKE},
        }
    if format == "keras":
        found["note"] = KERAS_NOTE
    return found


SQUARE = (
    "Turn the photograph upright as its EXIF orientation says, make it RGB, then resize it to "
    "size x size in one step: the largest square in its middle where crop is centre, the whole of "
    "it where crop is none. The filter widens as the picture shrinks, but for nearest, and takes "
    "in pixels beyond the edge of the square, as Pillow's resize does with box."
)
HOW = (
    "Average the probabilities over the views (d4: turned by 0, 90, 180 and 270 degrees, as it is "
    "and mirrored; one: as it is); divide their logarithms by temperature and take "
    "the softmax; answer with the largest if it is at least confidence (confidence_without where "
    "age, sex or site is not known) and distance, of the picture as it is, is at most that of the "
    "rule. confidence null: never answer."
)


def encoding(encoder):
    """Return how ``metadata`` is made of age, sex and site, position by position."""
    return {
        "length": 1 + SEX_SLOTS + SITE_SLOTS,
        "age": {
            "position": 0,
            "mean": encoder.age_mean,
            "std": encoder.age_std,
            "value": "(years - mean) / std; 0 where the age is not known",
        },
        "sex": _one_hot(1, encoder.sexes),
        "site": _one_hot(1 + SEX_SLOTS, encoder.sites),
    }


def _one_hot(start, values):
    """Return the position of each category, of none that is known, and of all others."""
    positions = {value: start + place for place, value in enumerate(values, start=1)}
    return {
        "unknown": positions.get("unknown", start),
        "other": start,
        "positions": positions,
        "value": "1 at one position, 0 at the rest: where it is not known at the one of unknown, "
        "for a value that is not among positions at the one of other",
    }


def _weights(record):
    """Return the hashes of the files that the weights came from, by name."""
    if "files" in record:
        return {name: record["files"][name]["sha256"] for name in record["weights"]}
    return {run.WEIGHTS: record["weights_sha256"]}


def _tensor(name, tensor):
    import keras

    return {
        "name": name,
        "shape": ["n", *tensor.shape[1:]],
        "dtype": keras.backend.standardize_dtype(tensor.dtype),
        "range": RANGES[name],
        "meaning": MEANINGS[name],
    }
