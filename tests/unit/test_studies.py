"""Studies expand to runs with unique names; mistakes in the YAML are named."""

import pytest

from skinlib.common.errors import DataError
from skinlib.experiments import study as studies
from skinlib.models.backbones import BACKBONES


@pytest.fixture
def write(tmp_path):
    def make(runs):
        path = tmp_path / "mine.yaml"
        lines = ["title: mine", "runs:", *(f"  - {run}" for run in runs)]
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return make


@pytest.mark.parametrize("name", studies.study_names())
def test_a_committed_study_has_runs(name):
    assert studies.load_study(name).specs


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


RUN = "backbone: MobileNetV2, recipe: clean"


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        (["{backbone: MobileNetV9, recipe: clean}"], "backbone 'MobileNetV9' is unknown"),
        (["{backbone: MobileNetV2, recipe: cleen}"], "recipe 'cleen' is unknown"),
        ([f"{{{RUN}, epoch: 3}}"], "unknown key 'epoch'"),
        ([f"{{{RUN}, levels: {{}}}}"], "unknown key 'levels'"),
        ([f"{{{RUN}, changes: {{epoch: 3}}}}"], "no field epoch"),
        ([f"{{{RUN}, changes: {{epochs: {n}}}}}" for n in (1, 2)],
         "two runs named MobileNetV2-clean-224px-s0"),
        ([f"{{{RUN}, cross: {{metadata: [true, false]}}}}"], "crosses 'metadata'"),
    ],
)  # fmt: skip
def test_mistakes_are_named(write, runs, message):
    with pytest.raises(DataError, match=message):
        studies.load_study(write(runs))


def test_a_study_of_real_data_asks_for_it(monkeypatch):
    monkeypatch.delenv("SKINLIB_DATA", raising=False)
    with pytest.raises(DataError, match="set SKINLIB_DATA"):
        studies.load_study("paper").data_folder()


def test_an_unknown_study_is_refused_with_the_known_names():
    with pytest.raises(DataError, match="studies are .*demo"):
        studies.load_study("dmeo")


def test_crossed_factors_give_every_combination_once(write):
    factors = (
        "{metadata: {off: {metadata: false}, on: {}}, "
        "batch: {off: {}, small: {batch_size: 8}, large: {batch_size: 64}}}"
    )
    path = write([f"{{{RUN}, seed: [0, 1], changes: {{epochs: 2}}, cross: {factors}}}"])
    specs = studies.load_study(path).specs
    assert len(specs) == 12
    seen = {(spec.seed, spec.resolve().metadata, spec.resolve().batch_size): spec for spec in specs}
    assert len(seen) == 12
    assert {spec.resolve().epochs for spec in specs} == {2}
    assert seen[0, False, 32].name.endswith("clean-plain-224px-s0")
    assert seen[1, True, 8].name.endswith("clean-metadata-batch-small-224px-s1")
    assert seen[1, True, 8].levels == {"metadata": "on", "batch": "small"}
