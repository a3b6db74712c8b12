"""Sentences with numbers in them, made from runs, so that no number in the book is typed."""

from skinlib import paper
from skinlib.classes import CLASSES
from skinlib.tables import Measured


def findings(logged, clean, verdicts=None, *, twin=None):
    """Say in a few lines what the two MobileNetV2 runs gave; Markdown.

    Parameters
    ----------
    logged, clean : skinlib.runs.Run or None
        The runs of the recipes ``md-as-logged`` and ``clean``.
    verdicts : dict of str to int, optional
        Claims of the paper by verdict; see `skinlib.audit.report.counts`.
    twin : skinlib.runs.Run, optional
        The recipe ``clean`` on smaller pictures; named where the training of `clean` broke,
        unless it broke too.
    """
    lines = [
        "* The nine networks of the metadata arm have exactly [the parameter totals that the "
        "authors logged](method.md), less the 3 numbers of their age normaliser.",
        "* The attention layer, as it was coded, computes its maps "
        "[from three channels of the feature tensor](attention.md), not from all of them.",
    ]
    if verdicts:
        lines.append(_claims(verdicts))
    printed = paper.printed()["5"].value("MobileNetV2", "MD")
    log = round(paper.logged_run("MobileNetV2 MD").accuracy, 4)
    if _done(logged):
        found, size = Measured(logged), logged.record["input_size"]
        lines.append(
            f"* MobileNetV2, trained the authors' way at {size} pixels for "
            f"{logged.record['epochs']} epochs, classifies "
            f"{_percent(found.with_interval('accuracy'))} of {found.images} held-out "
            f"photographs rightly. The paper prints {printed}, the log says {log}, at 224 pixels."
        )
    if _done(clean):
        found = Measured(clean)
        lines.append(
            "* Under a clean protocol (whole lesions held out, a test part that chooses nothing) "
            f"it is {_percent(found.with_interval('accuracy'))} of {found.images}, with a mean "
            f"recall of {found.with_interval('mean_recall')}. The two runs differ in more than "
            "the split: {ref}`what differs <what-differs>`." + _broken(clean, twin)
        )
    if not (_done(logged) and _done(clean)):
        lines.append("* A run on the real data that is not there yet shows as *not run*.")
    return "\n".join(lines) + "\n"


def _broken(clean, twin):
    """Say that a training broke, what was kept of it, and what one that did not break gave."""
    if not (jump := _jump(clean)):
        return ""
    text = (
        f" That training broke in epoch {jump[0]}, and what is kept of it is epoch "
        f"{clean.record['best_epoch']} of {clean.record['epochs']}."
    )
    if not _done(twin) or (_jump(twin) or (0,))[0] >= twin.record["best_epoch"]:
        return text
    found, record = Measured(twin), twin.record
    return (
        f"{text} The same recipe at {record['input_size']} pixels, of which epoch "
        f"{record['best_epoch']} of {record['epochs']} is kept, reaches "
        f"{_percent(found.with_interval('accuracy'))}, and a mean recall of "
        f"{found.with_interval('mean_recall')}."
    )


def steadiness(run):
    """Say below a run's curves whether its training broke; Markdown."""
    return f"{_unsteady(run) if _done(run) else ''}\n"


def _claims(verdicts):
    holds, only, own, logs, *undecided = verdicts.values()
    return (
        f"* Of {sum(verdicts.values())} checkable statements of the paper {holds} hold as they "
        f"stand and {only} of something narrower; {own} disagree with the paper's own tables and "
        f"{logs} with the authors' notebooks; {sum(undecided)} are open: [the audit](audit.md)."
    )


def _done(run):
    return run is not None and run.finished


def _percent(text):
    """Turn ``0.753 [0.725, 0.781]`` into ``75.3 % [72.5, 78.1]``."""
    value, _, rest = text.partition(" [")
    low, _, high = rest.rstrip("]").partition(", ")
    return f"{100 * float(value):.1f} % [{100 * float(low):.1f}, {100 * float(high):.1f}]"


def differences(logged, clean):
    """Say in plain words how our runs differ from the paper's and from each other; Markdown."""
    if not (_done(logged) and _done(clean)):
        return "The runs do not exist yet, so there is nothing to compare.\n"
    first, second = logged.record, clean.record
    theirs = paper.logged_run("MobileNetV2 MD")
    epochs = "; ".join(
        f"{record['recipe']['name']} {record['epochs']} (kept: {record['best_epoch']})"
        for record in (first, second)
    )
    shared = first["split"]["lesions_on_both_sides"]
    recall = {r["recipe"]["name"]: Measured(run).classes["sensitivity"][CLASSES.index("mel")]
              for r, run in ((first, logged), (second, clean))}  # fmt: skip
    rows = [
        f"Our pictures are {first['input_size']} pixels a side, the authors' 224, taken from a "
        f"copy of the data set ({first['data']['name']}) that was resized and recompressed.",
        f"Epochs: {epochs}. The authors' run had {theirs.epochs['run']} and kept number "
        f"{theirs.epochs['kept']}, the best on the reported photographs.",
        f"The split of *md-as-logged* follows their procedure, not their list of images, which "
        f"was not published; {shared} lesions have photographs on both sides of it. In *clean* "
        f"it is {second['split']['lesions_on_both_sides']}.",
        "In *md-as-logged* the held-out part chose the epoch, as in the notebooks, so its "
        "numbers are of the flattering kind. In *clean* a validation part chose.",
        "The two runs of ours differ in several named fields at once (see the table of recipes), "
        "so the gap between them is not the effect of any one of them.",
        "One seed each. The intervals say how certain the numbers are for these networks on new "
        "lesions of this kind, not how much another training would differ.",
        "Recall on melanoma: "
        + ", ".join(f"{name} {value:.3f}" for name, value in recall.items())
        + f"; logged by the authors {theirs.recall[CLASSES.index('mel')]}.",
    ]
    rows += [text for run in (logged, clean) if (text := _unsteady(run))]
    return "\n".join(f"* {row}" for row in rows) + "\n"


def _jump(run, factor=3):
    """Return epoch, loss and lowest loss before, where it first rose to `factor` times that."""
    loss = run.history()["loss"]
    lowest = loss.cummin().shift()
    jumps = loss[loss > factor * lowest]
    if jumps.empty:
        return None
    first = jumps.index[0]
    return first + 1, loss[first], lowest[first]


def _unsteady(run):
    if not (jump := _jump(run)):
        return ""
    epoch, loss, lowest = jump
    return (
        f"The training of *{run.record['recipe']['name']}* was not steady: in epoch {epoch} its "
        f"loss rose to {loss:.2f}, from {lowest:.2f} at its lowest before, and it ended at "
        f"{run.history()['loss'].iloc[-1]:.2f}. What is kept is epoch "
        f"{run.record['best_epoch']}. One seed shows no more than that it can happen."
    )
