"""The commands about data, training runs and studies: a few calls into skinlib."""

import json
import os
import shlex
import sys

from skinlib.common import paths
from skinlib.common.process import import_keras
from skinlib.data.registry import DATASETS


def describe(args):
    """Build every backbone and print its tap and parameter count."""
    import_keras()
    import pandas as pd

    from skinlib.experiments.recipes import get_recipe
    from skinlib.models import conv3d
    from skinlib.models.backbones import BACKBONES
    from skinlib.models.classifier import describe as describe_one
    from skinlib.models.structure import BLOCKS, structure

    if args.conv3d:
        print(json.dumps(conv3d.probe_settings(), indent=2))
        return
    recipe, found = get_recipe(args.recipe), []
    for name in args.backbone or (BLOCKS if args.structures else BACKBONES):
        one = structure(name) if args.structures else describe_one(name, recipe, size=args.size)
        if not args.structures:
            # The same network cut where the text says, with the text's attention.
            text = describe_one(name, get_recipe("md-as-described"), size=args.size)
            keys = ("tap_layer", "tap_shape", "parameters")
            one |= {f"described_{key}": text[key] for key in keys}
        found.append(one)
    plain = args.json or args.structures
    print(json.dumps(found, indent=2) if plain else pd.DataFrame(found).to_string(index=False))


def fetch(args):
    """Download a data set, check it against the hashes of its archive, and unpack it."""
    from skinlib.data import fetch as fetching

    for dataset in DATASETS if args.dataset == "all" else [args.dataset]:
        folder = fetching.fetch(dataset, args.to, progress=not args.no_progress)
        print(f"{dataset} is complete in '{folder}'")
    print(f"next: python -m skinlib check-data --data {shlex.quote(str(folder))}")


def check_data(args):
    """Verify a data folder, and a split of it, and print what was found."""
    from skinlib.data import ham10000, splits

    dataset = ham10000.load(args.data, allow_missing=args.allow_missing)
    table = dataset.table
    print(f"{dataset.name}: {len(table)} images of {table['lesion_id'].nunique()} lesions")
    print(f"folder       {dataset.folder}")
    print(f"fingerprint  {dataset.fingerprint}")
    print(f"image size   {dataset.image_size[0]} x {dataset.image_size[1]} (first image)")
    for column in ("dx", "sex", "localization", "dx_type"):
        counts = table[column].value_counts()
        print(f"{column:<12} " + ", ".join(f"{key} {count}" for key, count in counts.items()))
    age = table["age"]
    known = (
        f"{age.min():g} to {age.max():g}, mean {age.mean():.1f}"
        if age.notna().any()
        else "none known"
    )
    print(f"age          {known}, missing in {int(age.isna().sum())} rows")
    if dataset.missing:
        print(f"missing      {len(dataset.missing)} images: {', '.join(dataset.missing)}")
    apart = ", but for the missing" if dataset.missing else ""
    print(f"Every image decodes whole; ids agree on both sides{apart}.")
    if args.split:
        split = splits.read(args.split)
        splits.check_images(split, table, args.split)
        counts = ", ".join(f"{part} {count}" for part, count in split.counts().items())
        print(f"split        {split.hash} by {split.unit}: {counts}")


def train(args):
    """Train one classifier."""
    import_keras()
    from skinlib.data import ham10000
    from skinlib.experiments import evaluated
    from skinlib.experiments.recipes import get_recipe
    from skinlib.training import loop

    changes = dict(args.set or [])
    if args.epochs is not None:
        changes["epochs"] = args.epochs
    data = args.data
    if args.allow_missing:
        data = ham10000.load(args.data, decode=False, allow_missing=True)
    run = loop.train(
        get_recipe(args.recipe).replace(**changes),
        args.backbone,
        data=data,
        study=args.study,
        name=args.name,
        size=args.size,
        seed=args.seed,
        weights=args.weights,
        progress=not args.no_progress,
    )
    print(f"{run.name}: {run.record['status']}, best epoch {run.record['best_epoch']}")
    if "test" in run.record["split"]["counts"]:
        scores = evaluated.estimates(run)
        print(f"{len(run.predictions('test'))} test images: accuracy {scores['accuracy'].text()}, "
              f"mean recall {scores['mean recall'].value:.3f}")  # fmt: skip
    ages = run.record["metadata"].get("missing_age", {})
    imputed = ages.get("imputed", 0) if run.record["recipe"]["metadata"] else 0
    print(f"ages not known: {imputed} imputed by the mean, {ages.get('dropped', 0)} images dropped")
    print(run.folder)


