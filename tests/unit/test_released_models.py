"""The released models that are committed are whole, small, and say what the results say."""

import pytest

from skinlib import model_card, paths, released
from skinlib.commands import NOT_A_DEVICE
from skinlib.files import sha256

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
