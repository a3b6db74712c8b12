"""The command ``python -m skinlib export``."""

from pathlib import Path

from skinlib.common.errors import DataError


def add_arguments(parser):
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


def run(args):
    """Write a model for another runtime: ONNX, LiteRT, OpenVINO or Keras' own format."""
    from skinlib.predict import released
    from skinlib.predict.export import FORMATS, calibration, export
    from skinlib.predict.export.sidecar import name_of
    from skinlib.predict.export.writing import check

    if args.data and args.precision != "int8":
        msg = f"--data is for --precision int8 only, not for '{args.precision}'; leave it out"
        raise DataError(msg)
    # Before seconds are spent on a network.
    check(args.format, args.precision, args.output)
    classifier = released.locate(args.model, args.run)
    name = f"{Path(name_of(classifier)).name}-{args.precision}{FORMATS[args.format][1]}"
    path = args.output or Path(name)
    pictures = calibration.pictures(classifier, args.data) if args.data else None
    described = export(classifier, args.format, path, args.precision, pictures=pictures)
    for each, file in described["files"].items():
        print(f"{file['bytes']:>11,}  {path.with_name(each)}")
    print(f"{path}.json says how to call it.")
    if "note" in described:
        print(described["note"])
    print(described["notice"])
