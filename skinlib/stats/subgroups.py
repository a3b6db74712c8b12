"""Scores of groups of photographs, beside what the mix of diagnoses of each group gives.

Groups differ in their diagnoses, and diagnoses in difficulty. Beside the accuracy of a group is the
one expected from its case mix: the model's recall of each diagnosis over all photographs, weighted
by the shares of the diagnoses in the group. The standardised difference is what is left over.
"""

import numpy as np
import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.stats.bootstrap import (
    cluster_weights,
    estimate,
    mean_present,
    proportion,
    ratio,
    recalls,
    share,
)
from skinlib.stats.scores import MELANOMA

# A smaller group has its size and no score. A resample misses all of five lesions in fewer than one
# of a hundred cases, so the ends of an interval do not come from resamples without them.
LEAST_IMAGES, LEAST_LESIONS = 10, 5
# ``excess`` is the standardised difference.
METRICS = (
    "accuracy", "expected", "excess", "mean_recall", "melanoma_sensitivity", "nevus_specificity",
)  # fmt: skip
NEVUS = CLASSES.index("nv")

AGES = {"below 30": 30, "30 to 44": 45, "45 to 59": 60, "60 to 74": 75, "75 and above": np.inf}
CONFIRMED = {
    "histo": "histopathology",
    "follow_up": "follow-up",
    "consensus": "consensus",
    "confocal": "confocal microscopy",
}
UNKNOWN = "unknown"


def facts(table):
    """Return the groups of each image as words, by ``image_id``.

    From ``sex``, ``age`` (years), ``localization``, ``dx_type``, and ``dataset`` where the
    metadata has it, come ``sex``, ``age``, ``site``, ``confirmation`` and ``source``. What is not
    known is ``unknown``; ``facts`` says whether age, sex and site are all known.
    """
    ages = pd.cut(table["age"].astype(float), [-np.inf, *AGES.values()], right=False,
                  labels=list(AGES))  # fmt: skip
    found = {
        "sex": table["sex"],
        "age": ages.astype(object),
        "site": table["localization"],
        "confirmation": table["dx_type"].replace(CONFIRMED),
    }
    if "dataset" in table:
        found["source"] = table["dataset"].str.replace("_", " ")
    frame = pd.DataFrame(found).astype(object)
    frame = frame.where(frame.notna() & (frame != ""), UNKNOWN)
    missing = (frame[["sex", "age", "site"]] == UNKNOWN).any(axis=1)
    frame["facts"] = np.where(missing, "some missing", "all known")
    return frame.set_axis(table["image_id"].to_numpy(), axis=0)


def measure(labels, predicted, lesions, groups):
    """Measure predictions by groups, with intervals from one bootstrap over all lesions.

    Parameters
    ----------
    labels, predicted : numpy.ndarray
        Class index, shape (n,).
    lesions : numpy.ndarray
        Shape (n,).
    groups : pandas.DataFrame
        n rows of words, a column an attribute; from `facts`, with ``sex``.

    Returns
    -------
    dict
        ``images``, ``lesions``, ``overall`` (one row), ``groups`` (rows by attribute, the
        largest group first, ages by age) and ``women_minus_men``. A row has ``group``, ``images``,
        ``lesions``, ``classes``, ``melanomas`` (images) and for each of `METRICS` a list of
        value, low and high, or None where there are too few images; for the mean recall, too
        few of any diagnosis that the group has, or one diagnosis only.
    """
    known = _Predictions(labels, predicted, lesions)
    found = {}
    for attribute, words in groups.items():
        sizes = words.value_counts()
        ordered = sorted(sizes.index, key=lambda name: _place(name, sizes[name]))
        found[attribute] = [known.row(name, (words == name).to_numpy()) for name in ordered]
    women, men = ((groups["sex"] == sex).to_numpy() for sex in ("female", "male"))
    return {
        "images": len(labels),
        "lesions": len(set(lesions)),
        "overall": known.row("all", np.ones(len(labels), bool)),
        "groups": found,
        "women_minus_men": known.difference(women, men),
    }


