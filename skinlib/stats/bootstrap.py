"""The bootstrap over lesions: resamples as weights of images, and statistics under weights.

Photographs of one lesion are not independent, so whole lesions are resampled. A lesion that is
drawn twice counts twice. A resample is therefore a row of weights, all resamples are one matrix,
and a statistic of all of them is a matrix product. The first row counts every image once: it gives
the value, the other rows its interval. All models and statistics share the resamples, so that their
differences are paired. The spread between training runs is another thing, see
`skinlib.stats.paired`.
"""

import dataclasses
import warnings

import numpy as np
import scipy
import scipy.sparse

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError

# Of every interval in the book.
N_RESAMPLES = 1000
LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with the ends of its interval; NaN where there is none."""

    value: float
    low: float
    high: float

    def text(self, digits=3, *, signed=False, percent=False, unit=" %"):
        """Return ``0.753 [0.725, 0.781]``; signs, and per cent with its `unit`, on request."""
        if np.isnan(self.value):
            return "–"
        shown, digits, unit = (100 * self, digits - 2, unit) if percent else (self, digits, "")
        # z: a value that rounds to nothing has no sign worth showing.
        form = f"{'+' if signed else ''}z.{digits}f"
        return f"{shown.value:{form}}{unit} [{shown.low:{form}}, {shown.high:{form}}]"

    def to_json(self):
        """Return ``[value, low, high]``, or None where one of them is not a number."""
        values = [self.value, self.low, self.high]
        return values if np.isfinite(values).all() else None

    def __rmul__(self, factor):
        """Return the estimate in other units: ``100 * gap`` is in percentage points."""
        return Estimate(factor * self.value, factor * self.low, factor * self.high)

    @property
    def sign(self):
        """1 or -1 where the whole interval is on one side of 0, else 0."""
        return int(self.low > 0) - int(self.high < 0)


def cluster_weights(groups, n_resamples=N_RESAMPLES, seed=0):
    """Resample lesions with replacement, as many as there are, from the lesion ids of images (n,).

    Returns
    -------
    numpy.ndarray
        Shape (1 + n_resamples, n): how often each image counts. The first row is all ones.

    Raises
    ------
    DataError
        With fewer than two lesions.
    """
    known, place = np.unique(groups, return_inverse=True)
    count = len(known)
    if count < 2:
        msg = f"a bootstrap needs at least 2 lesions, these images are of {count}; use more images"
        raise DataError(msg)
    chosen = np.random.default_rng(seed).integers(0, count, (n_resamples, count))
    chosen += count * np.arange(n_resamples)[:, None]
    times = np.bincount(chosen.ravel(), minlength=chosen.size).reshape(chosen.shape)
    # Whole rows, a lesion each, are copied in a third of the time of columns.
    by_lesion = np.vstack([np.ones(count), times]).T.copy()
    return by_lesion[place].T


def joint_weights(groups, seed=0):
    """Resample the lesions of several sets together: a list of `cluster_weights`, one a set.

    A lesion may be in the test sets of several seeds; it then counts equally often in each.
    """
    weights = cluster_weights(np.concatenate(groups), seed=seed)
    return np.split(weights, np.cumsum([len(each) for each in groups])[:-1], axis=1)


def estimate(values):
    """Return a statistic with its percentile interval, as `Estimate`.

    From its values (1 + n_resamples,) for the rows of `cluster_weights`. Resamples without a value,
    NaN, are left out.
    """
    tail = (1 - LEVEL) / 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no resample has a value
        low, high = np.nanquantile(values[1:], [tail, 1 - tail])
    return Estimate(float(values[0]), float(low), float(high))


def proportion(count, total, method="wilson"):
    """Return a share of independent trials with its 95 % interval, which is no bootstrap's.

    The interval is Wilson's, or with the method ``exact`` Clopper and Pearson's.
    """
    low, high = scipy.stats.binomtest(count, total).proportion_ci(method=method)
    return Estimate(count / total, float(low), float(high))


def share(weights, hit, among=None):
    """Return the weighted share of images where `hit` holds, of those where `among` holds.

    Weights have the shape (d, n), the booleans (n,) and the shares (d,); NaN where a resample has
    no such image.
    """
    among = np.ones(len(hit), bool) if among is None else among
    return ratio(weights @ (hit & among), weights @ among)


def recalls(weights, labels, predicted):
    """Return the recall of each class, shape (d, 7); NaN where a resample has none."""
    truth = np.eye(len(CLASSES))[labels]
    return ratio(weights @ (truth * (predicted == labels)[:, None]), weights @ truth)


def mean_present(values):
    """Return the mean over the classes that have images, shape (d,)."""
    there = ~np.isnan(values)
    return ratio(np.where(there, values, 0).sum(axis=1), there.sum(axis=1))


def auc(weights, truth, scores):
    """Return the area under the ROC curve, ties counting half.

    Weights have the shape (d, n), the true answers and the scores (n,) and the areas (d,); NaN
    where a resample lacks one of the two kinds.
    """
    if 2 * truth.sum() > len(truth):
        return 1 - auc(weights, ~truth, scores)
    positives, negatives = np.flatnonzero(truth), np.flatnonzero(~truth)
    order = negatives[np.argsort(scores[negatives])]
    # By positive: the number of negatives below it, and of those that are not above it.
    ends = [np.searchsorted(scores[order], scores[positives], side) for side in ("left", "right")]
    cuts, places = np.unique(ends, return_inverse=True)
    below, upto = places.reshape(2, -1)
    # The positives are fewer, so the weights of the negatives between two cuts are added first.
    between = np.searchsorted(cuts, np.arange(len(order)), side="right")
    shape = (len(cuts) + 1, len(truth))
    adding = scipy.sparse.csr_array((np.ones(len(order)), (between, order)), shape)
    by_image = np.ascontiguousarray(weights.T, float)
    before = np.cumsum(adding @ by_image, axis=0)
    positive = by_image[positives]
    wins = (positive * (before[below] + before[upto])).sum(axis=0) / 2
    return ratio(wins, positive.sum(axis=0) * before[-1])


def ratio(numerator, denominator):
    """Divide; NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, numerator / denominator, np.nan)
