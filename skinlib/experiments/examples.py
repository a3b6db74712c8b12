"""The pictures of Figure 14: melanomas and nevi that a network confused or told apart."""

from skinlib.common.classes import CLASSES
from skinlib.data.images import decode
from skinlib.data.pixels import resize

# True class, predicted class.
ANSWERS = (("nv", "mel"), ("mel", "nv"), ("mel", "mel"), ("nv", "nv"))
SIDE = 160


def run_on(dataset, runs):
    """Return the first run on a data set whose pictures can be shown, or None.

    Parameters
    ----------
    dataset : skinlib.data.ham10000.Dataset
    runs : list of skinlib.experiments.run.Run
        Finished ones; those with attention maps are preferred.
    """
    known = set(dataset.table["image_id"])
    fitting = [
        run for run in runs
        if run.record["data"]["name"] == dataset.name
        and run.record["data"]["images"] == len(dataset.table)
        and known.issuperset(run.predictions("test")["image_id"])
    ]  # fmt: skip
    return next((run for run in fitting if run.attention()), fitting[0] if fitting else None)


def choose(run, dataset, each=2):
    """Choose pictures by a rule: the most confident predictions, one picture a lesion.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
    dataset : skinlib.data.ham10000.Dataset
    each : int
        So many of each of `ANSWERS`, fewer where there are no more.

    Returns
    -------
    list of dict
        As `skinlib.plots.photographs.melanoma_nevus` takes them.
    """
    paths = dataset.table.set_index("image_id")["path"]
    predictions = run.predictions("test")
    probabilities = predictions[list(CLASSES)].to_numpy()
    predictions = predictions.assign(
        predicted=[CLASSES[index] for index in probabilities.argmax(axis=1)],
        probability=probabilities.max(axis=1),
    ).sort_values("probability", ascending=False, kind="stable")
    maps, chosen = run.attention(), []
    for label, predicted in ANSWERS:
        fits = (predictions["label"] == label) & (predictions["predicted"] == predicted)
        for row in predictions[fits].drop_duplicates("lesion_id").head(each).itertuples():
            chosen.append(
                {
                    "image": resize(decode(paths[row.image_id]), SIDE),
                    "attention": maps.get(row.image_id), "label": label, "predicted": predicted,
                    "probability": row.probability, "image_id": row.image_id,
                }
            )  # fmt: skip
    return chosen
