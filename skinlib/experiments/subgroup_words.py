"""Sentences of the model card about women and men, from ``results/subgroups.json``; Markdown."""

import json

from skinlib.common import paths
from skinlib.experiments import external
from skinlib.stats import subgroups
from skinlib.stats.bootstrap import Estimate

PARTS = {"test": "its own test part", external.PART: "the official test"}
MELANOMA = "melanoma_sensitivity"
# What a difference between women and men means where its interval leaves out 0, above and below.
VERDICTS = {
    "excess": ("the model does {} for women than for men beyond what their diagnoses give",
               "better", "worse"),
    "mean_recall": ("the model has a {} mean recall for women than for men", "higher", "lower"),
    MELANOMA: ("the model finds a {} share of the melanomas of women than of those of men",
               "larger", "smaller"),
    "nevus_specificity": ("the model has a {} nevus specificity for women than for men",
                          "higher", "lower"),
}  # fmt: skip
CHANCE = "One in twenty such intervals would leave 0 out by chance alone."


def read():
    """Return the stored results by title, empty where there are none."""
    path = paths.RESULTS / subgroups.FILE
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def of_run(found, identity):
    """Return the records of a run by part, empty where it was not measured."""
    return {each["part"]: each for each in found.values() if each["identity"] == identity}


def _gaps(record):
    """Return women less men by metric, where there is enough to compare."""
    return {name: Estimate(*gap) for name, gap in record["women_minus_men"].items() if gap}


def verdicts(record, same, metrics=tuple(VERDICTS)):
    """Say each difference between women and men whose interval leaves out 0.

    Parameters
    ----------
    record : dict
        Of one part.
    same : dict of str to dict
        The records of the same run by part; what other parts say stands beside.
    metrics : iterable of str

    Returns
    -------
    list of str
        Sentences in bold, none where no score tells them apart.
    """
    told = []
    for metric, gap in _gaps(record).items():
        if metric in metrics and gap.sign:
            others = "".join(
                f"; on {PARTS[part]} {_gaps(other)[metric].text(signed=True)}"
                + _counted(other, metric)
                for part, other in same.items()
                if part != record["part"] and metric in _gaps(other)
            )
            told.append(
                f"**On {PARTS[record['part']]} {_verdict(metric, gap)}, {gap.text(signed=True)}"
                f"{_counted(record, metric)}{others}.**"
            )
    return told


def _verdict(metric, gap):
    words, above, below = VERDICTS[metric]
    return words.format(above if gap.sign > 0 else below)


def _sex(record, name):
    return next((row for row in record["groups"]["sex"] if row["group"] == name), None)


def _counted(record, metric):
    """Say of how many melanomas of women and of men a difference is."""
    counts = [_sex(record, name).get("melanomas") for name in ("female", "male")]
    # Results that were measured before these numbers were kept lack them.
    if metric != MELANOMA or None in counts:
        return ""
    return f" ({counts[0]} and {counts[1]} photographs)"


def melanomas(record):
    """Return one sentence on the melanomas of women and of men that a model finds on a part."""
    gap, found = _gaps(record).get(MELANOMA), []
    if gap is None:
        return f"On {PARTS[record['part']]} too little is known of women's or men's melanomas."
    for name, words in (("female", "women"), ("male", "men"), (subgroups.UNKNOWN, "unknown sex")):
        row = _sex(record, name)
        if row and row[MELANOMA]:
            rate, count = Estimate(*row[MELANOMA]), row.get("melanomas")
            of = f" ({round(rate.value * count)} of {count})" if count else ""
            found.append(f"of {words} {rate.text(percent=True)}{of}")
    said = (
        f"**{_verdict(MELANOMA, gap)}**"
        if gap.sign
        else "the melanomas that the model finds do not tell women and men apart"
    )
    return (
        f"On {PARTS[record['part']]} {said}: {', '.join(found)}; women less men "
        f"{gap.text(signed=True)}."
    )


def caution(same):
    """Say of a released model how its answers about women and men differ; Markdown.

    Parameters
    ----------
    same : dict of str to dict
        From `of_run`.
    """
    if not same:
        return "Women and men: not measured.\n"
    others = set(VERDICTS) - {MELANOMA}
    lines = [melanomas(record) for record in same.values()]
    lines += [line for record in same.values() for line in verdicts(record, same, others)]
    return "\n".join(f"* {line}" for line in lines) + f"\n\n{CHANCE}\n"
