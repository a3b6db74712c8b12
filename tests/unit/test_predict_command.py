"""The command `predict` around a network, which is a stub: names, places, end, and what it says."""

import dataclasses
import errno
import json
import os
import shutil
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skinlib.cli import main
from skinlib.common.errors import TemporaryError
from skinlib.data.metadata import MetadataEncoder
from skinlib.predict import abstention, predictions, released
from skinlib.predict.model import Predictions
from skinlib.predict.requests import Request
from skinlib.stats.points import Decision


class Stub:
    """Predicts nevus for everything; `error` ends it when no batches are `left`."""

    record = {"name": "stub", "backbone": "None", "input_size": 32}  # noqa: RUF012
    name = "stub"
    runtime = "no runtime"
    recipe = types.SimpleNamespace(attention="described", metadata=False)
    rule = error = None
    left = 0

    def square(self, image, size):
        return np.asarray(image.resize((size, size)))

    def classify(self, pictures, facts):
        if self.error and not self.left:
            raise self.error
        self.left -= 1
        count = len(pictures)
        probabilities = np.tile(np.eye(7)[5], (count, 1))
        status = np.full(count, "answered", object)
        return Predictions(probabilities, status, None, None, None, np.full((count, 2, 2), 0.25))


@pytest.fixture
def stub(monkeypatch):
    stub = Stub()
    monkeypatch.setattr(released, "locate", lambda given, onnx: stub)
    return stub


@pytest.fixture
def no_network(monkeypatch):
    monkeypatch.setattr(released, "locate", lambda *_, **__: pytest.fail("the network was built"))


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """A photograph in the current folder, which is empty else."""
    monkeypatch.chdir(tmp_path)
    return draw(tmp_path / "photo.jpg")


def draw(path):
    Image.new("RGB", (40, 40), (200, 150, 130)).save(path, format="JPEG")
    return path


def predict(*arguments):
    return main(["predict", *map(str, arguments), "--no-progress"])


def refused(capsys, words):
    assert predict(*words.split()) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    "words",
    ["t.csv -o link.csv", "link.csv -o t.csv", "me.png --overlay me.png", "of.csv --overlay me.png",
     "maps/0002-a.png maps/a.png --overlay maps"],
)  # fmt: skip
def test_no_input_is_overwritten(words, no_network, photo, tmp_path, capsys):
    Path("t.csv").write_text("image\nphoto.jpg\n")
    Path("link.csv").symlink_to("t.csv")
    Path("of.csv").write_text("image\nme.png\n")
    Path("maps").mkdir()
    for name in ("me.png", "maps/0002-a.png", "maps/a.png"):
        draw(tmp_path / name)
    assert "would be lost" in refused(capsys, words)
    assert Path("t.csv").read_text() == "image\nphoto.jpg\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-o photo.jpg", "'photo.jpg' does not end in .csv"),
        ("-o dir.csv", "'dir.csv' is a folder"),
        ("-o photo.jpg/a.csv", "'photo.jpg/a.csv' cannot be written"),
        ("--overlay photo.jpg/maps", "'photo.jpg/maps/0001-photo.png' cannot be written"),
        ("--overlay map.jpg", "'map.jpg' does not end in .png"),
        ("maps --overlay maps", "is a folder of photographs; name another"),
        ("photo.jpg --overlay map.png", "is one file for 2 photographs; name a folder"),
    ],
)
def test_a_wrong_place_is_refused_before_any_work(words, said, no_network, photo, capsys):
    Path("dir.csv").mkdir()
    Path("maps").mkdir()
    shutil.copy("photo.jpg", "maps")
    assert said in refused(capsys, f"photo.jpg {words}")


@pytest.mark.parametrize("option", ["", "--model", "--run", "-o", "--overlay"])
def test_an_empty_name_is_not_the_current_folder(option, no_network, photo, capsys):
    with pytest.raises(SystemExit) as stop:
        predict(photo, *([option, ""] if option else [""]))
    assert stop.value.code == 2
    assert "empty name" in capsys.readouterr().err


def test_the_name_says_whether_an_overlay_is_a_file_or_a_folder(stub, photo, tmp_path, capsys):
    (tmp_path / "made.png").mkdir()
    for place in ("map.png", "maps", "v1.2", "made.png"):
        written = place if place == "map.png" else f"{place}/0001-photo.png"
        assert predict(photo, "--overlay", tmp_path / place) == 0
        assert f"Written: {tmp_path / place}, overlays: 1" in capsys.readouterr().out
        with Image.open(tmp_path / written) as image:
            assert image.size == (40, 40)


