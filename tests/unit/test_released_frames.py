"""Tables of the released models that are committed: what ``model.json`` and the run say."""

import pytest

from skinlib.common import paths
from skinlib.experiments import groups
from skinlib.experiments import released_frames as frames
from skinlib.predict import released
from skinlib.stats.bootstrap import Estimate

FOLDERS = sorted(path.parent for path in (paths.ROOT / "models").glob(f"*/{released.MODEL}"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name, scope="module")
def model(request):
    return released.read(request.param)


def test_shares_add_up(model):
    measured = model["abstention"]["measured"]
    bars = frames.outcomes(measured)
    assert len(bars) == 2 * len(measured)
    for shares in bars.values():
        assert sum(shares) == pytest.approx(1)
        assert min(shares) >= 0
    shown = frames.abstention(measured)["Official test"][1]
    assert shown.startswith(f"{100 * measured['official']['coverage'][0]:.1f}\u00a0% [")


def test_metrics_and_calibration_are_those_of_the_run(model):
    run = frames.run_of(model)
    table = frames.metrics(run).set_index("Metric")
    labels, probabilities, lesions = run.arrays("test")
    correct = (probabilities.argmax(axis=1) == labels).mean()
    assert table.loc["Accuracy", "Own test set"].startswith(f"{correct:.3f} [")
    assert table.loc["Lesions", "Own test set"] == f"{len(set(lesions)):,}"
    table = frames.calibration(run, model["temperature"])
    assert list(table["Test set"]) == ["own", "own", "official", "official"]
    assert list(table["Probabilities"]) == ["as trained", "scaled"] * 2


def test_pictures_facts_and_sexes(model):
    counts = frames.ood(model["foreign"]).drop(columns="Pictures")
    assert (counts.iloc[:, 1:].sum(axis=1) == counts["Number"]).all()
    table = frames.facts(model["without_facts"]).set_index("Metric")
    change = Estimate(*model["without_facts"]["difference"]["mean_recall"])
    assert table.loc["Mean recall", "Difference"] == change.text(signed=True)
    identity = model["run"]["identity"]
    mine = {each["part"]: each for each in groups.read() if each["identity"] == identity}
    table = frames.sexes(mine)
    for part, found in mine.items():
        rows = table[table["Test set"] == frames.SHORT[part]]
        assert rows["Photographs of melanoma"].sum() <= found["overall"]["melanomas"]
        assert (rows["Found"] <= rows["Photographs of melanoma"]).all()
