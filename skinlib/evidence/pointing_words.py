"""Sentences about where the maps lie, made from the scores; Markdown."""

from skinlib.evidence.effect_words import ONE
from skinlib.evidence.pointing import CONTROL, LEARNED, MOSTLY
from skinlib.figures.pointing import NAMES

VARIANTS = {"as_coded": "as coded", "as_described": "as described", "none": "no attention"}
NONE = "Not run yet.\n"

# What a map gains over the mean map of other lesions.
OTHERS = "mass_others"


def variant(name):
    """Return the words for a variant of the attention."""
    return VARIANTS[name]


def grid(group):
    """Return the grid of a group's maps, ``3 × 3``."""
    return "{} × {}".format(*group.sources[0]["grid"])


def about(sums):
    """Say what was measured against what.

    Parameters
    ----------
    sums : list of (Group, pandas.DataFrame)
        From `skinlib.evidence.pointing_summary`.
    """
    if not sums:
        return NONE
    group, _ = sums[0]
    source = group.sources[0]
    prior = source["prior"]
    side = prior["share"] ** 0.5
    return (
        f"A cell counts as lesion where more than {100 * MOSTLY:.0f} % of it is. The centred "
        f"square has a side of {100 * side:.0f} % of the picture's, so that its area is the mean "
        f"area of a lesion, {100 * prior['share']:.0f} %. The centred Gaussian has the spread of "
        f"lesion area about the centre, {100 * prior['sigma']:.0f} % of the side along each axis. "
        f"Both are learned from {prior['masks']:,} masks of photographs outside the test part "
        f"(numbers of *{group.label}*).\n"
    )


def answer(sums):
    """Say in how many networks each kind of map follows the lesion, beside plain maps; Markdown."""
    if not sums:
        return NONE
    lines = [
        "Does a map lie better on its own lesion than the same network's maps for other lesions "
        "do? In points of the map that is on lesion, and by the 95 % interval of each network:",
        "",
    ]
    for name in (*LEARNED, CONTROL):
        rows = [found.loc[name] for _, found in sums if name in found.index]
        if rows:
            parts = [
                f"{word} in {len(some)}" + (f", by {_span(some)}" if word != UNCLEAR else "")
                for word, some in _sorted(rows, lambda row: row).items()
                if some
            ]
            title = f"**{NAMES[name][0].upper()}{NAMES[name][1:]}**, {len(rows)} networks"
            if name == CONTROL:
                title = "**The photograph's darkness**, no network, on the same test parts"
            lines.append(f"* {title}: {'; '.join(parts)}.")
    plain = [
        any(found.loc[name, "mass"] > found.loc["box", "mass"] for name in LEARNED
            if name in found.index)
        for _, found in sums
    ]  # fmt: skip
    lines += [
        "",
        f"In {len(plain) - sum(plain)} of {len(plain)} networks each of its maps lies less on the "
        "lesion than a centred square does, which looks at no photograph.",
    ]
    return "\n".join(lines) + "\n"


BETTER, WORSE, UNCLEAR = "better", "worse", "not clear"


def _sorted(items, row):
    """Return items by whether their map lies better than those for other lesions."""
    found = {BETTER: [], WORSE: [], UNCLEAR: []}
    for item in items:
        low, high = (row(item)[f"{OTHERS}_{end}"] for end in ("low", "high"))
        found[BETTER if low > 0 else WORSE if high < 0 else UNCLEAR].append(item)
    return found


def _span(rows):
    """Format the smallest and the largest of some gains over the maps of others, in points."""
    values = sorted(round(100 * row[OTHERS], 1) + 0.0 for row in rows)
    low, high = (f"{value:+.1f}" for value in (values[0], values[-1]))
    return low if low == high else f"{low} to {high}"


def findings(sums):
    """Say for each group of runs which maps follow the lesion, one bullet a group."""
    return "\n".join(_finding(group, found) for group, found in sums) + "\n" if sums else NONE


def _finding(group, found):
    names = [name for name in LEARNED if name in found.index]
    parts = []
    for word, some in _sorted(names, lambda name: found.loc[name]).items():
        said = [
            NAMES[name] + ("" if word == UNCLEAR else f" {_points(found.loc[name], OTHERS)}")
            for name in some
        ]
        if said:
            parts.append(f"{word}: {', '.join(said)}")
    return (
        f"* **{group.label}** ({variant(group.attention)}, maps of {grid(group)}): "
        f"{'; '.join(parts)}."
    )


def variants(compared):
    """Say what the attention as described changes, all else equal.

    Parameters
    ----------
    compared : list of (label, first, second, name, seeds, pandas.DataFrame)
        From `skinlib.evidence.pointing_summary.difference`, ``second`` minus ``first``.
    """
    if not compared:
        return (
            "No two measured runs differ in their attention alone, so what the variants do to "
            "the maps cannot be said yet.\n"
        )
    lines = []
    for label, first, second, name, seeds, found in compared:
        row = found.loc[name]
        verdict = "no clear difference of the mass on the lesion"
        if row["mass_low"] > 0 or row["mass_high"] < 0:
            verdict = f"{'more' if row['mass'] > 0 else 'less'} of the mass is on the lesion"
            if seeds == 1:
                verdict = f"the interval of the mass on the lesion leaves out 0 ({ONE})"
        lines.append(
            f"* **{label}**, {NAMES[name]}, {variant(second)} against {variant(first)} on the same "
            f"images ({seeds} {'seed' if seeds == 1 else 'seeds'}): {verdict}, "
            f"{_points(row, 'mass')} points; pointing game {_points(row, 'hit')} points."
        )
    return "\n".join(lines) + "\n"


def _points(row, key):
    # A rounded -0.0 becomes 0.0.
    value, low, high = (round(100 * row[f"{key}{end}"], 1) + 0.0 for end in ("", "_low", "_high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
