"""Tables, sentences and the figure of the page on predicting, from the newest released model."""

import pandas as pd

from skinlib import external, model_card, released
from skinlib import release_words as words
from skinlib.data.images import MAX_PHOTOGRAPH
from skinlib.evidence import calibration, subgroup_words
from skinlib.evidence.selective import Selective
from skinlib.figures.evidence import risk_coverage
from skinlib.figures.runs import not_run
from skinlib.inference import LEAST_SIDE

FRAMES = ("predict-metrics", "predict-abstention", "predict-foreign")
TEXTS = (
    "predict-model", "predict-rule", "predict-foreign", "predict-facts", "predict-calibration",
    "predict-float16", "predict-groups", "try-groups", "predict-limits",
)  # fmt: skip
FIGURE = "predict-risk-coverage"
NOT_RELEASED = "not released"


def pages():
    """Return frames, texts and figures by file name.

    Returns
    -------
    frames : dict of str to pandas.DataFrame
    texts : dict of str to str
    drawn : dict of str to matplotlib.figure.Figure
        Without a released model all of them say so.
    """
    folders = released.folders()
    if not folders:
        return (
            {name: pd.DataFrame({"Model": [NOT_RELEASED]}) for name in FRAMES},
            dict.fromkeys(TEXTS, "No model is released yet.\n"),
            {FIGURE: not_run()},
        )
    model = released.read(folders[0])
    run = model_card.run_of(model)
    groups = words.groups_of(run)
    frames = (words.of_metrics(run), words.of_abstention(model), words.of_foreign(model))
    texts = (
        about(model),
        words.rule(model),
        words.foreign(model),
        words.facts(model),
        words.calibrated(model, run),
        words.rounding(model),
        subgroup_words.caution(groups).rstrip(".\n") + f" {subgroup_words.MORE}.\n",
        subgroup_words.short_caution(groups),
        limits(),
    )
    return (
        dict(zip(FRAMES, frames, strict=True)),
        dict(zip(TEXTS, texts, strict=True)),
        {FIGURE: _curves(model, run)},
    )


def about(model):
    """Say which model is released; Markdown."""
    megabytes = sum(entry["bytes"] for entry in model["files"].values()) / 1e6
    made = model["run"]
    return (
        f"The released model is `{model['name']}`: {model['backbone']} at {model['input_size']} "
        f"pixels, recipe *{model['recipe']['name']}*, {megabytes:.1f} MB, of the run "
        f"`{made['study']}/{made['run']}` ({made['identity']}), trained on {made['data']['name']}. "
        "What it is worth stands in its card, "
        f"`models/{model['name']}/README.md`, and below.\n"
    )


def limits():
    """Say how large and how small a photograph may be; Markdown."""
    return (
        f"At most {MAX_PHOTOGRAPH / 1e6:.0f} megapixels are read, and no side may have fewer than "
        f"{LEAST_SIDE} pixels.\n"
    )


def _curves(model, run):
    """Draw risk against coverage of each part by confidence alone, and the rule's coverage."""
    curves = {}
    for part, title in words.parts(run).items():
        labels, plain, _ = run.arrays(part)
        scaled = calibration.calibrated(plain, model["temperature"])
        curves[title] = Selective(labels, scaled).curve()
    measured = model["abstention"]["measured"]
    part = "test" if "test" in measured else external.PART
    return risk_coverage(curves, measured[part]["coverage"][0])
