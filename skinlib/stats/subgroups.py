"""Who a model is worse for: by sex, age, site, confirmation of the diagnosis, and source.

The facts about the patients come from the metadata of the data folder, which may not be
passed on image by image; what is stored, ``results/subgroups.json``, holds groups only.

Groups differ in their diagnoses, and diagnoses in difficulty. So beside the accuracy of a
group stands the one that its mix of diagnoses alone would give: the model's recall of each
class over all images, weighted by the group's share of the class. What is left over is the
excess.
"""

import numpy as np
import pandas as pd
from scipy.stats import beta

from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError, IntegrityError
from skinlib.stats import bootstrap
from skinlib.stats.bootstrap import Estimate

FILE = "subgroups.json"
# Below these a group shows its size and nothing else. A draw misses all of five lesions in fewer
# than one of a hundred cases, so the ends of an interval do not come from draws that lost them.
LEAST_IMAGES, LEAST_LESIONS = 10, 5
METRICS = (
    "accuracy", "expected", "excess", "mean_recall", "melanoma_sensitivity", "nevus_specificity",
)  # fmt: skip
# Those that are shares of images, each right or wrong.
SHARES = ("accuracy", "melanoma_sensitivity", "nevus_specificity")
MELANOMA, NEVUS = CLASSES.index("mel"), CLASSES.index("nv")

AGES = {"below 30": 30, "30 to 44": 45, "45 to 59": 60, "60 to 74": 75, "75 and above": np.inf}
CONFIRMED = {
    "histo": "histopathology",
    "follow_up": "follow-up",
    "consensus": "consensus",
    "confocal": "confocal microscopy",
}
UNKNOWN = "unknown"


def facts(table):
    """Return the groups of each image.

    Parameters
    ----------
    table : pandas.DataFrame
        ``image_id``, ``sex``, ``age`` (years), ``localization``, ``dx_type``, and ``dataset``
        where the metadata has it, as that of the official test set does.

    Returns
    -------
    pandas.DataFrame
        Words, indexed by ``image_id``: ``sex``, ``age``, ``site``, ``confirmation`` and, with
        ``dataset``, ``source``. What is not known is ``unknown``.
    """
    ages = pd.cut(table["age"].astype(float), [-np.inf, *AGES.values()], right=False,
                  labels=list(AGES))  # fmt: skip
    found = {
        "sex": table["sex"],
        "age": ages.astype(object),
        "site": table["localization"],
        "confirmation": table["dx_type"].map(lambda word: CONFIRMED.get(word, word)),
    }
    if "dataset" in table:
        found["source"] = table["dataset"].str.replace("_", " ")
    frame = pd.DataFrame(found).astype(object)
    frame = frame.where(frame.notna() & (frame != ""), UNKNOWN)
    return frame.set_axis(table["image_id"].to_numpy(), axis=0)


def measure(run, table, part="test", draws=bootstrap.N_RESAMPLES):
    """Measure a run by groups of its images.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    table : pandas.DataFrame
        See `facts`, with ``lesion_id`` and ``dx``; it may hold more images than the part.
    part : str
    draws : int

    Returns
    -------
    dict
        For JSON: ``run``, ``study``, ``identity``, ``part``, ``images``, ``lesions``,
        ``overall`` (see `measure_arrays`), ``groups`` by attribute and ``women_minus_men``.

    Raises
    ------
    DataError
        If an image of the part is not in the table.
    IntegrityError
        If its lesion or diagnosis is another one there.
    """
    frame = run.predictions(part)
    rows = table.set_index("image_id")
    absent = sorted(set(frame["image_id"]) - set(rows.index))
    if absent:
        msg = (
            f"{len(absent)} images of '{run.folder}' are not in the metadata: "
            f"{', '.join(absent[:5])}; use the metadata of the data that the run was of"
        )
        raise DataError(msg)
    rows = rows.loc[frame["image_id"]].reset_index()
    odd = (rows["lesion_id"] != frame["lesion_id"]) | (rows["dx"] != frame["label"])
    if odd.any():
        msg = (
            f"image {frame.loc[odd, 'image_id'].iloc[0]} of '{run.folder}' has another lesion or "
            "diagnosis in the metadata; use the metadata of the data that the run was of"
        )
        raise IntegrityError(msg)
    labels, probabilities, lesions = run.arrays(part)
    known = {key: run.record[key] for key in ("run", "study", "identity")}
    found = measure_arrays(labels, probabilities.argmax(axis=1), lesions, facts(rows), draws)
    return {**known, "part": part, **found}


