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
from skinlib.stats.bootstrap import N_RESAMPLES
from skinlib.stats.paired import GAIN, LEAST_SEEDS, LOSS
from skinlib.stats.scores import DECISIONS

YES, NO, UNTESTED, NO_THRESHOLD = "yes", "no", "–", "has none"
CHECKS = (
    "Other lesions", "Other training runs", "All comparisons of its study", "Chosen threshold",
    "Trained to the end", "Second network",
)  # fmt: skip
LEVEL = 0.05
MAIN, SECOND = "MobileNetV2", "MobileNet"
# Variants of the study `ablation-converged` on the second network, by factor.
WITHOUT = {
    "attention": "no-attention", "metadata": "no-metadata", "weights": "no-weights",
    "augmentation": "no-augmentation",
}  # fmt: skip


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
    lesions, trainings = effect.estimate(score), effect.over_seeds(score)
    sign = 1 if lesions.value > 0 else -1
    direction = GAIN if sign > 0 else LOSS

    def same(other, pooled=False):
        if other is None or len(other.by_seed) < (2 if pooled else LEAST_SEEDS):
            return UNTESTED
        if len(other.by_seed) < LEAST_SEEDS:
            return YES if other.estimate(score).sign == sign else NO
        return YES if other.judgement(score) == direction else NO

    found = (
        YES if lesions.sign == sign else NO,
        YES if trainings.sign == sign else NO,
        YES if corrected < LEVEL else NO,
        same(moved) if score in DECISIONS else NO_THRESHOLD,
        same(converged, pooled=True),
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
    return [
        {
            "Effect of": title,
            "on": score,
            "Size": effect.estimate(score).text(signed=True),
            **checks(
                effect,
                score,
                corrected[title, score],
                **{check: each.get(title) for check, each in others.items()},
            ),
        }
        for title, effect in found.items()
        for score in effect.names
    ]


def of_leakage(*, n_resamples=N_RESAMPLES):
    """Return the rows on photographs of the test lesions in the training set."""
    study, title = load_study("leakage-matched"), "seeing the test lesion"
    main, second = (leakage.runs(study, "clean-frozen", each) for each in (MAIN, SECOND))
    if len(main) < LEAST_SEEDS:
        return []
    options = {"n_resamples": n_resamples}
    found = {title: leakage.beyond(main, **options)}
    moved = {title: leakage.beyond(main, change=prevalence.shifted, **options)}
    again = {title: leakage.beyond(second, **options)}
    return _rows(found, holm(found), moved=moved, second=again)


def of_factors(*, n_resamples=N_RESAMPLES):
    """Return the rows on attention, metadata, class weights and augmentation."""
    options = {"n_resamples": n_resamples}
    study, longer = load_study("ablation"), load_study("ablation-converged")
    design = effects.factorial(study, **options)
    if design is None:
        return []
    moved = effects.factorial(study, DECISIONS, change=prevalence.shifted, **options)
    flat = effects.factorial(longer, **options)
    terms = factorial.frame(design)
    adjusted = multipletests(terms["p"], method="holm")[1]
    keys = zip(terms["Switched on"], terms["Score"], strict=True)
    return _rows(
        factorial.named(design),
        dict(zip(keys, adjusted, strict=True)),
        moved=factorial.named(moved),
        converged=factorial.named(flat) if flat else {},
        second=on_second_network(**options),
    )


def on_second_network(*, n_resamples=N_RESAMPLES):
    """Return the effects of the four factors on `SECOND`, by name: on minus off, the others on."""
    study, variants = load_study("ablation-converged"), ("full", *WITHOUT.values())
    ways = {each: effects.finished(study, each, backbone=SECOND) for each in variants}
    wanted = {factorial.NAMES[name]: (off, "full") for name, off in WITHOUT.items()}
    return effects.contrasts(ways, wanted, n_resamples=n_resamples)


def of_settings(*, n_resamples=N_RESAMPLES):
    """Return the rows on attention as described or coded, and on the other settings of the text."""
    options = {"n_resamples": n_resamples}
    rows = []
    plain, shifted = (
        {f"attention, {title}": effect for title, effect in found.items()}
        for found in (
            effects.attentions(**options),
            effects.attentions(change=prevalence.shifted, **options),
        )
    )
    for found, moved in (
        (plain, shifted),
        # These runs have no validation set, as the authors' have none.
        (effects.settings(**options), {}),
    ):
        if found:
            rows += _rows(found, holm(found), moved=moved)
    return rows


def table(*, n_resamples=N_RESAMPLES):
    """Return the effects whose interval over lesions excludes zero, and what they survive.

    Returns
    -------
    pandas.DataFrame
        ``Effect of``, ``on`` (score), ``Size`` with its interval over lesions, and a column for
        each of `CHECKS` after the first, which all of them pass.
    """
    options = {"n_resamples": n_resamples}
    rows = [*of_leakage(**options), *of_factors(**options), *of_settings(**options)]
    found = pd.DataFrame(rows)
    return found[found[CHECKS[0]] == YES].drop(columns=CHECKS[0]).reset_index(drop=True)
