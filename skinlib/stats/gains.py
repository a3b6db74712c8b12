"""When an effect is called a gain or a loss: the one rule of the book.

A bootstrap over lesions covers the choice of the lesions. It does not cover what another training
run of the same recipe would change; that shows between the seeds. So there are two intervals, and
an effect is clear only where both exclude zero.
"""

import numpy as np
from scipy import stats

from skinlib.stats.bootstrap import Estimate

GAIN, LOSS, NOT_CLEAR = "gain", "loss", "not clear"
# Two seeds have a t interval too, but with one degree of freedom it is of little use.
LEAST_SEEDS = 3


def over_seeds(by_seed, level=0.95):
    """Return the mean of one difference a seed, with a t interval from `LEAST_SEEDS` seeds on."""
    values = np.asarray(by_seed, float)
    count, mean = len(values), float(np.mean(values))
    if count < LEAST_SEEDS:
        return Estimate(mean, np.nan, np.nan)
    reach = stats.t.ppf((1 + level) / 2, count - 1) * values.std(ddof=1) / np.sqrt(count)
    return Estimate(mean, float(mean - reach), float(mean + reach))


def judge(lesions, trainings):
    """Return ``gain`` or ``loss`` where both intervals exclude zero on the same side.

    The two estimates have intervals over the lesions, and over the seeds (`over_seeds`). Any other
    pair is ``not clear``.
    """
    if not lesions.sign or lesions.sign != trainings.sign:
        return NOT_CLEAR
    return GAIN if lesions.sign > 0 else LOSS


def interval(estimate):
    """Return the interval of a difference without its value, a dash where there is none."""
    if not np.isfinite(estimate.low):
        return "–"
    return estimate.text(signed=True).partition(" ")[2]
