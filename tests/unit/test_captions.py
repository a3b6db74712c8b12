"""Captions take their counts from the logs, which are counted here in another way."""

import json
import re

import pytest

from skinlib import captions, paper, paths
from skinlib.rendering_figures import BARS, CURVES


def numbers(text):
    return [int(word.replace(",", "")) for word in re.findall(r"\d[\d,]*\d", text)]


def by_class(name):
    """Images of a training: the sum of its report's column, not the stored total."""
    return sum(paper.behind(name).images)


@pytest.mark.parametrize("number", BARS)
def test_both_arms_are_counted(number):
    metric, backbone = BARS[number]
    text = captions.bars(number, metric, backbone)
    expected = [by_class(f"{backbone} {arm}") for arm in ("AD", "MD")]
    assert numbers(text.partition("class, ")[2].removeprefix(backbone)) == expected
    assert text.startswith(f"Paper's Figure {number}. {'F1' if metric == 'f1' else 'Recall'}")


def test_trainings_of_another_split_are_named():
    text = captions.curves(CURVES)
    counts = {name: sum(paper.logged_run(name).images) for name in CURVES}
    odd = {name: count for name, count in counts.items() if count != 996}
    assert odd == {"ResNet152 MD": 1494}
    assert "996 held-out photographs; 1,494 for ResNet152 MD" in text


def test_all_of_one_size_are_said_once():
    runs = {name: paper.logged_run(name) for name in ("DenseNet201 MD", "ResNet50 MD")}
    assert captions.images(runs) == "996 images"


@pytest.mark.parametrize("number", ["10", "11"])
def test_a_confusion_matrix_has_the_images_of_its_training(number):
    run = paper.logged_run(paper.confusion()["journal"][number]["run"])
    assert f" {run.test_images:,} photographs" in captions.confusion(number)


@pytest.mark.parametrize("name", ["ablation", "leakage", "as-logged-vs-described"])
def test_what_a_study_trained_is_what_its_runs_say(name):
    """Read from run.json, not through skinlib."""
    text = captions.study(name)
    found = [
        json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((paths.RESULTS / "runs" / name).glob("*/run.json"))
    ]
    done = [record for record in found if record["status"] == "finished"]
    assert done
    for record in done:
        assert record["backbone"] in text
        assert f"*{record['recipe']['name']}*" in text
        assert f"*{record['data']['name']}*" in text
    sizes = sorted({str(record["input_size"]) for record in done}, key=int)
    assert f"{', '.join(sizes)} pixels" in text
    assert ("as ImageNet left it" in text) == any(r["recipe"].get("frozen") for r in done)


def test_a_study_that_was_not_run_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    assert captions.study("ablation") == "Not run.\n"
