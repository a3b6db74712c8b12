"""Stored scores of maps against lesion masks: networks, means with intervals, drawn examples.

`skinlib.predict.evaluation.localisation` measures a run and writes two files beside it:
``pointing.csv``, the scores of each test image, and ``pointing.json``, where they come from.
"""

import dataclasses
import functools
import json
import re
import shlex

import numpy as np
import pandas as pd

from skinlib.common import paths
from skinlib.common.classes import CLASSES
from skinlib.common.errors import IntegrityError
from skinlib.data import synthetic
from skinlib.data.masks import cell_shares
from skinlib.experiments import effects, evaluated
from skinlib.experiments.run import diverged_in, read_run
from skinlib.experiments.study import load_study
from skinlib.stats.bootstrap import cluster_weights, estimate
from skinlib.stats.localisation import NAMES

SCORES, SOURCE = "pointing.csv", "pointing.json"
# Studies that every machine makes anew, of pictures that are not skin.
TRIALS = ("adhoc", "demo", "illustration")
VARIANTS = {
    "as_coded": "as coded", "as_described": "as described", "as_written": "as in equation 1",
    "none": "no attention",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Network:
    """Runs of a study that differ in their seed only, with what `read_scores` returns of each."""

    runs: tuple
    scores: tuple
    sources: tuple

    @property
    def words(self):
        """What the pages call it: name, and variant of the attention."""
        return evaluated.name(self.runs[0]), VARIANTS[self.runs[0].record["recipe"]["attention"]]

    @functools.cached_property
    def summary(self):
        """What `summarise` returns of its scores."""
        return summarise(self.scores)


def networks():
    """Return the measured networks, not of `TRIALS`, and those of which a run diverged."""
    found, networks = {}, ([], [])
    for path in sorted((paths.RESULTS / "runs").glob(f"*/*/{SOURCE}")):
        run, study = read_run(path.parent), path.parts[-3]
        if study not in TRIALS and run.finished:
            key = study, re.sub(r"-s\d+$", "", run.name)
            found.setdefault(key, []).append((run, *read_scores(run)))
    for members in found.values():
        network = Network(*zip(*members, strict=True))
        networks[any(diverged_in(run.history()) for run in network.runs)].append(network)
    return networks


def read_scores(run):
    """Return the scores of a run's test images and where they come from.

    Raises
    ------
    IntegrityError
        They are of other weights than the run's, or of other images.
    """
    source = json.loads((run.folder / SOURCE).read_text(encoding="utf-8"))
    scores = pd.read_csv(run.folder / SCORES, dtype={"image_id": str})
    rows = run.predictions("test").set_index("image_id")
    same = source["weights_sha256"] == run.record.get("weights_sha256")
    if not same or len(scores) != source["images"] or not scores["image_id"].isin(rows.index).all():
        msg = (
            f"'{run.folder / SCORES}' is not of the training in this directory; run "
            f"`python -m skinlib pointing {shlex.quote(str(run.folder))}` again"
        )
        raise IntegrityError(msg)
    scores.insert(1, "lesion_id", rows["lesion_id"].loc[scores["image_id"]].to_numpy())
    return scores, source


def summarise(scores):
    """Average scores over images, from one frame a seed.

    A lesion in the test sets of several seeds is resampled for all at once.

    Returns
    -------
    pandas.DataFrame
        One row a map, each cell a `skinlib.stats.bootstrap.Estimate`: ``mass`` and ``hit``;
        ``mass_box`` and ``hit_box``, minus those of the centred square; and where there are any
        ``mass_others`` and ``hit_others``, minus those for other lesions.
    """
    table = pd.concat(scores, ignore_index=True)
    means = _means(table, [column for column in table if column.endswith(("_mass", "_hit"))])
    rows = {}
    for name in (column.removesuffix("_mass") for column in means if column.endswith("_mass")):
        found = rows[name] = {}
        for kind in ("mass", "hit"):
            own = means[f"{name}_{kind}"]
            found[kind] = estimate(own)
            found[f"{kind}_box"] = estimate(own - means[f"box_{kind}"])
            if f"{name}_others_{kind}" in means:
                found[f"{kind}_others"] = estimate(own - means[f"{name}_others_{kind}"])
    return pd.DataFrame.from_dict(rows, orient="index")


def _means(table, columns):
    """Return the mean of each column over all images, then under each resample of lesions."""
    weights = cluster_weights(table["lesion_id"])
    means = weights @ table[columns].to_numpy() / weights.sum(axis=1, keepdims=True)
    return dict(zip(columns, means.T, strict=True))


def frame(measured, score, *, intervals=True):
    """Return a score of several networks in per cent, one row a network, one column a map.

    The score is a column of `summarise`; maps without it are left out. Without `intervals` the
    cells are the values of the estimates.
    """
    rows = []
    for network in measured:
        found = 100 * network.summary[score].reindex(list(NAMES)).dropna()
        values = found if intervals else found.map(lambda each: each.value)
        rows.append({**dict(zip(("Network", "Attention"), network.words, strict=True)), **values})
    return pd.DataFrame(rows).rename(columns=NAMES)


def matched():
    """Return pairs of frames by ``image_id``: scores with attention as coded, and as described.

    Of the measured runs of `skinlib.experiments.effects.SETTINGS` that differ in nothing else.
    """
    study = load_study(effects.SETTINGS_STUDY)
    described = effects.SETTINGS[effects.ATTENTION]
    first, second = (
        {
            key: read_scores(run)[0].set_index("image_id")
            for key, run in effects.finished(study, each, effects.SETTINGS_RECIPE).items()
            if (run.folder / SOURCE).is_file()
        }
        for each in (None, described)
    )
    return [(first[key], second[key]) for key in first if key in second]


def difference(pairs, name):
    """Return how much more the second of each pair scores than the first, in percentage points.

    The pairs are from `matched`, the map is one of `skinlib.stats.localisation.LEARNED`.

    Returns
    -------
    mass, hit : skinlib.stats.bootstrap.Estimate
    hit_by_pair : list of float
    """
    columns = [f"{name}_mass", f"{name}_hit"]
    gaps = [
        (100 * (second[columns] - first[columns])).assign(lesion_id=first["lesion_id"])
        for first, second in pairs
    ]
    mass, hit = map(estimate, _means(pd.concat(gaps), columns).values())
    return mass, hit, [gap[columns[1]].mean() for gap in gaps]


def drawn_lesions(seed=0):
    """Return the number of the first drawn lesion of each class; see `skinlib.data.synthetic`."""
    table = synthetic.metadata(700, seed).drop_duplicates("dx").set_index("dx")
    return {dx: int(table.loc[dx, "lesion_id"].removeprefix("SYN_")) for dx in CLASSES}


def drawn_examples(record, classes):
    """Return drawn pictures, which may be shown, with their masks and attention maps.

    The record is from `skinlib.predict.evaluation.drawn`. Each picture is a dictionary: ``title``,
    ``image`` (H, W, 3) uint8, ``shares`` (h, w), share of lesion in each cell, and ``attention``
    (h, w), in multiples of an even spread.
    """
    numbers, found = drawn_lesions(record["seed"]), []
    for dx in classes:
        arguments = (dx, numbers[dx], 0, record["seed"], record["size"], record["size"])
        attention = np.array(record["maps"][dx])
        found.append(
            {
                "title": dx,
                "image": synthetic.photograph(*arguments),
                "shares": cell_shares(synthetic.mask(*arguments), attention.shape, "none"),
                "attention": attention / attention.mean(),
            }
        )
    return found
