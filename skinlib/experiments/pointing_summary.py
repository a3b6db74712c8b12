"""Sum up where maps lie: over images, seeds and studies, with intervals over lesions."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd

from skinlib.common import paths
from skinlib.experiments.pointing_runs import SOURCE, read_scores
from skinlib.experiments.recipes import from_json
from skinlib.experiments.run import read_run
from skinlib.stats.bootstrap import N_RESAMPLES, Estimate, cluster_weights, estimate

# Studies that are remade on every machine, and say nothing about skin.
_TRIALS = ("adhoc", "demo", "illustration")

# What a summary says of each map.
QUANTITIES = ("mass", "hit", "ratio", "mass_box", "hit_box", "mass_others", "hit_others")

# Fields of a recipe in which runs may differ for their attention alone to be compared.
_ASIDE = ("name", "attention", "score_test")


@dataclasses.dataclass(frozen=True)
class Group:
    """The measured runs of a study that differ in their seed only.

    Attributes
    ----------
    label : str
        Recipe and size, for example ``clean, 96 px``; after the backbone if not MobileNetV2.
    runs : tuple of skinlib.experiments.run.Run
    scores : tuple of pandas.DataFrame
        One a run; see `read_scores`.
    sources : tuple of dict
    """

    label: str
    runs: tuple
    scores: tuple
    sources: tuple

    @property
    def attention(self):
        """Variant of the attention: ``as_coded``, ``as_described`` or ``none``."""
        return self.runs[0].record["recipe"]["attention"]

    @property
    def share(self):
        """Mean share of the picture that is lesion."""
        return float(pd.concat(self.scores)["share"].mean())


def groups(studies=None):
    """Return the groups of measured runs, by study and name.

    Parameters
    ----------
    studies : sequence of str, optional
        All that are kept in the repository by default: not demonstrations and trials.
    """
    found = {}
    for path in sorted((paths.RESULTS / "runs").glob(f"*/*/{SOURCE}")):
        study = path.parts[-3]
        if study in _TRIALS or (studies is not None and study not in studies):
            continue
        run = read_run(path.parent)
        if run.finished and (read := read_scores(run)):
            found.setdefault((study, re.sub(r"-s\d+$", "", run.name)), []).append((run, *read))
    return [Group(_label(members[0][0]), *zip(*members, strict=True)) for members in found.values()]


def _label(run):
    backbone = run.record["backbone"]
    return run.title if backbone == "MobileNetV2" else f"{backbone}, {run.title}"


def summarise(scores, draws=N_RESAMPLES):
    """Average scores over images, with intervals from a bootstrap over lesions.

    Parameters
    ----------
    scores : sequence of pandas.DataFrame
        One a seed. A lesion that several seeds ask about is drawn for all of them at once.
    draws : int
        Number of resamples.

    Returns
    -------
    pandas.DataFrame
        Index: the maps. Columns ``mass``, ``hit``, ``ratio`` (mean mass to mean share of
        the picture: 1 is an even spread), ``mass_box`` and ``hit_box`` (minus the centred
        box's) and, for maps of a network, ``mass_others`` and ``hit_others`` (minus those
        of its maps for other lesions); each with ``_low`` and ``_high``.
    """
    table = pd.concat(scores, ignore_index=True)
    names = [column.removesuffix("_mass") for column in table if column.endswith("_mass")]
    means = _means(
        table, ["share", *(f"{n}_{kind}" for n in names for kind in ("mass", "hit"))], draws
    )
    rows = {}
    for name in names:
        mass, hit = means[f"{name}_mass"], means[f"{name}_hit"]
        values = {
            "mass": mass,
            "hit": hit,
            "ratio": mass / means["share"],
            "mass_box": mass - means["box_mass"],
            "hit_box": hit - means["box_hit"],
        }
        if f"{name}_others" in names:
            values["mass_others"] = mass - means[f"{name}_others_mass"]
            values["hit_others"] = hit - means[f"{name}_others_hit"]
        rows[name] = values
    return _with_intervals(rows, QUANTITIES)


def _means(table, columns, draws):
    """Return the mean of each column, shape (1 + draws,): over all images, then by resample."""
    weights = cluster_weights(table["lesion_id"], draws)
    means = weights @ table[columns].to_numpy() / weights.sum(axis=1, keepdims=True)
    return dict(zip(columns, means.T, strict=True))


def _with_intervals(rows, quantities):
    """Return a frame, one row a map: each quantity, ``_low`` and ``_high``."""
    cells = {
        name: {key: estimate(values[key]) if key in values else _NONE for key in quantities}
        for name, values in rows.items()
    }
    return pd.DataFrame(
        {
            f"{key}{end}": [getattr(cells[name][key], attribute) for name in rows]
            for end, attribute in (("", "value"), ("_low", "low"), ("_high", "high"))
            for key in quantities
        },
        index=list(rows),
    )


_NONE = Estimate(np.nan, np.nan, np.nan)


def interval(row, key):
    """Return a quantity of a row of `summarise` or `difference` as an `Estimate`."""
    return Estimate(row[key], row[f"{key}_low"], row[f"{key}_high"])


def matched(first, second, measured=None):
    """Return pairs of measured runs that differ in nothing but their attention.

    Parameters
    ----------
    first, second : str
        Variants of the attention, ``as_coded`` and ``as_described`` for example.
    measured : list of Group, optional
        From `groups`, which is the default.

    Returns
    -------
    list of (label, list of (pandas.DataFrame, pandas.DataFrame))
        Scores of the same images in the same order, one pair a seed.
    """
    found = {}
    for group in groups() if measured is None else measured:
        for run, scores in zip(group.runs, group.scores, strict=True):
            record = run.record
            # Through the class, since a record may be older than some of its fields.
            fields = from_json(record["recipe"]).to_json()
            recipe = {key: value for key, value in fields.items() if key not in _ASIDE}
            parts = [
                recipe,
                record["backbone"],
                record["input_size"],
                record["data"]["fingerprint"],
            ]
            key = json.dumps(parts, sort_keys=True)
            seed = (record["seed"], record["split"]["hash"])
            found.setdefault(key, {}).setdefault(seed, {})[group.attention] = (group.label, scores)
    pairs = {}
    for key, seeds in found.items():
        for variants in seeds.values():
            if first in variants and second in variants:
                (_, one), (label, other) = variants[first], variants[second]
                aligned = other.set_index("image_id").loc[one["image_id"]].reset_index()
                pairs.setdefault(key, (label, []))[1].append((one, aligned))
    return list(pairs.values())


def difference(pairs, name, draws=N_RESAMPLES):
    """Return what the second of each pair scores more than the first, for one kind of map.

    Parameters
    ----------
    pairs : sequence of (pandas.DataFrame, pandas.DataFrame)
        From `matched`.
    name : str
        ``attention`` or ``gradcam``.

    Returns
    -------
    pandas.DataFrame
        One row; ``mass`` and ``hit`` with ``_low`` and ``_high``.
    """
    columns = [f"{name}_mass", f"{name}_hit"]
    tables = [
        other[columns].sub(one[columns]).assign(lesion_id=one["lesion_id"]) for one, other in pairs
    ]
    means = _means(pd.concat(tables, ignore_index=True), columns, draws)
    return _with_intervals(
        {name: dict(zip(("mass", "hit"), means.values(), strict=True))}, ("mass", "hit")
    )
