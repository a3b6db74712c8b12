"""The command line: ``python -m skinlib <command>``. Each command is a few calls into skinlib."""

import argparse
import ast
import json
import signal
import sys
from pathlib import Path

from skinlib import paths
from skinlib.errors import DataError, SkinlibError

NOT_A_DEVICE = "Research code for a paper companion. Not a medical device, not for diagnosis."
INTERRUPTED = 130


def describe(args):
    """Build every backbone and print its tap and parameter count."""
    from skinlib import tables
    from skinlib.models.backbones import BACKBONES
    from skinlib.models.classifier import describe as describe_one
    from skinlib.models.classifier import fresh_session
    from skinlib.recipes import get_recipe

    recipe = get_recipe(args.recipe)
    described = []
    for name in args.backbone or BACKBONES:
        with fresh_session():
            described.append(describe_one(name, recipe, size=args.size))
    if args.json:
        print(json.dumps(described, indent=2))
    else:
        print(tables.backbones(described).to_string(index=False))


def check_data(args):
    """Verify a data folder and print what was found."""
    from skinlib.data import ham10000

    dataset = ham10000.load(args.data)
    table = dataset.table
    print(f"{dataset.name}: {len(table)} images of {table['lesion_id'].nunique()} lesions")
    print(f"folder       {dataset.folder}")
    print(f"fingerprint  {dataset.fingerprint}")
    print(f"image size   {dataset.image_size[0]} x {dataset.image_size[1]} (first image)")
    for column in ("dx", "sex", "localization", "dx_type"):
        counts = table[column].value_counts()
        print(f"{column:<12} " + ", ".join(f"{key} {count}" for key, count in counts.items()))
    age = table["age"]
    print(
        f"age          {age.min():g} to {age.max():g}, mean {age.mean():.1f}, "
        f"missing in {int(age.isna().sum())} rows"
    )
    print("Every image decodes whole; ids agree on both sides.")


def train(args):
    """Train one classifier."""
    from skinlib import tables
    from skinlib.recipes import get_recipe
    from skinlib.training import train as train_run

    changes = dict(args.set or [])
    if args.epochs:
        changes["epochs"] = args.epochs
    run = train_run(
        get_recipe(args.recipe).replace(**changes),
        args.backbone,
        data=args.data,
        study=args.study,
        name=args.name,
        size=args.size,
        seed=args.seed,
        weights=args.weights,
        progress=not args.no_progress,
    )
    measured = tables.Measured(run)
    print(f"{run.name}: {run.record['status']}, best epoch {run.record['best_epoch']}")
    print(f"{measured.images} test images: accuracy {measured.with_interval('accuracy')}, "
          f"mean recall {measured.summary['mean_recall']:.3f}")  # fmt: skip
    print(run.folder)


def predict(args):
    """Classify photographs with a trained run."""
    from skinlib import inference
    from skinlib.classes import LONG_NAMES

    model = inference.load(args.run)
    results = []
    for path in args.image:
        probabilities = model.predict(path, age=args.age, sex=args.sex, site=args.site)
        results.append({"image": str(path), "probabilities": probabilities})
    if args.json:
        print(json.dumps(results, indent=2))
        return
    for result in results:
        print(result["image"])
        ranked = sorted(result["probabilities"].items(), key=lambda item: -item[1])
        for name, value in ranked:
            print(f"  {value:6.1%}  {name:<5} {LONG_NAMES[name]}")
    print(NOT_A_DEVICE)


def run_study(args):
    """Run the notebook of one run of a study (what the Snakefile calls)."""
    from skinlib import notebooks
    from skinlib.studies import load_study

    study = load_study(args.study)
    spec = study.spec(args.run)
    study.data_folder()
    parameters = {
        "backbone": spec.backbone,
        "recipe": spec.recipe,
        "data": study.data,
        "require": study.require,
        "size": spec.size,
        "seed": spec.seed,
        "weights": spec.weights,
        "changes": spec.changes,
        "keep_weights": spec.keep_weights,
        "study": study.name,
        "name": spec.name,
    }
    output = paths.EXECUTED / study.name / f"{spec.name}.ipynb"
    notebooks.execute("train", output, parameters, label=spec.name, progress=False)
    print(f"{study.name}/{spec.name}: finished")


def run_notebook(args):
    """Run any notebook with parameters."""
    from skinlib import notebooks

    path = notebooks.execute(args.name, args.output, dict(args.parameter or []), label=args.label)
    print(path)


