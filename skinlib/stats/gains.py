"""When an effect is called a gain or a loss: the one rule of the book.

A bootstrap over lesions says what other lesions would have changed. It says nothing of what
another training run of the same recipe would have changed; that shows between the seeds. So
two intervals stand side by side, and an effect is clear only where both exclude zero.
"""

import numpy as np
from scipy import stats

from skinlib.stats.bootstrap import Estimate

GAIN, LOSS, NOT_CLEAR = "gain", "loss", "not clear"
# Two seeds have a t interval too, but one degree of freedom says next to nothing.
LEAST_SEEDS = 3


def over_seeds(by_seed, level=0.95):
    """Return the mean over the seeds with a t interval.

    Parameters
    ----------
    by_seed : array_like
        One difference a seed.
    level : float
        Coverage, between 0 and 1.

    Returns
    -------
    skinlib.stats.bootstrap.Estimate
        Without an interval (NaN) where there are fewer than `LEAST_SEEDS` seeds.
    """
    values = np.asarray(by_seed, float)
    count, mean = len(values), float(np.mean(values))
    if count < LEAST_SEEDS:
        return Estimate(mean, np.nan, np.nan)
    reach = stats.t.ppf((1 + level) / 2, count - 1) * values.std(ddof=1) / np.sqrt(count)
    return Estimate(mean, float(mean - reach), float(mean + reach))


def judge(lesions, trainings):
    """Name an effect, by the rule of the whole book.

    Parameters
    ----------
    lesions : skinlib.stats.bootstrap.Estimate
        With an interval that covers the choice of the lesions.
    trainings : skinlib.stats.bootstrap.Estimate
        With an interval over the seeds, from `over_seeds`.

    Returns
    -------
    str
        ``gain`` or ``loss`` where both intervals exclude zero on the same side, else
        ``not clear``. Without an interval over the seeds nothing is clear.
    """
    if not lesions.sign or lesions.sign != trainings.sign:
        return NOT_CLEAR
    return GAIN if lesions.sign > 0 else LOSS


def interval(estimate):
    """Return the interval of a difference without its value, a dash where there is none."""
    if not np.isfinite(estimate.low):
        return "–"
    return estimate.text(signed=True).partition(" ")[2]
