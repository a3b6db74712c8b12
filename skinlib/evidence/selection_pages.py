"""Tables, sentences and the figure of the page on selection on the reported part."""

import numpy as np
import pandas as pd

from skinlib.evidence import convergence, selection
from skinlib.evidence.draws import Estimate
from skinlib.evidence.selection import LATE, METRICS
from skinlib.figures.runs import not_run
from skinlib.figures.selection import selection as draw
from skinlib.studies import load_study
from skinlib.tables import NOT_RUN, number

STUDY = "ablation"
ALL = "all"
OURS = ("selection-ours", "selection-epochs", "selection-runs")


def pages(study=None):
    """Return frames, texts and the figure of the page, by file name (``selection-…``).

    Parameters
    ----------
    study : skinlib.studies.Study, optional
        The study ``ablation`` by default. Its runs without test scores by epoch are left
        out; without any, what is ours says "not run".

    Returns
    -------
    frames : dict of str to pandas.DataFrame
    texts : dict of str to str
    drawn : dict of str to matplotlib.figure.Figure
    """
    study = load_study(STUDY) if study is None else study
    theirs = selection.logged()
    frames = {"selection-logged": _logged_frame(theirs)}
    texts = {"selection-logged": of_logged(theirs)}
    found = selection.scored(study)
    if not found:
        frames |= {name: pd.DataFrame({"Score": [NOT_RUN]}) for name in OURS}
        texts |= dict.fromkeys(("selection-ours", "selection-last"), "Not run yet.\n")
        return frames, texts, {"selection": not_run()}
    by_epochs = {metric: _mean(each.by_epochs(), each.seeds) for metric, each in found.items()}
    frames |= {
        "selection-ours": _ours_frame(found),
        "selection-epochs": _epochs_frame(by_epochs),
        "selection-runs": _runs_frame(found),
    }
    histories = [run.history() for run in selection.scoring(study)]
    texts["selection-ours"] = f"{study.progress()}. {of_ours(found, by_epochs)}"
    texts["selection-last"] = of_last(histories)
    panels = {
        METRICS[metric]: (by_epochs[metric], _by_seed(each, each.by_epochs()))
        for metric, each in found.items()
    }
    return frames, texts, {"selection": draw(panels)}


def of_ours(found, by_epochs):
    """Say what the best of all epochs on the test part adds in our runs; Markdown.

    Parameters
    ----------
    found : dict of str to skinlib.evidence.selection.Scored
    by_epochs : dict of str to list of skinlib.evidence.draws.Estimate
        Mean gap by number of epochs.
    """
    first = next(iter(found.values()))
    epochs = sorted({choice.epochs for choice in first.choices})
    seeds = len(np.unique(first.seeds))
    lines = [
        f"{len(first.names)} runs scored the test part after every epoch, of {seeds} "
        f"{'seed' if seeds == 1 else 'seeds'}, with {_span(epochs)} epochs each. The epoch that is "
        "best on the test part, against the epoch that is best on validation:",
        "",
    ]
    for metric, each in found.items():
        gaps = each.last("gap")
        mean = _mean(gaps, each.seeds)
        parts = ", ".join(points(value) for value in _by_seed(each, gaps).values())
        differ = int((gaps > 0).sum())
        most = f", by up to {points(gaps.max())} points" if differ else ""
        lines.append(
            f"* **{METRICS[metric].capitalize()}**: on average the test score is "
            f"**{with_interval(mean, ' points')}** higher; by seed {parts}. The two choices "
            f"differ in {differ} of {len(gaps)} runs{most}. {_growth(by_epochs[metric])}"
        )
    return "\n".join(lines) + "\n"


def _growth(means):
    if len(means) < 3:
        return "There are too few epochs to see it grow."
    # One epoch leaves no choice; two is the least that does.
    return (
        "With two epochs to choose from the difference is "
        f"{with_interval(means[1], ' points')}, with {len(means)} it is "
        f"{with_interval(means[-1], ' points')}."
    )


def of_last(histories):
    """Say how far our trainings still moved in their last epoch, on the test part; Markdown.

    Parameters
    ----------
    histories : sequence of pandas.DataFrame
        Of runs that scored the test part after every epoch.
    """
    if min(map(len, histories)) < 2:
        return "There are too few epochs to see how far the trainings still move.\n"
    parts = []
    for metric, name in METRICS.items():
        last = convergence.last_epoch(histories, f"test_{metric}")
        low, high = (f"{100 * end:+.1f}" for end in (last.changes.min(), last.changes.max()))
        parts.append(
            f"{name} by {100 * last.size:.1f} points on average, up or down (from {low} to "
            f"{high}), and the last epoch is the best in {last.best.sum()} of {len(histories)} runs"
        )
    return (
        "On the test part the last epoch still changes "
        + "; ".join(parts)
        + ". While a training rises, its last epoch is the best on both parts, and both choose the "
        "same one.\n"
    )


