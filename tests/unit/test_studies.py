"""Studies expand to runs with unique names; mistakes in the YAML are named."""

import pytest

from skinlib import studies
from skinlib.errors import DataError
from skinlib.models.backbones import BACKBONES


@pytest.fixture
def write(tmp_path):
    def make(runs, **rest):
        path = tmp_path / "mine.yaml"
        lines = ["title: mine", *(f"{key}: {value}" for key, value in rest.items()), "runs:"]
        path.write_text("\n".join([*lines, *(f"  - {run}" for run in runs)]), encoding="utf-8")
        return path

    return make


@pytest.mark.parametrize("name", studies.study_names())
def test_a_committed_study_has_runs_with_unique_names(name):
    names = [spec.name for spec in studies.load_study(name).specs]
    assert names
    assert len(names) == len(set(names))


def test_the_demo_trains_every_backbone_of_the_table():
    assert {spec.backbone for spec in studies.load_study("demo").specs} == set(BACKBONES)


def test_lists_are_multiplied_and_small_sizes_raised_to_the_minimum(write):
    path = write(
        ["{backbone: [MobileNetV2, InceptionResNetV2], recipe: clean, seed: [0, 1], size: 64}"]
    )
    names = [spec.name for spec in studies.load_study(path).specs]
    assert names == [
        "MobileNetV2-clean-64px-s0",
        "MobileNetV2-clean-64px-s1",
        "InceptionResNetV2-clean-75px-s0",
        "InceptionResNetV2-clean-75px-s1",
    ]


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("{backbone: MobileNetV9, recipe: clean}", "backbone 'MobileNetV9' is unknown"),
        ("{backbone: MobileNetV2, recipe: cleen}", "recipe 'cleen' is unknown"),
        ("{backbone: MobileNetV2, recipe: clean, epoch: 3}", "unknown key 'epoch'"),
        ("{backbone: MobileNetV2, recipe: clean, changes: {epoch: 3}}", "no field epoch"),
    ],
)
def test_mistakes_are_named(write, run, message):
    with pytest.raises(DataError, match=message):
        studies.load_study(write([run]))


def test_two_runs_of_one_name_need_a_variant(write):
    run = "{backbone: MobileNetV2, recipe: clean, changes: {epochs: %d}}"
    with pytest.raises(DataError, match="two runs named MobileNetV2-clean-224px-s0"):
        studies.load_study(write([run % 1, run % 2]))


def test_a_study_of_real_data_asks_for_it(monkeypatch):
    monkeypatch.delenv("SKINLIB_DATA", raising=False)
    with pytest.raises(DataError, match="set SKINLIB_DATA"):
        studies.load_study("paper").data_folder()


def test_an_unknown_study_is_refused_with_the_known_names():
    with pytest.raises(DataError, match="studies are .*demo"):
        studies.load_study("dmeo")
