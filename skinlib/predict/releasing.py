"""The command ``python -m skinlib release``; what it calls is imported when it runs."""

from pathlib import Path

from skinlib.common.errors import DataError


def add_arguments(parser):
    """Add the options of ``skinlib release`` to an argument parser."""
    parser.add_argument("run", nargs="?", type=Path, help="directory of a finished run")
    parser.add_argument("--name", help="folder below models/ (default: from the run)")
    parser.add_argument(
        "--risk", type=float, help="share of wrong answers to aim at (default: 0.1)"
    )
    parser.add_argument("--card", action="store_true", help="write the model cards anew, no more")


def run(args):
    """Make a released model of a finished run, or write the model cards anew."""
    from skinlib.predict import abstention, model_card, release, released

    if args.card:
        for folder in released.folders():
            print(model_card.write(folder))
        return
    if args.run is None:
        msg = "name the directory of a finished run, or --card to write the model cards anew"
        raise DataError(msg)
    risk = abstention.RISK if args.risk is None else args.risk
    if not 0 < risk < 1:
        msg = f"--risk is {risk:g}, expected a share between 0 and 1, 0.1 for example"
        raise DataError(msg)
    folder = release.make(args.run, args.data, name=args.name, risk=risk)
    print(model_card.write(folder))
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:>9,}  {path.name}")
