"""Which runs the effects of the book are measured on: pairs, single settings, factorial studies."""

import itertools

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.experiments.external import PART
from skinlib.experiments.study import load_study
from skinlib.stats import paired
from skinlib.stats.bootstrap import N_RESAMPLES
from skinlib.stats.factorial import Design
from skinlib.stats.scores import SCORES

NONE, CODED, DESCRIBED = "metadata-weights", "as-coded", "attention-metadata-weights"
# Titles, and two variants of the studies: the first is subtracted from the second.
ATTENTIONS = {
    "described − coded (clean)": (CODED, DESCRIBED),
    "coded − none (clean)": (NONE, CODED),
    "described − none (clean)": (NONE, DESCRIBED),
}
RGB, ATTENTION = "RGB", "attention as described"
SETTINGS = {
    RGB: "rgb",
    ATTENTION: "attention-as-described",
    "batches of 32": "batch-32",
    "ImageNet scaling": "scaling-mirrored",
}
SETTINGS_STUDY, SETTINGS_RECIPE = "as-logged-vs-described", "md-as-logged-frozen"


def together(runs, part="test", change=None):
    """Return the predictions of several runs for the same images.

    The probabilities that are returned may be changed ones: ``change(run, probabilities)``, both
    (n, 7); see `skinlib.stats.prevalence.shifted`.

    Returns
    -------
    labels, lesions : numpy.ndarray
        Class index and lesion id of each image, shape (n,); first and last.
    probabilities : list of numpy.ndarray
        Of each run, shape (n, 7).

    Raises
    ------
    IntegrityError
        If they are not for the same images of the same data. The official test is of no run's data.
    """
    first, *_ = frames = [run.predictions(part) for run in runs]
    for run, frame in zip(runs, frames, strict=True):
        same = part == PART or run.record["data"] == runs[0].record["data"]
        if not same or list(frame["image_id"]) != list(first["image_id"]):
            msg = (
                f"'{run.folder}' and '{runs[0].folder}' have predictions for different images; "
                "train both on one split"
            )
            raise IntegrityError(msg)
    labels, lesions = first["label"].map(CLASSES.index).to_numpy(), first["lesion_id"].to_numpy()
    found = [frame[list(CLASSES)].to_numpy(float) for frame in frames]
    if change:
        found = [change(run, each) for run, each in zip(runs, found, strict=True)]
    return labels, found, lesions


def finished(study, variant, recipe=None, backbone=None):
    """Return the finished runs of a variant of a study, by backbone and seed.

    The variant None is the recipe as it is; recipe and backbone None are all.
    """
    found = {
        (spec.backbone, spec.seed): run
        for spec, run in study.trained()
        if spec.variant == variant
        and recipe in (None, spec.recipe)
        and backbone in (None, spec.backbone)
    }
    return dict(sorted(found.items()))


def finished_pairs(study, first, second, recipe=None):
    """Return the pairs of finished runs of two variants of a study, by backbone and seed."""
    one, other = (finished(study, variant, recipe) for variant in (first, second))
    return {key: (run, other[key]) for key, run in one.items() if key in other}


def contrasts(ways, wanted, *, change=None, n_resamples=N_RESAMPLES):
    """Measure several effects among some ways of training, on the test set; see `together`.

    Parameters
    ----------
    ways : dict of str to dict
        By way, the finished runs by backbone and seed, from `finished`. Only those that all
        ways have are used.
    wanted : dict of str to (str, str)
        By title: the first and the second way.

    Returns
    -------
    dict of str to skinlib.stats.paired.Effect
        By title; empty where no seed has all ways trained.
    """
    seeds = sorted(set.intersection(*map(set, ways.values())))
    if not seeds:
        return {}
    read = [together([runs[seed] for runs in ways.values()], change=change) for seed in seeds]
    found = dict(zip(ways, paired.scored(read, n_resamples=n_resamples), strict=True))
    return {
        title: paired.between(found[one], found[other]) for title, (one, other) in wanted.items()
    }


def attentions(*, change=None, n_resamples=N_RESAMPLES):
    """Return the effects `ATTENTIONS` in the clean recipe, with metadata and class weights."""
    studies = [load_study(name) for name in ("ablation", "attention")]
    ways = {
        variant: {key: run for study in studies for key, run in finished(study, variant).items()}
        for variant in (NONE, CODED, DESCRIBED)
    }
    return contrasts(ways, ATTENTIONS, change=change, n_resamples=n_resamples)


def settings(*, n_resamples=N_RESAMPLES):
    """Return the effects of `SETTINGS`, one at a time, from as logged to as described.

    The test set also chose the epoch, as in the authors' notebooks.
    """
    study = load_study(SETTINGS_STUDY)
    variants = (None, *SETTINGS.values())
    ways = {variant: finished(study, variant, SETTINGS_RECIPE) for variant in variants}
    wanted = {title: (None, variant) for title, variant in SETTINGS.items()}
    return contrasts(ways, wanted, n_resamples=n_resamples)


def factorial(study, names=SCORES, *, change=None, n_resamples=N_RESAMPLES):
    """Score the crossed runs of a study on the test set, of the seeds for which all are finished.

    Parameters
    ----------
    study : skinlib.experiments.study.Study
        With runs whose ``levels`` are ``on`` and ``off``.
    names : sequence of str
        Scores, of `skinlib.stats.scores.SCORES` in their order.
    change : callable, optional
        See `together`.

    Returns
    -------
    skinlib.stats.factorial.Design or None
        None while no seed is complete.
    """
    cells = {}
    for spec, run in study.trained():
        if spec.levels:
            cells.setdefault(spec.seed, {})[tuple(spec.levels.values())] = run
    factors = next((tuple(spec.levels) for spec in study.specs if spec.levels), ())
    wanted = list(itertools.product(("off", "on"), repeat=len(factors)))
    chosen = {
        seed: [found[key] for key in wanted]
        for seed, found in sorted(cells.items())
        if set(wanted) <= set(found)
    }
    if not chosen:
        return None
    read = [together(runs, change=change) for runs in chosen.values()]
    scored = paired.scored(read, names, n_resamples=n_resamples)
    signs = np.array([[1 if level == "on" else -1 for level in key] for key in wanted])
    return Design(factors, tuple(chosen), signs, scored.transpose(2, 1, 0, 3))
