"""The model card of a released model: the template ``card.md``, filled with results.

Front matter has the keys that the Hugging Face hub documents for its model cards.
"""

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
TAGS = ["dermatology", "dermoscopy", "skin-lesion", "soft-attention", "not-a-medical-device"]
DATASETS = {"test": "ham10000", external.PART: "isic2018-task3-test"}
OF_RUN = ("study", "run", "identity", "epochs", "best_epoch", "device")
MISSING = "Not measured.\n"


def write(folder):
    """Write ``README.md`` beside a ``model.json`` and return its path."""
    model = released.read(folder)
    path = Path(folder) / released.CARD
    write_text(path, card(model, released_frames.run_of(model)))
    return path


def card(model, run):
    """Return the card as text.

    Parameters
    ----------
    model : dict
        From `skinlib.predict.released.read`.
    run : skinlib.experiments.run.Run
        That it was made of.
    """
    made, recipe, rule = model["run"], model["recipe"], model["abstention"]
    weights, official = made["weights"], made["external"] or {"name": "none", "images": 0}
    metrics = released_frames.metrics(run)
    own = metrics.set_index("Metric").iloc[:, 0]
    return TEMPLATE.read_text(encoding="utf-8").format(
        **{key: model[key] for key in ("name", "notice", "backbone", "seed")},
        **{
            key: made[key] for key in ("study", "run", "identity", "epochs", "best_epoch", "device")
        },
        front_matter=_front_matter(model, run),
        size=model["input_size"],
        facts="with" if recipe["metadata"] else "without",
        parameters=f"{model['parameters']:,}",
        megabytes=f"{sum(entry['bytes'] for entry in model['files'].values()) / 1e6:.1f}",
        released=model["released"][:10],
        data=made["data"]["name"],
        images=f"{made['data']['images']:,}",
        unit=made["split"]["unit"],
        counts=", ".join(f"{part} {count:,}" for part, count in made["split"]["counts"].items()),
        licence=model["licence"]["id"].upper(),
        licence_reason=model["licence"]["reason"],
        official=f"{official['name']}, {official['images']:,} photographs",
        metrics=_table(metrics),
        classes=_table(_classes(run)),
        **_groups(model),
        temperature=f"{model['temperature']:.2f}",
        calibration=_table(released_frames.calibration(run, model["temperature"])),
        confidence=_threshold(rule["confidence"]),
        confidence_without=_threshold(rule["confidence_without"]),
        risk=f"{rule['risk']:.0%}",
        percentile=f"{rule['percentile']:g}",
        distance=f"{rule['distance']:g}",
        abstention=_table(released_frames.abstention(rule["measured"])),
        melanoma=_table(_melanoma(rule["measured"])),
        ood=_table(released_frames.ood(model["foreign"])),
        without=_without(model["without_facts"]),
        float16=_table(_float16(model["float16"])),
        melanoma_recall=own["Melanoma recall"],
        recipe=recipe["name"],
        changes=", ".join(f"{key} {new}" for key, (_, new) in model["changes"].items())
        or "nothing",
        start=weights.get("run") or weights.get("file", weights["source"]),
        keras=made["versions"]["keras"],
        backend=made["versions"]["backend"],
    )


def _front_matter(model, run):
    """Return the metadata of the card as YAML."""
    results = []
    for part, title in released_frames.parts(run).items():
        named = model["run"]["data" if part == "test" else "external"]["name"]
        found = evaluated.estimates(run, part).items()
        results.append({
            "task": {"type": "image-classification", "name": "Skin lesion, seven classes"},
            "dataset": {"type": DATASETS[part], "name": f"{named}, {title}", "split": "test"},
            "metrics": [
                {
                    "type": TYPES[name],
                    "value": round(each.value, 4),
                    "name": f"{name}, 95 % interval {each.low:.3f} to {each.high:.3f}",
                }
                for name, each in found
            ],
        })  # fmt: skip
    matter = {
        "license": model["licence"]["id"],
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": TAGS,
        "metrics": list(TYPES.values()),
        "model-index": [{"name": model["name"], "results": results}],
    }
    return yaml.safe_dump(matter, sort_keys=False, allow_unicode=True)


def _classes(run):
    """Return scores of each class on the own test set, recall with its interval."""
    recalls = [each.text() for each in evaluated.recalls(run)]
    return evaluated.by_class(run).assign(Recall=recalls)


def _table(frame):
    """Return a frame as a Markdown table; cells are words and numbers without a bar."""
    frame = frame.astype(object).where(frame.notna(), "–")
    rows = [list(frame), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _threshold(share):
    return "1: no threshold was enough, it never answers" if share is None else f"{share:.1%}"


def _groups(model):
    stored = groups.read() if (paths.RESULTS / groups.FILE).is_file() else []
    mine = {each["part"]: each for each in stored if each["identity"] == model["run"]["identity"]}
    found = {"differences": MISSING}
    if mine:
        frame = groups.differences(mine.values())
        found["differences"] = _table(frame.drop(columns="Model"))
    for attribute, part in (("sex", "test"), ("sex", external.PART), ("age", "test")):
        frame = part in mine and groups.table(mine[part], attribute, attribute.capitalize())
        found[f"{attribute}_{part}"] = MISSING if frame is False else _table(frame)
    return found


def _melanoma(measured):
    rows = []
    for part, found in measured.items():
        counts = found["melanoma"]
        share = None
        if counts["images"]:
            share = proportion(counts["wrong"], counts["images"])
        rows.append({
            "Test set": released_frames.SHORT[part],
            "Photographs": counts["images"],
            "Called melanoma": counts["right"],
            "No answer": counts["passed_on"],
            "Called something else": counts["wrong"],
            "Share called something else": share and share.text(percent=True),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _without(found):
    return MISSING if found is None else _table(released_frames.facts(found))


def _float16(found):
    rows = []
    for part, each in found.items():
        rows.append({
            "Set": part,
            "Photographs": f"{each['images']:,}",
            "Largest change": f"{100 * each['largest_change']:.2f}",
            "Changed diagnoses": each["answers_changed"],
            "Accuracy": f"{100 * each['accuracy_change']:+.2f}",
            "Mean recall": f"{100 * each['mean_recall_change']:+.2f}",
        })  # fmt: skip
    return pd.DataFrame(rows)
