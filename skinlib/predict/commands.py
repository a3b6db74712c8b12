"""The commands ``export``, ``release`` and ``browser``, which import what they call when run."""

from pathlib import Path

from skinlib.common.errors import DataError, SkinlibError


def add_release(parser):
    """Add the options of ``skinlib release`` to an argument parser."""
    parser.add_argument("run", nargs="?", type=Path, help="directory of a finished run")
    parser.add_argument("--name", help="folder below models/ (default: from the run)")
    parser.add_argument(
        "--risk", type=float, help="share of wrong answers to aim at (default: 0.1)"
    )
    parser.add_argument("--card", action="store_true", help="write the model cards anew, no more")


def release(args):
    """Make a released model of a finished run, or write the model cards anew."""
    from skinlib.predict import abstention, card, released
    from skinlib.predict.release import make

    if args.card:
        for folder in released.folders():
            print(card.write(folder))
        return
    if args.run is None:
        msg = "name the directory of a finished run, or --card to write the model cards anew"
        raise DataError(msg)
    risk = abstention.RISK if args.risk is None else args.risk
    if not 0 < risk < 1:
        msg = f"--risk is {risk:g}, expected a share between 0 and 1, 0.1 for example"
        raise DataError(msg)
    folder = make(args.run, args.data, name=args.name, risk=risk)
    print(card.write(folder))
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,}  {path.name}")


def add_browser(parser):
    """Add the options of ``skinlib browser`` to an argument parser."""
    parser.add_argument("-o", "--output", type=Path, help="default: _build/browser")


def browser(args):
    """Make what the book's page needs to run the model in a browser."""
    from skinlib.common.files import write_json
    from skinlib.predict.browser import FOLDER, STATE, build

    folder = args.output or FOLDER
    # First: whatever happens, nobody takes half of it for the whole.
    state = {"built": False, "text": "the command that builds it did not end"}
    write_json(folder / STATE, state)
    try:
        sizes = build(folder)
    except SkinlibError as error:
        write_json(folder / STATE, {**state, "text": " ".join(str(error).split())})
        msg = f"the page in the browser is not built, the book says so: {error}"
        raise type(error)(msg) from error
    print(f"{folder}: {', '.join(f'{key} {size:,} bytes' for key, size in sizes.items())}")
