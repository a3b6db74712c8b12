"""The eight scores that stand first for a run, each with an interval over lesions.

All eight come from the same resamples of lesions, so that tables of different pages show the
same interval for the same score.
"""

import functools

from skinlib.experiments import run as runs
from skinlib.stats import bootstrap
from skinlib.stats.scores import LABELS, scores


def estimates(run, part="test"):
    """Return the scores of a run with their 95 % intervals.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str

    Returns
    -------
    dict of str to skinlib.stats.bootstrap.Estimate
        By key of `LABELS`.
    """
    return _estimates(run.folder, run.record["identity"], part)


@functools.cache
def _estimates(folder, _identity, part):
    labels, probabilities, lesions = runs.read_run(folder).arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    found = scores(weights, labels, probabilities, LABELS.values())
    return {name: bootstrap.estimate(column) for name, column in zip(LABELS, found.T, strict=True)}


def recalls(run, part="test"):
    """Return the recall of each class of a run with its 95 % interval.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    part : str

    Returns
    -------
    list of skinlib.stats.bootstrap.Estimate
        In the order of `skinlib.common.classes.CLASSES`.
    """
    labels, probabilities, lesions = run.arrays(part)
    weights = bootstrap.cluster_weights(lesions)
    found = bootstrap.recalls(weights, labels, probabilities.argmax(axis=1))
    return [bootstrap.estimate(column) for column in found.T]
