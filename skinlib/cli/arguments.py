"""The arguments of each command."""

import argparse
import ast
from pathlib import Path

from skinlib import bench
from skinlib.cli import book, commands, models
from skinlib.common import NOT_A_DEVICE
from skinlib.common.process import BOOLEANS
from skinlib.data.registry import DATASETS


def _pair(text):
    """Parse ``key=value``; the value is a Python literal, a yes or no, else a string."""
    key, equals, value = text.partition("=")
    if not equals:
        msg = f"'{text}' is not of the form key=value; write epochs=3 for example"
        raise argparse.ArgumentTypeError(msg)
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return key, BOOLEANS.get(value.strip().lower(), value)


def _path(text):
    """Parse a path; an empty one, as an unset variable leaves it, is not the current folder."""
    if not text.strip():
        msg = "empty name; name a file or a folder"
        raise argparse.ArgumentTypeError(msg)
    return Path(text)


def _count(text):
    """Parse a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        msg = f"'{text}' is no count, expected a whole number above 0"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


# What each command does. Not as docstrings, which `python -OO` strips.
COMMANDS = {
    "describe": "Build every backbone and print its tap and parameter count.",
    "fetch": "Download a data set, check it against the hashes of its archive, and unpack it.",
    "check-data": "Verify a data folder, and a split of it, and print what was found.",
    "train": "Train one classifier.",
    "compare": "Compare two finished runs on the same images.",
    "conditions": "Predict test sets of runs with fewer views, and with facts withheld.",
    "pointing": "Score where attention and Grad-CAM of runs lie against the lesion masks.",
    "check-maps": "Check Grad-CAM under random weights, and isolation forests as detectors.",
    "predict": "Classify photographs, or say that the model gives no answer.",
    "export": "Write a model for another runtime: ONNX, LiteRT, OpenVINO or Keras' own format.",
    "release": "Make a released model of a finished run, or write the model cards anew.",
    "browser": "Make what the book's page needs to run the model in a browser.",
    "run": "Train one run of a study, then execute its notebook (what the Snakefile calls).",
    "notebook": "Run any notebook with parameters.",
    "pages": "Execute the pages of the book that are out of date; exit 1 when one fails.",
    "status": "List the runs of a study and their status; exit 1 when one has not finished.",
    "pdf": "Print the built book as one PDF (needs Chromium and the extra publish).",
    "crate": "Describe a study and its runs as an RO-Crate, with Croissant metadata of its tables.",
    "audit": "Check every claim of the paper by its rule and print the verdicts.",
    "bench": "Measure how fast things are and write it below results/bench.",
    "measure": "Measure what the pages on evidence need from the data themselves.",
    "pin": "Write what the pages of the book are written for: identities.json and ideas.json.",
}

# Options that several commands have, by their names.
OPTIONS = {
    "--data": {
        "help": "folder in the HAM10000 layout, or 'synthetic[:N]' "
        "(default: SKINLIB_DATA, for train else synthetic)",
    },
    "--allow-missing": {
        "action": "store_true",
        "help": "leave out rows without an image; the run records which",
    },
    "--size": {"type": int, "help": "input side in pixels (default: the authors')"},
    "--json": {"action": "store_true", "help": "print JSON, not text"},
    "--no-progress": {"action": "store_true", "help": "show no progress bars"},
    "--model --run": {
        "type": _path,
        "help": "released model, or directory of a run (default: the newest released model)",
    },
    "run": {"nargs": "+", "type": _path, "help": "directories of runs with their weights"},
    "study": {"help": "one of studies/, or a YAML file like those"},
}


def parser():
    """Return the parser; what it parses has the command as ``function``."""
    found = argparse.ArgumentParser(
        prog="python -m skinlib", description=f"skinlib. {NOT_A_DEVICE}"
    )
    subparsers = found.add_subparsers(dest="command", required=True, metavar="command")

    def command(name, function, *options):
        summary = COMMANDS[name]
        sub = subparsers.add_parser(name, help=summary, description=f"{summary} {NOT_A_DEVICE}")
        sub.set_defaults(function=function)
        for option in options:
            sub.add_argument(*option.split(), **OPTIONS[option])
        return sub

    sub = command("describe", commands.describe, "--size", "--json")
    sub.add_argument("--backbone", nargs="+", help="only these")
    sub.add_argument("--structures", action="store_true", help="blocks, depth and sizes, as JSON")
    conv3d_help = "what the authors' attention convolution computes on this machine"
    sub.add_argument("--conv3d", action="store_true", help=conv3d_help)

    sub = command("fetch", commands.fetch, "--no-progress")
    sub.add_argument("--dataset", choices=[*DATASETS, "all"], default="ham10000", help="which")
    to_help = "folder to fill (default: SKINLIB_DATA or ./data/ham10000)"
    sub.add_argument("--to", metavar="FOLDER", help=to_help)

    sub = command("check-data", commands.check_data, "--data", "--allow-missing")
    sub.add_argument("--split", type=_path, help="a file of results/splits to check as well")

    options = ("--data", "--allow-missing", "--size", "--no-progress")
    sub = command("train", commands.train, *options)
    sub.add_argument("--backbone", default="MobileNetV2", help="default: %(default)s")
    sub.add_argument("--recipe", default="clean", help="default: %(default)s")
    sub.add_argument("--epochs", type=int, help="at most so many (default: the recipe's)")
    seed_help = "of split, weights, order and augmentation; default: %(default)s"
    sub.add_argument("--seed", type=int, default=0, help=seed_help)
    weights_help = "'imagenet', 'none', a .weights.h5 or Keras' ..._notop.h5, or run:STUDY/RUN"
    sub.add_argument("--weights", default="imagenet", help=weights_help)
    sub.add_argument("--study", default="adhoc", help="folder below results/runs")
    sub.add_argument("--name", help="name of the run directory")
    sub.add_argument(
        "--set", nargs="+", action="extend", type=_pair, metavar="FIELD=VALUE",
        help="recipe fields",
    )  # fmt: skip

    sub = command("compare", commands.compare)
    sub.add_argument("run", nargs=2, type=_path, help="directories of two runs on one split")
    sub.add_argument("--part", default="test", help="test, validation or official; default: test")

    sub = command("pointing", commands.pointing, "--data", "run")
    sub.add_argument("--masks", type=_path, help="zip or folder (default: SKINLIB_MASKS, --data)")

    command("check-maps", commands.check_maps, "--data", "run")
    command("conditions", commands.conditions, "--data", "run")

    sub = command("predict", models.predict, "--model --run", "--json", "--no-progress")
    image_help = "photographs, folders of them, or CSV files with image and perhaps age, sex, site"
    sub.add_argument("image", nargs="+", type=_path, help=image_help)
    sub.add_argument("--age", type=float, help="years; a CSV file has its own facts")
    sub.add_argument("--sex", default="unknown", help="female or male")
    sub.add_argument("--site", default="unknown", help="'lower extremity' for example")
    output_help = "write a table; its name ends in .csv"
    sub.add_argument("-o", "--output", type=_path, metavar="CSV", help=output_help)
    overlay_help = "write the attention over the photograph: a .png for one, else a folder"
    sub.add_argument("--overlay", type=_path, metavar="PNG|FOLDER", help=overlay_help)

    sub = command("export", models.export, "--model --run")
    sub.add_argument("--format", required=True, help="onnx, litert, openvino or keras (fp32 only)")
    precision_help = "what the weights are stored in: fp32, fp16 or int8; default: %(default)s"
    sub.add_argument("--precision", default="fp32", help=precision_help)
    data_help = "with int8: compute in eight bits too, by pictures the model was trained on"
    sub.add_argument("--data", help=data_help)
    output_help = "default: the model's name, precision and suffix, in this folder"
    sub.add_argument("-o", "--output", type=_path, metavar="FILE", help=output_help)

    sub = command("release", models.release, "--data")
    sub.add_argument("run", nargs="?", type=_path, help="directory of a finished run")
    sub.add_argument("--name", help="folder below models/ (default: from the run)")
    folds_help = "of a run on all photographs: runs of all folds, see conditions"
    sub.add_argument("--folds", nargs="+", type=_path, metavar="RUN", help=folds_help)
    risk_help = "share of all lesions with a wrong answer to aim at; default: %(default)s"
    sub.add_argument("--risk", type=float, default=0.1, help=risk_help)
    sub.add_argument("--card", action="store_true", help="write the model cards anew, no more")
    hub_help = "write the newest released model to FOLDER as the Hugging Face hub takes it"
    sub.add_argument("--hub", type=_path, metavar="FOLDER", help=hub_help)

    sub = command("browser", models.browser)
    sub.add_argument("-o", "--output", type=_path, help="default: _build/browser")

    sub = command("run", commands.run_study, "study")
    sub.add_argument("run", help="name of the run")
    sub.add_argument("-o", "--output", type=_path, help="notebook (default: below book/executed)")

    sub = command("notebook", book.run_notebook)
    sub.add_argument("name", help="which of notebooks/, 'train' for example")
    sub.add_argument("-o", "--output", required=True, type=_path, help="the executed notebook")
    sub.add_argument(
        "-p", "--parameter", action="append", type=_pair, metavar="NAME=VALUE",
        help="of its first cell; may be given several times",
    )  # fmt: skip
    sub.add_argument("--label", help="added to the title")

    sub = command("pages", book.pages)
    sub.add_argument("-j", "--workers", type=_count, default=1, help="at a time (default: 1)")

    command("status", commands.study_status, "study")

    sub = command("pdf", book.pdf)
    sub.add_argument("html", type=_path, help="folder of the built book, _build/html for example")
    sub.add_argument("-o", "--output", required=True, type=_path, help="the PDF")

    sub = command("crate", commands.crate, "study")
    sub.add_argument("-o", "--output", required=True, type=_path, help="folder to write")

    sub = command("audit", book.audit, "--json")
    sub.add_argument("--verdict", help="only claims with this verdict, 'open' for example")

    sub = command("bench", commands.bench)
    sub.add_argument("name", nargs="*", help="which (default: all): " + ", ".join(bench.NAMES))
    sub.add_argument("--backbone", nargs="+", help="in step, runtimes: only these; others stay")
    sub.add_argument("--quick", action="store_true", help="a rehearsal; kept below _build/bench")

    command("measure", book.measure, "--data")
    command("pin", book.pin)
    return found
