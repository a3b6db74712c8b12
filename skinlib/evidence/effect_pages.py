"""Tables, sentences and figures of the pages that compare ways of training."""

import json

from skinlib import captions, paths
from skinlib.evidence import convergence, factorial, leakage, paired
from skinlib.evidence import effect_words as words
from skinlib.evidence.scores import SCORES
from skinlib.figures import effects as figures
from skinlib.figures.runs import not_run
from skinlib.files import write_json
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
# The cell of the ablation that is the recipe clean-frozen as it stands.
BY_LESION = "attention-metadata-weights"
BOTH_SIDES = "both-sides.json"


def pages():
    """Return frames, texts and figures by file name; what has no runs yet says so."""
    frames, texts, drawn = {}, {}, {}
    for make in (_leakage, _ablation, _attentions, _fields):
        for mine, theirs in zip((frames, texts, drawn), make(), strict=True):
            mine.update(theirs)
    texts |= captions.studies()
    return frames, texts, drawn


def _seeds(effect):
    count = len(effect.by_seed)
    return f"{count} seed{'s' if count > 1 else ''}"


def _leakage():
    study = load_study("leakage")
    found, sentences, shown = {}, [], {}
    for recipe, title in (("clean-frozen", ABOVE), ("clean", WHOLE)):
        for images, (count, effect) in leakage.effects(study, recipe).items():
            name = f"{title}, {_seeds(effect)}: {images} ({count:,})"
            found[name] = effect
            shown[f"{title},\n{images}"] = effect
    for name, effect in found.items():
        sentences.append(f"- {name[0].upper()}{name[1:]}: {_all_scores(effect)}.")
    texts = {
        "leakage": "\n".join(sentences or [f"{NOT_RUN.capitalize()}."]) + "\n",
        "leakage-share": _both_sides(),
    }
    drawn = {"leakage": figures.forest(shown) if shown else not_run()}
    frames = {"leakage": paired.frame(found, ("Not seen", "Seen"), "Images")}
    naive = _by_image(study)
    frames["leakage-naive"] = paired.frame(naive, ("By lesion", "By image"), "Splits")
    texts["leakage-naive"] = (
        "".join(
            f"By image less by lesion, {name}: {_all_scores(effect)}.\n"
            for name, effect in naive.items()
        )
        or f"{NOT_RUN.capitalize()}.\n"
    )
    return frames, texts, drawn


def _by_image(study):
    """Compare the split by image with that by lesion, of the same recipe and seeds."""
    found = study.runs(), load_study("ablation").runs()
    pairs = []
    for spec in study.specs:
        if spec.variant == "by-image":
            name = spec.name.replace(spec.variant, BY_LESION)
            pair = found[1].get(name), found[0][spec.name]
            if all(run and run.finished for run in pair):
                pairs.append(pair)
    if not pairs:
        return {}
    effect = leakage.apart(*map(list, zip(*pairs, strict=True)))
    return {f"{ABOVE}, {_seeds(effect)}": effect}


def of_leakage():
    """Return one sentence on leakage, of the recipe with most seeds; None while none was run."""
    study = load_study("leakage")
    found = {
        title: list(leakage.effects(study, recipe).values())
        for recipe, title in (("clean-frozen", ABOVE), ("clean", WHOLE))
    }
    found = {title: effects for title, effects in found.items() if effects}
    if not found:
        return None
    title, ((_, everywhere), (_, there)) = max(
        found.items(), key=lambda item: len(item[1][0][1].by_seed)
    )
    recall = SCORES.index("mean recall")
    return (
        "To have seen other photographs of the test lesions changes mean recall by "
        f"{everywhere.estimate(recall).text(signed=True)}, and by "
        f"{there.estimate(recall).text(signed=True)} where a lesion has any ({title}, "
        f"{_seeds(everywhere)}; [more](leakage.md))."
    )


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


def _all_scores(effect):
    """Say on which scores an effect is clear, and on which it is not."""
    kinds = {1: [], -1: [], 0: []}
    for index, score in enumerate(SCORES):
        estimate = effect.estimate(index)
        kinds[estimate.sign].append(f"{score} {estimate.text(signed=True)}")
    titles = {1: "a clear gain in", -1: "a clear loss in", 0: "not clear for"}
    return "; ".join(f"{titles[sign]} {', '.join(kinds[sign])}" for sign in kinds if kinds[sign])


def _both_sides():
    path = paths.RESULTS / BOTH_SIDES
    if not path.is_file():
        return f"{NOT_RUN.capitalize()}.\n"
    found = json.loads(path.read_text(encoding="utf-8"))

    def span(key):
        values = [100 * row[key] for row in found["rows"]]
        return f"{sum(values) / len(values):.1f} % ({min(values):.1f} to {max(values):.1f})"

    return (
        f"Drawn at random by image, {100 * found['test_share']:.0f} % for the test, over "
        f"{len(found['rows'])} seeds: the lesion of {span('test')} of the test images is trained "
        f"on as well; of the melanomas among them {span('mel')}, of the nevi {span('nv')}. Of all "
        f"{found['images']:,} images, {span('all')} show a lesion that is on both sides.\n"
    )


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
            found[f"{name} ({_seeds(effect)})"] = effect
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


def write_both_sides(table, *, seeds=range(20), test_share=0.1):
    """Recount, on the real table, how many images of a random split leak; keep the result."""
    rows = leakage.both_sides(table, seeds, test_share).to_dict("records")
    path = paths.RESULTS / BOTH_SIDES
    write_json(path, {"images": len(table), "test_share": test_share, "rows": rows})
    return path
