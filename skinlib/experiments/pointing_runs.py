"""Measure where the maps of a run lie, and keep the scores beside it.

Measuring needs the photographs, the masks and the weights of the run. Its result is small:
``pointing.csv``, the scores of each test image, and ``pointing.json``, where they come from.
Everything after that is computed from these files: `skinlib.experiments.pointing_summary`.
"""

import dataclasses
import json

import numpy as np
import pandas as pd

from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import write_csv, write_json
from skinlib.data.masks import Masks, locate
from skinlib.stats import localisation as pointing

SCORES, SOURCE = "pointing.csv", "pointing.json"

# Of the test images this part at least has to get the class that predictions.csv says.
AGREEMENT = 0.99


def measure(run, data=None, masks=None, *, progress=True):
    """Score soft attention and Grad-CAM of a run's test part against the masks.

    Parameters
    ----------
    run : skinlib.experiments.run.Run
        Finished, with its weights.
    data : str or pathlib.Path, optional
        Folder of the photographs; see `skinlib.data.ham10000.locate`.
    masks : str or pathlib.Path, optional
        See `skinlib.data.masks.locate`.
    progress : bool
        Show bars.

    Returns
    -------
    pandas.DataFrame
        What ``pointing.csv`` now holds.

    Raises
    ------
    DataError
        The weights were not kept, or there are no masks.
    IntegrityError
        The photographs are not those of the run, or the weights do not give its answers.
    """
    if not (run.folder / "best.weights.h5").is_file():
        msg = (
            f"'{run.folder}' has no weights, which Grad-CAM needs; set keep_weights: true in its "
            "study, delete the directory and train again"
        )
        raise DataError(msg)
    from skinlib.data import ham10000
    from skinlib.models.gradcam import gradcam
    from skinlib.predict import inference
    from skinlib.training import prediction

    dataset = ham10000.load(data, decode=False)
    if dataset.fingerprint != run.record["data"]["fingerprint"]:
        msg = (
            f"'{run.folder}' was trained on {run.record['data']['name']} "
            f"{run.record['data']['fingerprint']}, '{dataset.folder}' is {dataset.name} "
            f"{dataset.fingerprint}; set SKINLIB_DATA or --data to the data of the run"
        )
        raise IntegrityError(msg)
    masks = Masks(locate(dataset.folder, masks))
    rows = run.predictions("test")
    ids = list(rows["image_id"])
    network = inference.load(run.folder)
    part = _part(network, dataset, ids, progress)
    maps, probabilities = gradcam(network.model, part)
    agreement = float(np.mean(probabilities.argmax(axis=1) == run.arrays("test")[1].argmax(axis=1)))
    plain = getattr(network.recipe, "views", "one") == "one"
    if plain and agreement < AGREEMENT:
        msg = (
            f"the weights of '{run.folder}' give the class of predictions.csv for "
            f"{agreement:.1%} of the test images, expected nearly all; train the run again"
        )
        raise IntegrityError(msg)
    if network.recipe.attention != "none":
        kept = run.attention()
        whole = set(kept) == set(ids)
        kept = np.stack([kept[name] for name in ids]) if whole else None
        maps["attention"] = kept if whole else prediction.attention(network.model, part)
    grid, crop = maps["gradcam"].shape[1:], network.recipe.crop
    shares = masks.shares(ids, grid, crop)
    maps[pointing.CONTROL] = pointing.darkness((part.pixels[row] for row in part.rows), grid)
    rest = sorted((masks.ids & set(dataset.table["image_id"])) - set(ids))
    prior = pointing.read_prior(masks, rest, crop)
    there = shares.any(axis=(1, 2))
    scores = pointing.score(
        {name: maps[name][there] for name in (*pointing.LEARNED, pointing.CONTROL) if name in maps},
        shares[there], rows["lesion_id"].to_numpy()[there], prior,
    )  # fmt: skip
    scores.insert(0, "image_id", np.array(ids)[there])
    write_csv(run.folder / SCORES, scores, float_format="%.5g")
    source = {
        "identity": run.record["identity"],
        "weights_sha256": run.record["weights_sha256"],
        "masks": masks.provenance(),
        "crop": crop,
        "grid": list(grid),
        "images": int(there.sum()),
        "without_lesion": int((~there).sum()),
        "prior": dataclasses.asdict(prior),
        "empty": {name: int((~values.any(axis=(1, 2))).sum()) for name, values in maps.items()},
        "agreement": round(agreement, 4),
        "gamma": _gamma(network.model),
    }
    write_json(run.folder / SOURCE, source)
    return read_scores(run)[0]


def _part(network, dataset, ids, progress):
    """Return the images of some ids as the network of a run sees them."""
    from skinlib.data import pixels
    from skinlib.data.batches import Part

    recipe = network.recipe
    cache = pixels.cached(
        dataset, network.record["input_size"], interpolation=recipe.interpolation,
        crop=recipe.crop, progress=progress,
    )  # fmt: skip
    places = pd.Index(dataset.table["image_id"]).get_indexer(ids)
    metadata = None
    if recipe.metadata:
        metadata = network.encoder.transform(dataset.table.iloc[places].reset_index(drop=True))
    return Part(cache, places, metadata, dataset.labels[places], recipe.channel_order)


def _gamma(model):
    """Return the scalar that scales the attended tensor, None where the network has none."""
    layers = [layer for layer in model.layers if layer.name == "soft_attention"]
    gamma = layers[0].gamma if layers else None
    return None if gamma is None else round(float(gamma), 5)


def read_scores(run):
    """Return the stored scores of a run and where they come from; None where there are none.

    Returns
    -------
    scores : pandas.DataFrame
        ``image_id``, ``lesion_id`` and the columns of `skinlib.stats.localisation.score`.
    source : dict

    Raises
    ------
    IntegrityError
        They are of another training than the run's, or of other images.
    """
    path = run.folder / SOURCE
    if not (path.is_file() and (run.folder / SCORES).is_file()):
        return None
    source = json.loads(path.read_text(encoding="utf-8"))
    scores = pd.read_csv(run.folder / SCORES, dtype={"image_id": str})
    rows = run.predictions("test").set_index("image_id")
    same = source["weights_sha256"] == run.record.get("weights_sha256")
    if not same or len(scores) != source["images"] or not scores["image_id"].isin(rows.index).all():
        msg = (
            f"'{run.folder / SCORES}' is not of the training in this directory; run "
            f"`python -m skinlib pointing {run.folder}` again"
        )
        raise IntegrityError(msg)
    scores.insert(1, "lesion_id", rows["lesion_id"].loc[scores["image_id"]].to_numpy())
    return scores, source
