"""Printed results beside the logged ones, and how much of a network is left at its tap."""

import pytest
from unit.test_ledger import gather

from skinlib.paper.ledger import compared, networks
from skinlib.plots import overview


@pytest.fixture(scope="module")
def found():
    return compared.results()


def test_every_class_of_a_row_with_a_log_is_compared(found):
    counts = found.groupby("table").size()
    assert counts["A3"] == counts["A4"] == 13 * 7
    assert counts["A5"] == 4 * 7
    # Eighteen are printed; no log of MobileNetV3Large AD was saved.
    assert counts["5"] == counts["7"] == 17


@pytest.mark.parametrize(
    ("table", "network", "what", "state"),
    [
        ("5", "InceptionResNetV2 MD", "accuracy", compared.SAME),
        ("5", "NASNetLarge MD", "accuracy", compared.DIFFERS),
        ("7", "DenseNet201 MD", "AUC", compared.CUT),
        ("A3", "ResNet152 MD", "vasc", compared.DIFFERS),
        ("A4", "DenseNet201 MD", "vasc", compared.SAME),
    ],
)
def test_states_of_single_results(found, table, network, what, state):
    row = found.query("table == @table and network == @network and what == @what")
    assert row["state"].item() == state


def test_counts_by_table_add_up(found):
    counts = compared.by_table(found).set_index("table")
    assert counts.loc["all", "compared"] == len(found) == counts["compared"].sum() / 2
    states = counts[[compared.SAME, compared.CUT, compared.DIFFERS]]
    assert (states.sum(axis=1) == counts["compared"]).all()


def test_means_of_networks_without_runs_are_printed_and_logged_only():
    means = compared.networks(gather().ours)
    assert set(means["source"]) == {"printed", "logged"}
    row = means.query("network == 'ResNet152 AD' and measure == 'accuracy'").set_index("source")
    # The draft does not print it, the journal does.
    assert row["value"].to_dict() == pytest.approx({"printed": 0.81, "logged": 0.8066}, abs=1e-4)


def test_the_overview_has_a_panel_for_each_measure():
    means = compared.networks(gather().ours)
    figure = overview.dots(means, ["accuracy", "mean F1"])
    assert [axes.get_title() for axes in figure.axes] == ["accuracy", "mean F1"]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names[0] == "InceptionResNetV2 MD"
    assert len(names) == len(set(names)) == 19


def test_what_is_left_of_a_network_is_less_than_all_of_it():
    kept = networks.kept(gather().structures).set_index("network")
    assert (kept["share"] < 1).all()
    assert kept.loc["DenseNet201", "shape"] == "7 × 7 × 128"
    assert (kept["kept_depth"] < kept["depth"]).all()
