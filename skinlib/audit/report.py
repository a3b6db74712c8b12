"""The audit as Markdown for the book, and as a table for a terminal."""

import re
import textwrap

from skinlib import audit as audits
from skinlib.audit.verdicts import HOLDS, LOGS, NOT_HERE, ONLY, OPEN, OWN_TABLE, VERDICTS, kind

# The five that matter most: title, the claims they rest on, and why they matter.
FIRST = (
    (
        "The attention kernel",
        ("method-attention-kernel",),
        "The layer that gives the paper its name looks at a small part of the feature tensor.",
    ),
    (
        "Selection on the test set",
        ("data-test-set", "data-test-857"),
        "The photographs on which the numbers are reported also chose the epoch.",
    ),
    (
        "Augmentation against metadata",
        ("text-metadata-improves",),
        "The two arms differ in more than what they are named after, so their gap is the effect "
        "of no one thing.",
    ),
    (
        "The AUC column of the augmentation arm",
        ("table-7-ad",),
        "Not every printed value is a logged average of its training.",
    ),
    (
        "The time of a prediction",
        ("time-prediction", "headline-speed"),
        "The times compared fit those of a training epoch.",
    ),
)

# What a verdict means, in the order of `VERDICTS`.
MEANINGS = {
    HOLDS: "The numbers that can be checked are as the claim says.",
    ONLY: "True of something else, or of a part: the verdict says of what.",
    OWN_TABLE: "A printed table says otherwise.",
    LOGS: "Code, settings or outputs of the authors' notebooks say otherwise.",
    NOT_HERE: "It takes trainings, or data, that are not here.",
    OPEN: "Nothing here decides it, or not yet.",
}


def escape(text):
    """Escape text for MyST Markdown, so that no character of it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>#$|~^&@!()+])", r"\\\1", str(text))


def badge(verdict):
    """Return a verdict as a span with a class for its colour."""
    return f"[{escape(verdict)}]{{.verdict .verdict-{kind(verdict).replace(' ', '-')}}}"


def link(target):
    """Return a cross-reference to a table, a figure or a page of the book."""
    match = re.fullmatch(r"paper-(table|figure)-(\w+)", target)
    if match:
        title = f"{match[1].capitalize()} {match[2].upper()}"
        return f"{{ref}}`the paper's {title} <{target}>`"
    return f"{{doc}}`{target}`"


def counts(findings):
    """Return ``{verdict: number of claims}`` in the order of `VERDICTS`."""
    kinds = [kind(finding.result.verdict) for finding in findings]
    return {verdict: kinds.count(verdict) for verdict in VERDICTS}


def pages(findings=None):
    """Return the parts of the audit page.

    Parameters
    ----------
    findings : list of Finding, optional
        By default those of `skinlib.audit.audit`.

    Returns
    -------
    dict of str to str
        MyST Markdown by file name.
    """
    findings = audits.audit() if findings is None else findings
    return {
        "audit-summary": summary(findings),
        "audit-first": first(findings),
        "audit-groups": groups(findings),
        "audit-well": well(findings),
    }


def summary(findings):
    """Say how many claims got which verdict."""
    tally = counts(findings)
    lines = [
        f"{len(findings)} statements of the paper were checked, each by a rule; "
        f"{tally[HOLDS]} hold as they stand.",
        "",
    ]
    for verdict, number in tally.items():
        name = f"{verdict} …" if verdict == ONLY else verdict
        lines.append(f"* [{name}]{{.verdict .verdict-{verdict.replace(' ', '-')}}} "
                     f"**{number}** – {MEANINGS[verdict]}")  # fmt: skip
    return "\n".join(lines) + "\n"


def first(findings):
    """Say in a paragraph each what matters most."""
    by_id = {finding.claim.id: finding for finding in findings}
    blocks = []
    for title, ids, why in FIRST:
        found = [by_id[name] for name in ids if name in by_id]
        if not found:
            continue
        # The sentence is about what the rule found; without that it says nothing.
        says = f" {why}" if found[0].result.verdict != HOLDS else ""
        blocks.append(f"**{title}.**{says}\n")
        for finding in found:
            blocks.append(_block(finding, target=False))
    return "\n".join(blocks)


def groups(findings):
    """Return a heading for each group and a block for each claim."""
    parts = []
    for group, title in audits.groups().items():
        members = [finding for finding in findings if finding.claim.group == group]
        if members:
            parts.append(f"### {title}\n")
            parts += [_block(finding) for finding in members]
    return "\n".join(parts)


def well(findings):
    """Say what was done well, and list what does hold."""
    good = [finding for finding in findings if finding.result.verdict == HOLDS]
    by_id = {finding.claim.id: finding.result for finding in findings}
    lines = [
        "The authors published their notebooks with the outputs in them; that is why any of this "
        "can be checked. They printed weak results beside strong ones, reported every class and "
        "not only an accuracy, and trained many networks.",
        "",
        f"{len(good)} of {len(findings)} claims hold as they stand, among them:",
        "",
    ]
    for name, text in WELL.items():
        if name in by_id and by_id[name].verdict == HOLDS:
            lines.append(f"* {text} {escape(by_id[name].evidence)}")
    return "\n".join(lines) + "\n"


# What is worth saying when it holds.
WELL = {
    "headline-accuracy": "The headline accuracy is in the logs.",
    "headline-precision-f1-recall": "So are precision, F1 and recall of the abstract.",
    "table-5-md": "Most of the accuracies of the metadata arm are as logged.",
    "table-5-ad": "The accuracies of the other arm are as well.",
    "table-7-md": "The AUCs of eight networks are as logged.",
    "table-a3-densenet": "Seven rows of F1 by class are transcribed correctly.",
    "table-a4-rows": "Ten rows of recall by class are, too.",
    "formula-weights": "The class weights follow the printed formula.",
    "data-counts": "The class counts are right.",
    "size-stock": "The sizes of the stock networks are right.",
}


def _block(finding, target=True):
    claim, result = finding.claim, finding.result
    evidence = escape(result.evidence)
    if claim.note:
        evidence += f" *{escape(claim.note.strip())}*"
    if claim.link:
        evidence += f" See {link(claim.link)}."
    anchor = f"(claim-{claim.id})=\n" if target else ""
    quoted = f"**“{escape(claim.claim)}”** – {escape(claim.place)}"
    return f"{anchor}{quoted}\\\n{badge(result.verdict)}\\\n{evidence}\n"


def text(findings, width=100):
    """Return the findings as a table for a terminal, evidence below each claim."""
    lines = []
    for finding in findings:
        claim, result = finding.claim, finding.result
        lines.append(f"{claim.id} – {claim.place}: “{claim.claim}”")
        lines.append(f"    {result.verdict.upper()}")
        lines += textwrap.wrap(result.evidence, width, initial_indent="    ",
                               subsequent_indent="    ")  # fmt: skip
    lines.append("")
    lines += [f"{number:>4}  {verdict}" for verdict, number in counts(findings).items()]
    lines.append(f"{len(findings):>4}  claims")
    return "\n".join(lines)
