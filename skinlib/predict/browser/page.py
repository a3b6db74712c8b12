"""What the page says and is held to: sentences and limits for its scripts, from the same code."""

from pathlib import Path

import numpy as np

from skinlib.common.classes import LONG_NAMES
from skinlib.data import painter, synthetic
from skinlib.data.images import MAX_PHOTOGRAPH, OTHERS
from skinlib.experiments import external
from skinlib.predict import abstention, answers, release_words
from skinlib.predict.cases import Case, table
from skinlib.predict.inference import LEAST_SIDE
from skinlib.predict.predicting import facts_note
from skinlib.predict.release_words import PARTS

MODEL = "model.onnx"
# A byte a pixel is more than a camera's JPEG takes.
MAX_BYTES = MAX_PHOTOGRAPH
# Byte for byte as characters: the scripts match the same expressions.
KINDS = {kind: begins.decode("latin-1") for kind, begins in OTHERS.items()}
# The strength of the attention over a picture, per cent, as `answers.lay_over` has it.
OPACITY = round(100 * answers.STRENGTH)
KEYS = {
    "answered": abstention.ANSWERED,
    "unsure": abstention.UNSURE,
    "unlike": abstention.UNLIKE,
}
MEANINGS = {
    "answered": "The model is sure enough, and the picture is like those it was trained on. It can "
    "be wrong all the same, see below.",
    "unsure": "Whoever uses a model should know when not to. The probabilities below are for "
    "looking at, not an answer.",
    "unlike": "In its colours, or in what the network makes of it, the picture is farther from the "
    "training pictures than nearly all the model was tried on. It was trained on photographs taken "
    "with a dermatoscope. The probabilities below mean nothing then.",
}
WHOSE = {"test": "its", external.PART: "the"}
# Lesions of the synthetic set that are offered as samples.
SAMPLES, SEED, LESIONS = ("nv", "mel", "bkl", "vasc"), 0, 63
SAMPLE_SIZE = (400, 300)


def samples():
    """Draw the pictures that the page offers.

    Yields
    ------
    entry : dict
        ``file``, ``title``, ``age``, ``sex`` and ``site``.
    picture : numpy.ndarray
        Shape (300, 400, 3), uint8.
    """
    patients = synthetic.metadata(LESIONS, SEED)
    for name in SAMPLES:
        row = patients[(patients["dx"] == name) & patients["age"].notna()].iloc[0]
        entry = {
            "file": f"sample-{name}.png",
            "title": f"{LONG_NAMES[name]}, drawn",
            "age": row["age"],
            "sex": row["sex"],
            "site": row["localization"],
        }
        lesion = int(row["lesion_id"][4:])
        yield entry, painter.photograph(name, lesion, 0, SEED, *SAMPLE_SIZE)


def check(classifier):
    """Say what the model makes of a made-up picture, for a browser to compare itself with.

    Byte k of the picture is 37 k modulo 256.

    Returns
    -------
    dict
        ``facts`` about the patient; ``probabilities`` of one view, calibrated, shape (7,);
        ``distance``.
    """
    size = classifier.record["input_size"]
    picture = (37 * np.arange(size * size * 3) % 256).astype(np.uint8).reshape(1, size, size, 3)
    facts = {"age": 60.0, "sex": "female", "site": "back"}
    case = Case(Path("made-up"), "made-up", **facts)
    found = classifier.ask(picture, table([case]), views="one")
    return {
        "facts": facts,
        "probabilities": found.probabilities[0].tolist(),
        "distance": float(found.distances[0]),
    }


def describe(model, drawn, checked, sizes):
    """Return what the scripts of the page need besides the sidecar, for JSON.

    Parameters
    ----------
    model : dict
        ``model.json``.
    drawn : list of dict
        From `samples`.
    checked : dict
        From `check`.
    sizes : dict of str to int
        See `sizes_note`.
    """
    import matplotlib as mpl

    from skinlib.plots.photographs import ATTENTION_MAP

    colours = mpl.colormaps[ATTENTION_MAP](np.arange(256), bytes=True)[:, :3]
    return {
        "model": MODEL,
        "sidecar": f"{MODEL}.json",
        "limits": {"side": LEAST_SIDE, "pixels": MAX_PHOTOGRAPH, "bytes": MAX_BYTES},
        "others": KINDS,
        "sentences": {key: answers.SENTENCES[status] for key, status in KEYS.items()},
        "least": {"from": answers.FROM, "never": answers.NEVER, "without": answers.WITHOUT},
        "meanings": MEANINGS,
        "words": {
            "calibration": calibration_note(model),
            "facts": facts_note(model),
            "loading": f"Loading the runtime and the model, up to {largest(sizes):.0f} MB …",
            "odd": "The file has {odd}, which browsers turn into plain colours in their own way: "
            "`python -m skinlib predict` can say something a little different.",
            "square": "The network sees the bright square.",
            "speed": "On this device one view takes {view} ms and an answer, made of eight views, "
            "{answer} ms (medians; answers: {answers}; {backend}).",
        },
        "opacity": OPACITY,
        "colours": colours.tolist(),
        "samples": drawn,
        "check": checked,
    }


def calibration_note(model):
    """Say how often the answers of a model are wrong, as measured."""
    measured = [
        f"{release_words.share(found['risk'])} on {WHOSE[part]} {PARTS[part]}"
        for part, found in model["abstention"]["measured"].items()
        if found["risk"] is not None
    ]
    line = "The probabilities are calibrated on the validation part of the data."
    if measured:
        line += f" Of the answers given, these shares are wrong: {', '.join(measured)}."
    return line


def largest(sizes):
    """Return the megabytes that a browser loads at most."""
    return (sizes["model"] + max(sizes["webgpu"], sizes["wasm"])) / 1e6


def sizes_note(sizes):
    """Say what a reader loads.

    Parameters
    ----------
    sizes : dict of str to int
        Bytes of the ``model``, and of the runtime with ``webgpu`` and with ``wasm`` alone.
    """
    megabytes = {name: f"{count / 1e6:.1f} MB" for name, count in sizes.items()}
    return (
        f"With the first picture the page loads the model ({megabytes['model']}) and ONNX Runtime: "
        f"{megabytes['webgpu']} in a browser that has WebGPU and a device for it, "
        f"{megabytes['wasm']} in any other. After that it needs no network at all."
    )
