"""Our runs of a study, and one network of them beside the paper and its log."""

import re

import pandas as pd

from skinlib import paper
from skinlib.common.errors import DataError
from skinlib.experiments import evaluated
from skinlib.experiments.run import diverged_in
from skinlib.experiments.study import load_study, study_names
from skinlib.paper.rounding import written
from skinlib.stats.scores import LABELS


def family(study):
    """Return the finished runs of a study, on smaller pictures too, the largest pictures first.

    The same on pictures of 96 pixels is called ``study-96px``.

    Raises
    ------
    DataError
        Where no run is finished.
    """
    same = [name for name in study_names() if re.fullmatch(rf"{re.escape(study)}(-\d+px)?", name)]
    found = [run for name in same for run in load_study(name).finished()]
    if not found:
        msg = f"study '{study}' has no finished run; `make runs STUDY={study}` trains them"
        raise DataError(msg)
    return sorted(found, key=lambda run: -run.record["input_size"])


def choose(found, selection, name=None, part="test"):
    """Return the run to show of those whose epoch was chosen on one set, test or validation.

    Of runs with predictions for `part`, that is the one of the given name, else the first that did
    not diverge, else None.
    """
    runs = [
        run for run in found
        if run.record["selection"] == selection and part in set(run.predictions()["part"])
    ]  # fmt: skip
    wanted = [run for run in runs if run.name == name]
    steady = [run for run in runs if not diverged_in(run.history())]
    return next(iter(wanted + steady), None)


def of_runs(found):
    """Return the table of some finished runs.

    The column *Diverged in epoch* is there only where a run did.
    """
    frame = pd.DataFrame(
        {
            "Model": evaluated.name(run),
            "Seed": run.record["seed"],
            "Epochs (kept)": f"{run.record['epochs']} ({run.record['best_epoch']})",
            "Diverged in epoch": diverged_in(run.history()) or "",
            "Test images": f"{run.record['split']['counts']['test']:,}",
            "Accuracy": evaluated.estimates(run)["accuracy"].text(),
            "Mean recall": evaluated.estimates(run)["mean recall"].text(),
            "AUC, macro": evaluated.estimates(run)["AUC, macro"].text(),
            "s/epoch": f"{run.record['seconds_per_epoch']:.0f}",
        }
        for run in found
    )
    return frame.loc[:, [column for column in frame if (frame[column] != "").any()]]


def theirs(backbone):
    """Return what the paper prints of a network of the metadata arm, and what its log says.

    Rows by name of a score in `skinlib.stats.scores.LABELS`, and ``images``; columns ``printed``
    and ``logged``; None where there is no number.
    """
    run, tables = paper.logged_run(f"{backbone} MD"), paper.printed()
    small = tables["A5"]
    rows = {
        "accuracy": (tables["5"].value(backbone, "MD"), run.accuracy),
        "mean recall": (small.value(backbone, "sensitivity"), run.macro["recall"]),
        "macro precision": (small.value(backbone, "precision"), run.macro["precision"]),
        "macro F1": (small.value(backbone, "f1"), run.macro["f1"]),
        # The paper prints one AUC and does not say of which kind.
        "AUC, macro": (tables["7"].value(backbone, "MD"), run.auc["macro"]),
        "AUC, weighted": (None, run.auc["weighted"]),
        "AUC, micro": (None, run.auc["micro"]),
        LABELS["ovr_balanced_accuracy"]: (small.value(backbone, "balanced_accuracy"), None),
        "images": (None, run.test_images),
    }
    return pd.DataFrame.from_dict(rows, "index", columns=["printed", "logged"], dtype=object)


def columns(backbone, found):
    """Return the table of the scores of one network: paper, log, and a column for each run."""
    known = theirs(backbone)
    frame = pd.DataFrame(
        {
            "Metric": [*LABELS.values(), "images evaluated on"],
            "Paper": [written(value) for value in known["printed"]],
            "Log": [written(value) for value in known["logged"]],
        }
    )
    for title, run in evaluated.named(found).items():
        scores = evaluated.estimates(run, names=LABELS.values())
        images = f"{run.record['split']['counts']['test']:,}"
        frame[title[0].upper() + title[1:]] = [*(each.text() for each in scores.values()), images]
    return frame


def provenance(found):
    """Return the table of where the numbers of some runs come from."""
    templates = {
        "Identity": "{identity}",
        "Data": "{data[name]} ({data[fingerprint]})",
        "Split": "{split[unit]} ({split[hash]})",
        "Weights": "{weights[source]} {sha256:.12}",
        "Device": "{device}",
        "Keras / backend": "{versions[keras]} / {versions[backend]}",
        "Finished": "{finished}",
    }
    rows = []
    for title, run in evaluated.named(found).items():
        known = {"sha256": "", **run.record["weights"], **run.record}
        cells = {name: form.format(**known).strip() for name, form in templates.items()}
        rows.append({"Model": title, **cells})
    return pd.DataFrame(rows)
