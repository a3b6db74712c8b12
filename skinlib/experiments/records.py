"""What run.json says: where the numbers of a run, and the weights it starts with, come from.

`skinlib.experiments.run` reads and checks it.
"""

import time

import numpy as np

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import DataError
from skinlib.common.files import hash_of, sha256
from skinlib.common.process import KERAS
from skinlib.data import splits
from skinlib.experiments import recipes
from skinlib.experiments.run import RUN, folder_of, read_run
from skinlib.models import runtime
from skinlib.models.starting import RUN_PREFIX, Start, provenance, resolve


def starting_weights(backbone, weights):
    """Return where the first weights of a training come from.

    ``run:<study>/<run>`` is a finished run (`skinlib.models.starting.Start`); for all else see
    `skinlib.models.starting.resolve`.

    Raises
    ------
    DataError
        There is no such run, it has not finished, keeps no weights or is of another backbone.
    """
    if not str(weights).startswith(RUN_PREFIX):
        return resolve(backbone, weights)
    place = str(weights).removeprefix(RUN_PREFIX)
    study, _, name = place.partition("/")
    folder = folder_of(study, name)
    if not name or not (folder / RUN).is_file():
        msg = f"weights '{weights}': there is no such run, expected run:<study>/<run>"
        raise DataError(msg)
    found = read_run(folder)
    if not found.finished or not found.weights_path.is_file():
        listed = (paths.STUDIES / f"{study}.yaml").is_file()
        how = f"`python -m skinlib run {study} {name}`" if listed else "as it was begun"
        msg = (
            f"weights '{weights}': the run has not finished or did not keep its weights; train it "
            f"first, {how}"
        )
        raise DataError(msg)
    if found.record["backbone"] != backbone.name:
        msg = (
            f"weights '{weights}' are of {found.record['backbone']}, expected {backbone.name}; "
            "name a run of that network"
        )
        raise DataError(msg)
    recipe = recipes.from_json(found.record["recipe"])
    return Start(place, found.weights_path, found.record, recipe)


def opening(study, name, recipe, row, size, seed, weights, prepared, teachers=()):
    """Return the record of a run before it begins: all that decides its numbers, and a hash of it.

    `row` is a `skinlib.models.backbones.Backbone`, `weights` are those of `starting_weights`,
    `prepared` is a `skinlib.data.prepare.Prepared`, `teachers` are those of
    `skinlib.training.distillation.teachers`.
    """
    record = {
        "study": study,
        "run": name,
        "recipe": recipe.to_json(),
        "changes": recipes.changes(recipe),
        "backbone": row.name,
        "input_size": size,
        "data": prepared.dataset.provenance(),
        "split": {
            "unit": recipe.split_unit,
            "hash": prepared.split.hash,
            "counts": prepared.split.counts(),
            "lesions_on_both_sides": len(splits.lesions_on_both_sides(prepared.split)),
        },
        "metadata": {**prepared.encoder.to_json(), "missing_age": prepared.ages},
        "weights": provenance(row, weights),
        "seed": seed,
    }
    if teachers:
        record["weights"] = {
            **record["weights"], "teachers": [each.provenance() for each in teachers]
        }  # fmt: skip
    return {"identity": identity(record, recipe), "status": "running", **record}


def identity(record, recipe):
    """Return the hash of what decides the numbers of a run, its names left out."""
    return hash_of(
        {**record, "study": None, "run": None, "changes": None, "recipe": recipe.essence()}
    )


def save_split(prepared, recipe, seed):
    """Write the split below results/splits and return the name of the file."""
    name = f"{prepared.dataset.name}-{recipe.split_unit}-s{seed}"
    return splits.save(prepared.split, paths.RESULTS / "splits", name).name


def equip(record, prepared, model, class_weights):
    """Add what is known once the model is built: its size, and the device and versions it uses.

    The identity of a run does not depend on these, nor on files with the same bytes in its data.
    """
    # `repaired` is of the format of older records.
    record["data"].update(repaired=[], copies=[list(ids) for ids in prepared.copies])
    record.update(
        parameters=model.count_params(),
        class_weights=[round(float(w), 6) for w in class_weights],
        device=runtime.device_name(),
        versions=runtime.versions(),
        keras=KERAS,
        differs_from_lock=runtime.differs_from_lock(),
        # Readers of the weights check that theirs is the same order.
        classes=list(CLASSES),
        resumed=0,
    )


def close(record, recipe, progress, weights):
    """Add what is known once the training has ended, from its progress and best weights, if any."""
    seconds = [row["seconds"] for row in progress.history]
    record.update(
        status="finished",
        epochs=len(progress.history),
        best_epoch=progress.controls.best_epoch + 1,
        selection=recipe.selection,
        stopped_early=progress.controls.stopped,
        seconds_per_epoch=round(float(np.median(seconds)), 2),
        peak_memory_mb=runtime.peak_memory_mb(),
        **({"weights_sha256": sha256(weights)} if weights else {}),
        finished=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    )
