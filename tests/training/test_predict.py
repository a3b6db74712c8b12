"""`predict`: answers for good photographs, errors for bad ones, side by side."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinlib.cli import main
from skinlib.common.classes import CLASSES
from skinlib.predict import abstention, predictions, released


@pytest.fixture(scope="module", autouse=True)
def model(tiny_release):
    """The only released model there is."""
    return tiny_release


@pytest.fixture
def photographs(dataset, tmp_path):
    """Five photographs in a folder."""
    folder = tmp_path / "photographs"
    folder.mkdir()
    for path in dataset.table["path"].head(5):
        shutil.copy(path, folder)
    return folder


def predict(*arguments, code=0):
    assert main(["predict", *map(str, arguments), "--no-progress"]) == code


def in_json(capsys, *arguments, code=0):
    predict(*arguments, "--json", code=code)
    return json.loads(capsys.readouterr().out)


def probabilities(rows):
    return np.array([list(row["probabilities"].values()) for row in rows])


def test_one_photograph_in_words(photographs, capsys):
    photograph = next(photographs.iterdir())
    predict(photograph, "--age", 60, "--sex", "male", "--site", "back")
    out = capsys.readouterr().out
    for words in (str(photograph), "melanocytic nevus", "Model: tiny", "Not a medical device"):
        assert words in out
    assert "was not given" not in out
    predict(photograph, "--age", 60)
    assert "Age, sex or site was not given" in capsys.readouterr().out


def test_json_has_names_probabilities_and_a_status(photographs, capsys, monkeypatch):
    found = in_json(capsys, photographs)
    assert len(found) == 5
    for row in found:
        assert list(row["probabilities"]) == list(CLASSES)
        assert row["confidence"] == max(row["probabilities"].values())
        best = max(row["probabilities"], key=row["probabilities"].get)
        answered = row["status"] == abstention.ANSWERED
        assert row["answer"] == (best if answered else None)
        assert (row["diagnosis"] is None) == (not answered)
    np.testing.assert_allclose(probabilities(found).sum(axis=1), 1, atol=1e-6)
    # Batches do not matter.
    monkeypatch.setattr(predictions, "BATCH", 2)
    again = in_json(capsys, photographs)
    assert [row["image"] for row in again] == [row["image"] for row in found]
    np.testing.assert_allclose(probabilities(again), probabilities(found), atol=1e-5)


def test_onnx_and_keras_answer_alike_and_are_named(photographs, model, tmp_path, capsys):
    """Of a folder whose ONNX file is not there, Keras answers."""
    found = in_json(capsys, photographs)
    without = shutil.copytree(model, tmp_path / "without")
    (without / released.ONNX).unlink()
    expected = in_json(capsys, photographs, "--model", without)
    for rows, runtime in ((found, "ONNX Runtime "), (expected, "Keras ")):
        assert all(row["runtime"].startswith(runtime) for row in rows)
    np.testing.assert_allclose(probabilities(found), probabilities(expected), atol=1e-5)
    assert [row["status"] for row in found] == [row["status"] for row in expected]
    distances = [[row["distance"] for row in rows] for rows in (found, expected)]
    np.testing.assert_allclose(*distances, rtol=5e-3)


def test_a_table_in_and_a_table_out(photographs, tmp_path, capsys):
    names = sorted(path.name for path in photographs.iterdir())
    torn = photographs / "torn.jpg"
    torn.write_bytes((photographs / names[0]).read_bytes()[:-200])
    (photographs / "page.jpg").write_text("<html>404</html>")
    rows = [*(f"{name},50,female,back" for name in names), "page.jpg,,,", "gone.jpg,1,male,back",
            "torn.jpg,,,", f"{names[0]},300,male,back"]  # fmt: skip
    table = photographs / "patients.csv"
    table.write_text("image,age,sex,site\n" + "\n".join(rows) + "\n")
    output = tmp_path / "answers.csv"
    predict(table, "-o", output, code=3)
    err = capsys.readouterr().err
    frame = pd.read_csv(output)
    assert list(frame) == list(predictions.COLUMNS)
    assert list(frame["image"]) == [*names, "page.jpg", "gone.jpg", "torn.jpg", names[0]]
    good, bad = frame.iloc[:5], frame.iloc[5:]
    np.testing.assert_allclose(good[list(CLASSES)].sum(axis=1), 1, atol=1e-5)
    assert good["error"].isna().all()
    assert (good["distance"] > 0).all()
    assert (bad["status"] == predictions.ERROR).all()
    assert bad[[*CLASSES, "answer", "confidence"]].isna().all(axis=None)
    expected = "JPEG or PNG", "does not exist", "does not decode whole", "row 10: age 300"
    for words, said in zip(expected, bad["error"], strict=True):
        assert words in said
        assert said in err


def test_large_and_small_photographs(tmp_path, capsys):
    """48 million pixels, as of a telephone, are answered; one pixel shows nothing."""
    Image.new("RGB", (8000, 6000), (200, 150, 130)).save(tmp_path / "large.jpg")
    predict(tmp_path / "large.jpg")
    assert "%" in capsys.readouterr().out
    Image.new("RGB", (1, 1)).save(tmp_path / "dot.png")
    predict(tmp_path / "dot.png", code=2)
    assert "1 x 1 pixels, expected 32 a side" in capsys.readouterr().err


def test_noise_is_unlike_the_training_pictures_and_an_overlay_is_the_square(tmp_path, capsys):
    noise = np.random.default_rng(0).integers(0, 256, (64, 80, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    predict(tmp_path / "noise.png", "--overlay", tmp_path / "map.png")
    assert "NO ANSWER, the picture is unlike the training pictures" in capsys.readouterr().out
    with Image.open(tmp_path / "map.png") as image:
        assert (image.size, image.mode) == ((64, 64), "RGB")


def test_overlay_shows_the_cells_where_they_are():
    picture = np.full((80, 80, 3), 100, np.uint8)
    attention = np.zeros((8, 8))
    attention[1, 6] = 0.5
    found = np.asarray(predictions.lay_over(picture, attention)).astype(int)
    cold, hot = found[75, 5], found[15, 65]
    # viridis ends in yellow and starts in dark violet.
    assert hot[0] > cold[0] + 50
    assert hot[1] > cold[1] + 50
    assert (found[10:20, 60:70] == hot).all()
    assert (found.reshape(-1, 3) == hot).all(axis=1).sum() == 100


def test_either_option_names_a_run_or_a_released_model(photographs, trained, capsys):
    photograph = next(photographs.iterdir())
    for option in ("--run", "--model"):
        predict(photograph, option, trained.folder)
        out = capsys.readouterr().out
        assert "clean/Tiny-clean-32px-s0, a run" in out
        assert "is not checked" in out
        predict(photograph, option, "tiny")
        assert "Model: tiny (" in capsys.readouterr().out
