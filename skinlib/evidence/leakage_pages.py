"""Tables, sentences and the figure of the page on photographs of a lesion on both sides."""

import json

from skinlib import paths
from skinlib.evidence import convergence, effect_words, leakage, paired
from skinlib.evidence.effect_pages import ABOVE, WHOLE, seeds_of
from skinlib.evidence.scores import SCORES
from skinlib.figures import effects as figures
from skinlib.figures.runs import not_run
from skinlib.files import write_json
from skinlib.studies import load_study
from skinlib.tables import NOT_RUN

RECIPES = (("clean-frozen", ABOVE), ("clean", WHOLE))
# The cell of the ablation that is the recipe clean-frozen as it stands.
BY_LESION = "attention-metadata-weights"
BOTH_SIDES = "both-sides.json"


def pages():
    """Return frames, texts and figures by file name; what has no runs yet says so."""
    study = load_study("leakage")
    found, lines, shown = {}, [], {}
    for recipe, title in RECIPES:
        effects = leakage.effects(study, recipe)
        if not effects:
            continue
        first = next(iter(effects.values()))[1]
        lines.append(_told(title, effects, leakage.beyond(study, recipe)))
        for images, (count, effect) in effects.items():
            found[f"{title}, {seeds_of(first)}: {images} ({count:,})"] = effect
            shown[f"{title},\n{images}"] = effect
    naive = _by_image(study)
    frames = {
        "leakage": paired.frame(found, ("Not seen", "Seen"), "Images"),
        "leakage-naive": paired.frame(naive, ("By lesion", "By image"), "Splits"),
    }
    compared = (
        f"By image less by lesion, {name}: {_all_scores(effect)}." for name, effect in naive.items()
    )
    nothing = f"{NOT_RUN.capitalize()}."
    texts = {
        "leakage": "\n".join([f"{study.progress()}.\n", *lines] if lines else [nothing]) + "\n",
        "leakage-limit": f"{convergence.limit(study) or nothing}\n",
        "leakage-share": _both_sides(),
        "leakage-naive": ("\n".join(compared) or nothing) + "\n",
    }
    return frames, texts, {"leakage": figures.forest(shown) if shown else not_run()}


def _told(title, effects, beyond):
    """Say what changed where something can leak, where nothing can, and by how much more."""
    count, there = effects[leakage.CAN_LEAK]
    none, control = effects[leakage.CANNOT]
    return (
        f"- **{title.capitalize()}, {seeds_of(there)}.** Where the lesion has another photograph "
        f"({count:,} images): {_all_scores(there)}. Where it has none, so that nothing can leak "
        f"({none:,}): {_all_scores(control)}. The first less the second: {_all_scores(beyond)}."
    )


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
    return {f"{ABOVE}, {seeds_of(effect)}": effect}


def in_short():
    """Return one sentence on leakage, of the recipe with most seeds; None while none was run."""
    study = load_study("leakage")
    found = {
        (recipe, title): effects
        for recipe, title in RECIPES
        if (effects := leakage.effects(study, recipe))
    }
    if not found:
        return None
    (recipe, title), effects = max(
        found.items(), key=lambda item: len(item[1][leakage.ALL][1].by_seed)
    )
    recall = SCORES.index("mean recall")
    there, control, more = (
        effect.estimate(recall).text(signed=True)
        for effect in (
            effects[leakage.CAN_LEAK][1],
            effects[leakage.CANNOT][1],
            leakage.beyond(study, recipe),
        )
    )
    return (
        "To have seen other photographs of the test lesions changes mean recall by "
        f"{there} where a lesion has any, and by {control} where it has none, so that there is "
        f"nothing to have seen; the difference is {more} ({title}, "
        f"{seeds_of(effects[leakage.ALL][1])}; [more](leakage.md))."
    )


def _all_scores(effect):
    """Say of which scores the interval lies above 0, below it, or on both sides."""
    estimates = [effect.estimate(index) for index in range(len(SCORES))]
    return effect_words.by_score(estimates, len(effect.by_seed))


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


def write_both_sides(table, *, seeds=range(20), test_share=0.1):
    """Recount, on the real table, how many images of a random split leak; keep the result."""
    rows = leakage.both_sides(table, seeds, test_share).to_dict("records")
    path = paths.RESULTS / BOTH_SIDES
    write_json(path, {"images": len(table), "test_share": test_share, "rows": rows})
    return path
