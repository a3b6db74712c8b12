"""A released model as the Hugging Face hub takes it, read back by the hub's own library."""

import json
import shutil

import pytest
import yaml

from skinlib.cli import main
from skinlib.common.errors import DataError, IntegrityError
from skinlib.common.files import sha256
from skinlib.predict import card, released

huggingface_hub = pytest.importorskip("huggingface_hub", reason="comes with the extra publish")


def test_the_folder_is_a_model_with_its_scores(tmp_path):
    folder = tmp_path / "hub"
    assert main(["release", "--hub", str(folder)]) == 0
    source = released.newest()
    model = released.read(folder)
    # predict opens it as it opens the one in models/.
    assert model == released.read(source)
    assert all(sha256(folder / name) == each["sha256"] for name, each in model["files"].items())
    found = huggingface_hub.ModelCard.load(folder / released.CARD)
    text = (source / released.CARD).read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    scores = [
        (each["dataset"]["type"], metric["type"], metric["value"])
        for each in front["model-index"][0]["results"]
        for metric in each["metrics"]
    ]
    assert [(each.dataset_type, each.metric_type, each.metric_value)
            for each in found.data.eval_results] == scores  # fmt: skip
    assert found.data.license == model["licence"]["id"]
    assert found.text.strip() == text.split("---\n", 2)[2].strip()
    config = json.loads((folder / card.CONFIG).read_text(encoding="utf-8"))
    assert [config["id2label"][str(place)] for place in range(7)] == model["classes"]
    # Made again, it takes the place of the first.
    assert main(["release", "--hub", str(folder)]) == 0


def test_what_is_refused(tmp_path):
    source = tmp_path / "model"
    shutil.copytree(released.newest(), source)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(DataError, match="is no released model"):
        card.hub(source, other)
    (source / released.ONNX).write_bytes(b"broken")
    with pytest.raises(IntegrityError, match="SHA-256"):
        card.hub(source, tmp_path / "hub")
    assert not (tmp_path / "hub").exists()
