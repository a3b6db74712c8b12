"""The released models that are committed are whole, small, and say what the results say."""

import json

import pytest
from statsmodels.stats.proportion import proportion_confint

from skinlib.common import NOT_A_DEVICE, paths
from skinlib.common.files import sha256
from skinlib.predict import model_card, release_words, released
from skinlib.stats.bootstrap import Estimate

FOLDERS = sorted(path.parent for path in (paths.ROOT / "models").glob(f"*/{released.MODEL}"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_files_are_those_on_record_and_small_enough_for_git(folder):
    model = released.read(folder)
    assert model["name"] == folder.name
    assert {path.name for path in folder.iterdir()} == {
        *model["files"], released.MODEL, released.SEAL, released.CARD,
    }  # fmt: skip
    for name, entry in model["files"].items():
        assert sha256(folder / name) == entry["sha256"], name
        assert (folder / name).stat().st_size == entry["bytes"] < released.LARGEST, name
    assert "/" not in model["run"]["device"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_card_is_made_of_the_results_there_are(folder):
    """Else: `python -m skinlib release --card`."""
    model = released.read(folder)
    text = (folder / released.CARD).read_text(encoding="utf-8")
    assert text == model_card.card(model, model_card.run_of(model))
    assert NOT_A_DEVICE in text
    assert "not measured" not in text.lower()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_is_called_something_else_has_its_interval(folder):
    model = released.read(folder)
    text = release_words.rule(model)
    for found in model["abstention"]["measured"].values():
        count, images = found["melanoma"]["wrong"], found["melanoma"]["images"]
        low, high = proportion_confint(count, images, method="wilson")
        said = Estimate(count / images, low, high).text(percent=True)
        assert f"**{count} called something else** ({said}" in text


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_whom_a_model_is_worse_for_stands_in_its_card(folder):
    """Every difference between women and men that is beyond chance, and all about melanoma."""
    identity = released.read(folder)["run"]["identity"]
    text = (folder / released.CARD).read_text(encoding="utf-8")
    stored = json.loads((paths.ROOT / "results" / "subgroups.json").read_text(encoding="utf-8"))
    mine = [each for each in stored.values() if each["identity"] == identity]
    assert {each["part"] for each in mine} == {"test", "official"}
    for each in mine:
        for metric, gap in each["women_minus_men"].items():
            if metric in ("accuracy", "expected") or gap is None:
                continue
            value, low, high = gap
            if metric == "melanoma_sensitivity" or low > 0 or high < 0:
                assert f"{value:+.3f} [{low:+.3f}, {high:+.3f}]" in text, metric