def measure_arrays(labels, predicted, lesions, groups, draws=bootstrap.N_RESAMPLES):
    """Measure predictions by groups, with intervals from one bootstrap over all lesions.

    Parameters
    ----------
    labels, predicted : numpy.ndarray
        Class index, shape (n,).
    lesions : array_like
        Shape (n,).
    groups : pandas.DataFrame
        n rows of words, a column an attribute; from `facts`.
    draws : int

    Returns
    -------
    dict
        ``images``, ``lesions``, ``overall`` (one row), ``groups`` (rows by attribute, the
        largest group first, ages by age) and ``women_minus_men``. A row has ``group``, ``images``,
        ``lesions``, ``classes``, ``melanomas`` (images) and for each of `METRICS` a list of
        value, low and high, or None where there are too few images to say: behind the mean
        recall, too few of any diagnosis that the group has, or one diagnosis only.
    """
    all_of_it = _Answers(labels, predicted, np.asarray(lesions), draws)
    found = {}
    for attribute in groups:
        words = groups[attribute].to_numpy()
        masks = {name: words == name for name in pd.unique(words)}
        ordered = sorted(masks, key=lambda name: _place(name, masks[name].sum()))
        found[attribute] = [all_of_it.row(name, masks[name]) for name in ordered]
    sex = groups["sex"].to_numpy() if "sex" in groups else np.full(len(labels), UNKNOWN)
    return {
        "images": len(labels),
        "lesions": len(set(lesions)),
        "overall": all_of_it.row("all", np.ones(len(labels), bool)),
        "groups": found,
        "women_minus_men": all_of_it.difference(sex == "female", sex == "male"),
    }


def _place(name, images):
    """Sort ages by age, other groups by size, and what is not known last."""
    ages = list(AGES)
    return name == UNKNOWN, ages.index(name) if name in ages else -1, -images, name


class _Answers:
    """Predictions with the draws of their lesions."""

    def __init__(self, labels, predicted, lesions, draws):
        self.labels, self.predicted, self.lesions = labels, predicted, lesions
        self.weights = bootstrap.cluster_weights(lesions, draws)
        # A class that a draw lacks has no weight in any group of it either.
        recalls = bootstrap.recalls(self.weights, labels, predicted)
        self.recalls = np.nan_to_num(recalls)

    def row(self, name, mask):
        """Return a group as a row; the metrics that too few images stand behind are None."""
        found = dict.fromkeys(METRICS)
        if mask.any():
            for metric, values in self._values(mask).items():
                if self._enough(metric, mask):
                    lesions = self.lesions[self._behind(metric, mask)]
                    found[metric] = _at_the_ends(metric, bootstrap.estimate(values), lesions)
        return {
            "group": str(name),
            "images": int(mask.sum()),
            "lesions": len(set(self.lesions[mask])),
            "classes": len(set(self.labels[mask])),
            "melanomas": int((self.labels[mask] == MELANOMA).sum()),
            **{metric: _plain(value) for metric, value in found.items()},
        }

    def difference(self, first, second):
        """Return first minus second of each metric, where both groups have enough to say.

        None also where one side is all right or all wrong: its draws never vary, so the
        interval would leave out its uncertainty.
        """
        found = dict.fromkeys(METRICS)
        if not (first.any() and second.any()):
            return found
        one, other = self._values(first), self._values(second)
        for metric in METRICS:
            ends = metric in SHARES and {one[metric][0], other[metric][0]} & {0, 1}
            if all(self._enough(metric, mask) for mask in (first, second)) and not ends:
                found[metric] = _plain(bootstrap.estimate(one[metric] - other[metric]))
        return found

    def _values(self, mask):
        """Return `METRICS` of a group by name, each of shape (1 + draws,)."""
        weights, labels, predicted = self.weights[:, mask], self.labels[mask], self.predicted[mask]
        accuracy = bootstrap.share(weights, predicted == labels)
        shares = weights @ np.eye(len(CLASSES))[labels]
        expected = bootstrap.ratio((shares * self.recalls).sum(axis=1), weights.sum(axis=1))
        recall = bootstrap.recalls(weights, labels, predicted)
        specificity = bootstrap.share(weights, predicted != NEVUS, labels != NEVUS)
        values = (accuracy, expected, accuracy - expected, bootstrap.mean_present(recall),
                  recall[:, MELANOMA], specificity)  # fmt: skip
        return dict(zip(METRICS, values, strict=True))

    def _behind(self, metric, mask):
        """Return the images that a metric of a group is a share of."""
        among = {
            "melanoma_sensitivity": self.labels == MELANOMA,
            "nevus_specificity": self.labels != NEVUS,
        }
        return mask & among.get(metric, True)

    def _enough(self, metric, mask):
        """Are there images enough behind a metric, behind the mean recall of each diagnosis?"""
        behind = [self._behind(metric, mask)]
        if metric == "mean_recall":
            behind = [mask & (self.labels == label) for label in set(self.labels[mask])]
            if len(behind) < 2:
                return False
        return all(
            each.sum() >= LEAST_IMAGES and len(set(self.lesions[each])) >= LEAST_LESIONS
            for each in behind
        )


def _at_the_ends(metric, found, lesions):
    """Where all answers are right, or none, every draw says the same: ask the binomial instead.

    Clopper and Pearson's interval with as many trials as there are lesions.
    """
    if metric not in SHARES or found.value not in (0, 1):
        return found
    near = float(beta.ppf(0.025, len(set(lesions)), 1))
    return Estimate(1.0, near, 1.0) if found.value else Estimate(0.0, 0.0, 1 - near)


def _plain(found):
    return None if found is None else found.to_json()
