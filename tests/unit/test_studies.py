"""Studies expand to runs with unique names; mistakes in the YAML are named."""

import pytest

from skinlib.common.errors import DataError
from skinlib.experiments import study as studies
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


def test_crossed_factors_give_every_combination_once(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(
        "title: grid\n"
        "runs:\n"
        "  - backbone: MobileNetV2\n"
        "    recipe: clean\n"
        "    seed: [0, 1]\n"
        "    changes: {epochs: 2}\n"
        "    cross:\n"
        "      metadata: {off: {metadata: false}, on: {}}\n"
        "      batch: {off: {}, small: {batch_size: 8}, large: {batch_size: 64}}\n"
    )
    specs = studies.load_study(path).specs
    assert len(specs) == 12
    seen = {(spec.seed, spec.resolve().metadata, spec.resolve().batch_size): spec for spec in specs}
    assert len(seen) == 12
    assert {spec.resolve().epochs for spec in specs} == {2}
    assert seen[0, False, 32].name.endswith("clean-plain-224px-s0")
    assert seen[1, True, 8].name.endswith("clean-metadata-batch-small-224px-s1")
    assert seen[1, True, 8].levels == {"metadata": "on", "batch": "small"}


def test_a_factor_that_does_not_say_what_it_changes_is_refused(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(
        "title: grid\nruns:\n  - {backbone: MobileNetV2, recipe: clean,"
        " cross: {metadata: [true, false]}}\n"
    )
    with pytest.raises(DataError, match="crosses 'metadata'"):
        studies.load_study(path)
