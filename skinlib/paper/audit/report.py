"""The audit as a table for a terminal."""

import textwrap

from skinlib.paper.audit.verdicts import VERDICTS, kind


def counts(findings):
    """Return ``{verdict: number of claims}`` in the order of `VERDICTS`."""
    kinds = [kind(finding.result.verdict) for finding in findings]
    return {verdict: kinds.count(verdict) for verdict in VERDICTS}


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
