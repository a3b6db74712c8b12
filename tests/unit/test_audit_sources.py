"""What the audit reads: the transcribed notebooks and cited works, and nothing of our own."""

import ast
import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from skinlib import paper
from skinlib.paper import audit
from skinlib.paper.audit.facts import Facts
from skinlib.paper.ledger import REFERENCES

SHARED = Path(__file__).resolve().parents[3] / "shared"
PAPER, LOGS = SHARED / "paper" / "paper.txt", SHARED / "paper" / "logs.yaml"
METADATA = SHARED / "ham10000" / "HAM10000_metadata.csv"
SET = {name: run for name, run in paper.logged().items() if run.setting_cells}


def test_no_rule_reads_our_own_settings():
    """Evidence is what the authors logged: neither recipes nor networks of skinlib are imported."""
    folder = Path(audit.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = {f"{node.module}.{alias.name}" for alias in node.names}
                wrong = [name for name in names if re.match(
                    r"skinlib\.(models|training|data)\b|skinlib\.experiments\.(recipe|contract)"
                    r"|skinlib\.experiments\.recipes|skinlib\.common\.classes\.HAM10000", name)]  # fmt: skip
                assert not wrong, (path.name, wrong)
    assert not {"recipes", "backbones", "described"} & {f.name for f in dataclasses.fields(Facts)}
    words = re.compile(r"fact\('(recipes|backbones|described)'")
    for claim in audit.claims():
        assert not words.search(str(claim.arguments)), claim.id


def test_settings_name_their_cells():
    printed = [*paper.printed()["A3"].rows, "MobileNetV3Large MD, tap -34"]
    assert set(SET) == set(printed)
    for name, run in SET.items():
        cells = run.setting_cells
        assert {"reading", "scaling", "dropout", "summary", "optimizer", "fit"} <= set(cells), name
        assert cells["reading"] < cells["dropout"] < cells["summary"] < cells["optimizer"], name
        channels = run.settings["tap_shape"][2]
        assert run.settings["attention_parameters"] == 9 * channels * 16 + 16, name


@pytest.fixture(scope="module")
def logs():
    if not LOGS.is_file():
        pytest.skip("the other transcription is not here")
    return yaml.safe_load(LOGS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SET)
def test_settings_agree_with_the_other_transcription(name, logs):
    run, place = SET[name], (SET[name].also or {"notebook": SET[name].notebook})["notebook"]
    found = next(
        entry for path, entry in logs.items()
        if path.endswith(f"/{place}") and "ReImplementation" not in path
    )  # fmt: skip
    assert found["preprocess_family"] == run.settings["scaling"]
    assert str(run.settings["pixels"]) in found["image_size"]
    assert f"epsilon={run.settings['epsilon']:g}" in found["optimizer"]
    assert f"learning_rate={run.settings['learning_rate']:g}" in found["optimizer"]
    assert bool(found.get("lr_schedule")) == ("factor" in run.settings)


def test_works_say_what_was_measured_and_where_it_was_read():
    works = paper.load("comparators")
    assert len(REFERENCES) == 12
    assert set(paper.printed()["1"].rows) | {"4"} == set(REFERENCES)
    for number in REFERENCES:
        for key in ("data", "data_sets", "protocol", "measured", "remark", "source"):
            assert works[number][key], (number, key)


@pytest.mark.skipif(not PAPER.is_file(), reason="the paper's text is not here")
def test_what_the_text_refers_to():
    text, found = PAPER.read_text(encoding="utf-8"), paper.load("printed")["text"]
    metadata = text[text.index("2.1.2. Metadata") : text.index("2.2. Methodology")]
    assert metadata.lower().count("unknown") == found["unknown in section 2.1.2"]
    assert max(map(int, re.findall(r"Figure (\d+)\. ", text))) == found["last figure"]
    assert max(map(int, re.findall(r"Table (\d+)\.", text))) == found["last table"]
    assert "Figure 5. Input Schema" in text


@pytest.mark.skipif(not METADATA.is_file(), reason="the metadata of HAM10000 are not here")
def test_diagnoses_by_histopathology_are_counted():
    table = pd.read_csv(METADATA)
    found = paper.load("notebooks")["counted"]
    assert (table["dx_type"] == "histo").sum() == found["photographs"]["histopathology"]
    lesions = table.groupby("lesion_id")["dx_type"].agg(lambda how: "histo" in set(how))
    assert (lesions.sum(), len(lesions)) == tuple(found["lesions"].values())
