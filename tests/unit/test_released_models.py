"""The released models that are committed are whole, small, and their cards say what results say."""

import json

import pytest
from statsmodels.stats.proportion import proportion_confint

from skinlib.common import paths
from skinlib.common.files import sha256
from skinlib.experiments import released_frames
from skinlib.predict import card, released
from skinlib.stats.bootstrap import Estimate

FOLDERS = sorted(path.parent for path in (paths.ROOT / "models").glob(f"*/{released.MODEL}"))


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


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


def test_the_card_is_made_of_the_results_there_are(folder):
    """Else: `python -m skinlib release --card`."""
    model = released.read(folder)
    text = (folder / released.CARD).read_text(encoding="utf-8")
    assert text == card.card(model, released_frames.run_of(model))
    assert model["notice"] in text
    assert card.MISSING not in text
    for found in model["abstention"]["measured"].values():
        count, images = found["melanoma"]["wrong"], found["melanoma"]["images"]
        low, high = proportion_confint(count, images, method="wilson")
        said = Estimate(count / images, low, high).text(percent=True)
        assert f"| {count} | {said} |" in text


def test_differences_between_women_and_men_are_in_the_card(folder):
    identity = released.read(folder)["run"]["identity"]
    text = (folder / released.CARD).read_text(encoding="utf-8")
    stored = json.loads((paths.ROOT / "results" / "subgroups.json").read_text(encoding="utf-8"))
    mine = [each for each in stored.values() if each["identity"] == identity]
    assert {each["part"] for each in mine} == {"test", "official"}
    for each in mine:
        for metric, gap in each["women_minus_men"].items():
            if gap is not None:
                assert Estimate(*gap).text(signed=True) in text, metric