def compare(args):
    """Compare two finished runs on the same images."""
    from skinlib.experiments import comparison
    from skinlib.experiments.run import read_run

    found = comparison.compare(*map(read_run, args.run), args.part)
    for row in found.itertuples():
        print(f"{row.metric:<12} {row.first:.3f} and {row.second:.3f}: "
              f"{row.difference:+.3f} [{row.low:+.3f}, {row.high:+.3f}]")  # fmt: skip


def pointing(args):
    """Score where attention and Grad-CAM of runs lie against the lesion masks."""
    import_keras()
    from skinlib.experiments import localisation
    from skinlib.experiments.run import read_run
    from skinlib.predict import evaluation

    for folder in args.run:
        scores = evaluation.localise(read_run(folder), args.data, args.masks)
        print(f"{folder}: {len(scores)} images")
        for name, row in localisation.summarise([scores]).iterrows():
            print(f"{name:<17} mass inside {row['mass'].text()}  pointing game "
                  f"{row['hit'].value:.3f}")  # fmt: skip


def conditions(args):
    """Predict the test sets of runs with fewer views, and with facts withheld."""
    import_keras()
    from skinlib.experiments.run import read_run
    from skinlib.predict import conditions as predicting

    for folder in args.run:
        found = predicting.measure(read_run(folder), args.data)
        print(f"{folder}: {', '.join(found.probabilities)}")


def check_maps(args):
    """Check Grad-CAM of runs under random weights, and isolation forests as detectors."""
    import_keras()
    from skinlib.experiments.run import read_run
    from skinlib.predict import checks

    print(checks.measure([read_run(folder) for folder in args.run], args.data))


def run_study(args):
    """Train one run of a study, then execute its notebook (what the Snakefile calls)."""
    from skinlib.book import notebooks
    from skinlib.experiments.study import load_study

    study = load_study(args.study)
    spec = study.spec(args.run)
    if not args.notebook:
        _train_run(study, spec)
        # The notebook gets a process whose memory, and GPU, the training no longer holds.
        command = ["-m", "skinlib", "run", args.study, args.run, "--notebook"]
        command += ["-o", str(args.output)] if args.output else []
        os.execv(sys.executable, [sys.executable, *command])
    parameters = {
        **spec.arguments(),
        "recipe": spec.recipe,
        "changes": spec.changes,
        "data": study.data,
        "require": study.require,
        "study": study.name,
    }
    output = args.output or paths.EXECUTED / study.name / f"{spec.name}.ipynb"
    notebooks.execute("train", output, parameters, label=spec.name, progress=False)
    print(f"{study.name}/{spec.name}: finished")


def _train_run(study, spec):
    """Train outside of any notebook, where a signal reaches the training and is answered."""
    import_keras()
    from skinlib.data import ham10000
    from skinlib.experiments import external
    from skinlib.predict import evaluation
    from skinlib.training import loop

    dataset = ham10000.load(study.data_folder(), decode=False, require=study.require)
    run = loop.train(data=dataset, study=study.name, **spec.arguments())
    if spec.external:
        run = evaluation.official(run, external.load(), dataset)
    return run


def study_status(args):
    """List the runs of a study and their status; exit 1 when one has not finished."""
    from skinlib.experiments.study import load_study

    study = load_study(args.study)
    found = study.runs()
    for name, run in found.items():
        record = run.record if run else {"status": "not run"}
        print(f"{record['status']:<9} {name} {record.get('reason', '')}".rstrip())
    done = len(study.finished())
    print(f"{study.name}: {done} of {len(found)} runs finished")
    return int(done < len(found))


def crate(args):
    """Describe a study and its runs as an RO-Crate, with Croissant metadata of its tables."""
    from skinlib.experiments import crate as crates
    from skinlib.experiments.study import load_study

    print(crates.write(load_study(args.study), args.output))


def bench(args):
    """Measure how fast things are and write it below results/bench."""
    from skinlib import bench as benches

    options = {"backbones": args.backbone, "progress": not args.no_progress}
    return benches.run(args.name, quick=args.quick, **options)
