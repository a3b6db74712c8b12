"""The model card of a released model: the template ``card.md``, filled with results.

Front matter has the keys that the Hugging Face hub documents for its model cards.
"""

import textwrap
from pathlib import Path

import pandas as pd
import yaml

from skinlib.common import paths
from skinlib.common.files import write_text
from skinlib.experiments import evaluated, external, groups, released_frames
from skinlib.predict import released
from skinlib.stats.bootstrap import proportion

TEMPLATE = Path(__file__).with_name("card.md")
# The hub's names of `skinlib.stats.scores.SCORES`.
TYPES = {
    "accuracy": "accuracy",
    "mean recall": "recall",
    "macro F1": "f1",
    "AUC, macro": "roc_auc",
}
DATASETS = {"test": "ham10000", external.PART: "isic2018-task3-test"}
MISSING = "Not measured.\n"


def write(folder):
    """Write ``README.md`` beside a ``model.json`` and return its path."""
    model = released.read(folder)
    path = Path(folder) / released.CARD
    write_text(path, card(model, released_frames.run_of(model)))
    return path


def card(model, run):
    """Return the card of a released model and of the run that it was made of, as text."""
    made, rule = model["run"], model["abstention"]
    weights, official = made["weights"], made["external"] or {"name": "none", "images": 0}
    metrics = released_frames.metrics(run)
    found = {
        "metrics": metrics,
        "classes": _classes(run),
        "calibration": released_frames.calibration(run, model["temperature"]),
        "abstention": released_frames.abstention(rule["measured"]),
        "melanoma": _melanoma(rule["measured"]),
        "ood": released_frames.ood(model["foreign"]),
        "without": model["without_facts"] and released_frames.facts(model["without_facts"]),
        "float16": _float16(model["float16"]),
        **_groups(model),
    }
    return TEMPLATE.read_text(encoding="utf-8").format(
        model=model,
        run=made,
        rule=rule,
        results=_results(model, run),
        facts="with" if model["recipe"]["metadata"] else "without",
        megabytes=sum(entry["bytes"] for entry in model["files"].values()) / 1e6,
        counts=", ".join(f"{part} {count:,}" for part, count in made["split"]["counts"].items()),
        official=f"{official['name']}, {official['images']:,} photographs",
        confidence=_threshold(rule["confidence"]),
        confidence_without=_threshold(rule["confidence_without"]),
        melanoma_recall=metrics.set_index("Metric").iloc[-1, 0],
        changes=", ".join(f"{key} {new}" for key, (_, new) in model["changes"].items()) or "none",
        start=weights.get("run") or weights.get("file", weights["source"]),
        **{name: _table(frame) for name, frame in found.items()},
    )


def _results(model, run):
    """Return the scores of both test sets as the YAML of the front matter."""
    results = []
    for part, title in released_frames.parts(run).items():
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


def _classes(run):
    """Return scores of each class on the own test set, recall with its interval."""
    recalls = [each.text() for each in evaluated.recalls(run)]
    return evaluated.by_class(run).assign(Recall=recalls)


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
    stored = groups.read() if (paths.RESULTS / groups.FILE).is_file() else []
    mine = {each["part"]: each for each in stored if each["identity"] == model["run"]["identity"]}
    gaps = groups.differences(mine.values()).drop(columns="Model") if mine else None
    tables = {
        f"{attribute}_{part}": groups.table(mine[part], attribute, attribute.capitalize())
        if part in mine
        else None
        for attribute, part in (("sex", "test"), ("sex", external.PART), ("age", "test"))
    }
    return {"differences": gaps, **tables}


def _melanoma(measured):
    """Return what becomes of photographs of melanoma; shares as of independent photographs."""
    rows = []
    for part, found in measured.items():
        count, images = found["melanoma"]["wrong"], found["melanoma"]["images"]
        rows.append({
            "Test set": released_frames.SHORT[part],
            "Photographs": images,
            "Called melanoma": found["melanoma"]["right"],
            "No answer": found["melanoma"]["passed_on"],
            "Called something else": count,
            "Share of all": proportion(count, images).text(percent=True) if images else None,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _float16(found):
    rows = [
        {
            "Set": part,
            "Photographs": f"{each['images']:,}",
            "Largest change": f"{100 * each['largest_change']:.2f}",
            "Changed diagnoses": each["answers_changed"],
            "Accuracy": f"{100 * each['accuracy_change']:+.2f}",
            "Mean recall": f"{100 * each['mean_recall_change']:+.2f}",
        }
        for part, each in found.items()
    ]
    return pd.DataFrame(rows)