def test_with_json_only_json_goes_to_standard_output(stub, photo, tmp_path, capsys):
    assert predict(photo, "--json", "-o", tmp_path / "a.csv") == 0
    out, err = capsys.readouterr()
    (row,) = json.loads(out)
    assert (row["answer"], row["runtime"]) == ("nv", "no runtime")
    assert f"Written: {tmp_path / 'a.csv'}, rows: 1" in err


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (KeyboardInterrupt(), 130, "interrupted after"),
        (OSError(errno.EACCES, "Permission denied", "/models/a"), 2, "stopped after"),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/a"), 75, "stopped after"),
        (TemporaryError("out of memory; take fewer"), 75, "stopped after"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("batches", [0, 1])
def test_predictions_before_an_end_are_kept(
    error, code, words, batches, stub, photo, tmp_path, capsys
):
    """An error stands alone where nothing was predicted before it; an interruption says so."""
    stub.left, stub.error = batches, error
    assert predict(*[photo] * 40, "-o", tmp_path / "a.csv", "--overlay", tmp_path / "maps") == code
    lines = capsys.readouterr().err.splitlines()
    interrupted = code == 130
    assert len(lines) == (1 if interrupted else 1 + batches)
    assert any("interrupted" in line for line in lines) == interrupted
    assert (tmp_path / "a.csv").exists() == bool(batches)
    if batches:
        assert f"{words} 32 of 40 photographs; their answers are kept" in lines[0]
        assert list(pd.read_csv(tmp_path / "a.csv")["answer"]) == ["nv"] * 32
        assert len(list((tmp_path / "maps").iterdir())) == 32
    elif interrupted:
        assert "interrupted after 0 of 40 photographs; nothing was written" in lines[0]


def test_long_names_and_names_that_are_not_unicode(stub, tmp_path, capsys):
    wide = "x" * 99 + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 76
    for place, (stem, kept) in enumerate((("x" * 251, "x" * 100), (wide, "x" * 99))):
        folder = tmp_path / f"maps{place}"
        assert predict(draw(tmp_path / f"{stem}.jpg"), "--overlay", folder) == 0
        assert [made.name for made in folder.iterdir()] == [f"0001-{kept}.png"]
    folder = tmp_path / "folder"
    folder.mkdir()
    draw(folder / os.fsdecode(b"caf\xe9.jpg"))
    (folder / os.fsdecode(b"tot\xe9.jpg")).touch()
    assert predict(folder, "-o", tmp_path / "a.csv", "--overlay", tmp_path / "maps") == 3
    frame = pd.read_csv(tmp_path / "a.csv")
    assert frame["image"].str.endswith(r"caf\udce9.jpg").tolist() == [True, False]
    assert r"tot\udce9.jpg' is empty" in frame["error"].iloc[1]
    capsys.readouterr()
    assert predict(folder) == 3
    assert r"caf\udce9.jpg" in capsys.readouterr().out


def test_what_cannot_be_read_stops_no_other(stub, photo, tmp_path, monkeypatch, capsys):
    """By a stub of opening: the tests may run as a user whom no rights hold."""
    secret = draw(tmp_path / "secret.jpg")
    (tmp_path / "t.csv").write_text("image\nsecret.jpg\nphoto.jpg\n")
    plain_open = open

    def guarded(path, *arguments, **options):
        if str(path) == str(secret):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return plain_open(path, *arguments, **options)

    monkeypatch.setattr("builtins.open", guarded)
    assert predict(tmp_path / "t.csv") == 2
    out, err = capsys.readouterr()
    assert f"'{secret}' cannot be read: Permission denied; see to its rights" in err
    assert "photo.jpg" in out


def test_for_one_photograph_it_is_said_how_the_facts_move_the_answer(photo, monkeypatch, capsys):
    """A network that names melanoma from 60 years on, and nevus on the face whatever the age."""

    class Facts(Stub):
        recipe = types.SimpleNamespace(attention="none", metadata=True)
        encoder = MetadataEncoder(
            50.0, 20.0, ("female", "male", "unknown"), ("back", "ear", "face")
        )
        record = {  # noqa: RUF012
            **Stub.record,
            "folds": [{"run": "fold"}],
            "abstention": {"measured": {"test": {
                "images": 1234, "risk": [0.081, 0.07, 0.1],
                "points": {
                    "as the data": {"accuracy": [0.85, 0, 1], "mean_recall": [0.7, 0, 1]},
                    "every class alike": {"accuracy": [0.8, 0, 1], "mean_recall": [0.75, 0, 1]},
                },
            }}},
            "without_facts": {
                "given": {"coverage": [0.9, 0, 1], "risk": [0.08, 0, 1]},
                "without facts": {"coverage": [0.5, 0, 1], "risk": [0.09, 0, 1]},
                "without sex": {"coverage": [0.6, 0, 1], "risk": None},
            },
        }  # fmt: skip

        def prepare(self, path):
            return np.zeros((32, 32, 3), np.uint8)

        def classify(self, pictures, facts, views="d4"):
            found = super().classify(pictures, facts)
            # One view, as the mean of eight, but for photographs of the ear.
            melanoma = (facts["age"] >= 60) & (facts["localization"] != "face")
            melanoma &= (facts["localization"] != "ear") | (views == "d4")
            probabilities = np.eye(7)[np.where(melanoma, 4, 5)]
            return dataclasses.replace(found, probabilities=probabilities)

    monkeypatch.setattr(released, "locate", lambda given, onnx: Facts())
    assert predict(photo, "--age", "70", "--site", "ear") == 0
    assert "Not shown: one view names nv." in capsys.readouterr().out
    assert predict(photo, "--age", "70", "--site", "back") == 0
    said = capsys.readouterr().out
    assert "stays melanoma in 4 of 8 cases; it turns into" in said
    assert "melanocytic nevus: age 20, age 40, ear, face" in said
    assert (
        "Measured on 1,234 photographs (HAM10000, by networks new to the lesion): as the data, "
        "accuracy 0.85 and mean recall 0.70; every class alike, accuracy 0.80 and mean recall 0.75."
        in said
    )
    assert "Of its answers there 8.1% [7.0, 10.0] are wrong." in said
    assert "new to it, it answers 90% with all three and 60% without sex" in said
    assert "8% and none are wrong" in said
    assert "guessed age, sex or site" in said
    assert len(said.splitlines()) <= 24
    # Of a face nothing turns it; of two photographs there is no room.
    assert predict(photo, "--age", "30", "--site", "face") == 0
    assert "in 8 of 8 cases." in capsys.readouterr().out
    assert predict(photo, photo) == 0
    assert "What if" not in capsys.readouterr().out


def rule_of(confidence, distance, without=None):
    return abstention.Rule(
        Decision(np.full(7, 1 / 7), 0.0, 1.0, confidence, 0.25), without, distance
    )


def text(confidence, status=abstention.ANSWERED, rule=None, facts=(), **points):
    probabilities = np.full(7, (1 - confidence) / 6)
    probabilities[4] = confidence
    request = Request(Path("a.jpg"), "a.jpg", facts)
    return predictions.Prediction(request, status, probabilities, 1.5, **points).text(rule)


def test_what_a_person_reads():
    """Nobody is promised 100 %; the threshold is that of the facts that are known."""
    for confidence, words in ((0.9951, "over 99% sure"), (0.9949, "99% sure"), (0.5, "50% sure")):
        assert f"melanoma (mel), {words}" in text(confidence)
    rule = rule_of(0.67, 1.0, 0.86)
    given = 50.0, "male", "back"
    assert "answers start at 67%\n" in text(0.5, abstention.UNSURE, rule, given)
    blind = text(0.5, abstention.UNSURE, rule, (None, "male", "back"))
    assert "answers start at 86% where age, sex or site is unknown" in blind
    never = rule_of(None, 1.0)
    assert "was never sure enough" in text(0.5, abstention.UNSURE, never, given)
    assert "distance 1.5, answers go up to 1\n" in text(0.9, abstention.UNLIKE, rule, given)


def test_both_operating_points_and_melanoma_are_named():
    rule = rule_of(0.1, 1.0)
    said = text(0.3, rule=rule, facts=(50.0, "male", "back"), alike=0, flagged=True)
    assert "answer: melanoma (mel), 30% sure\n" in said
    assert "every class alike: actinic keratosis / Bowen's disease (akiec)\n" in said
    assert "melanoma: 30.0%, above its threshold of 25.0%\n" in said
    unlike = text(0.3, abstention.UNLIKE, rule, alike=0, flagged=True)
    assert "alike" not in unlike
