"""What the effects of this book survive: each measured effect, and the checks it passes.

An effect is checked against other lesions, other training runs, all the comparisons of its study,
a decision threshold that is chosen on the validation set, training until the curves are flat, and
a second network. A check that was not made says so.
"""

import pandas as pd
from scipy.stats import ttest_1samp
from statsmodels.stats.multitest import multipletests

from skinlib.experiments import effects, leakage
from skinlib.experiments.study import load_study
from skinlib.stats import factorial, prevalence
from skinlib.stats.paired import GAIN, LEAST_SEEDS, LOSS
from skinlib.stats.scores import DECISIONS

YES, NO, UNTESTED, NO_THRESHOLD = "yes", "no", "–", "has none"
WORDS = {True: YES, False: NO}
CHECKS = (
    "Other lesions", "Other training runs", "All comparisons of its study", "Chosen threshold",
    "Trained to the end", "Second network",
)  # fmt: skip
LEVEL = 0.05
MAIN, SECOND = "MobileNetV2", "MobileNet"


def checks(effect, score, corrected, *, moved=None, converged=None, second=None):
    """Return which checks one effect on one score passes, by name of `CHECKS`.

    Parameters
    ----------
    effect : skinlib.stats.paired.Effect
    score : str
    corrected : float
        p-value of no effect, corrected for all comparisons of its study.
    moved, converged, second : skinlib.stats.paired.Effect, optional
        The same effect where decisions use a chosen threshold, where training had converged, and
        on a second network. `converged` is of a factorial study: its interval covers the training
        runs too, so two seeds are enough.

    Returns
    -------
    dict of str to str
        ``yes``, ``no``, ``–`` where it was not made; for the threshold of a score without one
        ``has none``.
    """
    sign = 1 if effect.estimate(score).value > 0 else -1

    def same(other, least=LEAST_SEEDS):
        if other is None or len(other.by_seed) < least:
            return UNTESTED
        if len(other.by_seed) < LEAST_SEEDS:
            return WORDS[other.estimate(score).sign == sign]
        return WORDS[other.judgement(score) == (GAIN if sign > 0 else LOSS)]

    found = (
        WORDS[effect.estimate(score).sign == sign],
        WORDS[effect.over_seeds(score).sign == sign],
        WORDS[corrected < LEVEL],
        same(moved) if score in DECISIONS else NO_THRESHOLD,
        same(converged, least=2),
        same(second),
    )
    return dict(zip(CHECKS, found, strict=True))


def holm(found):
    """Return p-values of no effect over the seeds, corrected by Holm, by title and score.

    `found` are effects by title, of `LEAST_SEEDS` or more; one of fewer has none.
    """
    raw = {
        (title, score): ttest_1samp(effect.by_seed[:, effect.place(score)], 0).pvalue
        for title, effect in found.items()
        for score in effect.names
        if len(effect.by_seed) >= LEAST_SEEDS
    }
    return dict(zip(raw, multipletests(list(raw.values()), method="holm")[1], strict=True))


def _rows(found, corrected, **others):
    """Return one row an effect and score; `others` are effects by title, see `checks`."""
    rows = []
    for title, effect in found.items():
        elsewhere = {check: each.get(title) for check, each in others.items()}
        for score in effect.names:
            size = effect.estimate(score).text(signed=True)
            passed = checks(effect, score, corrected[title, score], **elsewhere)
            rows.append({"Effect of": title, "on": score, "Size": size, **passed})
    return rows


def of_leakage():
    """Return the rows on photographs of the test lesions in the training set."""
    study, title = load_study("leakage-matched"), "seeing the test lesion"
    main, second = (leakage.runs(study, "clean-frozen", each) for each in (MAIN, SECOND))
    if len(main) < LEAST_SEEDS:
        return []
    found = {title: leakage.beyond(main)}
    moved = {title: leakage.beyond(main, change=prevalence.shifted)}
    return _rows(found, holm(found), moved=moved, second={title: leakage.beyond(second)})


def of_factors():
    """Return the rows on attention, metadata, class weights and augmentation."""
    study, longer = load_study("ablation"), load_study("ablation-converged")
    design = effects.factorial(study)
    if design is None:
        return []
    moved = effects.factorial(study, DECISIONS, change=prevalence.shifted)
    flat = effects.factorial(longer)
    terms = factorial.frame(design)
    adjusted = multipletests(terms["p"], method="holm")[1]
    keys = zip(terms["Switched on"], terms["Score"], strict=True)
    return _rows(
        factorial.named(design),
        dict(zip(keys, adjusted, strict=True)),
        moved=factorial.named(moved),
        converged=factorial.named(flat) if flat else {},
        second=on_second_network(),
    )


def on_second_network():
    """Return the effects of the four factors on `SECOND`, by name: on minus off, the others on."""
    study = load_study("ablation-converged")
    wanted = {title: (f"no-{name}", "full") for name, title in factorial.NAMES.items()}
    ways = {each: effects.finished(study, each, backbone=SECOND)
            for each in ("full", *(off for off, _ in wanted.values()))}  # fmt: skip
    return effects.contrasts(ways, wanted)


def of_settings():
    """Return the rows on attention as described or coded, and on the other settings of the text."""
    plain, shifted = (
        {f"attention, {title}": effect for title, effect in effects.attentions(change=each).items()}
        for each in (None, prevalence.shifted)
    )
    rows = _rows(plain, holm(plain), moved=shifted) if plain else []
    # These runs have no validation set, as the authors' have none.
    found = effects.settings()
    return rows + (_rows(found, holm(found)) if found else [])


def table():
    """Return the effects whose interval over lesions excludes zero, and what they survive.

    Returns
    -------
    pandas.DataFrame
        ``Effect of``, ``on`` (score), ``Size`` with its interval over lesions, and a column for
        each of `CHECKS` after the first, which all of them pass.
    """
    found = pd.DataFrame([*of_leakage(), *of_factors(), *of_settings()])
    return found[found[CHECKS[0]] == YES].drop(columns=CHECKS[0]).reset_index(drop=True)