def study_status(args):
    """List the runs of a study and their status; exit 1 when one has not finished."""
    from skinlib.studies import load_study

    study = load_study(args.study)
    found = study.runs()
    states = {name: (run.record["status"] if run else "not run") for name, run in found.items()}
    for name, state in states.items():
        reason = found[name].record.get("reason", "") if found[name] else ""
        print(f"{state:<9} {name} {reason}".rstrip())
    done = sum(state == "finished" for state in states.values())
    print(f"{study.name}: {done} of {len(states)} runs finished")
    return 0 if done == len(states) else 1


def render(args):
    """Write the tables and figures of the book from the runs there are."""
    from skinlib import rendering

    for path in rendering.render():
        if args.verbose:
            print(path)


def _pair(text):
    """Parse ``key=value``; the value is a Python literal, else a string."""
    key, equals, value = text.partition("=")
    if not equals:
        msg = f"'{text}' is not of the form key=value"
        raise argparse.ArgumentTypeError(msg)
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m skinlib", description=f"skinlib. {NOT_A_DEVICE}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name, function):
        summary = function.__doc__.splitlines()[0]
        sub = commands.add_parser(name, help=summary, description=f"{summary} {NOT_A_DEVICE}")
        sub.set_defaults(function=function)
        return sub

    sub = command("describe", describe)
    sub.add_argument("--backbone", nargs="+", help="only these")
    sub.add_argument("--recipe", default="md-as-logged", help="default: %(default)s")
    sub.add_argument("--size", type=int, help="input side in pixels (default: the authors')")
    sub.add_argument("--json", action="store_true")

    from skinlib.data import fetch

    sub = command("fetch", fetch.run)
    fetch.add_arguments(sub)

    data_help = "folder in the HAM10000 layout, or 'synthetic[:N]' (default: SKINLIB_DATA)"
    sub = command("check-data", check_data)
    sub.add_argument("--data", help=data_help)

    sub = command("train", train)
    sub.add_argument("--backbone", default="MobileNetV2", help="default: %(default)s")
    sub.add_argument("--recipe", default="clean", help="default: %(default)s")
    sub.add_argument("--data", help=data_help)
    sub.add_argument("--size", type=int, help="input side in pixels (default: the authors')")
    sub.add_argument("--epochs", type=int, help="at most so many (default: the recipe's)")
    sub.add_argument("--seed", type=int, default=0)
    sub.add_argument("--weights", default="imagenet", help="'imagenet', 'none' or a .weights.h5")
    sub.add_argument("--study", default="adhoc", help="folder below results/runs")
    sub.add_argument("--name", help="name of the run directory")
    sub.add_argument("--set", nargs="+", type=_pair, metavar="FIELD=VALUE", help="recipe fields")
    sub.add_argument("--no-progress", action="store_true")

    sub = command("predict", predict)
    sub.add_argument("image", nargs="+", type=Path)
    sub.add_argument("--run", required=True, type=Path, help="run directory with its weights")
    sub.add_argument("--age", type=float, help="years")
    sub.add_argument("--sex", default="unknown")
    sub.add_argument(
        "--site", default="unknown", help="localization, 'lower extremity' for example"
    )
    sub.add_argument("--json", action="store_true")

    sub = command("run", run_study)
    sub.add_argument("study")
    sub.add_argument("run", help="name of the run")

    sub = command("notebook", run_notebook)
    sub.add_argument("name")
    sub.add_argument("-o", "--output", required=True, type=Path)
    sub.add_argument("-p", "--parameter", action="append", type=_pair, metavar="NAME=VALUE")
    sub.add_argument("--label", help="added to the title")

    sub = command("status", study_status)
    sub.add_argument("study")

    sub = command("render", render)
    sub.add_argument("-v", "--verbose", action="store_true")
    return parser


def main(arguments=None):
    """Run a command; print an error on one line and return its exit code."""
    # A scheduler's SIGTERM ends a training as Ctrl-C does: the last whole epoch is on disk.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        return args.function(args) or 0
    except SkinlibError as error:
        print(f"skinlib: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("skinlib: interrupted; the same command goes on from there", file=sys.stderr)
        return INTERRUPTED
    except PermissionError as error:
        print(f"skinlib: cannot write '{error.filename}': {error.strerror}", file=sys.stderr)
        return DataError.exit_code
    except OSError as error:
        print(f"skinlib: {error}; free some space or try again", file=sys.stderr)
        return 75
