"""Captions take their counts from the logs, which are counted here in another way."""

import re

import pytest

from skinlib import captions, paper
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
