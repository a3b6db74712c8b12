"""Our models on the official test: tables, and what changes from their own test sets to it."""

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.experiments import evaluated as asked
from skinlib.experiments import external
from skinlib.stats import bootstrap, operating, paired
from skinlib.stats.scores import SCORES


def scores(models):
    """Return the scores on the official test and on the own test sets.

    Parameters
    ----------
    models : dict of str to skinlib.experiments.run.Run
        By name.
    """
    rows = []
    for name, run in models.items():
        official, own = asked.estimates(run), asked.estimates(run, "test")
        rows.append(
            {
                "Model": name,
                "Mean recall": official[asked.RECALL].text(),
                "Accuracy": official[0].text(),
                "AUC, macro": official[3].text(),
                "Own test set: mean recall": own[asked.RECALL].text(),
                "Own test set: accuracy": own[0].text(),
            }
        )
    return pd.DataFrame(rows)


def published():
    """Return what others report on the whole official test."""
    columns = {"who": "System", "metric": "Metric", "value": "Value", "trained_on": "Trained on",
               "source": "Read in"}  # fmt: skip
    frame = pd.DataFrame(paper.load("isic2018"))[list(columns)]
    return frame.assign(value=frame["value"].map("{:.3f}".format)).rename(columns=columns)


def change(run):
    """Return how the scores change from the own test set to the official one.

    Returns
    -------
    dict of str to skinlib.stats.bootstrap.Estimate
        By `skinlib.stats.scores.SCORES`. The two sets share no lesion, so their resamples are
        independent.
    """
    effect = paired.unpaired_difference([run.arrays("test")], [run.arrays(external.PART)])
    return {name: effect.estimate(index) for index, name in enumerate(SCORES)}


def changes(found):
    """Return the table of `change`, by the name of the model."""
    return pd.DataFrame(
        {
            "Model": name,
            **{score.capitalize(): each[score].text(signed=True) for score in SCORES[1::-1]},
        }
        for name, each in found.items()
    )


def by_mix(run):
    """Return the accuracy on the official test that the mix of its classes alone would give.

    That is the recall of each class on the own test set, weighted by the class shares of the
    official test.
    """
    labels, probabilities, _ = run.arrays("test")
    recalls = bootstrap.recalls(np.ones((1, len(labels))), labels, probabilities.argmax(axis=1))[0]
    counts = np.bincount(run.arrays(external.PART)[0], minlength=len(CLASSES))
    return float(np.nansum(recalls * counts) / counts[~np.isnan(recalls)].sum())


def recalls(models):
    """Return the recall of each class on the official test, a column a model."""
    frame = pd.DataFrame({"Class": [f"{LONG_NAMES[name]} ({name})" for name in CLASSES]})
    for name, run in models.items():
        labels, probabilities, lesions = run.arrays(external.PART)
        frame["Images"] = np.bincount(labels, minlength=len(CLASSES))
        weights = bootstrap.cluster_weights(lesions)
        each = bootstrap.recalls(weights, labels, probabilities.argmax(axis=1))
        frame[name] = [bootstrap.estimate(column).text(2) for column in each.T]
    return frame


def abstention(models):
    """Measure a least confidence, chosen on the validation set, on both test sets.

    Parameters
    ----------
    models : dict of str to skinlib.experiments.run.Run
        By name; those without a validation set are left out.

    Returns
    -------
    dict of str to dict
        By name, then by part (``test``, ``official``): see `skinlib.stats.operating.abstention`.
    """
    fixed = {name: operating.fix(run) for name, run in models.items()}
    return {
        name: {
            part: operating.abstention(models[name], part, each.confidence)
            for part in ("test", external.PART)
        }
        for name, each in fixed.items()
        if each and each.confidence is not None
    }


def abstentions(found):
    """Return the table of `abstention`."""
    parts = {"test": "Own test set", external.PART: "Official test"}
    return pd.DataFrame(
        {
            "Model": name,
            **{
                f"{title}: {words}": by_part[part][key].text(percent=True, unit="\u00a0%")
                for part, title in parts.items()
                for key, words in (("answered", "answered"), ("risk", "wrong among them"))
            },
        }
        for name, by_part in found.items()
    )


def candidates():
    """Return the finished candidates for the loss of our model, scored on the validation set."""
    rows = []
    for spec, run in asked.of_best(asked.CANDIDATE):
        if run and run.finished:
            values = asked.estimates(run, "validation")
            rows.append(
                {
                    "Loss": spec.levels["loss"],
                    "Learning rate": f"{spec.resolve().learning_rate:g}",
                    "Mean recall": values[asked.RECALL].text(),
                    "Accuracy": values[0].text(),
                    "AUC, macro": values[3].text(),
                }
            )
    return pd.DataFrame(rows)
