"""The model card of a released model: the template ``card.md``, filled with its tables.

The front matter has the keys that the Hugging Face hub documents; `hub` writes a folder for it.
"""

import shutil
import textwrap
from pathlib import Path

import yaml

from skinlib.common.errors import DataError
from skinlib.common.files import atomic_folder, write_json, write_text
from skinlib.experiments import external, groups
from skinlib.predict import released, tables
from skinlib.stats.bootstrap import Estimate

TEMPLATE = Path(__file__).with_name("card.md")
# The hub counts downloads by this file, and shows the classes by their names.
CONFIG = "config.json"
MISSING = "Not measured.\n"
ONNX = (
    " `model.onnx` is the same network in ONNX; `predict` uses it where ONNX Runtime is installed, "
    "and needs no TensorFlow then. `model.onnx.json` says how other programs call it."
)
DATASETS = {"test": "ham10000", external.PART: "isic2018-task3-test"}
# The hub's names of scores.
TYPES = {"accuracy": "accuracy", "mean_recall": "recall"}
FOLDS = "the out-of-fold predictions"
MEMBERS = (
    " *Out of fold*: this network is trained on all photographs, so those of HAM10000 are "
    "predicted by {} networks of the same settings, each photograph by the one that has not seen "
    "its lesion; every number of the rule is fitted on the other folds. A pilot on the "
    "first fold guided the settings, so the numbers may be slightly too good."
)
HOLDS = (
    "The limit on wrong answers holds on average for lesions like those it was chosen on; for "
    "others it is an aim."
)
HOLDS_FOR_FOLDS = (
    "The threshold was chosen for the networks of the folds. It holds for this one as far as it is "
    "as sure as they are; for other photographs the limit on wrong answers is an aim."
)
LIMITS = ", by the mean of the limits of the networks of the folds"
SPLIT = (
    "split by {unit}: train {counts[train]:,}, validation {counts[validation]:,}, test "
    "{counts[test]:,}. No lesion is in two of the sets"
)


def write(folder):
    """Write ``README.md`` beside a ``model.json`` and return its path."""
    model = released.read(folder)
    path = Path(folder) / released.CARD
    write_text(path, card(model))
    return path


def hub(source, folder):
    """Write the card, the weights in both forms and ``config.json`` of a released model.

    Nothing is sent anywhere; ``hf upload NAME/MODEL FOLDER`` sends the folder to the hub.

    Parameters
    ----------
    source : str or pathlib.Path
        Folder of a released model; every file is compared with its hash first.
    folder : str or pathlib.Path
        Must not be there, or hold such a model, which is replaced.

    Raises
    ------
    DataError
        The folder holds something else.
    skinlib.common.errors.IntegrityError
        A file has another hash.
    """
    source, folder = Path(source), Path(folder)
    model = released.read(source)
    if folder.exists() and not (folder / CONFIG).is_file():
        msg = f"'{folder}' is there and is no released model; name a folder that is not there"
        raise DataError(msg)
    with atomic_folder(folder) as partial:
        for name in model["files"]:
            (partial / name).write_bytes(released.content(source, model, name))
        for name in (released.MODEL, released.SEAL, released.CARD):
            shutil.copyfile(source / name, partial / name)
        config = {
            "model_type": "skinlib",
            "architectures": [model["backbone"]],
            "image_size": model["input_size"],
            "num_channels": 3,
            "id2label": {str(place): name for place, name in enumerate(model["classes"])},
            "label2id": {name: place for place, name in enumerate(model["classes"])},
            "skinlib_version": model["run"]["versions"]["skinlib"],
            "described_in": released.MODEL,
        }
        write_json(partial / CONFIG, config)


