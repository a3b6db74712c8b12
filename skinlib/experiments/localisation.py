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
from skinlib.experiments import evaluated
from skinlib.experiments.recipes import from_json
from skinlib.experiments.run import diverged_in, read_run
from skinlib.stats.bootstrap import N_RESAMPLES, cluster_weights, estimate
from skinlib.stats.localisation import NAMES

SCORES, SOURCE = "pointing.csv", "pointing.json"
# Studies that every machine makes anew, of pictures that are not skin.
TRIALS = ("adhoc", "demo", "illustration")
VARIANTS = {
    "as_coded": "as coded", "as_described": "as described", "as_written": "as in equation 1",
    "none": "no attention",
}  # fmt: skip
# Fields of a recipe that may differ where only the attention is compared.
ASIDE = ("name", "attention", "score_test")


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
        if study not in TRIALS and run.finished and (read := read_scores(run)):
            found.setdefault((study, re.sub(r"-s\d+$", "", run.name)), []).append((run, *read))
    for members in found.values():
        network = Network(*zip(*members, strict=True))
        networks[any(diverged_in(run.history()) for run in network.runs)].append(network)
    return networks


def read_scores(run):
    """Return the scores of a run's test images and where they come from; None where there are none.

    Raises
    ------
    IntegrityError
        They are of other weights than the run's, or of other images.
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
            f"`python -m skinlib pointing {shlex.quote(str(run.folder))}` again"
        )
        raise IntegrityError(msg)
    scores.insert(1, "lesion_id", rows["lesion_id"].loc[scores["image_id"]].to_numpy())
    return scores, source


def summarise(scores, n_resamples=N_RESAMPLES):
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
    means = _means(table, [column for column in table if column.endswith(("_mass", "_hit"))],
                   n_resamples)  # fmt: skip
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


def frame(measured, score, maps=tuple(NAMES), *, intervals=True):
    """Return a score of several networks in per cent, one row a network, one column a map.

    The score is a column of `summarise`, the maps are rows of it. Without `intervals` the cells are
    the values of the estimates.
    """
    rows = []
    for network in measured:
        found = 100 * network.summary[score].reindex(list(maps)).dropna()
        values = found if intervals else found.map(lambda each: each.value)
        rows.append({**dict(zip(("Network", "Attention"), network.words, strict=True)), **values})
    return pd.DataFrame(rows).rename(columns=NAMES)


def _means(table, columns, n_resamples):
    """Return the mean of each column, shape (1 + n_resamples,): over all images, by resample."""
    weights = cluster_weights(table["lesion_id"], n_resamples)
    means = weights @ table[columns].to_numpy() / weights.sum(axis=1, keepdims=True)
    return dict(zip(columns, means.T, strict=True))


def matched(measured, first="as_coded", second="as_described"):
    """Return pairs of runs of some networks that differ in nothing but their attention.

    Each is a pair of frames, the scores of the same images in the same order.
    """
    found = {}
    for network in measured:
        for run, scores in zip(network.runs, network.scores, strict=True):
            record = run.record
            # A record may be older than some fields of the recipe; `from_json` adds them.
            fields = from_json(record["recipe"]).to_json()
            same = [{key: value for key, value in fields.items() if key not in ASIDE}]
            same += [record[key] for key in ("backbone", "input_size", "seed")]
            same += [record["data"]["fingerprint"], record["split"]["hash"]]
            key = json.dumps(same, sort_keys=True)
            found.setdefault(key, {})[fields["attention"]] = scores.set_index("image_id")
    return [
        (pair[first], pair[second].loc[pair[first].index])
        for pair in found.values()
        if first in pair and second in pair
    ]


def difference(pairs, name, n_resamples=N_RESAMPLES):
    """Return how much more the second of each pair scores than the first, in percentage points.

    The pairs are from `matched`, the map is one of `skinlib.stats.localisation.LEARNED`.

    Returns
    -------
    mass, hit : skinlib.stats.bootstrap.Estimate
    hit_by_pair : list of float
    """
    columns = [f"{name}_mass", f"{name}_hit"]
    gaps = [100 * (second[columns] - first[columns]) for first, second in pairs]
    lesions = [first["lesion_id"] for first, _ in pairs]
    table = pd.concat(gaps).assign(lesion_id=pd.concat(lesions).to_numpy())
    mass, hit = map(estimate, _means(table, columns, n_resamples).values())
    return mass, hit, [gap[columns[1]].mean() for gap in gaps]


def drawn_lesions(seed=0):
    """Return the number of the first drawn lesion of each class; see `skinlib.data.synthetic`."""
    table = synthetic.metadata(700, seed).drop_duplicates("dx").set_index("dx")
    return {dx: int(table.loc[dx, "lesion_id"].removeprefix("SYN_")) for dx in CLASSES}


def drawn_examples(record, classes=CLASSES):
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
