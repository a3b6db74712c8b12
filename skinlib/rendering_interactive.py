"""The interactive figures of the book, from the models that answered the official test."""

from skinlib import external
from skinlib.evidence import asked, points
from skinlib.figures import interactive

FIGURES = ("external-roc", "external-confusion", "uncertainty-risk-coverage")


def interactive_figures():
    """Return Vega-Lite specifications by the name of the static figure they take the place of.

    Returns
    -------
    dict of str to dict
        Empty ones while no model was asked.
    """
    runs = asked.one_seed()
    if not runs:
        return {name: {} for name in FIGURES}
    models = {title: run.arrays(external.PART)[:2] for title, run in runs.items()}
    # To choose from; the lines that are all drawn keep the colours of the static figure.
    choice = {title: models[title] for title in asked.ours_first(runs)}
    made = (
        interactive.roc(*points.roc(list(choice.values())), list(choice)),
        interactive.confusion(points.confusion(choice), list(choice)),
        interactive.risk_coverage(points.risk_coverage(models)),
    )
    return dict(zip(FIGURES, made, strict=True))
