"""Which of four scores an effect is clear on, in words; Markdown."""

from skinlib import paper
from skinlib.evidence.scores import SCORES
from skinlib.models.backbones import get_backbone
from skinlib.recipes import get_recipe
from skinlib.tables import NOT_RUN

# Shown beside what a single training a side found.
ONE = "one training each; another may differ"


def listed(names):
    """Join names, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def by_score(estimates, trainings):
    """Sort the scores of an effect by whether their interval leaves out 0.

    Parameters
    ----------
    estimates : sequence of skinlib.evidence.draws.Estimate
        In the order of `SCORES`.
    trainings : int
        Of each side. One says nothing of how much another would differ, so there is no gain or
        loss to speak of.

    Returns
    -------
    str
        Clear scores with their numbers, then the others by name.
    """
    found = dict(zip(SCORES, estimates, strict=True))
    clear = [name for name in SCORES if found[name].sign]
    rest = [name for name in SCORES if name not in clear]
    if not clear:
        return "no interval leaves out 0"

    def said(names):
        return ", ".join(f"{name} {found[name].text(signed=True)}" for name in names)

    if trainings == 1:
        parts = [f"the interval leaves out 0 for {said(clear)} ({ONE})"]
    else:
        kinds = {"a clear gain in": 1, "a clear loss in": -1}
        sides = {title: [name for name in clear if found[name].sign == sign]
                 for title, sign in kinds.items()}  # fmt: skip
        parts = [f"{title} {said(names)}" for title, names in sides.items() if names]
    if rest:
        parts.append(f"not clear for {listed(rest)}")
    return "; ".join(parts)


def by_factor(effects):
    """Say which effects on one score have an interval that leaves out 0.

    Parameters
    ----------
    effects : dict of str to skinlib.evidence.draws.Estimate
        By the name of what is turned on.

    Returns
    -------
    str
        ``class weights +0.191 [+0.150, +0.232]``, for example, or ``none``.
    """
    clear = [f"{name} {each.text(signed=True)}" for name, each in effects.items() if each.sign]
    return listed(clear) if clear else "none"


def of_score(score, effects):
    """Return a bullet on the effects of a factorial study on one score.

    Parameters
    ----------
    score : str
    effects : dict of tuple of str to skinlib.evidence.draws.Estimate
        By the one or two things that are turned on.
    """
    main, together = (
        {" × ".join(term): each for term, each in effects.items() if len(term) == count}
        for count in (1, 2)
    )
    text, both = f"- **{score[0].upper()}{score[1:]}**: {by_factor(main)}", by_factor(together)
    return f"{text}." if both == "none" else f"{text}; of two together, {both}."


def said(found):
    """Return a bullet for each effect; Markdown.

    Parameters
    ----------
    found : dict of str to skinlib.evidence.paired.Effect
        By title.
    """
    lines = []
    for name, effect in found.items():
        estimates = [effect.estimate(index) for index in range(len(SCORES))]
        text = by_score(estimates, len(effect.by_seed))
        lines.append(f"- {name[0].upper()}{name[1:]}: {text}.")
    return "\n".join(lines or [f"{NOT_RUN.capitalize()}."]) + "\n"


# What the fields of a recipe mean that a frozen lower part changes.
FIELDS = {
    "frozen": "the lower blocks stay as ImageNet left them",
    "schedule": "the step size falls along a cosine",
    "epochs": "there are {} epochs",
}


def setting(spec, logged):
    """Say in what a run above a frozen lower part differs from what was logged.

    Parameters
    ----------
    spec : skinlib.studies.RunSpec
        Without changes, of a recipe that ends in ``-frozen``.
    logged : str
        Training of the authors, a key of `skinlib.paper.logged`.
    """
    plain = get_recipe(spec.recipe.removesuffix("-frozen")).to_json()
    differ = [
        FIELDS[field].format(value)
        for field, value in spec.resolve().to_json().items()
        if field != "name" and value != plain[field]
    ]
    run = paper.logged_run(logged)
    return (
        f"everything else stays as in the recipe *{spec.recipe}* at {spec.size} pixels. That is as "
        "logged, the random split by photograph and the choice of the epoch on the reported part "
        f"included, but {listed(differ)}; the authors' training had {run.epochs['run']} epochs, "
        f"{get_backbone(spec.backbone).input_size} pixels and no part frozen"
    )
