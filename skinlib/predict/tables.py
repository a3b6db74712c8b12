"""The tables that the page and the card of a released model show.

They come from ``model.json`` and from the predictions of its run.
"""

import pandas as pd

from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.experiments import evaluated
from skinlib.experiments.run import folder_of, read_run
from skinlib.predict import conditions, released
from skinlib.predict.fitted import CrossFitted
from skinlib.stats import bootstrap, operating
from skinlib.stats.bootstrap import Estimate, proportion
from skinlib.stats.scores import scores

SHARES = {
    "coverage": "Answered",
    "risk": "Wrong among the answers",
    "wrong": "Lesions with a wrong answer, of all",
    "error_passed_on": "Wrong among those without an answer",
    "unlike": "No answer because unlike the training set",
}
FLAGGED = ["Melanoma flagged, of melanomas", "Not flagged, of the others"]
PICTURES = {
    "kind": "Pictures",
    "images": "Number",
    "unlike": "No answer: unlike the training set",
    "unsure": "No answer: not sure enough",
    "answered": "Answered",
}
SEXES = {"female": "women", "male": "men", "unknown": "sex unknown"}


def run_of(model, made_of):
    """Return a run that a released model was made of, as ``model.json`` names it.

    Raises
    ------
    IntegrityError
        Its folder holds another run.
    """
    run = read_run(folder_of(made_of["study"], made_of["run"]))
    if run.record["identity"] != made_of["identity"]:
        msg = (
            f"'{run.folder}' is run {run.record['identity']}, the model '{model['name']}' was made "
            f"of {made_of['identity']}; make the release anew"
        )
        raise IntegrityError(msg)
    return run


def sets(model):
    """Return what a released model, or the networks of its folds, predict, by part.

    Returns
    -------
    dict of str to tuple
        Labels (n,), probabilities as the network gives them and fitted to the data, (n, 7) each,
        and lesions (n,). Out of fold they are fitted on the other folds.
    """
    run, rule, found = run_of(model, model["run"]), released.rule_of(model), {}
    for part in model["abstention"]["measured"]:
        if part == "test" and model["folds"]:
            members = [run_of(model, each) for each in model["folds"]]
            joined, under = conditions.together(members)
            labels, lesions = joined.labels, joined.lesions
            given = under.probabilities[conditions.TURNS]
            fitted = CrossFitted(joined, given).answers(given).probabilities
        else:
            labels, given, lesions = run.arrays(part)
            fitted = rule.answers(given).probabilities
        found[part] = labels, given, fitted, lesions
    return found


def metrics(model, predicted):
    """Return scores of a model at both operating points, if every photograph is answered.

    `predicted` is what `sets` returns.
    """
    frames = {}
    for part, title in released.titles(model).items():
        found = model["abstention"]["measured"][part]
        labels, _, fitted, lesions = predicted[part]
        ranked = scores(bootstrap.cluster_weights(lesions), labels, fitted, ["AUC, macro"])
        values = {"Photographs": f"{found['images']:,}", "Lesions": f"{found['lesions']:,}"}
        for point, each in found["points"].items():
            values[f"Accuracy, {point}"] = _text(each["accuracy"])
            values[f"Mean recall, {point}"] = _text(each["mean_recall"])
            values[f"Melanoma recall, {point}"] = _text(each["recalls"].get("mel"))
        values["AUC, macro"] = bootstrap.estimate(ranked[:, 0]).text()
        for flag, key in zip(FLAGGED, ("sensitivity", "specificity"), strict=True):
            values[flag] = _text(found[key])
        frames[title.capitalize()] = values
    return pd.DataFrame(frames).rename_axis("Metric").reset_index()


def classes(model):
    """Return the recall of each class at both operating points, on the model's own test set."""
    found = model["abstention"]["measured"]["test"]["points"]
    recalls = {
        f"Recall, {point}": [_text(each["recalls"].get(name)) for name in CLASSES]
        for point, each in found.items()
    }
    return pd.DataFrame({"Class": evaluated.TITLES, **recalls})


