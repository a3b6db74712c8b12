"""Sentences about groups of patients, from ``results/subgroups.json``; Markdown, no file access."""

from skinlib import external
from skinlib.evidence import subgroups
from skinlib.evidence.draws import Estimate

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
NOT_APART = "Neither what is left over nor another score tells women and men apart."
CHANCE = "One in twenty such intervals would leave 0 out by chance alone."
MORE = "([more](subgroups.md))"


def of_run(found, identity):
    """Return the records of a run by part, empty where it was not measured."""
    return {each["part"]: each for each in found.values() if each["identity"] == identity}


def about(title, same):
    """Say which model and which photographs the tables are of.

    Parameters
    ----------
    title : str
    same : dict of str to dict
        From `of_run`: the records of the model that is shown.
    """
    first = next(iter(same.values()))
    asked = "; ".join(
        f"{PARTS[part]}, {record['images']:,} photographs of {record['lesions']:,} lesions"
        for part, record in same.items()
    )
    return (
        f"The tables by group are of *{title}* (run `{first['study']}/{first['run']}`) on {asked}. "
        f"Groups of fewer than {subgroups.LEAST_IMAGES} photographs or {subgroups.LEAST_LESIONS} "
        "lesions show their size and a dash, and so does a share of fewer photographs or lesions "
        "than that. The mean recall needs as many of each diagnosis that the group has, and two "
        "diagnoses at least.\n"
    )


def sexes(found):
    """Say of each model and part how women and men differ.

    Parameters
    ----------
    found : dict of str to dict
        From `skinlib.evidence.subgroups.measure`, by title.
    """
    lines, looked = [], []
    for title, record in found.items():
        gaps = _gaps(record)
        if "accuracy" not in gaps:
            lines.append(f"* *{title}*: too few women or men to compare.")
            continue
        looked += [gaps[metric] for metric in VERDICTS if metric in gaps]
        told = verdicts(record, of_run(found, record["identity"]))
        lines.append(
            f"* *{title}*: accuracy {gaps['accuracy'].text(signed=True)}, of which their different "
            f"diagnoses alone would give {gaps['expected'].text(signed=True)}; left over "
            f"{gaps['excess'].text(signed=True)}. {' '.join(told) or NOT_APART}"
        )
    apart = sum(gap.sign != 0 for gap in looked)
    lines += ["", f"Beside accuracy and mix these are {len(looked)} differences; the intervals of "
              f"{apart} leave out 0. {CHANCE}"]  # fmt: skip
    return "\n".join(lines) + "\n"


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


def short_caution(same):
    """Return one sentence for those who are about to ask a model, with a link."""
    if not same:
        return f"Whether it answers for women as well as for men was not measured {MORE}.\n"
    record = same.get(external.PART) or next(iter(same.values()))
    return f"{melanomas(record).rstrip('.')} {MORE}.\n"


def ranges(shown):
    """Say how far groups lie apart, and which lie apart beyond their mix, the farthest first.

    Parameters
    ----------
    shown : list of tuple
        ``(words, rows)`` of each table of the page.
    """
    lines, judged, apart = [], 0, []
    for words, every in shown:
        rows = [row for row in every if row["accuracy"]]
        judged += len(rows)
        apart += [(words.lower(), row["group"], Estimate(*row["excess"])) for row in rows]
        known = [row for row in rows if row["group"] != subgroups.UNKNOWN]
        if len(known) > 1:
            low, high = (pick(known, key=lambda row: row["accuracy"][0]) for pick in (min, max))
            lines.append(
                f"* {words}: accuracy from {Estimate(*low['accuracy']).text()} "
                f"({low['group']}, {low['images']:,} photographs; expected from the mix "
                f"{low['expected'][0]:.3f}) to {Estimate(*high['accuracy']).text()} "
                f"({high['group']}, {high['images']:,}; expected {high['expected'][0]:.3f})."
            )
    apart = sorted((each for each in apart if each[2].sign), key=lambda each: -abs(each[2].value))
    text = (
        f"{len(apart)} of {judged} groups with enough photographs lie beyond what their mix gives, "
        "by an interval that leaves out 0"
    )
    listed = [f"{words}: {group} {excess.text(signed=True)}" for words, group, excess in apart]
    text += f", the farthest first: {'; '.join(listed)}. " if apart else ". "
    return "\n".join(lines) + f"\n\n{text}{CHANCE}\n"
