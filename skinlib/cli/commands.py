"""The commands about data, training runs and studies: a few calls into skinlib.

What each command does is said in `skinlib.cli.arguments.COMMANDS`.
"""

import json
import os
import shlex
import sys

from skinlib.common import paths
from skinlib.common.process import import_keras
from skinlib.data.registry import DATASETS


def describe(args):
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
    recipe, found = get_recipe("md-as-logged"), []
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
    from skinlib.data import fetch as fetching

    for dataset in DATASETS if args.dataset == "all" else [args.dataset]:
        folder = fetching.fetch(dataset, args.to, progress=not args.no_progress)
        print(f"{dataset} is complete in '{folder}'")
    print(f"next: python -m skinlib check-data --data {shlex.quote(str(folder))}")


def check_data(args):
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
    age, known = table["age"], "none known"
    if age.notna().any():
        known = f"{age.min():g} to {age.max():g}, mean {age.mean():.1f}"
    print(f"age          {known}, missing in {age.isna().sum()} rows")
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
        count, data = len(run.predictions("test")), run.record["data"]["name"]
        print(f"{count} test images of {data}: accuracy {scores['accuracy'].text()}, "
              f"mean recall {scores['mean recall'].value:.3f}")  # fmt: skip
    ages = run.record["metadata"].get("missing_age", {})
    imputed = ages.get("imputed", 0) if run.record["recipe"]["metadata"] else 0
    print(f"ages not known: {imputed} imputed by the mean, {ages.get('dropped', 0)} images dropped")
    print(run.folder)


def compare(args):
    from skinlib.experiments import effects
    from skinlib.experiments.run import read_run

    found = effects.compare(*map(read_run, args.run), args.part)
    for name, first, second in zip(found.names, found.first, found.second, strict=True):
        difference = found.estimate(name).text(signed=True)
        print(f"{name:<12} {first:.3f} and {second:.3f}: {difference}")


def pointing(args):
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
    import_keras()
    from skinlib.experiments.run import read_run
    from skinlib.predict import conditions as predicting

    for folder in args.run:
        found = predicting.measure(read_run(folder), args.data)
        print(f"{folder}: {', '.join(found.probabilities)}")


def check_maps(args):
    import_keras()
    from skinlib.experiments.run import read_run
    from skinlib.predict import checks

    print(checks.measure([read_run(folder) for folder in args.run], args.data))


def run_study(args):
    from skinlib.experiments.study import load_study

    study = load_study(args.study)
    spec = study.spec(args.run)
    _train_run(study, spec)
    parameters = {
        **spec.arguments(),
        "recipe": spec.recipe,
        "changes": spec.changes,
        "data": study.data,
        "require": study.require,
        "study": study.name,
    }
    output = args.output or paths.EXECUTED / study.name / f"{spec.name}.ipynb"
    command = [sys.executable, "-m", "skinlib", "notebook", "train", "-o", str(output)]
    command += ["--label", spec.name]
    for name, value in parameters.items():
        command += ["-p", f"{name}={value!r}"]
    # The notebook gets a process whose memory, and GPU, the training no longer holds.
    os.execv(sys.executable, command)


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
    from skinlib.experiments import crate as crates
    from skinlib.experiments.study import load_study

    print(crates.write(load_study(args.study), args.output))


def bench(args):
    from skinlib import bench as benches

    return benches.run(args.name, quick=args.quick, backbones=args.backbone)
