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


def add_export(parser):
    """Add the options of ``skinlib export`` to an argument parser."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", help="released model or run (default: the newest released one)")
    which.add_argument("--run", type=Path, help="run directory with its weights")
    parser.add_argument(
        "--format", required=True, help="onnx, litert, openvino or keras (fp32 only)"
    )
    parser.add_argument(
        "--precision", default="fp32",
        help="what the weights are stored in: fp32, fp16 or int8; default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--data",
        help="with int8: compute in eight bits too, by pictures of what the model was trained on, "
        "a folder in the HAM10000 layout",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="default: the model's name, precision and suffix, in this folder",
    )  # fmt: skip


def export(args):
    """Write a model for another runtime: ONNX, LiteRT, OpenVINO or Keras' own format."""
    import numpy as np

    from skinlib.predict import export as exporting
    from skinlib.predict import released

    if args.data and args.precision != "int8":
        msg = f"--data is for --precision int8 only, not for '{args.precision}'; leave it out"
        raise DataError(msg)
    # Before seconds are spent on a network.
    exporting.check(args.format, args.precision, args.output)
    classifier = released.locate(args.model, args.run)
    suffix = exporting.FORMATS[args.format][1]
    path = args.output or Path(f"{Path(classifier.name).name}-{args.precision}{suffix}")
    pictures = None
    if args.data:
        from skinlib.predict.measure import prepare

        train = prepare(classifier, args.data).parts["train"]
        rows = np.linspace(0, len(train) - 1, exporting.CALIBRATION).astype(int)
        pictures = exporting.inputs(train, np.unique(rows))
    described = exporting.export(classifier, args.format, path, args.precision, pictures=pictures)
    for each, file in described["files"].items():
        print(f"{file['bytes']:>11,}  {path.with_name(each)}")
    print(f"{path}.json says how to call it.")
    if "note" in described:
        print(described["note"])
    print(described["notice"])
