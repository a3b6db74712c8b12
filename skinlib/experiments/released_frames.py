"""Tables about a released model, as text: from ``model.json`` and its run's predictions."""

import pandas as pd
from scipy import stats

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.experiments import evaluated, external
from skinlib.experiments import run as runs
from skinlib.stats import bootstrap, operating, scores
from skinlib.stats.bootstrap import Estimate

PARTS = {"test": "own test set", external.PART: "official test"}
SHARES = {
    "coverage": "Answered",
    "risk": "Wrong among the answers",
    "error": "Wrong if all were answered",
    "error_passed_on": "Wrong among those without an answer",
    "unlike": "No answer because unlike the training set",
}
SEXES = {"female": "women", "male": "men", "unknown": "sex unknown"}


def run_of(model):
    """Return the run that a released model was made of.

    Raises
    ------
    skinlib.common.errors.IntegrityError
        What lies there is another run.
    """
    made_of = model["run"]
    run = runs.read_run(paths.RESULTS / "runs" / made_of["study"] / made_of["run"])
    if run.record["identity"] != made_of["identity"]:
        msg = (
            f"'{run.folder}' is run {run.record['identity']}, the model '{model['name']}' was made "
            f"of {made_of['identity']}; make the release anew"
        )
        raise IntegrityError(msg)
    return run


def percent(values):
    """Format ``[value, low, high]`` of a share, ``–`` for None."""
    return "–" if values is None else Estimate(*values).text(percent=True, unit="\u00a0%")


def parts(run):
    """Return the titles of the test sets that a run was evaluated on, by part."""
    there = set(run.predictions()["part"])
    return {part: title for part, title in PARTS.items() if part in there}


def metrics(run):
    """Return scores on both test sets; every photograph is answered."""
    names = ["Photographs", "Lesions", *scores.SCORES, "melanoma recall"]
    frame = pd.DataFrame({"Metric": [name[0].upper() + name[1:] for name in names]})
    for part, title in parts(run).items():
        labels, probabilities, lesions = run.arrays(part)
        recalls = bootstrap.recalls(
            bootstrap.cluster_weights(lesions), labels, probabilities.argmax(axis=1)
        )
        melanoma = bootstrap.estimate(recalls[:, CLASSES.index("mel")])
        found = [*evaluated.estimates(run, part).values(), melanoma]
        counts = [f"{len(labels):,}", f"{len(set(lesions)):,}"]
        frame[title[0].upper() + title[1:]] = [*counts, *(each.text() for each in found)]
    return frame


def abstention(measured):
    """Return what the rule of a model does.

    Parameters
    ----------
    measured : dict
        ``abstention`` → ``measured`` of ``model.json``.
    """
    frame = pd.DataFrame({"Share of the photographs": ["Photographs", *SHARES.values()]})
    for part, found in measured.items():
        values = [f"{found['images']:,}", *(percent(found[key]) for key in SHARES)]
        frame[PARTS[part][0].upper() + PARTS[part][1:]] = values
    return frame


def outcomes(measured):
    """Return shares of correct answers, no answers and wrong answers, by title.

    All photographs of both test sets, then those of melanoma; see
    `skinlib.plots.curves.outcomes`.
    """
    bars = {}
    for part, found in measured.items():
        answered, wrong = found["coverage"][0], found["risk"][0]
        bars[f"all, {PARTS[part]}"] = answered * (1 - wrong), 1 - answered, answered * wrong
    for part, found in measured.items():
        counts = found["melanoma"]
        bars[f"melanoma, {PARTS[part]}"] = tuple(
            counts[key] / counts["images"] for key in ("right", "passed_on", "wrong")
        )
    return bars


def by_photograph(count, images):
    """Return a share with Wilson's interval, which takes photographs as independent."""
    low, high = stats.binomtest(count, images).proportion_ci(method="wilson")
    return Estimate(count / images, float(low), float(high))


def ood(found):
    """Return what the rule says of pictures that are no photograph of a lesion.

    Parameters
    ----------
    found : list of dict
        ``foreign`` of ``model.json``.
    """
    titles = {
        "kind": "Pictures",
        "images": "Number",
        "unlike": "No answer: unlike the training set",
        "unsure": "No answer: not sure enough",
        "answered": "Answered",
    }
    return pd.DataFrame(found)[list(titles)].rename(columns=titles)


def calibration(run, temperature):
    """Return calibration on both test sets, as trained and scaled."""
    rows = []
    for part, title in parts(run).items():
        for kind, used in (("as trained", None), ("scaled", temperature)):
            found = operating.scores(*run.arrays(part), used)
            rows.append(
                {
                    "Test set": title.removesuffix(" test set").removesuffix(" test"),
                    "Probabilities": kind,
                    "ECE": f"{found['ece']:.3f}",
                    "ECE by chance": f"{found['chance']:.3f}",
                    "Confidence − accuracy": found["over"].text(signed=True),
                }
            )
    return pd.DataFrame(rows)


def facts(found):
    """Return what leaving out age, sex and site changes.

    Parameters
    ----------
    found : dict
        ``without_facts`` of ``model.json``.
    """
    rows = []
    for key, title in (
        ("accuracy", "Accuracy"),
        ("mean_recall", "Mean recall"),
        ("coverage", "Answered"),
        ("risk", "Wrong among the answers"),
    ):
        change = found["difference"].get(key)
        rows.append(
            {
                "Metric": title,
                "With age, sex and site": _text(found["given"][key]),
                "With none of them": _text(found["none"][key]),
                "Difference": _text(change, signed=True),
            }
        )
    return pd.DataFrame(rows)


def _text(values, *, signed=False):
    return Estimate(*values).text(signed=signed) if values else "–"


def sexes(stored):
    """Return the share of melanomas found, by test set and sex.

    Parameters
    ----------
    stored : dict of str to dict
        By test set, entries of ``results/subgroups.json`` of one run.
    """
    rows = []
    for part, found in stored.items():
        for row in found["groups"]["sex"]:
            share = row["melanoma_sensitivity"]
            if share is None:
                continue
            rows.append(
                {
                    "Test set": PARTS[part].removesuffix(" test set").removesuffix(" test"),
                    "Patients": SEXES[row["group"]],
                    "Photographs of melanoma": row["melanomas"],
                    "Found": round(share[0] * row["melanomas"]),
                    "Share": percent(share),
                }
            )
    return pd.DataFrame(rows)
