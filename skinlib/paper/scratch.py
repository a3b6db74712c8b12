"""The paper's networks, each trained once on the photographs: the study ``paper-scratch``."""

import itertools

import numpy as np
import pandas as pd

from skinlib import paper
from skinlib.experiments.effects import together
from skinlib.experiments.evaluated import estimates
from skinlib.experiments.run import diverged_in
from skinlib.experiments.study import load_study
from skinlib.paper import measured
from skinlib.paper.rounding import fixed
from skinlib.stats import paired

STUDY = "paper-scratch"
SCORES = ("accuracy", "mean recall")
COLUMNS = ["network", "arm", "start", "pixels", "parameters", "seconds", *SCORES, "printed", "run"]
NONE, IMAGENET = "random", "ImageNet"


def frame():
    """Return the finished runs that did not diverge, the network with the fewest parameters first.

    Columns: ``network``; ``arm``, MD or AD; ``start``, the weights it began with, `NONE` or
    `IMAGENET`; ``pixels``; ``parameters``; ``seconds`` that one photograph takes at the authors'
    size (`skinlib.paper.measured.latency`), NaN where not measured; each of `SCORES` as an
    estimate over lesions; ``printed``, the accuracy in the paper, NaN where there is none; ``run``.
    """
    latency = measured.latency()["backbones"]
    printed = paper.printed()["5"]
    arms = {True: "MD", False: "AD"}
    rows = [
        {
            "network": run.record["backbone"],
            "arm": arms[run.record["recipe"]["metadata"]],
            "start": NONE if run.record["weights"]["source"] == "none" else IMAGENET,
            "pixels": run.record["input_size"],
            "parameters": run.record["parameters"],
            "seconds": latency.get(run.record["backbone"], {}).get("median", np.nan),
            **estimates(run, names=SCORES),
            "printed": printed.value(
                run.record["backbone"], arms[run.record["recipe"]["metadata"]]
            ),
            "run": run,
        }
        for run in load_study(STUDY).finished()
        if not diverged_in(run.history())
    ]
    found = pd.DataFrame(rows, columns=COLUMNS).astype({"printed": float})
    order = ["parameters", "network", "start"]
    return found.sort_values(order, kind="stable", ignore_index=True)


def table(found):
    """Return the rows of `frame` as text for the book."""
    shown = found.drop(columns="run").assign(
        parameters=found["parameters"].map("{:,}".format),
        seconds=[fixed(value, 3) for value in found["seconds"]],
        printed=[fixed(value) for value in found["printed"]],
        **{score: [each.text() for each in found[score]] for score in SCORES},
    )
    return shown.rename(columns=str.capitalize)


def accuracies(found):
    """Return the accuracy of the networks that began with random weights, by network and arm."""
    rows = found[found["start"] == NONE]
    return {(row.network, row.arm): row.accuracy.value for row in rows.itertuples()}


def order(found):
    """Compare the order of our accuracies with that of the printed ones, pair by pair.

    Pairs are of networks of the arm MD that began with random weights and whose printed accuracies
    differ. The printed order is taken as it is; pairs share networks, and of pairs in random order
    half are in the paper's. Returned are four counts: all pairs; those in the paper's order; those
    whose difference is clear, that is, whose interval over lesions excludes zero at a level that
    all pairs share (Bonferroni); and those of them in the paper's order.
    """
    rows = found[(found["start"] == NONE) & (found["arm"] == "MD") & found["printed"].notna()]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(rows.itertuples(), 2)
        if one.printed != other.printed
    ]
    effects = [
        _difference(one.run, other.run, 1 - (1 - paired.LEVEL) / len(pairs)) for one, other in pairs
    ]
    same = [
        bool(effect.difference[0] * (other.printed - one.printed) > 0)
        for (one, other), effect in zip(pairs, effects, strict=True)
    ]
    clear = [effect.estimate("accuracy").sign != 0 for effect in effects]
    both = [one and other for one, other in zip(same, clear, strict=True)]
    return len(pairs), sum(same), sum(clear), sum(both)


def worth(found):
    """Return what a start with ImageNet weights changes, as estimates by network and score."""
    runs = {(row.network, row.start): row.run for row in found.itertuples()}
    return {
        name: {score: effect.estimate(score) for score in SCORES}
        for name, start in runs
        if start == IMAGENET and (name, NONE) in runs
        for effect in [_difference(runs[name, NONE], runs[name, IMAGENET])]
    }


def _difference(first, second, level=paired.LEVEL):
    return paired.effect([together((first, second))], SCORES, level=level)