def by_group(model):
    """Return ``groups`` of ``model.json`` as `skinlib.experiments.groups` shows them, by part."""
    titles = released.titles(model)
    return {
        part: {**found, "model": model["name"], "set": titles[part]}
        for part, found in model["groups"].items()
    }


def _text(values, **form):
    """Format ``[value, low, high]``, a dash for None."""
    return Estimate(*values).text(**form) if values else "–"


def _percent(values):
    return _text(values, percent=True, unit="\u00a0%")


def answered(model):
    """Return what the rule of a model does: ``abstention``, ``measured`` of ``model.json``."""
    frame = pd.DataFrame({"Share of the photographs": ["Photographs", *SHARES.values()]})
    for part, title in released.titles(model).items():
        found = model["abstention"]["measured"][part]
        # Out of fold no distance is measured.
        folds = part == "test" and model["folds"]
        shares = [_percent(None if key == "unlike" and folds else found[key]) for key in SHARES]
        frame[title.capitalize()] = [f"{found['images']:,}", *shares]
    return frame


def outcomes(model):
    """Return shares of correct, no and wrong answers by title, see `plots.curves.outcomes`.

    All photographs of each test set, then those of melanoma.
    """
    measured, titles, bars = model["abstention"]["measured"], released.titles(model), {}
    for part, found in measured.items():
        coverage = found["coverage"][0]
        wrong = coverage * (found["risk"] or [0])[0]
        bars[f"all, {titles[part]}"] = coverage - wrong, 1 - coverage, wrong
    for part, found in measured.items():
        counts = found["melanoma"]
        bars[f"melanoma, {titles[part]}"] = tuple(
            counts[key] / counts["images"] for key in ("right", "passed_on", "wrong")
        )
    return bars


def ood(found):
    """Return what the rule does with pictures of no lesion: ``foreign`` of ``model.json``."""
    return pd.DataFrame(found)[list(PICTURES)].rename(columns=PICTURES)


def calibration(model, predicted):
    """Return calibration of what `sets` returns, as the network gives it and fitted."""
    rows = []
    for part, title in released.titles(model).items():
        labels, given, fitted, lesions = predicted[part]
        for kind, used in (("of the network", given), ("fitted", fitted)):
            found = operating.scores(labels, used, lesions)
            ece, chance = (f"{found[key]:.3f}" for key in ("ece", "chance"))
            rows.append([title, kind, ece, chance, found["over"].text(signed=True)])
    columns = ["Photographs", "Probabilities", "ECE", "ECE by chance", "Confidence − accuracy"]
    return pd.DataFrame(rows, columns=columns)


def facts(model):
    """Return what leaving out facts changes: ``without_facts`` of ``model.json``."""
    rows = [
        [condition.capitalize(), *(_text(each[key]) for key in ("accuracy", "mean_recall")),
         *(_percent(each[key]) for key in ("coverage", "risk", "sensitivity", "specificity"))]
        for condition, each in model["without_facts"].items()
    ]  # fmt: skip
    columns = ["Facts", "Accuracy", "Mean recall", SHARES["coverage"], SHARES["risk"], *FLAGGED]
    return pd.DataFrame(rows, columns=columns).replace({"Given": "As given"})


def sexes(model):
    """Return the share of melanomas found by sex, at the operating point *as the data*."""
    titles = released.titles(model)
    rows = [
        [titles[part], SEXES[row["group"]], row["melanomas"],
         round(row["melanoma_sensitivity"][0] * row["melanomas"]),
         _percent(row["melanoma_sensitivity"])]
        for part, found in model["groups"].items()
        for row in found["groups"]["sex"]
        if row["melanoma_sensitivity"]
    ]  # fmt: skip
    columns = ["Photographs", "Patients", "Of melanoma", "Found", "Share"]
    return pd.DataFrame(rows, columns=columns)


def melanoma(model):
    """Return what becomes of photographs of melanoma; shares as of independent photographs."""
    rows = []
    for part, title in released.titles(model).items():
        counts = model["abstention"]["measured"][part]["melanoma"]
        wrong, images = counts["wrong"], counts["images"]
        share = proportion(wrong, images).text(percent=True) if images else None
        rows.append([title, images, counts["right"], counts["passed_on"], wrong, share])
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
