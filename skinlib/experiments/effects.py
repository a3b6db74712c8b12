"""Which runs the effects of the book are measured on: pairs, single settings, factorial studies."""

import itertools

import numpy as np

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.experiments.study import load_study
from skinlib.stats import paired
from skinlib.stats.bootstrap import N_RESAMPLES, joint_weights
from skinlib.stats.factorial import Design
from skinlib.stats.scores import SCORES, scores

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


def together(runs, part="test"):
    """Return the predictions of several runs for the same images.

    Parameters
    ----------
    runs : sequence of skinlib.experiments.run.Run
    part : str

    Returns
    -------
    labels, lesions : numpy.ndarray
        Class index and lesion id of each image, shape (n,).
    probabilities : list of numpy.ndarray
        Of each run, shape (n, 7).

    Raises
    ------
    IntegrityError
        If they are not for the same images of the same data.
    """
    frames = [run.predictions(part) for run in runs]
    for run, frame in zip(runs, frames, strict=True):
        same = list(frame["image_id"]) == list(frames[0]["image_id"])
        if not same or run.record["data"] != runs[0].record["data"]:
            msg = f"'{run.folder}' and '{runs[0].folder}' have predictions for different images"
            raise IntegrityError(msg)
    labels = frames[0]["label"].map(CLASSES.index).to_numpy()
    lesions = frames[0]["lesion_id"].to_numpy()
    return labels, lesions, [frame[list(CLASSES)].to_numpy(float) for frame in frames]


def read_pair(first, second, part="test", change=None):
    """Return the predictions of two runs as a `skinlib.stats.paired.Pair`, see `together`.

    `change` is a function of a run and its probabilities, see `factorial`.
    """
    labels, lesions, both = together((first, second), part)
    if change:
        both = [change(run, each) for run, each in zip((first, second), both, strict=True)]
    return paired.Pair(labels, *both, lesions)


def finished(study, variant, recipe=None, backbone=None):
    """Return the finished runs of a variant of a study, by backbone and seed.

    The variant None is the recipe as it is; recipe and backbone None are all.
    """
    found = {
        (spec.backbone, spec.seed): run
        for spec, run in zip(study.specs, study.runs().values(), strict=True)
        if run
        and run.finished
        and spec.variant == variant
        and recipe in (None, spec.recipe)
        and backbone in (None, spec.backbone)
    }
    return dict(sorted(found.items()))


def finished_pairs(study, first, second, recipe=None):
    """Return the pairs of finished runs of two variants of a study, by backbone and seed."""
    one, other = (finished(study, variant, recipe) for variant in (first, second))
    return {key: (run, other[key]) for key, run in one.items() if key in other}


def contrasts(ways, wanted, *, change=None, n_resamples=N_RESAMPLES):
    """Measure several effects among some ways of training, on the test set.

    See `factorial` for `change`.

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
    seeds = sorted(set.intersection(*(set(runs) for runs in ways.values())))
    if not seeds:
        return {}
    groups = [[runs[seed] for runs in ways.values()] for seed in seeds]
    scored = _scored(groups, n_resamples, change=change)
    found = dict(zip(ways, np.moveaxis(scored, 1, 0), strict=True))
    return {
        title: paired.between(found[one], found[other]) for title, (one, other) in wanted.items()
    }


def _scored(groups, n_resamples, names=SCORES, change=None):
    """Return the scores of groups of runs, each for its images: shape (groups, runs, d, k)."""
    read = [together(runs) for runs in groups]
    weights = joint_weights([lesions for _, lesions, _ in read], n_resamples)
    found = []
    for runs, share, (labels, _, each) in zip(groups, weights, read, strict=True):
        if change:
            each = [change(run, one) for run, one in zip(runs, each, strict=True)]
        found.append([scores(share, labels, one, names) for one in each])
    return np.array(found)


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
        ``change(run, probabilities)`` → probabilities (n, 7), which are scored in their place;
        see `skinlib.stats.threshold.shifted`.

    Returns
    -------
    skinlib.stats.factorial.Design or None
        None while no seed is complete.
    """
    cells = {}
    for spec, run in zip(study.specs, study.runs().values(), strict=True):
        if spec.levels and run and run.finished:
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
    scored = _scored(list(chosen.values()), n_resamples, names, change)
    signs = np.array([[1 if level == "on" else -1 for level in key] for key in wanted])
    return Design(factors, tuple(chosen), signs, np.moveaxis(scored, 2, 0))
