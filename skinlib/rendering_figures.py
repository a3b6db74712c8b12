"""The paper's figures from what there is: which data, which runs, which words."""

import json

import numpy as np

from skinlib import captions, figures, paths
from skinlib.classes import CLASSES
from skinlib.data.images import decode
from skinlib.data.pixels import resize
from skinlib.tables import Measured

LARGE = ("DenseNet201", "InceptionResNetV2", "ResNet50", "ResNet152", "NASNetLarge")
MOBILE = ("MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "NASNetMobile")
# Figures 10 to 13: metric and network.
BARS = {
    "10": ("f1", "DenseNet201"),
    "11": ("f1", "InceptionResNetV2"),
    "12": ("recall", "DenseNet201"),
    "13": ("recall", "InceptionResNetV2"),
}
CURVES = (
    "InceptionResNetV2 MD", "DenseNet201 MD", "NASNetLarge MD", "MobileNetV3Large MD, tap -34",
    "MobileNetV2 MD", "ResNet152 MD",
)  # fmt: skip
CREDIT = (
    "Pictures: HAM10000, ViDIR Group, Department of Dermatology, Medical University of Vienna, "
    "CC BY-NC 4.0."
)
DRAWN = (
    "Pictures drawn by code (`skinlib.data.synthetic`), which may be shown here; with the real "
    "data at hand, `make book` shows photographs instead."
)
PICTURE = 160


def paper_figures(facts, dataset):
    """Draw the paper's fifteen figures, and those that only the logs or our runs allow.

    Parameters
    ----------
    facts : skinlib.ledger.facts.Facts
    dataset : skinlib.data.ham10000.Dataset
        The data in use.

    Returns
    -------
    figures : dict of str to matplotlib.figure.Figure
    texts : dict of str to str
        Captions, and sentences that depend on the data.
    """
    structures = list(facts.structures.values())
    examples, said = melanoma_nevus_examples(facts, dataset)
    drawn = {
        "1": figures.class_examples(dataset, per_class=1, size=PICTURE),
        "2": figures.overall(),
        "3": figures.structures(structures, LARGE),
        "4": figures.structures(structures, MOBILE),
        "5": figures.metadata_schema(),
        "6": figures.soft_attention_layer(),
        "7": figures.soft_attention_module(),
        "8": figures.confusion_definition(),
        "9": figures.auc_definition(),
        "14": figures.melanoma_nevus(examples),
        "15": figures.auc_all(_our_aucs(facts)),
    }
    texts = {"caption-logged-curves": captions.curves(CURVES)}
    for number, (metric, backbone) in BARS.items():
        texts[f"caption-paper-figure-{number}"] = captions.bars(number, metric, backbone)
        drawn[number] = figures.ad_against_md(metric, backbone, _our_bars(facts, metric, backbone))
    made = {f"paper-figure-{number}": figure for number, figure in drawn.items()}
    made["logged-curves"] = figures.logged_curves(CURVES)
    for number in ("10", "11"):
        texts[f"caption-journal-figure-{number}"] = captions.confusion(number)
        made[f"journal-figure-{number}"] = figures.printed_against_logged_confusion(number)
    made["channel-dependence"] = _dependence()
    made["attention-average"] = _average_attention(facts)
    credit = CREDIT if dataset.name.startswith("ham10000") else DRAWN
    texts |= {"pictures": f"{credit}\n", "figure-14": f"{said} {credit}\n"}
    return made, texts


def _our_aucs(facts):
    found = {}
    for (backbone, recipe), runs in facts.ours.real.items():
        if recipe == "md-as-logged":
            found[backbone] = np.mean([Measured(run).summary["auc_macro"] for run in runs])
    return found or None


def _our_bars(facts, metric, backbone):
    """Return our value of each class for both arms, or None while neither was run."""
    key = {"f1": "f1", "recall": "sensitivity"}[metric]
    arms = {}
    for arm in ("AD", "MD"):
        runs = facts.ours.runs(backbone, arm)
        if runs:
            arms[arm] = np.mean([Measured(run).classes[key] for run in runs], axis=0).tolist()
    return {"AD": None, "MD": None, **arms} if arms else None


def _dependence():
    path = paths.RESULTS / "attention.json"
    if not path.is_file():
        return figures.not_run()
    changes = json.loads(path.read_text(encoding="utf-8"))["changes"]
    return figures.channel_dependence(
        {variant: np.array(values) for variant, values in changes.items()}
    )


def _average_attention(facts):
    """Mean attention over the test part of our two readings of the layer."""
    variants = {"as_coded": "md-as-logged", "as_described": "clean"}
    means = {}
    for variant, recipe in variants.items():
        runs = [
            run for (_, name), found in facts.ours.real.items() if name == recipe for run in found
        ]
        maps = [value for run in runs[:1] for value in run.attention().values()]
        if not maps:
            return figures.not_run()
        means[variant] = np.mean(maps, axis=0)
    return figures.attention_examples([{**means, "title": "mean of the test part"}])


def melanoma_nevus_examples(facts, dataset):
    """Choose the eight pictures of figure 14, and say where they are from.

    Of each kind of answer the two given with the most confidence, one photograph a
    lesion, so that nobody picks by hand.
    """
    run = _shown_run(facts, dataset)
    if run is None:
        return [], "Not run on the data in use."
    table = dataset.table.set_index("image_id")
    predictions = run.predictions("test")
    probabilities = predictions[list(CLASSES)].to_numpy()
    predictions = predictions.assign(
        predicted=[CLASSES[index] for index in probabilities.argmax(axis=1)],
        probability=probabilities.max(axis=1),
    ).sort_values("probability", ascending=False, kind="stable")
    maps, chosen = run.attention(), []
    for label, predicted in (("nv", "mel"), ("mel", "nv"), ("mel", "mel"), ("nv", "nv")):
        rows = predictions[
            (predictions["label"] == label) & (predictions["predicted"] == predicted)
        ].drop_duplicates("lesion_id")
        for row in rows.head(2).itertuples():
            picture = resize(decode(table.loc[row.image_id, "path"]), PICTURE)
            chosen.append(
                {
                    "image": picture, "attention": maps.get(row.image_id), "label": label,
                    "predicted": predicted, "probability": row.probability,
                    "image_id": row.image_id,
                }
            )  # fmt: skip
    record = run.record
    return chosen, (
        f"{record['backbone']}, {record['recipe']['name']}, {record['data']['name']}, "
        f"n = {len(predictions)} test pictures."
    )


def _shown_run(facts, dataset):
    """Return a run whose test part lies in the data in use, attention maps preferred."""
    from skinlib.studies import load_study

    candidates = [run for runs in facts.ours.real.values() for run in runs]
    for study in ("illustration", "demo"):
        candidates += load_study(study).finished()
    known = set(dataset.table["image_id"])
    fitting = [
        run for run in candidates
        if run.record["data"]["name"] == dataset.name
        and run.record["recipe"]["name"] == "clean"
        and run.record["data"]["images"] == len(dataset.table)
        and known.issuperset(run.predictions("test")["image_id"])
    ]  # fmt: skip
    return next((run for run in fitting if run.attention()), fitting[0] if fitting else None)
