"""Sentences about where the maps lie, made from the scores; Markdown."""

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


def findings(sums):
    """Say for each group of runs where its maps lie, one bullet a group."""
    return "\n".join(_finding(group, found) for group, found in sums) + "\n" if sums else NONE


def _finding(group, found):
    names = [name for name in LEARNED if name in found.index]
    shares = "; ".join(f"{_percent(found.loc[name], 'mass')} of {NAMES[name]}" for name in names)
    points = "; ".join(f"{_percent(found.loc[name], 'hit')} ({NAMES[name]})" for name in names)
    even, box, ceiling = (found.loc[name] for name in ("even", "box", "ceiling"))
    return (
        f"* **{group.label}** ({variant(group.attention)}, maps of {grid(group)}). On the lesion "
        f"lies {shares}. Of a map spread evenly it is {_percent(even, 'mass')}, of a centred "
        f"square {_percent(box, 'mass')}. {_follows(found, names)} The maximum is on the lesion "
        f"in this part of the photographs: {points}. The middle of the picture is in "
        f"{_percent(box, 'hit')}; no map of this grid could be in more than "
        f"{_percent(ceiling, 'hit')}."
    )


def _follows(found, names):
    """Say which maps lie better on their own lesion than those of others, and which do not."""

    def listed(chosen):
        return "; ".join(f"{NAMES[name]} {_points(found.loc[name], OTHERS)}" for name in chosen)

    better = [name for name in names if found.loc[name, f"{OTHERS}_low"] > 0]
    rest = [name for name in names if name not in better]
    text = ""
    if better:
        text = f"Better than the network's maps for other lesions: {listed(better)} points. "
    if rest:
        text += f"No gain over the network's maps for other lesions: {listed(rest)} points."
    if CONTROL in found.index:
        gain = _points(found.loc[CONTROL], OTHERS)
        text = f"{text.strip()} For comparison, the photograph's darkness: {gain} points."
    return text.strip()


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
        verdict = "no difference is seen in the mass"
        if row["mass_low"] > 0 or row["mass_high"] < 0:
            verdict = f"{'more' if row['mass'] > 0 else 'less'} of the mass is on the lesion"
        lines.append(
            f"* **{label}**, {NAMES[name]}, {variant(second)} against {variant(first)} on the same "
            f"images ({seeds} {'seed' if seeds == 1 else 'seeds'}): {verdict}, "
            f"{_points(row, 'mass')} points; pointing game {_points(row, 'hit')} points."
        )
    return "\n".join(lines) + "\n"


def _percent(row, key):
    value, low, high = (100 * row[f"{key}{end}"] for end in ("", "_low", "_high"))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def _points(row, key):
    # A rounded -0.0 becomes 0.0.
    value, low, high = (round(100 * row[f"{key}{end}"], 1) + 0.0 for end in ("", "_low", "_high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
