"""The command ``python -m skinlib predict``."""

import dataclasses
import json
import sys
from pathlib import Path

from skinlib.errors import DataError

# Errors told one by one; the table has them all.
SHOWN = 10


def add_arguments(parser):
    """Add the options of ``skinlib predict`` to an argument parser."""
    parser.add_argument(
        "image", nargs="+", type=Path,
        help="photographs, folders of them, or CSV files with a column image and, if known, "
        "age, sex, site",
    )  # fmt: skip
    parser.add_argument("--age", type=float, help="years")
    parser.add_argument("--sex", default="unknown", help="female or male")
    parser.add_argument("--site", default="unknown", help="'lower extremity' for example")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", help="released model or run (default: the newest released one)")
    which.add_argument("--run", type=Path, help="run directory with its weights")
    parser.add_argument("-o", "--output", type=Path, metavar="CSV", help="write a table")
    parser.add_argument("--json", action="store_true", help="print the answers as JSON")
    parser.add_argument(
        "--overlay", type=Path, metavar="PNG",
        help="the attention over the photograph; a folder where there are several",
    )  # fmt: skip
    parser.add_argument("--no-progress", action="store_true", help="show no progress bar")


def run(args):
    """Classify photographs, or say that a photograph is none to answer."""
    from tqdm import tqdm

    from skinlib import answers, cases, released

    given = cases.gather(args.image, args.age, args.sex, args.site)
    if len(given) == 1 and args.overlay and args.overlay.suffix.lower() != ".png":
        msg = f"--overlay '{args.overlay}' does not end in .png; name the file to write"
        raise DataError(msg)
    classifier = released.locate(args.model, args.run)
    if args.overlay and classifier.recipe.attention == "none":
        msg = "this model has no attention to lay over a photograph; leave out --overlay"
        raise DataError(msg)
    found = []
    asked = answers.ask(classifier, given, overlays=bool(args.overlay))
    silent = args.no_progress or len(given) == 1
    for place, answer in enumerate(tqdm(asked, total=len(given), unit="image", disable=silent)):
        if args.overlay and answer.overlay is not None:
            _save(answer, args.overlay, place, single=len(given) == 1)
            # Not kept: a folder of photographs would fill the memory with them.
            answer = dataclasses.replace(answer, overlay=None)
        found.append(answer)
    _tell(args, classifier, found)
    faults = [answer.error for answer in found if answer.error is not None]
    for error in faults[:SHOWN]:
        print(f"skinlib: {' '.join(str(error).split())}", file=sys.stderr)
    if len(faults) > SHOWN:
        print(f"skinlib: and {len(faults) - SHOWN} more that failed", file=sys.stderr)
    return faults[0].exit_code if faults else 0


def _save(answer, path, place, *, single):
    from skinlib.files import atomic_path

    if not single:
        # Numbered: two folders may hold photographs of one name.
        path = path / f"{place + 1:04d}-{answer.case.image.stem}.png"
    with atomic_path(path) as temporary:
        answer.overlay.save(temporary, format="PNG")


def _tell(args, classifier, found):
    """Write the table, then print JSON or text."""
    import pandas as pd

    from skinlib import answers
    from skinlib.commands import NOT_A_DEVICE
    from skinlib.files import write_csv

    if args.output:
        frame = pd.DataFrame([answer.row() for answer in found], columns=list(answers.COLUMNS))
        write_csv(args.output, frame, float_format="%.6g")
    if args.json:
        print(json.dumps([answer.to_json() for answer in found], indent=2))
        return
    good = [answer for answer in found if answer.error is None]
    if args.output:
        counts = pd.Series([answer.status for answer in found]).value_counts()
        print("; ".join(f"{status}: {count}" for status, count in counts.items()))
        print(args.output)
    else:
        for answer in good:
            print(answer.text(classifier.rule))
    if good:
        print("\n".join([*notes(classifier, good), NOT_A_DEVICE]))


def notes(classifier, found):
    """Return what a reader of answers should know about them, one line each."""
    record = classifier.record
    name = record.get("name") or f"{record['study']}/{record['run']}, a run"
    lines = [f"Model: {name} ({record['backbone']}, {record['input_size']} pixels)."]
    if classifier.rule is None:
        lines.append("Not calibrated, and no rule when not to answer: no validation part.")
    elif classifier.likeness is None:
        lines.append("Whether a picture is unlike the training pictures is not looked at.")
    if classifier.recipe.metadata and any(answer.case.facts < 3 for answer in found):
        lines.append(facts_note(record))
    return lines


def facts_note(record):
    """Say what it costs that a fact about the patient is not given, as measured."""
    line = "Age, sex or site was not given; the model was trained with them"
    measured = record.get("without_facts")
    if measured:
        line += ", and of its answers on its test part "
        shares = [measured[key]["risk"] for key in ("given", "none")]
        with_, without = ("none" if each is None else f"{each[0]:.0%}" for each in shares)
        line += f"{with_} are wrong with all three and {without} with none"
    return line + "."
