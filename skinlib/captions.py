"""Captions with numbers or names in them: of what was logged, and of what a study trained."""

import statistics

import numpy as np

from skinlib import paper
from skinlib.models.backbones import get_backbone
from skinlib.studies import load_study
from skinlib.tables import NOT_RUN

SEEDS = (
    "mean over the seeds with 95 % interval from a bootstrap over lesions, small dots the single "
    "seeds"
)
# Captions of figures, by the study that they show.
SHOWN = {
    "leakage": f"What having seen other photographs of the lesions changes: {SEEDS}.",
    "ablation": "What turning each of the four on does, averaged over all combinations of the "
    "others, with 95 % interval.",
    "as-logged-vs-described": f"One field changed from as logged to as described: {SEEDS}.",
}

METRICS = {"f1": "F1 score", "recall": "Recall"}


def images(trainings, unit="images"):
    """Say on how many images trainings were tested; those that differ by name.

    Parameters
    ----------
    trainings : dict of str to skinlib.paper.Logged
        By the name that the sentence gives them.
    unit : str

    Returns
    -------
    str
        ``996 images; 1,494 for ResNet152 MD``, for example.
    """
    counts = {name: run.test_images for name, run in trainings.items()}
    common = statistics.mode(counts.values())
    others = {}
    for name, count in counts.items():
        if count != common:
            others.setdefault(count, []).append(name)
    parts = [f"{common:,} {unit}"]
    parts += [f"{count:,} for {', '.join(names)}" for count, names in others.items()]
    return "; ".join(parts)


def bars(number, metric, backbone):
    """Return the caption of one of the paper's figures 10 to 13."""
    augmented, metadata = (paper.behind(f"{backbone} {arm}") for arm in ("AD", "MD"))
    return (
        f"Paper's Figure {number}. {METRICS[metric]} by class, {backbone}: augmented-data arm "
        f"({augmented.test_images:,} test photographs) beside metadata arm "
        f"({metadata.test_images:,}); bars as printed, diamonds as logged.\n"
    )


def curves(names):
    """Return the caption of the authors' learning curves.

    Parameters
    ----------
    names : sequence of str
        Keys of `skinlib.paper.logged`.
    """
    shown = images({name: paper.logged_run(name) for name in names}, "held-out photographs")
    return (
        "The authors' learning curves: accuracy on the training photographs and on the held-out "
        "ones, which are those reported. Dot: the epoch that was kept because it was the best on "
        "them; square: the epoch of the lowest held-out loss; bar: the mean of the last ten. "
        f"Source: saved output of the notebooks ({shown}).\n"
    )


def confusion(number):
    """Return the caption of a confusion matrix of the journal version beside the logged one.

    Parameters
    ----------
    number : {'10', '11'}
        Of the figure there.
    """
    run = paper.confusion()["journal"][number]["run"]
    logged = int(np.sum(paper.confusion()["logged"][run]))
    return (
        f"{run.partition(' ')[0]}, September 2022, {logged:,} photographs: as printed in Figure "
        f"{number} of the journal version, and as logged.\n"
    )


def studies():
    """Return the captions of `SHOWN` by file name."""
    return {f"caption-{name}": f"{lead} {study(name)}" for name, lead in SHOWN.items()}


def study(name):
    """Say what the finished runs of a study are, for the captions of what they gave.

    Parameters
    ----------
    name : str

    Returns
    -------
    str
        ``MobileNetV2, recipe *clean-frozen* (up to `block_12_add` as ImageNet left it), 96
        pixels, …``, for example.
    """
    records = [run.record for run in load_study(name).finished()]
    if not records:
        return f"{NOT_RUN.capitalize()}.\n"
    recipes = list(dict.fromkeys(map(_recipe, records)))
    sizes = sorted({record["input_size"] for record in records})
    return (
        f"{_distinct(record['backbone'] for record in records)}, recipe{'s' * (len(recipes) > 1)} "
        f"{', '.join(recipes)}, {', '.join(map(str, sizes))} pixels, "
        f"*{_distinct(record['data']['name'] for record in records)}*. Source: `predictions.csv` "
        f"of the study `{name}`.\n"
    )


def _distinct(names):
    return ", ".join(dict.fromkeys(names))


def _recipe(record):
    name = f"*{record['recipe']['name']}*"
    if not record["recipe"].get("frozen"):
        return name
    layer = get_backbone(record["backbone"]).frozen_layer
    return f"{name} (up to `{layer}` as ImageNet left it)"
