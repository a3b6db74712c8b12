"""Tables, sentences and figures of the pages that compare ways of training."""

from skinlib import captions
from skinlib.evidence import factorial, paired
from skinlib.evidence.scores import SCORES
from skinlib.figures import effects as figures
from skinlib.figures.runs import not_run
from skinlib.studies import load_study
from skinlib.tables import NOT_RUN

FACTORS = {
    "attention": "soft attention",
    "metadata": "metadata",
    "weights": "class weights",
    "augmentation": "augmentation",
}
ABOVE, WHOLE = "upper part trained", "whole network trained"
ATTENTIONS = {
    "as coded, against none": ("metadata-weights", "as-coded"),
    "as described, against none": ("metadata-weights", "attention-metadata-weights"),
    "as described, against as coded": ("as-coded", "attention-metadata-weights"),
}
FIELDS = {
    "channel order: RGB for BGR": "rgb",
    "attention: as described for as coded": "attention-as-described",
    "batch: 32 for 10": "batch-32",
    "scaling: ImageNet mean and deviation for -1 to 1": "scaling-mirrored",
}


def pages():
    """Return frames, texts and figures by file name; what has no runs yet says so."""
    frames, texts, drawn = {}, {}, {}
    for make in (_ablation, _attentions, _fields):
        for mine, theirs in zip((frames, texts, drawn), make(), strict=True):
            mine.update(theirs)
    texts |= captions.studies()
    return frames, texts, drawn


def seeds_of(effect):
    """Return how many seeds an effect is of, as words."""
    count = len(effect.by_seed)
    return f"{count} seed{'s' if count > 1 else ''}"


def of_factors():
    """Return a sentence for each score on the main effects of the factorial study."""
    found = factorial.main_effects(factorial.design(load_study("ablation")))
    lines = []
    for score in ("accuracy", "mean recall") if found else ():
        each = ", ".join(
            f"{FACTORS[name]} {effects[score].text(signed=True)}" for name, effects in found.items()
        )
        lines.append(
            f"Turned on, over all combinations of the others, these change {score}: {each} "
            "([more](ablation.md))."
        )
    return lines


def _ablation():
    found = factorial.design(load_study("ablation"))
    frames = {
        "ablation-effects": factorial.frame(found, FACTORS),
        "ablation-cells": factorial.cells_frame(found, FACTORS),
    }
    if found is None:
        return frames, {"ablation": f"{NOT_RUN.capitalize()}.\n"}, {"ablation": not_run()}
    sentences = [
        f"{len(found.levels)} cells, {len(found.seeds)} seed{'s' * (len(found.seeds) > 1)} each: "
        f"{len(found.levels) * len(found.seeds)} trainings.\n"
    ]
    main = {}
    for index, score in enumerate(SCORES):
        effects = factorial.effects(found.levels, found.scores[..., index])
        for place, name in enumerate(found.factors):
            main.setdefault(FACTORS[name], []).append(effects[(place,)][0])
        if score in ("accuracy", "mean recall"):
            sentences.append(_of_score(score, effects, found.factors))
    drawn = {"ablation": figures.factorial(main, SCORES)}
    return frames, {"ablation": "\n".join(sentences) + "\n"}, drawn


def _of_score(score, effects, factors):
    """Sort the main effects on a score into clear ones and others, in words."""
    clear, open_, together = [], [], []
    for term, (estimate, _) in effects.items():
        name = " × ".join(FACTORS[factors[index]] for index in term)
        said = f"{name} {estimate.text(signed=True)}"
        if len(term) > 1:
            together += [said] if estimate.sign else []
        else:
            (clear if estimate.sign else open_).append(said)
    parts = []
    if clear:
        parts.append(f"the interval excludes 0 for {'; '.join(clear)}")
    if open_:
        parts.append(f"the interval includes 0 for {'; '.join(open_)}")
    if together:
        parts.append(f"two-way terms whose interval excludes 0: {'; '.join(together)}")
    return f"- **{score[0].upper()}{score[1:]}**: {'; '.join(parts)}."


def _contrasts(study, pairs, recipe=None):
    found = {}
    for name, (first, second) in pairs.items():
        runs = paired.finished_pairs(study, first, second, recipe)
        if runs:
            effect = paired.effect([paired.answers(*pair) for pair in runs.values()])
            found[f"{name} ({seeds_of(effect)})"] = effect
    return found


def _said(found):
    lines = []
    for name, effect in found.items():
        accuracy, recall = effect.estimate(0), effect.estimate(1)
        decided = paired.verdict(
            recall, "mean recall rises", "mean recall falls", "mean recall does not clearly change"
        )
        lines.append(
            f"- {name[0].upper()}{name[1:]}: {decided}, {recall.text(signed=True)}; accuracy "
            f"{accuracy.text(signed=True)}."
        )
    return "\n".join(lines or [f"{NOT_RUN.capitalize()}."]) + "\n"


def _attentions():
    found = _contrasts(load_study("ablation"), ATTENTIONS)
    frames = {"attentions": paired.frame(found, ("First", "Second"))}
    drawn = {"attentions": figures.forest(found) if found else not_run()}
    return frames, {"attentions": _said(found)}, drawn


def _fields():
    study = load_study("as-logged-vs-described")
    found = {}
    for recipe, title in (("md-as-logged-frozen", ABOVE), ("md-as-logged", WHOLE)):
        pairs = {f"{name}; {title}": (None, variant) for name, variant in FIELDS.items()}
        found |= _contrasts(study, pairs, recipe)
    frames = {"fields": paired.frame(found, ("As logged", "As described"))}
    drawn = {"fields": figures.forest(found) if found else not_run()}
    return frames, {"fields": _said(found)}, drawn
