"""The ideas of other works under one protocol: which run has whose, and what each brings.

Every idea is a change of one setting of the same baseline (``studies/others.yaml``), three seeds.
"""

import json

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.files import write_json
from skinlib.experiments import conclusions, identities
from skinlib.experiments.effects import finished, together
from skinlib.experiments.study import load_study
from skinlib.paper.ledger import REFERENCES
from skinlib.stats import paired
from skinlib.stats.paired import GAIN, NOT_CLEAR
from skinlib.stats.scores import LOG_LOSS

STUDY, BASELINE, BINARY = "others", "baseline", "melanoma-nevus"
SHOWN = ("accuracy", "mean recall", "AUC, macro", LOG_LOSS)
# Not trained: the mean prediction of some that are.
ENSEMBLES = {
    "ensemble": (BASELINE, "no-attention", "mixup"),
    "resolutions": ("smaller", BASELINE, "larger"),
}
YARDSTICK, COMMON = "yardstick", "Common answers"
BETTER, WORSE = "better", "worse"
FILE = "ideas.json"


def ways():
    """Return the finished runs of the study, by variant and seed."""
    study = load_study(STUDY)
    return {
        variant: {seed: run for (_, seed), run in finished(study, variant).items()}
        for variant in dict.fromkeys(spec.variant for spec in study.specs)
    }


def gains(names=SHOWN, *, change=None):
    """Measure what each idea of ``ideas.yaml`` changes against the baseline, on the test set.

    Only finished runs are taken, of seeds whose baseline is finished too. The effects, of the
    named scores, are by variant, as `skinlib.stats.paired.Effect`. For `change` see
    `skinlib.experiments.effects.together`; a mean of networks is of changed ones.
    """
    runs, groups, found = ways(), {}, {}
    ideas = paper.load("ideas")
    for variant in ideas:
        members = (BASELINE, *ENSEMBLES.get(variant, (variant,)))
        seeds = tuple(sorted(set.intersection(*(set(runs[each]) for each in members))))
        if seeds:
            groups.setdefault(seeds, []).append(variant)
    for seeds, variants in groups.items():
        read = [_predictions(runs, seed, variants, change) for seed in seeds]
        first, *others = paired.scored(read, names)
        for variant, scored in zip(variants, others, strict=True):
            found[variant] = paired.between(first, scored, names=names)
    return {variant: found[variant] for variant in ideas if variant in found}


def _predictions(runs, seed, variants, change):
    """Return labels, probabilities of the baseline and of each variant, and lesions of a seed."""
    members = [each for name in variants for each in ENSEMBLES.get(name, (name,))]
    trained = list(dict.fromkeys((BASELINE, *members)))
    labels, found, lesions = together([runs[each][seed] for each in trained], change=change)
    by_way = dict(zip(trained, found, strict=True))
    for name in set(variants) & set(ENSEMBLES):
        by_way[name] = np.mean([by_way[each] for each in ENSEMBLES[name]], axis=0)
    return labels, [by_way[each] for each in (BASELINE, *variants)], lesions


def binary():
    """Measure a network of melanomas and nevi alone, on these images, minus the unweighted one.

    The scores are ``accuracy`` and ``AUC, melanoma`` of the probabilities of the two classes,
    scaled to a sum of 1. None while no seed has both trained.
    """
    runs = ways()
    seeds = sorted(set(runs["unweighted"]) & set(runs[BINARY]))
    two = [CLASSES.index(name) for name in ("mel", "nv")]
    read = [
        _of_two(*together([runs[each][s] for each in ("unweighted", BINARY)]), two) for s in seeds
    ]
    names = ("accuracy", "AUC, melanoma")
    return paired.effect(read, names) if read else None


def _of_two(labels, found, lesions, two):
    rows, kept = np.isin(labels, two), np.isin(np.arange(len(CLASSES)), two)
    probabilities = [np.where(kept, each[rows], 0) for each in found]
    scaled = [each / each.sum(axis=1, keepdims=True) for each in probabilities]
    return labels[rows], scaled, lesions[rows]


def outcome(effect, score):
    """Return ``better``, ``worse`` or ``not clear``, by both intervals; low log loss is better."""
    judged = effect.judgement(score)
    if judged == NOT_CLEAR:
        return judged
    return BETTER if (judged == GAIN) != (score == LOG_LOSS) else WORSE


def surviving(effects):
    """Return the clear outcomes that Holm's correction over all comparisons leaves.

    `effects` are by title; returned are tuples of title, score and `outcome`.
    """
    return [
        (title, score, judged)
        for (title, score), p in conclusions.holm(effects).items()
        if p < conclusions.LEVEL and (judged := outcome(effects[title], score)) != NOT_CLEAR
    ]


def clear(outcomes):
    """Return what is clear by score as words: ``better accuracy; worse log loss``, or a dash."""
    found = {word: [s for s, each in outcomes.items() if each == word] for word in (BETTER, WORSE)}
    words = [f"{word} {', '.join(scores)}" for word, scores in found.items() if scores]
    return "; ".join(words).replace("AUC, macro", "macro AUC") or "–"


def works(effects):
    """Return the heading of the work that each idea is of, by variant."""
    return {
        variant: COMMON if reference == YARDSTICK else f"[{reference}] {REFERENCES[reference]}"
        for variant, (reference, _) in paper.load("ideas").items()
        if variant in effects
    }


def frame(effects):
    """Return the table of `gains`: an idea a row, the first of a work with what that reports."""
    comparators, rows, said = paper.load("comparators"), [], set()
    for variant, effect in effects.items():
        reference, idea = paper.load("ideas")[variant]
        work = comparators.get(reference)
        values = work and ", ".join(f"{name} {value:g}" for name, value in work["values"].items())
        reported = f"{values or 'no number known here'}; {work['data']}" if work else "–"
        rows.append({
            "Work": f"[{reference}]" if work else "–",
            "Idea, on MobileNetV2": idea,
            "Seeds": len(effect.by_seed),
            **{score: effect.estimate(score).text(signed=True) for score in SHOWN},
            "Clear": clear({score: outcome(effect, score) for score in SHOWN}),
            "The work reports": "as above" if work and reference in said else reported,
        })  # fmt: skip
        said.add(reference)
    return pd.DataFrame(rows)


def outcomes(effects):
    """Return the `outcome` of `gains` by reference number, idea and score; no common answers."""
    found = {}
    for variant, effect in effects.items():
        reference, idea = paper.load("ideas")[variant]
        if reference != YARDSTICK:
            found.setdefault(reference, {})[idea] = {s: outcome(effect, s) for s in SHOWN}
    return found


def known():
    """Return `outcomes`, read from `FILE` where that is of the finished runs, else measured."""
    path = paths.RESULTS / FILE
    read = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if read.get("runs") == identities.of(load_study(STUDY)):
        return read["outcomes"]
    return outcomes(gains())


def pin():
    """Write `FILE`, and return its path."""
    path = paths.RESULTS / FILE
    runs = identities.of(load_study(STUDY))
    write_json(path, {"runs": runs, "outcomes": outcomes(gains())})
    return path


def by_work(found):
    """Return `outcomes` as words, by reference number: ``RandAugment: –. …``."""
    return {
        reference: ". ".join(f"{idea}: {clear(each)}" for idea, each in ideas.items())
        for reference, ideas in found.items()
    }
