"""Data of the interactive figures against scikit-learn, and the figures against altair's schema."""

import io
import json

import altair as alt
import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from skinlib.common.classes import CLASSES
from skinlib.plots import interactive
from skinlib.stats import curve_points as points

LIMIT = 200_000


@pytest.fixture(scope="module")
def models():
    """Three models of 600 images whose answers are worth something; no image is a vasc."""
    rng = np.random.default_rng(0)
    labels = rng.choice(7, 600, p=[0.05, 0.05, 0.15, 0.05, 0.2, 0.5, 0.0])
    made = {}
    for name, knows in (("plain", 0.5), ("a <b> & 'quoted' \"title\"", 1.5), ("sharp", 5.0)):
        logits = rng.normal(0, 1, (600, 7)) + knows * np.eye(7)[labels]
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        # As predictions.csv has them; many are alike then.
        made[name] = labels, p.round(2) / p.round(2).sum(axis=1, keepdims=True)
    return made


def table(specification, column):
    """Return the one table within a specification that has a column."""
    found = [
        pd.read_csv(io.StringIO(data))
        for data in specification["datasets"].values()
        if isinstance(data, str)
    ]
    (wanted,) = (rows for rows in found if column in rows)
    return wanted


@pytest.fixture(scope="module")
def made(models):
    return {
        "roc": interactive.roc(*points.roc(list(models.values())), list(models)),
        "confusion": interactive.confusion(points.confusion(models), list(models)),
    }


def test_a_number_is_shown_as_it_would_be_unrounded(models, made):
    """Rounded to three decimals once: 0.19646 is shown as 0.196, not by way of 0.1965."""
    shown, (exact, _) = table(made["roc"], "sensitivity"), points.roc(list(models.values()))
    for column in ("sensitivity", "specificity"):
        assert list(shown[column].round(3)) == list(exact[column].round(3))


@pytest.mark.parametrize("name", ["roc", "confusion"])
def test_a_specification_is_valid_small_and_asks_nobody(made, name):
    alt.LayerChart.from_dict(made[name], validate=True)
    text = json.dumps(made[name])
    assert len(text) < LIMIT
    assert "://" not in text
    assert made[name]["width"] == "container"
    assert len(made[name]["description"]) > 20


def test_points_lie_on_the_roc_curves_of_scikit_learn(models, made):
    shown = table(made["roc"], "sensitivity")
    facts = table(made["roc"], "auc").set_index("key")
    assert set(shown["class"]) == set(CLASSES) - {"vasc"}
    for (model, name), rows in shown.groupby(["model", "class"]):
        labels, probabilities = list(models.values())[model]
        positive, scores = labels == CLASSES.index(name), probabilities[:, CLASSES.index(name)]
        false, true, _ = sk.roc_curve(positive, scores, drop_intermediate=False)
        theirs = np.stack([false, true], axis=1)
        ours = np.stack([1 - rows["specificity"], rows["sensitivity"]], axis=1)
        gaps = np.abs(ours[:, None] - theirs[None]).max(axis=2).min(axis=1)
        assert gaps.max() < 1e-4
        # Thin as it is, it is the same curve.
        ordered = rows.sort_values("step")
        ours = sk.auc(1 - ordered["specificity"], ordered["sensitivity"])
        assert ours == pytest.approx(sk.roc_auc_score(positive, scores), abs=0.004)
        fact = facts.loc[f"{model}{name}"]
        assert fact["images"] == positive.sum()
        assert fact["auc"] == pytest.approx(sk.roc_auc_score(positive, scores), abs=1e-4)


def test_a_reader_gets_the_sensitivity_at_the_threshold_set(models, made):
    shown = table(made["roc"], "sensitivity")
    labels, probabilities = models["plain"]
    for cut in (0.0, 0.02, 0.5, 0.98, 1.0):
        for name in ("mel", "nv"):
            of_class = (shown["model"] == 0) & (shown["class"] == name)
            (row,) = shown[of_class & np.isclose(shown["threshold"], cut)].itertuples()
            called = probabilities[:, CLASSES.index(name)] >= cut
            positive = labels == CLASSES.index(name)
            assert row.sensitivity == pytest.approx(called[positive].mean(), abs=1e-4)
            assert row.specificity == pytest.approx(1 - called[~positive].mean(), abs=1e-4)
