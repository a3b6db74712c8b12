"""The model card of a released model, in the format of huggingface_hub, made from results.

YAML front matter with the keys of the hub's specification (modelcard.md in its documentation),
then Markdown. No number is typed: all come from ``model.json``, ``predictions.csv`` and
``results/subgroups.json``.
"""

from pathlib import Path

import yaml

from skinlib.common import NOT_A_DEVICE
from skinlib.common.files import write_text
from skinlib.experiments import external, subgroup_words
from skinlib.experiments.released_frames import run_of
from skinlib.predict import release_words as words
from skinlib.predict import released
from skinlib.predict.release_words import markdown_table

# Names of the hub's metrics by ours.
TYPES = {
    "accuracy": "accuracy",
    "mean recall": "recall",
    "macro F1": "f1",
    "AUC, macro": "roc_auc",
}
TAGS = ("dermatology", "dermoscopy", "skin-lesion", "soft-attention", "not-a-medical-device")
DATASETS = {"test": "ham10000", "official": "isic2018-task3-test"}


def write(folder):
    """Write ``README.md`` beside a ``model.json``.

    Parameters
    ----------
    folder : str or pathlib.Path

    Returns
    -------
    pathlib.Path
    """
    model = released.read(folder)
    path = Path(folder) / released.CARD
    write_text(path, card(model, run_of(model)))
    return path


def front_matter(model, run):
    """Return the metadata of the card."""
    results = []
    for part, title in words.parts(run).items():
        found = words.estimates(run, part)
        values = [
            {
                "type": kind,
                "value": round(found[metric].value, 4),
                "name": f"{metric}, 95 % interval {found[metric].low:.3f} to "
                f"{found[metric].high:.3f}",
            }
            for metric, kind in TYPES.items()
        ]
        data = model["run"]["data"] if part == "test" else model["run"]["external"]
        dataset = {"type": DATASETS[part], "name": f"{data['name']}, {title}", "split": "test"}
        task = {"type": "image-classification", "name": "Skin lesion, seven classes"}
        results.append({"task": task, "dataset": dataset, "metrics": values})
    return {
        "license": model["licence"]["id"],
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": list(TAGS),
        "metrics": list(TYPES.values()),
        "model-index": [{"name": model["name"], "results": results}],
    }


def card(model, run):
    """Return the card as text.

    Parameters
    ----------
    model : dict
        From `skinlib.predict.released.read`.
    run : skinlib.experiments.run.Run
        That it was made of.
    """
    matter = yaml.safe_dump(front_matter(model, run), sort_keys=False, allow_unicode=True)
    sections = {
        "What it is": _about(model),
        "Use it": _use(model),
        "Data and licence": _data(model),
        "What it is for, and what not": PURPOSE,
        "How well it does": _metrics(model, run),
        "Groups of patients": _groups(run),
        "Are its probabilities right?": words.calibrated(model, run),
        "When it does not answer": _abstention(model),
        "Without age, sex and site": words.facts(model),
        "What float16 changes": words.rounding(model),
        "Limits": _limits(model, run),
        "Training": _training(model),
    }
    body = "\n".join(f"## {title}\n\n{text.rstrip()}\n" for title, text in sections.items())
    return f"---\n{matter}---\n\n# {model['name']}\n\n**{NOT_A_DEVICE}**\n\n{body}"


def _about(model):
    side = model["input_size"]
    files = sum(entry["bytes"] for entry in model["files"].values())
    return (
        f"{model['backbone']}, truncated and with Soft-Attention as in the paper: "
        f"it looks at the central square of a dermatoscopic photograph at {side} × {side} pixels"
        + (", with age, sex and site of the patient" if model["recipe"]["metadata"] else "")
        + f", and gives probabilities of seven diagnoses. {model['parameters']:,} parameters, "
        f"{files / 1e6:.1f} MB: kernels mostly in float16, numbers only, no code. Released "
        f"{model['released'][:10]}."
    )


