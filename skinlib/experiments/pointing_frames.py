"""The measured networks with names for readers, and their scores as tables."""

import dataclasses

import numpy as np
import pandas as pd

from skinlib import book
from skinlib.experiments import names, pointing_summary
from skinlib.experiments.pointing_summary import Group
from skinlib.experiments.run import diverged_in
from skinlib.plots.pointing import FOLLOWING, NAMES
from skinlib.stats.bootstrap import Estimate
from skinlib.stats.localisation import LEARNED

VARIANTS = {"as_coded": "as coded", "as_described": "as described", "none": "no attention"}
# The maps of the overviews, in this order.
SHOWN = (*LEARNED, "darkness", "even", "box", "outline")


@dataclasses.dataclass(frozen=True)
class Network:
    """Runs that differ in their seed only.

    Attributes
    ----------
    name, attention : str
        What the pages call it.
    group : skinlib.experiments.pointing_summary.Group
    scores : pandas.DataFrame
        From `skinlib.experiments.pointing_summary.summarise`.
    """

    name: str
    attention: str
    group: Group
    scores: pd.DataFrame

    @property
    def title(self):
        """Name and attention, on two lines."""
        return f"{self.name},\n{self.attention}"

    @property
    def row(self):
        """The first cells of its row in a table."""
        return {"Network": self.name, "Attention": self.attention}

    @property
    def gains(self):
        """What each map gains on its own lesion over maps of other lesions, by its name."""
        return {
            name: pointing_summary.interval(self.scores.loc[name], "mass_others")
            for name in FOLLOWING
            if name in self.scores.index
        }

    @property
    def gammas(self):
        """The trained scalar of each seed; None where the layer has none."""
        return [source["gamma"] for source in self.group.sources]


def networks():
    """Return the measured networks, and the names of runs left out because they diverged.

    Returns
    -------
    found : list of Network
    diverged : list of str
    """
    found, diverged = [], []
    for group in pointing_summary.groups():
        broken = [run.name for run in group.runs if diverged_in(run.history())]
        diverged += broken
        if not broken:
            scores = pointing_summary.summarise(group.scores)
            attention = VARIANTS[group.attention]
            found.append(Network(names.name(group.runs[0]), attention, group, scores))
    return found, diverged


def points(estimate):
    """Write an estimate in percentage points."""
    return book.text(
        Estimate(*(100 * each for each in (estimate.value, estimate.low, estimate.high))), "+.1f"
    )


def gains(found):
    """Return `Network.gains` as a table, in percentage points."""
    return pd.DataFrame(
        [
            network.row | {NAMES[name]: points(value) for name, value in network.gains.items()}
            for network in found
        ]
    )


def overview(found, quantity):
    """Return a score of every map as a table, in per cent.

    Parameters
    ----------
    found : list of Network
    quantity : {'mass', 'hit'}
    """
    return pd.DataFrame(
        [
            network.row
            | {
                NAMES[name]: book.text(100 * network.scores.loc[name, quantity], ".1f")
                for name in SHOWN
                if name in network.scores.index
            }
            for network in found
        ]
    )


def variants(found):
    """Compare runs that differ in their attention only, as described minus as coded.

    Returns
    -------
    frame : pandas.DataFrame
        One row a map, in percentage points.
    by_seed : dict of str to list of float
        Difference of the pointing game by map, one number a seed.
    """
    matched = pointing_summary.matched("as_coded", "as_described", [n.group for n in found])
    rows, by_seed = [], {}
    for _, pairs in matched:
        for name in LEARNED:
            if f"{name}_mass" not in pairs[0][0]:
                continue
            row = pointing_summary.difference(pairs, name).loc[name]
            each = [pointing_summary.difference([pair], name, 1).loc[name, "hit"] for pair in pairs]
            by_seed[name] = each
            rows.append(
                {
                    "Map": NAMES[name],
                    "Part on the lesion": points(pointing_summary.interval(row, "mass")),
                    "Pointing game": points(pointing_summary.interval(row, "hit")),
                    "Pointing game, by seed": ", ".join(book.text(100 * x, "+.1f") for x in each),
                }
            )
    return pd.DataFrame(rows), by_seed


def measured(found):
    """Return what was measured of each network as a table."""
    return pd.DataFrame(
        [
            {
                **network.row,
                "Seeds": len(network.group.runs),
                "Test images": book.text(sum(map(len, network.group.scores)), ","),
                "Grid": "{} × {}".format(*network.group.sources[0]["grid"]),
                "γ, trained": ", ".join(book.text(g, ".4f") for g in network.gammas if g) or "–",
            }
            for network in found
        ]
    )


def span(found, name):
    """Return the gains of a map over all networks, in percentage points, lowest and highest."""
    values = sorted(round(100 * network.gains[name].value, 1) for network in found)
    return f"{book.text(values[0], '.1f')} to {book.text(values[-1], '.1f')}"


def followers(found, name):
    """Count the networks whose map gains on its own lesion: the interval is above zero."""
    return sum(network.gains[name].sign > 0 for network in found)


def mean_maps(runs):
    """Return the mean attention map of each run that has kept its maps, by title.

    Parameters
    ----------
    runs : dict of str to (Run or None)
    """
    kept = {title: run.attention() for title, run in runs.items() if run}
    return {title: np.mean(list(maps.values()), axis=0) for title, maps in kept.items() if maps}
