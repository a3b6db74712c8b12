"""The commands that make the book, and what its pages read."""

import json

from skinlib.common.errors import DataError


def run_notebook(args):
    from skinlib.book import notebooks

    parameters = dict(args.parameter or [])
    print(notebooks.execute(args.name, args.output, parameters, label=args.label))


def pages(args):
    from skinlib.book import pages

    failed = pages.make(list(filter(pages.out_of_date, pages.named())), args.workers)
    for error in failed.values():
        print(error)
    return bool(failed)


def pdf(args):
    from skinlib.book import pdf as printing

    print(f"{args.output}: {printing.write(args.html, args.output)} pages")


def measure(args):
    from skinlib.experiments import measuring

    for path in measuring.measure(args.data):
        print(path)


def pin(args):
    from skinlib.experiments import identities
    from skinlib.paper import others

    print(identities.pin())
    print(others.pin())


def audit(args):
    from skinlib.paper import audit as claims

    if args.verdict not in (None, *claims.VERDICTS):
        msg = f"'{args.verdict}' is no verdict, expected one of: {', '.join(claims.VERDICTS)}"
        raise DataError(msg)
    findings = claims.audit()
    if args.verdict:
        findings = [f for f in findings if claims.kind(f.result.verdict) == args.verdict]
    if args.json:
        print(json.dumps([finding.to_json() for finding in findings], indent=2))
    else:
        print(claims.text(findings))
