"""The pictures of Figure 14: melanomas and nevi that a network confused or classified correctly."""

from skinlib.common.classes import CLASSES
from skinlib.data.images import decode
from skinlib.data.pixels import resize

# True class, predicted class.
ANSWERS = (("nv", "mel"), ("mel", "nv"), ("mel", "mel"), ("nv", "nv"))
SIDE = 160


def run_on(dataset, runs):
    """Return the first finished run on a data set, one with attention maps if possible, or None."""
    known = set(dataset.table["image_id"])
    data = {"name": dataset.name, "images": len(dataset.table)}
    fitting = [
        run
        for run in runs
        if data.items() <= run.record["data"].items()
        and known.issuperset(run.predictions("test")["image_id"])
    ]
    return next((run for run in fitting if run.attention()), fitting[0] if fitting else None)


def choose(run, dataset):
    """Choose pictures by a rule: the most confident predictions, one picture a lesion.

    Two at most of each kind in `ANSWERS`, as `skinlib.plots.photographs.melanoma_nevus` takes them.
    """
    rows, names = run.predictions("test"), list(CLASSES)
    rows = rows.assign(
        predicted=rows[names].idxmax(axis=1), probability=rows[names].max(axis=1)
    ).sort_values("probability", ascending=False, kind="stable")
    paths, maps, chosen = dataset.table.set_index("image_id")["path"], run.attention(), []
    for label, predicted in ANSWERS:
        fits = rows[(rows["label"] == label) & (rows["predicted"] == predicted)]
        for row in fits.drop_duplicates("lesion_id").head(2).itertuples():
            chosen.append(
                {
                    "image": resize(decode(paths[row.image_id]), SIDE),
                    "attention": maps.get(row.image_id), "label": label, "predicted": predicted,
                    "probability": row.probability, "image_id": row.image_id,
                }
            )  # fmt: skip
    return chosen
