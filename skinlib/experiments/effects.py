"""Differences between runs on the same images: of any two, and the effects that the book measures.

What is hard in the images cancels in a difference, so whatever could mix two splits or two copies
of the data is refused.
"""

import itertools

import numpy as np

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.data import splits
from skinlib.data.matching import some
from skinlib.experiments.external import PART
from skinlib.experiments.study import load_study
from skinlib.stats import paired
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
    DataError
        Without a run.
    IntegrityError
        If they are not for the same images of the same data.
    """
    _require_same_data(runs, part)
    first, *_ = frames = [run.predictions(part) for run in runs]
    for run, frame in zip(runs, frames, strict=True):
        if list(frame["image_id"]) != list(first["image_id"]):
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


def _require_same_data(runs, part):
    """Refuse runs whose predictions for a set are not of the same copy of the same data."""
    if not runs:
        msg = "there are no runs to compare; expected at least one finished run"
        raise DataError(msg)
    # The official test is of no run's own data.
    kind = "external" if part == PART else "data"
    # A run that was not evaluated on a set has no predictions for it, which `Run.predictions` says.
    known = [(run, run.record[kind]) for run in runs if run.record.get(kind)]
    for run, data in known[1:]:
        first, one = known[0]
        if one != data and one["fingerprint"] != data["fingerprint"]:
            names = (f"{each.get('name')} {each['fingerprint']}" for each in (one, data))
            msg = (
                f"'{first.folder}' and '{run.folder}' have different data ({' and '.join(names)}), "
                "so their numbers are not of the same images; compare runs of one copy of the data"
            )
            raise IntegrityError(msg)


def compare(first, second, part="test"):
    """Compare two finished runs in accuracy and mean recall, as `skinlib.stats.paired.Effect`.

    The part is ``test``, ``validation`` or ``official``.

    Raises
    ------
    DataError
        A run has not finished, or has no predictions for the part.
    IntegrityError
        The runs are of different data or splits, the file of the split was edited
        since, or the predictions are not of the images of the split.
    """
    for run in (first, second):
        if not run.finished:
            msg = f"run '{run.folder}' is {run.record['status']}; a comparison needs finished runs"
            raise DataError(msg)
        run.predictions(part)  # or the error says for which sets there are any
    _require_same_data((first, second), part)
    # The official test is nobody's split: models of different ones may meet there.
    if part != PART:
        _require_same_split(first, second, part)
    return paired.effect([together((first, second), part)], SCORES[:2])


def _require_same_split(first, second, part):
    one, other = (run.record["split"]["hash"] for run in (first, second))
    if one != other:
        msg = (
            f"'{first.folder}' and '{second.folder}' have different splits ({one} and {other}), so "
            "their numbers are not of the same images; train both on one split"
        )
        raise IntegrityError(msg)
    for run in (first, second):
        path = paths.RESULTS / "splits" / run.record["split"].get("file", "")
        # Somebody may have copied the run alone.
        if not path.is_file():
            continue
        table = splits.read(path, run.record["split"]["unit"]).table
        expected = set(table.loc[table["part"] == part, "image_id"])
        if odd := sorted(expected ^ set(run.predictions(part)["image_id"])):
            msg = (
                f"the predictions of '{run.folder}' are not of the {part} set of its split "
                f"{one}: {some(odd)}; train the run again"
            )
            raise IntegrityError(msg)


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


def contrasts(ways, wanted, *, change=None):
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
    found = dict(zip(ways, paired.scored(read), strict=True))
    return {
        title: paired.between(found[one], found[other]) for title, (one, other) in wanted.items()
    }


def attentions(*, change=None):
    """Return the effects `ATTENTIONS` in the clean recipe, with metadata and class weights."""
    studies = [load_study(name) for name in ("ablation", "attention")]
    ways = {
        variant: {key: run for study in studies for key, run in finished(study, variant).items()}
        for variant in (NONE, CODED, DESCRIBED)
    }
    return contrasts(ways, ATTENTIONS, change=change)


def settings():
    """Return the effects of `SETTINGS`, one at a time, from as logged to as described.

    The test set also chose the epoch, as in the authors' notebooks.
    """
    study = load_study(SETTINGS_STUDY)
    variants = (None, *SETTINGS.values())
    ways = {variant: finished(study, variant, SETTINGS_RECIPE) for variant in variants}
    return contrasts(ways, {title: (None, variant) for title, variant in SETTINGS.items()})


def factorial(study, names=SCORES, *, change=None):
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
    scored = paired.scored(read, names)
    signs = np.array([[1 if level == "on" else -1 for level in key] for key in wanted])
    return Design(factors, tuple(chosen), signs, scored.transpose(2, 1, 0, 3))
