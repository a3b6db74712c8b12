"""The tables that the page and the card of a released model show.

They come from ``model.json`` and from the predictions of its run.
"""

import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.experiments import evaluated, external
from skinlib.experiments.run import folder_of, read_run
from skinlib.stats import operating
from skinlib.stats.bootstrap import Estimate, proportion
from skinlib.stats.scores import SCORES

# Test sets: what tables and the hub call them.
PARTS = {"test": "own test set", external.PART: "official test"}
SHORT = {"test": "own", external.PART: "official"}
SHARES = {
    "coverage": "Answered",
    "risk": "Wrong among the answers",
    "error": "Wrong if all were answered",
    "error_passed_on": "Wrong among those without an answer",
    "unlike": "No answer because unlike the training set",
}
PICTURES = {
    "kind": "Pictures",
    "images": "Number",
    "unlike": "No answer: unlike the training set",
    "unsure": "No answer: not sure enough",
    "answered": "Answered",
}
FACTS = {"accuracy": "Accuracy", "mean_recall": "Mean recall"} | {
    key: SHARES[key] for key in ("coverage", "risk")
}
SEXES = {"female": "women", "male": "men", "unknown": "sex unknown"}


def run_of(model):
    """Return the run that a released model was made of.

    Raises
    ------
    IntegrityError
        Its folder holds another run.
    """
    made_of = model["run"]
    run = read_run(folder_of(made_of["study"], made_of["run"]))
    if run.record["identity"] != made_of["identity"]:
        msg = (
            f"'{run.folder}' is run {run.record['identity']}, the model '{model['name']}' was made "
            f"of {made_of['identity']}; make the release anew"
        )
        raise IntegrityError(msg)
    return run


def parts(run):
    """Return the titles of the test sets that a run was evaluated on, by part."""
    there = set(run.predictions()["part"])
    return {part: title for part, title in PARTS.items() if part in there}


def metrics(run):
    """Return scores on both test sets, if every photograph is answered."""
    rows = ["photographs", "lesions", *SCORES, "melanoma recall"]
    frame = pd.DataFrame({"Metric": list(map(_capital, rows))})
    for part, title in parts(run).items():
        labels, _, lesions = run.arrays(part)
        melanoma = evaluated.recalls(run, part)[CLASSES.index("mel")]
        found = [*evaluated.estimates(run, part).values(), melanoma]
        counts = [f"{len(labels):,}", f"{len(set(lesions)):,}"]
        frame[_capital(title)] = [*counts, *(each.text() for each in found)]
    return frame


def _capital(title):
    return title[0].upper() + title[1:]


def _text(values, **form):
    """Format ``[value, low, high]``, a dash for None."""
    return Estimate(*values).text(**form) if values else "–"


def _percent(values):
    return _text(values, percent=True, unit="\u00a0%")


def abstention(measured):
    """Return what the rule of a model does: ``abstention``, ``measured`` of ``model.json``."""
    frame = pd.DataFrame({"Share of the photographs": ["Photographs", *SHARES.values()]})
    for part, found in measured.items():
        shares = [_percent(found[key]) for key in SHARES]
        frame[_capital(PARTS[part])] = [f"{found['images']:,}", *shares]
    return frame


def outcomes(measured):
    """Return shares of correct, no and wrong answers by title, see `plots.curves.outcomes`.

    All photographs of both test sets, then those of melanoma.
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


def ood(found):
    """Return what the rule does with pictures of no lesion: ``foreign`` of ``model.json``."""
    return pd.DataFrame(found)[list(PICTURES)].rename(columns=PICTURES)


def calibration(run, temperature):
    """Return calibration on both test sets, as trained and scaled."""
    rows = []
    for part in parts(run):
        for kind, used in (("as trained", None), ("scaled", temperature)):
            found = operating.scores(*run.arrays(part), used)
            ece, chance = (f"{found[key]:.3f}" for key in ("ece", "chance"))
            rows.append([SHORT[part], kind, ece, chance, found["over"].text(signed=True)])
    columns = ["Test set", "Probabilities", "ECE", "ECE by chance", "Confidence − accuracy"]
    return pd.DataFrame(rows, columns=columns)


def facts(found):
    """Return what leaving out age, sex and site changes: ``without_facts`` of ``model.json``."""
    rows = [
        [title, _text(found["given"][key]), _text(found["none"][key]),
         _text(found["difference"].get(key), signed=True)]
        for key, title in FACTS.items()
    ]  # fmt: skip
    columns = ["Metric", "With age, sex and site", "With none of them", "Difference"]
    return pd.DataFrame(rows, columns=columns)


def sexes(stored):
    """Return the share of melanomas found by sex, of records of `groups.read` by part."""
    rows = [
        [SHORT[part], SEXES[row["group"]], row["melanomas"],
         round(row["melanoma_sensitivity"][0] * row["melanomas"]),
         _percent(row["melanoma_sensitivity"])]
        for part, found in stored.items()
        for row in found["groups"]["sex"]
        if row["melanoma_sensitivity"]
    ]  # fmt: skip
    columns = ["Test set", "Patients", "Photographs of melanoma", "Found", "Share"]
    return pd.DataFrame(rows, columns=columns)


def melanoma(measured):
    """Return what becomes of photographs of melanoma; shares as of independent photographs."""
    rows = []
    for part, found in measured.items():
        counts = found["melanoma"]
        wrong, images = counts["wrong"], counts["images"]
        share = proportion(wrong, images).text(percent=True) if images else None
        rows.append([SHORT[part], images, counts["right"], counts["passed_on"], wrong, share])
    columns = ["Test set", "Photographs", "Called melanoma", "No answer", "Called something else"]
    return pd.DataFrame(rows, columns=[*columns, "Share of all"])


def float16(found):
    """Return what rounding changes: ``float16`` of ``model.json``."""
    rows = [
        [part, f"{each['images']:,}", f"{100 * each['largest_change']:.2f}",
         each["answers_changed"], f"{100 * each['accuracy_change']:+.2f}",
         f"{100 * each['mean_recall_change']:+.2f}"]
        for part, each in found.items()
    ]  # fmt: skip
    columns = ["Set", "Photographs", "Largest change", "Changed diagnoses"]
    return pd.DataFrame(rows, columns=[*columns, "Accuracy", "Mean recall"])


def megabytes(model):
    """Return the size of a released model: of its numbers, which it also has as ONNX."""
    numbers = (*model["weights"], model["likeness"])
    return sum(model["files"][name]["bytes"] for name in numbers) / 1e6
