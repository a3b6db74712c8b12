"""The model card of a released model: the template ``card.md``, filled with its tables.

The front matter has the keys that the Hugging Face hub documents.
"""

import textwrap
from pathlib import Path

import yaml

from skinlib.common import paths
from skinlib.common.files import write_text
from skinlib.experiments import evaluated, external, groups
from skinlib.predict import released, tables
from skinlib.stats.scores import SCORES

TEMPLATE = Path(__file__).with_name("card.md")
MISSING = "Not measured.\n"
ONNX = (
    " `model.onnx` is the same network in ONNX; `predict` uses it where ONNX Runtime is installed, "
    "and needs no TensorFlow then. `model.onnx.json` says how other programs call it."
)
DATASETS = {"test": "ham10000", external.PART: "isic2018-task3-test"}
# The hub's names of `skinlib.stats.scores.SCORES`.
TYPES = dict(zip(SCORES, ("accuracy", "recall", "f1", "roc_auc"), strict=True))


def write(folder):
    """Write ``README.md`` beside a ``model.json`` and return its path."""
    model = released.read(folder)
    path = Path(folder) / released.CARD
    write_text(path, card(model, tables.run_of(model)))
    return path


def card(model, run):
    """Return the card of a released model and of the run that it was made of, as text."""
    made, rule, scored = model["run"], model["abstention"], tables.metrics(run)
    weights, official = made["weights"], made["external"] or {"name": "none", "images": 0}
    recalls = [each.text() for each in evaluated.recalls(run)]
    shown = {
        "metrics": scored,
        "classes": evaluated.by_class(run).assign(Recall=recalls),
        "calibration": tables.calibration(run, model["temperature"]),
        "abstention": tables.abstention(rule["measured"]),
        "melanoma": tables.melanoma(rule["measured"]),
        "ood": tables.ood(model["foreign"]),
        "without": model["without_facts"] and tables.facts(model["without_facts"]),
        "float16": tables.float16(model["float16"]),
        **_groups(made["identity"]),
    }
    return TEMPLATE.read_text(encoding="utf-8").format(
        model=model,
        run=made,
        rule=rule,
        results=_results(model, run),
        facts="with" if model["recipe"]["metadata"] else "without",
        megabytes=tables.megabytes(model),
        onnx=ONNX if released.ONNX in model["files"] else "",
        counts=", ".join(f"{part} {count:,}" for part, count in made["split"]["counts"].items()),
        official=f"{official['name']}, {official['images']:,} photographs",
        confidence=_threshold(rule["confidence"]),
        confidence_without=_threshold(rule["confidence_without"]),
        melanoma_recall=scored.iloc[-1, 1],
        changes=", ".join(f"{key} {new}" for key, (_, new) in model["changes"].items()) or "none",
        start=weights.get("run") or weights.get("file", weights["source"]),
        **{name: _table(frame) for name, frame in shown.items()},
    )


def _results(model, run):
    """Return the scores of both test sets as the YAML of the front matter."""
    results = []
    for part, title in tables.parts(run).items():
        named = model["run"]["data" if part == "test" else "external"]["name"]
        scores = [
            {
                "type": TYPES[name],
                "value": round(each.value, 4),
                "name": f"{name}, 95 % interval {each.low:.3f} to {each.high:.3f}",
            }
            for name, each in evaluated.estimates(run, part).items()
        ]
        results.append({
            "task": {"type": "image-classification", "name": "Skin lesion, seven classes"},
            "dataset": {"type": DATASETS[part], "name": f"{named}, {title}", "split": "test"},
            "metrics": scores,
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


def _groups(identity):
    """Return the tables about groups of patients, None where they were not measured."""
    stored = groups.read() if (paths.RESULTS / groups.FILE).is_file() else []
    mine = {each["part"]: each for each in stored if each["identity"] == identity}
    gaps = groups.differences(mine.values()).drop(columns="Model") if mine else None
    found = {
        f"{attribute}_{part}": groups.table(mine[part], attribute, attribute.capitalize())
        if part in mine
        else None
        for attribute, part in (("sex", "test"), ("sex", external.PART), ("age", "test"))
    }
    return {"differences": gaps, **found}
