"""The released models that are committed are whole and small; tables and cards say what results say."""

import json

import pytest
from statsmodels.stats.proportion import proportion_confint

from skinlib.common import paths
from skinlib.common.files import sha256
from skinlib.predict import card, released, tables
from skinlib.stats.bootstrap import Estimate

# Bytes; the repository takes no larger file.
LARGEST = 3_000_000
FOLDERS = sorted(path.parent for path in (paths.ROOT / "models").glob(f"*/{released.MODEL}"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name, scope="module")
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def model(folder):
    return released.read(folder)


def test_files_are_those_on_record_and_small_enough_for_git(folder, model):
    assert model["name"] == folder.name
    assert {path.name for path in folder.iterdir()} == {
        *model["files"], released.MODEL, released.SEAL, released.CARD,
    }  # fmt: skip
    for name, entry in model["files"].items():
        assert sha256(folder / name) == entry["sha256"], name
        assert (folder / name).stat().st_size == entry["bytes"] < LARGEST, name
    assert "/" not in model["run"]["device"]


def test_the_page_on_export_was_measured_on_this_file():
    """Otherwise it would show the size of a file that nobody has."""
    found = json.loads((paths.RESULTS / "bench" / "exports.json").read_text(encoding="utf-8"))
    (row,) = (each for each in found["exports"]
              if (each["format"], each["precision"]) == ("onnx", "fp16"))  # fmt: skip
    assert row["bytes"] == (paths.MODELS / found["model"] / released.ONNX).stat().st_size


def test_the_onnx_graph_is_made_of_the_weights(folder, model):
    beside = json.loads((folder / released.BESIDE).read_text(encoding="utf-8"))
    hashes = {name: model["files"][name]["sha256"] for name in model["weights"]}
    assert beside["weights_sha256"] == hashes
    assert beside["files"] == {released.ONNX: model["files"][released.ONNX]}
    assert {**beside["decision"], "rule": None} == {**model["decision"], "rule": None}
    assert beside["abstention"]["confidence"] == model["decision"]["confidence"]
    for key in ("confidence_without", "distance"):
        assert beside["abstention"][key] == model["abstention"][key]


def test_the_card_is_made_of_the_results_there_are(folder, model):
    """Else: `python -m skinlib release --card`."""
    text = (folder / released.CARD).read_text(encoding="utf-8")
    assert text == card.card(model)
    assert model["notice"] in text
    assert card.MISSING not in text
    for found in model["abstention"]["measured"].values():
        count, images = found["melanoma"]["wrong"], found["melanoma"]["images"]
        low, high = proportion_confint(count, images, method="wilson")
        said = Estimate(count / images, low, high).text(percent=True)
        assert f"| {count} | {said} |" in text
    for each in model["groups"].values():
        for metric, gap in each["women_minus_men"].items():
            if gap is not None:
                assert Estimate(*gap).text(signed=True) in text, metric


def test_shares_add_up(model):
    bars = tables.outcomes(model)
    assert len(bars) == 2 * len(model["abstention"]["measured"])
    for shares in bars.values():
        assert sum(shares) == pytest.approx(1)
        assert min(shares) >= 0
    counts = tables.ood(model["foreign"]).drop(columns="Pictures")
    assert (counts.iloc[:, 1:].sum(axis=1) == counts["Number"]).all()


def test_metrics_are_those_of_the_predictions(model):
    predicted = tables.sets(model)
    table = tables.metrics(model, predicted).set_index("Metric")
    for part, title in released.titles(model).items():
        labels, _, fitted, lesions = predicted[part]
        correct = (fitted.argmax(axis=1) == labels).mean()
        column = table[title.capitalize()]
        assert column["Accuracy, as the data"].startswith(f"{correct:.3f} [")
        assert column["Lesions"] == f"{len(set(lesions)):,}"


def test_melanomas_by_sex(model):
    table, titles = tables.sexes(model), released.titles(model)
    for part, found in model["groups"].items():
        rows = table[table["Photographs"] == titles[part]]
        assert rows["Of melanoma"].sum() <= found["overall"]["melanomas"]
        assert (rows["Found"] <= rows["Of melanoma"]).all()
