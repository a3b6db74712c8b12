"""Tables, sentences and the figure of the page on the official test images."""

import numpy as np

from skinlib import external, paper
from skinlib.classes import CLASSES
from skinlib.evidence import asked
from skinlib.evidence import draws as bootstrap
from skinlib.evidence import scores as scored
from skinlib.figures.external import mean_recalls
from skinlib.figures.runs import confusion, not_run, roc
from skinlib.tables import NOT_RUN, pd


def pages():
    """Return frames, texts and figures by file name."""
    found = asked.all_asked()
    frames = {
        "external": _frame(found),
        "external-others": _others(),
        "external-classes": _classes(found),
        "best-candidates": _candidates(),
    }
    if not found:
        missing = f"{NOT_RUN.capitalize()}.\n"
        names = ("external", "external-roc", "external-confusion")
        return (
            frames,
            dict.fromkeys(("external", "best", "caption-external-model"), missing),
            {name: not_run() for name in names},
        )
    name, shown = next(iter(asked.ours_first(asked.one_seed()).items()))
    images = len(shown.arrays(external.PART)[0])
    texts = {
        "external": _said(found),
        "best": _of_best(),
        "caption-external-model": (
            f"The static figures below are of {shown.record['backbone']}, {name}, on {images:,} "
            "images; where scripts run, any of the models can be chosen.\n"
        ),
    }
    rows = [(asked.title(run), asked.estimates(run)[asked.RECALL]) for run in found]
    others = [
        (row["who"], row["value"])
        for row in paper.load("isic2018")
        if row["metric"] == "mean recall"
    ]
    drawn = {
        "external": mean_recalls(rows, others),
        "external-roc": roc(shown, external.PART),
        "external-confusion": confusion(shown, external.PART),
    }
    return frames, texts, drawn


def _frame(found):
    rows = []
    for run in found:
        official, own = asked.estimates(run), asked.estimates(run, "test")
        rows.append(
            {
                "Model": f"{run.record['backbone']}, {asked.title(run)}",
                "Images": len(run.arrays(external.PART)[0]),
                "Mean recall": official[asked.RECALL].text(),
                "Accuracy": official[0].text(),
                "AUC, macro": official[3].text(),
                "Mean recall, own test part": own[asked.RECALL].text(),
                "Accuracy, own test part": own[0].text(),
            }
        )
    return pd.DataFrame(rows or [{"Model": NOT_RUN}])


def _others():
    return pd.DataFrame(
        [
            {
                "System": row["who"],
                "Metric": row["metric"],
                "Value": f"{row['value']:.3f}",
                "Trained on": row["trained_on"],
                "Read in": row["source"],
            }
            for row in paper.load("isic2018")
        ]
    )


def _classes(found):
    """Return the recall of each class on the official test, a column a model of ours."""
    if not found:
        return pd.DataFrame({"Class": [NOT_RUN]})
    labels = found[0].arrays(external.PART)[0]
    frame = pd.DataFrame({"Class": CLASSES, "Images": np.bincount(labels, minlength=len(CLASSES))})
    for run in asked.one_seed().values():
        labels, probabilities, lesions = run.arrays(external.PART)
        each = bootstrap.recalls(
            bootstrap.lesion_weights(lesions), labels, probabilities.argmax(axis=1)
        )
        frame[asked.title(run)] = [bootstrap.estimate(column).text(2) for column in each.T]
    return frame


def _said(found):
    record = found[0].record["external"]
    lines = [
        f"The data are {record['name']}: {record['images']} images, each network asked once. "
        f"{_of_ours()}".rstrip(),
        "From a network's own test part to these images mean recall and accuracy change by",
    ]
    # Of several seeds one is told; all are in the table.
    told = asked.ours_first(asked.one_seed())
    lines += [
        f"- *{name}*: {_change(run, asked.RECALL)} and {_change(run, 0)}"
        + (", from a part that chose its epoch" * (run.record["recipe"]["selection"] == "test"))
        + ";"
        for name, run in told.items()
    ]
    return "\n\n".join([*lines[:2], "\n".join(lines[2:]).rstrip(";") + "."]) + "\n"


def _of_ours():
    """Say what our model reaches, and where the published mean recalls lie."""
    for name, run in asked.finished_best().items():
        if run.record.get("external"):
            mine = asked.estimates(run)[asked.RECALL]
            others = [
                row["value"]
                for row in paper.load("isic2018")
                if row["metric"] == "mean recall" and row["published"]
            ]
            above = sum(value > mine.high for value in others)
            return (
                f"*Our model*, {name}, reaches a mean recall of {mine.text()}. Of the "
                f"{len(others)} published mean recalls below, {min(others):.3f} to "
                f"{max(others):.3f}, {above} lie above that whole interval."
            )
    return ""


def _change(run, index):
    """Return the change of a score from the own to the official test, with its interval.

    The two parts have no lesion in common, so their draws are independent.
    """
    ends = []
    for seed, part in enumerate(("test", external.PART)):
        labels, probabilities, lesions = run.arrays(part)
        weights = bootstrap.lesion_weights(lesions, seed=seed)
        ends.append(scored.scores(weights, labels, probabilities)[:, index])
    return bootstrap.estimate(ends[1] - ends[0]).text(signed=True)


def of_official():
    """Return one sentence on the official test, None while the model of ours was not asked."""
    for name, run in asked.finished_best().items():
        if run.record.get("external"):
            return (
                f"On {run.record['external']['images']} images of the official ISIC 2018 test, our "
                f"model {run.record['backbone']}, {name}, reaches a mean recall of "
                f"{asked.estimates(run)[asked.RECALL].text()} ([more](external.md))."
            )
    return None


def _candidates():
    rows = []
    for spec, run in asked.of_best(asked.CANDIDATE):
        row = {"Loss": spec.levels["loss"], "Learning rate": f"{spec.resolve().learning_rate:g}"}
        if run and run.finished:
            values = asked.estimates(run, "validation")
            row |= {
                "Mean recall, validation": values[asked.RECALL].text(),
                "Accuracy, validation": values[0].text(),
                "AUC, macro, validation": values[3].text(),
            }
        else:
            row |= {"Mean recall, validation": NOT_RUN}
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _of_best():
    lines = []
    for spec, run in asked.of_best(None):
        if not run or not run.finished:
            lines.append(f"{spec.name}: {NOT_RUN}.")
            continue
        chosen, own = asked.estimates(run, "validation"), asked.estimates(run, "test")
        said = (
            f"{spec.backbone}, {asked.title(run)}: mean recall {chosen[asked.RECALL].text()} on "
            f"validation, {own[asked.RECALL].text()} and accuracy {own[0].text()} on its own test "
            f"part of {len(run.arrays()[0]):,} images"
        )
        if run.record.get("external"):
            official = asked.estimates(run)
            said += (
                f"; {official[asked.RECALL].text()} and {official[0].text()} on "
                f"{run.record['external']['images']} official test images"
            )
        lines.append(said + ".")
    return "\n".join(f"- {line}" for line in lines) + "\n"
