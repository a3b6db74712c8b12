"""How an answer would move with the facts: one of them at a time is another, the rest stays.

The page in the browser asks the same (``book/browser/what-if.js``).
"""

from skinlib.common.classes import CLASSES, LONG_NAMES
from skinlib.predict.requests import table

AGES = (20.0, 40.0, 60.0, 80.0)
UNKNOWN = "unknown"


def alternatives(facts, encoder):
    """Return other facts by name.

    Parameters
    ----------
    facts : tuple
        Age, sex and site, see `skinlib.predict.requests`.
    encoder : skinlib.data.metadata.MetadataEncoder
        Knows the sexes and sites that the model was trained with.
    """
    age, sex, site = facts
    found = {
        **{f"age {other:g}": (other, sex, site) for other in AGES},
        **{other: (age, other, site) for other in encoder.sexes if other != UNKNOWN},
        **{other: (age, sex, other) for other in encoder.sites if other != UNKNOWN},
    }
    return {name: other for name, other in found.items() if other != tuple(facts)}


def lines(classifier, path, facts):
    """Return a few lines on how the best guess for a photograph moves, from one view of it.

    `classifier` is a `skinlib.predict.model.Predictor` that takes facts.
    """
    picture, others = classifier.prepare(path)[None], alternatives(facts, classifier.encoder)
    # The same picture every time, in batches as large as the runtime takes.
    rows = [tuple(facts), *others.values()]
    found = classifier.classify(picture.repeat(len(rows), axis=0), table(rows), views="one")
    now, *moved = found.probabilities.argmax(axis=1)
    groups = {}
    for name, best in zip(others, moved, strict=True):
        groups.setdefault(best, []).append(name)
    stays = groups.pop(now, [])
    text = (
        f"What if one fact were another? The best guess stays {LONG_NAMES[CLASSES[now]]} in "
        f"{len(stays)} of {len(others)} cases{'; it turns into' if groups else ''}"
    )
    turned = [
        f"  {LONG_NAMES[CLASSES[best]]}: {', '.join(names)}" for best, names in groups.items()
    ]
    return [f"{text}{'' if groups else '.'}", *turned]
