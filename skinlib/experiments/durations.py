"""How long the studies of the book took, and what the demonstration gave."""

import pandas as pd

from skinlib.experiments.study import load_study, study_names
from skinlib.stats.scores import summary

# Page of each study, as a link.
PAGES = {
    "ham10000-256px": "[](results.ipynb)",
    "ham10000-256px-96px": "[](results.ipynb)",
    "stable": "[](results.ipynb)",
    "leakage": "[](leakage.ipynb)",
    "leakage-matched": "[](leakage.ipynb)",
    "ablation": "[](ablation.ipynb)",
    "ablation-converged": "[](ablation.ipynb)",
    "as-logged-vs-described": "[](ablation.ipynb)",
    "attention": "[](ablation.ipynb)",
    "external": "[](external.ipynb)",
    "best": "[](external.ipynb)",
}


def seconds(run):
    """Return the seconds that the epochs of a finished run took."""
    return float(run.history()["seconds"].sum())


def _finished():
    for name in study_names():
        study = load_study(name)
        if study.require != "synthetic" and (done := study.finished()):
            yield study, done


def studies():
    """Return one row a study on real data of which runs are finished, the longest first.

    Returns
    -------
    pandas.DataFrame
        ``Study``, ``Runs`` (planned), ``Finished`` and ``Hours``.
    """
    rows = [
        {
            "Study": study.name,
            "Runs": len(study.specs),
            "Finished": len(done),
            "Hours": sum(map(seconds, done)) / 3600,
        }
        for study, done in _finished()
    ]
    frame = pd.DataFrame(rows, columns=["Study", "Runs", "Finished", "Hours"])
    return frame.sort_values("Hours", ascending=False, ignore_index=True)


def devices():
    """Return the devices on which the runs of `studies` were trained."""
    return ", ".join(sorted({run.record["device"] for _, done in _finished() for run in done}))


def demonstration():
    """Return one row a finished run of the demonstration; empty where it was not run."""
    rows = []
    for run in load_study("demo").finished():
        labels, probabilities, _ = run.arrays("test")
        found = summary(labels, probabilities)
        rows.append(
            {
                "Backbone": run.record["backbone"],
                "Input (px)": run.record["input_size"],
                "Epochs": run.record["epochs"],
                "Test images": len(labels),
                "Accuracy": f"{found['accuracy']:.2f}",
                "Mean recall": f"{found['mean_recall']:.2f}",
                "Seconds an epoch": f"{run.record['seconds_per_epoch']:.1f}",
            }
        )
    return pd.DataFrame(rows)