def _use(model):
    return (
        "```bash\npython -m skinlib predict photo.jpg --age 60 --sex female --site back\n```\n\n"
        f"`--model {model['name']}` names this one among several. Every file is compared with the "
        "SHA-256 in `model.json` before it is opened. No picture leaves the machine."
    )


def _data(model):
    data, counts = model["run"]["data"], model["run"]["split"]["counts"]
    parts = ", ".join(f"{part} {count:,}" for part, count in counts.items())
    return (
        f"HAM10000 ({data['name']}, {data['images']:,} photographs), split by "
        f"{model['run']['split']['unit']}: {parts}; no lesion lies in two parts. Tschandl, "
        "Rosendahl, Kittler (2018), doi:10.7910/DVN/DBW86T; credit: ViDIR Group, Department of "
        "Dermatology, Medical University of Vienna.\n\n"
        f"**Licence: {model['licence']['id'].upper()}**, {model['licence']['reason']}. The code "
        "around it is under the MIT licence."
    )


PURPOSE = """For: research and teaching on classification, calibration, abstention and attention; \
as a baseline.

Not for: diagnosis, triage or advice of any kind; photographs that no dermatoscope took; \
diagnoses beyond the seven, which it cannot name; commercial use. It was never tried on patients. \
See a doctor about a spot that worries you.
"""


def _metrics(model, run):
    external = model["run"].get("external")
    text = (
        "Brackets: 95 % interval from a bootstrap over lesions. Melanoma recall: share of the "
        "photographs of melanoma that are called so.\n\n" + markdown_table(words.of_metrics(run))
    )
    if external:
        text += (
            f"\nOfficial test: {external['images']:,} images of ISIC 2018, Task 3 "
            f"({external['name']}), none of which, nor of their lesions, is in HAM10000.\n"
        )
    return text + "\nBy class, own test part:\n\n" + markdown_table(words.of_classes(run))


def _groups(run):
    sections = [subgroup_words.caution(words.groups_of(run))]
    for attribute, part in (("sex", "test"), ("sex", external.PART), ("age", "test")):
        frame = words.of_groups(run, attribute, part)
        if frame is not None:
            sections.append(f"By {attribute}, {words.PARTS[part]}:\n\n{markdown_table(frame)}")
    return "\n".join(sections)


def _abstention(model):
    return (
        f"{words.rule(model)}\n{markdown_table(words.of_abstention(model))}\n"
        f"{words.foreign(model)}\n{markdown_table(words.of_foreign(model))}"
    )


def _limits(model, run):
    found = words.estimates(run, "test")
    return (
        "* Photographs from two centres, in Vienna and in Queensland. The data do not say what "
        "type of skin they show, so how the model does on dark skin is not known.\n"
        "* Each photograph was taken because somebody thought the lesion worth one; the shares of "
        "the diagnoses are not those of a practice.\n"
        f"* Of the photographs of melanoma in its own test part it calls "
        f"{found['melanoma recall'].text(percent=True)} melanoma; the others it misses.\n"
        "* One training with one seed. The intervals are about other lesions of the same kind, "
        "not about another training or another camera.\n"
        "* The attention map shows where the network weighs its features, not why it decides."
    )


def _training(model):
    made, recipe = model["run"], model["recipe"]
    weights = made["weights"]
    start = weights.get("run") or weights.get("file", weights["source"])
    changes = ", ".join(f"{key} {new}" for key, (_, new) in model["changes"].items())
    return (
        f"Recipe `{recipe['name']}`" + (f" with {changes}" if changes else "") + f", run "
        f"`{made['study']}/{made['run']}` ({made['identity']}), seed {model['seed']}, "
        f"{made['epochs']} epochs, kept: {made['best_epoch']}, chosen on the validation part. "
        f"Starting weights: {start} (see NOTICE). {made['device']}; Keras "
        f"{made['versions']['keras']}, {made['versions']['backend']}."
    )