def of_logged(rows):
    """Say how far the highest epoch of the authors' curves is above the late ones; Markdown."""
    lines = [
        f"Of {len(rows)} trainings of the metadata arm the curve was logged, with "
        f"{_span(rows['epochs'])} epochs. On the reported photographs, the highest epoch is:",
        "",
    ]
    for key, name in (("over_late", f"the mean of the last {LATE}"), ("over_end", "the last one")):
        lines.append(f"* above {name} by **{_spread(rows[key])}**;")
    parts = [
        f"{_spread(rows.loc[rows['schedule'] == falls, 'over_late'])} in the "
        f"{(rows['schedule'] == falls).sum()} trainings {how}"
        for falls, how in ((True, "whose step size fell"), (False, "whose step size did not"))
        if (rows["schedule"] == falls).any()
    ]
    lines.append(f"* above the mean of the last {LATE} by {' and by '.join(parts)}.")
    return "\n".join(lines) + "\n"


def _spread(values):
    return (
        f"{points(values.mean())} points on average (from {points(values.min())} to "
        f"{points(values.max())})"
    )


def _span(counts):
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def points(value):
    """Format a share as points of a hundred."""
    return f"{100 * value:.2f}"


def with_interval(estimate, unit=""):
    """Format a mean in points with its interval, or say that there is none."""
    value, low, high = (100 * getattr(estimate, end) for end in ("value", "low", "high"))
    if np.isnan(low):
        return f"{value:.2f}{unit} (no interval)"
    return Estimate(value, low, high).text(2).replace(" [", f"{unit} [", 1)


def _mean(gaps, seeds):
    return selection.average(gaps, seeds, least=0.0)


def _by_seed(each, values):
    """Return the means of the runs of each seed, by seed."""
    return {int(seed): values[each.seeds == seed].mean(axis=0) for seed in np.unique(each.seeds)}


def _ours_frame(found):
    rows = []
    for metric, each in found.items():
        choices = [(int(seed), each.seeds == seed) for seed in np.unique(each.seeds)]
        for seed, mask in (*choices, (ALL, np.ones(len(each.seeds), bool))):
            gaps = each.last("gap")[mask]
            rows.append(
                {
                    "Score": METRICS[metric],
                    "Seed": seed,
                    "Runs": len(gaps),
                    "Chosen on validation": number(each.last("on_validation")[mask].mean(), 4),
                    "Best on test": number(each.last("on_test")[mask].mean(), 4),
                    "Difference, points": with_interval(selection.average(gaps, each.seeds[mask])),
                    "Largest": points(gaps.max()),
                    "No difference in": f"{(gaps == 0).sum()} runs",
                }
            )
    return pd.DataFrame(rows)


def _epochs_frame(by_epochs):
    columns = {
        f"{METRICS[metric].capitalize()}, points": [with_interval(each) for each in means]
        for metric, means in by_epochs.items()
    }
    count = len(next(iter(by_epochs.values())))
    return pd.DataFrame({"Epochs": range(1, count + 1), **columns})


def _runs_frame(found):
    first = next(iter(found.values()))
    columns = {"Run": first.names, "Epochs": [choice.epochs for choice in first.choices]}
    for metric, each in found.items():
        name = METRICS[metric].capitalize()
        columns[f"{name}, chosen on validation"] = map(number, each.last("on_validation"))
        columns[f"{name}, best on test"] = map(number, each.last("on_test"))
        columns[f"{name}, difference, points"] = map(points, each.last("gap"))
    return pd.DataFrame({title: list(values) for title, values in columns.items()})


def _logged_frame(rows):
    return pd.DataFrame(
        {
            "Training": row.name,
            "Reported photographs": f"{row.images:,}",
            "Epochs": row.epochs,
            "Step size": "falls" if row.schedule else "as set",
            "Highest": number(row.best, 4),
            f"Mean of the last {LATE}": number(row.late, 4),
            "Last": number(row.end, 4),
            f"Highest − last {LATE}, points": points(row.over_late),
            "Highest − last, points": points(row.over_end),
        }
        for row in rows.itertuples(index=False)
    )
