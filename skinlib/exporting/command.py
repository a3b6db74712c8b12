"""The command ``python -m skinlib export``."""

from pathlib import Path


def add_arguments(parser, data_help):
    """Add the options of ``skinlib export`` to an argument parser."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--model", help="released model or run (default: the newest released one)")
    which.add_argument("--run", type=Path, help="run directory with its weights")
    parser.add_argument("--format", required=True, help="onnx, litert, openvino or keras")
    parser.add_argument("--precision", default="fp32", help="fp32, fp16 or int8; default: fp32")
    parser.add_argument("--data", help=f"for int8: {data_help}")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE",
        help="default: the model's name, precision and suffix, in this folder",
    )  # fmt: skip


def run(args):
    """Write a model for another runtime: ONNX, LiteRT, OpenVINO or Keras' own format."""
    from skinlib import released
    from skinlib.exporting import FORMATS, calibration, export
    from skinlib.exporting.sidecar import name_of
    from skinlib.exporting.writing import check

    # Before seconds are spent on a network.
    check(args.format, args.precision, args.output)
    classifier = released.locate(args.model, args.run)
    name = f"{Path(name_of(classifier)).name}-{args.precision}{FORMATS[args.format][1]}"
    path = args.output or Path(name)
    pictures = calibration.pictures(classifier, args.data) if args.precision == "int8" else None
    described = export(classifier, args.format, path, args.precision, pictures=pictures)
    for each, file in described["files"].items():
        print(f"{file['bytes']:>11,}  {path.with_name(each)}")
    print(f"{path}.json says how to call it.")
    if "note" in described:
        print(described["note"])
    print(described["notice"])
