"""What age, sex and site alone tell of the diagnosis: a logistic regression without photographs."""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.data import splits
from skinlib.data.metadata import MetadataEncoder
from skinlib.stats import bootstrap, paired
from skinlib.stats.scores import SCORES

FILE = "metadata-alone.json"


def predict(table, split):
    """Fit on the training set of a split and predict its test set.

    The 21 numbers are those that the networks get (`skinlib.data.metadata.MetadataEncoder`); the
    classes have balanced weights, as in the paper's loss.

    Parameters
    ----------
    table : pandas.DataFrame
        ``image_id``, ``dx``, ``age``, ``sex`` and ``localization``.
    split : skinlib.data.splits.Split

    Returns
    -------
    labels, probabilities, lesions : numpy.ndarray
        Of the test photographs, shapes (n,), (n, 7) and (n,).
    """
    train, test = (split.rows(table, part) for part in ("train", "test"))
    encoder = MetadataEncoder.fit(train)
    model = LogisticRegression(class_weight="balanced", max_iter=5000)
    model.fit(encoder.transform(train), train["dx"].map(CLASSES.index))
    probabilities = np.zeros((len(test), len(CLASSES)))
    probabilities[:, model.classes_] = model.predict_proba(encoder.transform(test))
    return test["dx"].map(CLASSES.index).to_numpy(), probabilities, test["lesion_id"].to_numpy()


def read():
    """Return what `measure` found, by name of a score, as `skinlib.stats.bootstrap.Estimate`."""
    stored = json.loads((paths.RESULTS / FILE).read_text(encoding="utf-8"))
    return {name: bootstrap.Estimate(*stored[name]) for name in SCORES}


def measure(table, runs):
    """Score the regression on the splits of some runs.

    Returns
    -------
    dict
        ``seeds``, and by name of a score its mean over them with the interval over lesions,
        ``[value, low, high]``.
    """
    found = [
        predict(table, splits.read(paths.RESULTS / "splits" / run.record["split"]["file"]))
        for run in runs
    ]
    one_way = [(labels, [probabilities], lesions) for labels, probabilities, lesions in found]
    values = map(bootstrap.estimate, paired.scored(one_way)[0].mean(axis=0).T)
    return {
        "seeds": [run.record["seed"] for run in runs],
        **{name: each.to_json() for name, each in zip(SCORES, values, strict=True)},
    }
