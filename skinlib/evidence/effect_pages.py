"""Tables, sentences and figures of the pages that compare ways of training."""

from skinlib import captions
from skinlib.evidence import convergence, factorial, paired
from skinlib.evidence import effect_words as words
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
    """Return a sentence on the main effects of the factorial study; none while it is not run."""
    found = factorial.main_effects(factorial.design(load_study("ablation")))
    if not found:
        return []
    each = "; ".join(
        f"{score}: "
        + words.by_factor({FACTORS[name]: effects[score] for name, effects in found.items()})
        for score in SCORES
    )
    named = words.listed([FACTORS[name] for name in found])
    return [
        f"{named[0].upper()}{named[1:]}, each turned on over all combinations of the others in "
        f"short trainings. Effects whose interval leaves out 0: {each} ([more](ablation.md))."
    ]


def _ablation():
    study = load_study("ablation")
    found = factorial.design(study)
    frames = {
        "ablation-effects": factorial.frame(found, FACTORS),
        "ablation-cells": factorial.cells_frame(found, FACTORS),
    }
    texts = {"ablation-limit": f"{convergence.limit(study) or NOT_RUN.capitalize() + '.'}\n"}
    if found is None:
        texts["ablation"] = f"{NOT_RUN.capitalize()}: {study.progress()}.\n"
        return frames, texts, {"ablation": not_run()}
    seeds = words.listed(list(map(str, found.seeds)))
    sentences = [
        f"{study.progress()}. The effects are of the seeds for which all "
        f"{len(found.levels)} combinations are there, {seeds}: "
        f"{len(found.levels) * len(found.seeds)} trainings. Effects whose interval leaves out 0:\n"
    ]
    main = {}
    for index, score in enumerate(SCORES):
        effects = factorial.effects(found.levels, found.scores[..., index])
        for place, name in enumerate(found.factors):
            main.setdefault(FACTORS[name], []).append(effects[(place,)][0])
        named = {
            tuple(FACTORS[found.factors[place]] for place in term): estimate
            for term, (estimate, _) in effects.items()
        }
        sentences.append(words.of_score(score, named))
    texts["ablation"] = "\n".join(sentences) + "\n"
    return frames, texts, {"ablation": figures.factorial(main, SCORES)}


def _contrasts(study, pairs, recipe=None):
    found = {}
    for name, (first, second) in pairs.items():
        runs = paired.finished_pairs(study, first, second, recipe)
        if runs:
            effect = paired.effect([paired.answers(*pair) for pair in runs.values()])
            found[f"{name} ({seeds_of(effect)})"] = effect
    return found


def _attentions():
    found = _contrasts(load_study("ablation"), ATTENTIONS)
    frames = {"attentions": paired.frame(found, ("First", "Second"))}
    drawn = {"attentions": figures.forest(found) if found else not_run()}
    return frames, {"attentions": words.said(found)}, drawn


def _fields():
    study = load_study("as-logged-vs-described")
    found, lacking = {}, []
    for recipe, title in (("md-as-logged-frozen", ABOVE), ("md-as-logged", WHOLE)):
        for name, variant in FIELDS.items():
            there = _contrasts(study, {f"{name}; {title}": (None, variant)}, recipe)
            found |= there
            if not there and any((spec.recipe, spec.variant) == (recipe, variant)
                                 for spec in study.specs):  # fmt: skip
                lacking.append(f"{name} ({title})")
    texts = {
        "fields": words.said(found),
        "fields-setting": _setting(study, lacking),
        "fields-limit": f"{convergence.limit(study) or NOT_RUN.capitalize() + '.'}\n",
    }
    frames = {"fields": paired.frame(found, ("As logged", "As described"))}
    drawn = {"fields": figures.forest(found) if found else not_run()}
    return frames, texts, drawn


def _setting(study, lacking):
    """Say what stays as logged, on how many photographs, and what is not there; Markdown."""
    spec = next(each for each in study.specs if each.recipe.endswith("-frozen"))
    counts = sorted({len(run.predictions("test")) for run in study.finished()})
    text = f"In the rows *{ABOVE}* {words.setting(spec, f'{spec.backbone} MD')}. "
    if counts:
        span = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
        text += f"Each comparison is on {span} photographs a seed. "
    text += f"{study.progress()}."
    return text + (f" Not run: {'; '.join(lacking)}.\n" if lacking else "\n")