def _place(name, images):
    """Sort ages by age, other groups by size, and what is not known last."""
    ages = list(AGES)
    return name == UNKNOWN, ages.index(name) if name in ages else -1, -images, name


class _Predictions:
    """Predictions with the resamples of their lesions; groups are masks (n,)."""

    def __init__(self, labels, predicted, lesions):
        self.labels, self.predicted, self.lesions = labels, predicted, lesions
        self.weights = cluster_weights(lesions)
        # A class that a resample lacks has no weight in any group of it either.
        self.recalls = np.nan_to_num(recalls(self.weights, labels, predicted))
        # Metrics that are shares of images: which count as correct, of which images.
        self.shares = {
            "accuracy": (predicted == labels, np.ones(len(labels), bool)),
            "melanoma_sensitivity": (predicted == MELANOMA, labels == MELANOMA),
            "nevus_specificity": (predicted != NEVUS, labels != NEVUS),
        }

    def row(self, name, mask):
        """Return a group as a row; metrics of too few images are None."""
        metrics = dict.fromkeys(METRICS)
        for metric, values in self._values(mask).items():
            if self._enough(metric, mask):
                metrics[metric] = self._estimate(metric, mask, values).to_json()
        return {
            "group": str(name),
            "images": int(mask.sum()),
            "lesions": len(set(self.lesions[mask])),
            "classes": len(set(self.labels[mask])),
            "melanomas": int((self.labels[mask] == MELANOMA).sum()),
            **metrics,
        }

    def difference(self, first, second):
        """Return first minus second of each metric, None where one of them has too few images.

        None also where one side is all correct or all wrong: its resamples never vary, so the
        interval would leave out its uncertainty.
        """
        found = dict.fromkeys(METRICS)
        one, other = self._values(first), self._values(second)
        for metric in METRICS:
            ends = metric in self.shares and {one[metric][0], other[metric][0]} & {0, 1}
            if not ends and self._enough(metric, first) and self._enough(metric, second):
                found[metric] = estimate(one[metric] - other[metric]).to_json()
        return found

    def _values(self, mask):
        """Return `METRICS` of a group by name, each of shape (1 + n_resamples,)."""
        weights, labels = self.weights[:, mask], self.labels[mask]
        found = {
            metric: share(weights, correct[mask], among[mask])
            for metric, (correct, among) in self.shares.items()
        }
        mix = weights @ np.eye(len(CLASSES))[labels]
        found["expected"] = ratio((mix * self.recalls).sum(axis=1), weights.sum(axis=1))
        found["excess"] = found["accuracy"] - found["expected"]
        found["mean_recall"] = mean_present(recalls(weights, labels, self.predicted[mask]))
        return found

    def _enough(self, metric, mask):
        """Return whether a metric has enough images; the mean recall, of two or more diagnoses."""
        counted = self._counted(metric, mask)
        return len(counted) > (metric == "mean_recall") and all(
            each.sum() >= LEAST_IMAGES and len(set(self.lesions[each])) >= LEAST_LESIONS
            for each in counted
        )

    def _counted(self, metric, mask):
        """Return the images that a metric of a group is a share of; the mean recall has several."""
        if metric == "mean_recall":
            return [mask & (self.labels == label) for label in set(self.labels[mask])]
        return [mask & self.shares[metric][1] if metric in self.shares else mask]

    def _estimate(self, metric, mask, values):
        """Estimate a metric; where all are correct, or none is, Clopper and Pearson's interval."""
        found = estimate(values)
        if metric not in self.shares or found.value not in (0, 1):
            return found
        (counted,) = self._counted(metric, mask)
        count = len(set(self.lesions[counted]))
        return proportion(int(found.value) * count, count, "exact")