def card(model):
    """Return the card of a released model as text."""
    made, rule, decision = model["run"], model["abstention"], model["decision"]
    predicted, titles = tables.sets(model), released.titles(model)
    weights, official = made["weights"], made["external"] or {"name": "none", "images": 0}
    own = rule["measured"]["test"]["points"]
    shown = {
        "metrics": tables.metrics(model, predicted),
        "classes": tables.classes(model),
        "calibration": tables.calibration(model, predicted),
        "abstention": tables.answered(model),
        "melanoma": tables.melanoma(model),
        "ood": tables.ood(model["foreign"]),
        "without": model["without_facts"] and tables.facts(model),
        "float16": tables.float16(model["float16"]),
        **_groups(model),
    }
    return TEMPLATE.read_text(encoding="utf-8").format(
        model=model,
        run=made,
        rule=rule,
        decision=decision,
        results=_results(model),
        facts="with" if model["recipe"]["metadata"] else "without",
        megabytes=tables.megabytes(model),
        onnx=ONNX if released.ONNX in model["files"] else "",
        split="all of them for training" if model["folds"] else SPLIT.format(**made["split"]),
        guarantee=HOLDS_FOR_FOLDS if model["folds"] else HOLDS,
        limits=LIMITS if model["folds"] else "",
        own=titles["test"],
        added=-decision["prior"],
        runs=f"; out of fold: {len(model['folds'])}, one for each fold" if model["folds"] else "",
        chosen_on=FOLDS if model["folds"] else "the validation set",
        measured_by=MEMBERS.format(len(model["folds"])) if model["folds"] else "",
        official=f"{official['name']}, {official['images']:,} photographs",
        confidence=_threshold(decision["confidence"]),
        confidence_without=_threshold(rule["confidence_without"]),
        melanoma_recalls=" and ".join(
            f"{Estimate(*each['recalls']['mel']).text()} ({point})" for point, each in own.items()
        ),
        changes=", ".join(f"{key} {new}" for key, (_, new) in model["changes"].items()) or "none",
        epoch=""
        if made["best_epoch"] == made["epochs"]
        else f"; epoch {made['best_epoch']} was chosen on the validation set",
        start=weights.get("run") or weights.get("file", weights["source"]),
        **{name: _table(frame) for name, frame in shown.items()},
    )


def _results(model):
    """Return accuracy and mean recall at both operating points as YAML of the front matter."""
    results = []
    for part, title in released.titles(model).items():
        named = model["run"]["data" if part == "test" else "external"]["name"]
        found = model["abstention"]["measured"][part]["points"]
        split = "cross-validation" if part == "test" and model["folds"] else "test"
        metrics = [
            {
                "type": TYPES[key],
                "value": round(each[key][0], 4),
                "name": f"{key.replace('_', ' ')}, {point}, 95 % interval {each[key][1]:.3f} to "
                f"{each[key][2]:.3f}",
            }
            for point, each in found.items()
            for key in TYPES
        ]
        results.append({
            "task": {"type": "image-classification", "name": "Skin lesion, seven classes"},
            "dataset": {"type": DATASETS[part], "name": f"{named}, {title}", "split": split},
            "metrics": metrics,
        })  # fmt: skip
    return textwrap.indent(yaml.safe_dump(results, sort_keys=False, allow_unicode=True), "  ")


def _table(frame):
    """Return a frame as a Markdown table; cells are words and numbers without a bar."""
    if frame is None:
        return MISSING
    frame = frame.astype(object).where(frame.notna(), "–")
    rows = [list(frame), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _threshold(share):
    return "1: no threshold was enough, it never answers" if share is None else f"{share:.1%}"


def _groups(model):
    """Return the tables about groups of patients, None for a part that was not measured."""
    mine = tables.by_group(model)
    gaps = groups.differences(mine.values()).drop(columns="Model")
    found = {
        f"{attribute}_{part}": groups.table(mine[part], attribute, attribute.capitalize())
        if part in mine
        else None
        for attribute, part in (("sex", "test"), ("sex", external.PART), ("age", "test"))
    }
    return {"differences": gaps, **found}
