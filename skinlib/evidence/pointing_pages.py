"""Tables and figure of the page on where the maps lie; its sentences: `pointing_words`."""

import pandas as pd

from skinlib.evidence import pointing_words as words
from skinlib.evidence.pointing import CONTROL, FIXED, LEARNED, LIMITS
from skinlib.evidence.pointing_summary import difference, groups, matched, summarise
from skinlib.figures.pointing import NAMES, pointing
from skinlib.figures.runs import not_run
from skinlib.tables import NOT_PRINTED, NOT_RUN

# The variants of the attention that are compared, the second with the first.
COMPARED = (("as_coded", "as_described"), ("none", "as_described"), ("none", "as_coded"))


def pages(found=None):
    """Return frames, texts and figures by file name (``pointing-…``).

    Parameters
    ----------
    found : list of skinlib.evidence.pointing_summary.Group, optional
        All measured runs by default. Without any, everything says "not run".
    """
    found = groups() if found is None else found
    sums = [(group, summarise(group.scores)) for group in found]
    compared = [
        (label, first, second, name, len(pairs), difference(pairs, name))
        for first, second in COMPARED
        for label, pairs in matched(first, second, found)
        for name in LEARNED
        if all(f"{name}_mass" in scores for pair in pairs for scores in pair)
    ]
    frames = {
        "pointing": _learned(sums),
        "pointing-limits": _limits(sums),
        "pointing-runs": _runs(sums),
        "pointing-variants": _variants(compared),
    }
    texts = {
        "pointing-about": words.about(sums),
        "pointing-answer": words.answer(sums),
        "pointing-findings": words.findings(sums),
        "pointing-variants": words.variants(compared),
    }
    titled = [(f"{group.label} ({words.variant(group.attention)})", part) for group, part in sums]
    return frames, texts, {"pointing": pointing(titled) if titled else not_run()}


def cell(row, key, digits=3, sign=""):
    """Format a number with its interval, ``0.353 [0.339, 0.366]``."""
    value, low, high = (row[f"{key}{end}"] for end in ("", "_low", "_high"))
    if pd.isna(value):
        return NOT_PRINTED
    shape = f"{sign}.{digits}f"
    # A rounded -0.000 becomes 0.000.
    value, low, high = (round(number, digits) + 0.0 for number in (value, low, high))
    return f"{value:{shape}} [{low:{shape}}, {high:{shape}}]"


def _learned(sums):
    rows = [
        {
            "Run": group.label,
            "Attention": words.variant(group.attention),
            "Map": NAMES[name],
            "Mass inside": cell(part.loc[name], "mass"),
            "Times an even spread": cell(part.loc[name], "ratio", 2),
            "… minus maps for other lesions": cell(part.loc[name], "mass_others", sign="+"),
            "… minus centred square": cell(part.loc[name], "mass_box", sign="+"),
            "Pointing game": cell(part.loc[name], "hit"),
            "… minus maps for others": cell(part.loc[name], "hit_others", sign="+"),
        }
        for group, part in sums
        for name in (*LEARNED, CONTROL)
        if name in part.index
    ]
    return pd.DataFrame(rows or [{"Run": NOT_RUN}])


def _limits(sums):
    rows = [
        {
            "Run": group.label,
            "Attention": words.variant(group.attention),
            "Grid": words.grid(group),
            "Map": NAMES[name],
            "Mass inside": cell(part.loc[name], "mass"),
            "Pointing game": cell(part.loc[name], "hit"),
        }
        for group, part in sums
        for name in (*FIXED, *LIMITS)
    ]
    return pd.DataFrame(rows or [{"Run": NOT_RUN}])


def _runs(sums):
    rows = []
    for group, _ in sums:
        gammas = [source["gamma"] for source in group.sources]
        empty = sum(source["empty"]["gradcam"] for source in group.sources)
        rows.append(
            {
                "Run": group.label,
                "Attention": words.variant(group.attention),
                "Seeds": len(group.runs),
                "Test images": f"{sum(len(scores) for scores in group.scores):,}",
                "Lesion's share of the picture": f"{group.share:.3f}",
                "Grid": words.grid(group),
                "γ": NOT_PRINTED if None in gammas else ", ".join(f"{g:.4f}" for g in gammas),
                "Grad-CAM all zero": empty,
            }
        )
    return pd.DataFrame(rows or [{"Run": NOT_RUN}])


def _variants(compared):
    rows = [
        {
            "Run": label,
            "Difference": f"{words.variant(second)} minus {words.variant(first)}",
            "Seeds": seeds,
            "Map": NAMES[name],
            "Mass inside": cell(found.loc[name], "mass", sign="+"),
            "Pointing game": cell(found.loc[name], "hit", sign="+"),
        }
        for label, first, second, name, seeds, found in compared
    ]
    return pd.DataFrame(rows or [{"Run": NOT_RUN}])
