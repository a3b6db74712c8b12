"""The claims of the paper as they stand, and what the audit prints."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest
from unit.test_audit import OWN_TABLE, SOURCE, cell, logged, replace

from skinlib import cli, paper
from skinlib.paper import audit
from skinlib.paper.audit import rules, verdicts
from skinlib.paper.audit.agreement import Agreement
from skinlib.paper.audit.expressions import SETTINGS
from skinlib.paper.audit.verdicts import FITS, HOLDS, LOGS, MEASURED, NOT_HERE, ONLY, OPEN

PAPER = Path(__file__).resolve().parents[3] / "shared" / "paper" / "paper.txt"


@pytest.fixture(scope="module")
def real():
    return audit.gather()


@pytest.fixture(scope="module")
def findings(real):
    return audit.audit(real)


def test_claims_have_ids_groups_links_and_rules():
    found = audit.claims()
    assert len({claim.id for claim in found}) == len(found) >= 150
    assert {claim.group for claim in found} == set(audit.groups())
    assert {claim.rule for claim in found} == set(verdicts.RULES)
    for claim in found:
        assert re.fullmatch(r"[a-z0-9-]+", claim.id)
        assert len(claim.claim.split()) <= 13, claim.claim
        assert re.fullmatch(
            r"paper-table-([1-8]|a[1-5])|paper-figure-([1-9]|1[0-5])|[a-z-]+", claim.link
        )


def test_every_argument_of_a_comparison_is_used():
    """One that is no argument of the rule is filled into a text, else it is a slip of the pen."""
    own = {field.name for field in dataclasses.fields(Agreement)} | {"run"}
    for claim in audit.claims():
        for name in set(claim.arguments) - own if claim.rule == "agree" else ():
            texts = [str(value) for key, value in claim.arguments.items() if key != name]
            assert any(re.search(rf"\{{{name}\b", text) for text in texts), (claim.id, name)


def test_no_verdict_is_written_down():
    for entry in paper.load("claims")["claims"]:
        for verdict in set(audit.VERDICTS) - {OPEN, FITS}:
            assert not re.search(rf"\b{verdict}\b", str(entry)), entry["id"]


def plain(text):
    """Text without blanks, hyphens and the marks of TeX and Markdown."""
    text = text.replace(r"\times", "×").replace(r"\ ", "")
    return re.sub(r"[\s$\\{}*-]", "", text)


@pytest.mark.skipif(not PAPER.is_file(), reason="the paper's text is not here")
def test_quotes_are_the_papers_words():
    words = plain(PAPER.read_text(encoding="utf-8"))
    for claim in audit.claims():
        if not claim.place.startswith("journal"):
            assert plain(claim.claim) in words, claim.id


def test_verdicts_are_of_the_fixed_kinds(findings):
    assert sum(audit.counts(findings).values()) == len(findings)
    with pytest.raises(ValueError, match="no verdict"):
        verdicts.Result("a", "b", "wrong")


LARGE = {name: {"seconds_per_epoch": 9} for name in
         ("MobileNetV3Large MD, tap -34", "DenseNet201 MD", "InceptionResNetV2 MD")}  # fmt: skip


def all_slow(f):
    for name, fields in LARGE.items():
        f = logged(name, **fields)(f)
    return f


def setting(name, **fields):
    """A change of some settings of a logged training run."""
    return lambda f: logged(name, settings=f.logged[name].settings | fields)(f)


def says(number, what, value):
    """A change of what a cited work says."""

    def change(f):
        entry = f.works[number]
        entry = entry | {"says": entry["says"] | {what: value}}
        return dataclasses.replace(f, works=f.works | {number: entry})

    return change


@pytest.mark.parametrize(("claim", "change", "before", "after"), [
    ("headline-accuracy", logged("InceptionResNetV2 MD", accuracy=0.88), HOLDS, LOGS),
    ("headline-parameters", cell("4", "MobileNetV3Large", "parameters_millions", 1.84), ONLY, HOLDS),
    ("headline-auc-mean", replace(abstract={"auc": 0.981}), ONLY, HOLDS),
    ("headline-one-network", cell("A4", "InceptionResNetV2 MD", "nv", 0.9), FITS, LOGS),
    ("data-test-857", logged("ResNet50 MD", test_images=857), LOGS, HOLDS),
    ("data-total", cell("2", "df", "images", 116), HOLDS, OWN_TABLE),
    ("text-ad-md", cell("5", "ResNet50", "MD", 0.77), OWN_TABLE, HOLDS),
    ("table-a3-mean-irv2", cell("A3", "InceptionResNetV2 MD", "mean", 0.78), OWN_TABLE, HOLDS),
    ("time-prediction", all_slow, FITS, OPEN),
    ("time-thirty-measured", replace(seconds={"DenseNet201": 30, "MobileNetV3Large": 1}), MEASURED, HOLDS),
    ("works-10-age", says("10", "missing age", 0), SOURCE, HOLDS),
    ("works-data-sets", cell("1", "9", "data_set", "ISIC 2019"), ONLY, ONLY),
    ("works-15-size", says("15", "resized to", 448), NOT_HERE, HOLDS),
    ("intro-9500", says("14", "daily diagnoses", 8000), HOLDS, SOURCE),
    ("text-depth-400", cell("A3", "NASNetMobile MD", "mel", 0.66), ONLY, ONLY),
    ("size-megabytes", cell("4", "MobileNet", "size_mb", 17), HOLDS, ONLY),
    ("conclusion-all-classes", logged("InceptionResNetV2 MD", f1=[0.1] * 7), OPEN, OPEN),
    ("table-a3-densenet", cell("A3", "InceptionResNetV2 MD", "bkl", 0.84), LOGS, HOLDS),
    ("data-augmented", setting("DenseNet201 AD", augmentation="on"), LOGS, ONLY),
    ("method-scaling-densenet", setting("DenseNet201 MD", scaling="densenet"), LOGS, HOLDS),
    ("method-resnet-bgr", setting("ResNet50 MD", channels="RGB"), LOGS, LOGS),
    ("method-pretrained", setting("VGG16 AD", weights="imagenet"), ONLY, HOLDS),
    ("time-infer", replace(seconds={}), HOLDS, OPEN),
    ("method-attention-scalar", setting("ResNet50 MD", attention_parameters=294929), LOGS, ONLY),
])  # fmt: skip
def test_another_number_gives_another_verdict(real, claim, change, before, after):
    claim = {c.id: c for c in audit.claims()}[claim]
    first, second = audit.check(claim, real).result, audit.check(claim, change(real)).result
    assert (audit.kind(first.verdict), audit.kind(second.verdict)) == (before, after)
    assert first != second


def test_shares_of_the_kernel_by_hand(findings):
    """A kernel of 128 x 3 x 3 x 16 over 7 rows: 13 of 128 rows meet data; 192 over 8: 15."""
    evidence = {f.claim.id: f.result.evidence for f in findings}["method-attention-kernel"]
    assert "**3 of 128 channels** and 1,872 of 18,432" in evidence
    assert "**3 of 192 channels** and 2,160 of 27,648" in evidence
    assert "only channels 0, 1 and 2 affect the attention maps" in evidence


def convolved(values, kernel, stride):
    """Convolve along an axis with "same" padding, as a sum by hand."""
    missing = max((-(-len(values) // stride) - 1) * stride + len(kernel) - len(values), 0)
    padded = np.pad(values, (missing // 2, missing - missing // 2))
    return [padded[at : at + len(kernel)] @ kernel for at in range(0, len(values), stride)]


@pytest.mark.parametrize("stride", [1, 2, 5, 12])
@pytest.mark.parametrize("taps", [1, 3, 4, 12, 20])
def test_what_no_tap_meets_changes_nothing(taps, stride):
    rng = np.random.default_rng(1)
    values, kernel = rng.normal(size=12), rng.normal(size=taps)
    out = convolved(values, kernel, stride)
    by_tap = [convolved(values, np.where(np.arange(taps) == t, 0, kernel), stride) != out
              for t in range(taps)]  # fmt: skip
    by_value = [convolved(np.where(np.arange(12) == x, 0, values), kernel, stride) != out
                for x in range(12)]  # fmt: skip
    met, read = rules.taps_in_use(12, taps, stride)
    assert met == {t for t, changes in enumerate(by_tap) if changes}
    assert read == {x for x, changes in enumerate(by_value) if changes}


def test_batch_size_comes_from_the_steps(real):
    sizes = {name: SETTINGS["batch size"](run) for name, run in real.logged.items() if run.settings}
    assert sizes["MobileNetV2 MD"] == 10
    assert sizes["DenseNet201 AD"] == 16
    assert sizes["NASNetMobile AD"] == 50


# --- output -------------------------------------------------------------------------------------
def test_the_command_prints_json_and_a_table_and_filters(capsys, monkeypatch, findings):
    monkeypatch.setattr(audit, "audit", lambda facts=None: findings)
    assert cli.main(["audit", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == len(findings)
    for entry in found:
        assert {"id", "place", "claim", "rule", "claimed", "evidence", "verdict"} <= set(entry)
        cells = entry.pop("cells")
        assert all(isinstance(value, str) for value in entry.values())
        # Each verdict names the cells that decide it, and the reason marks them.
        assert cells or entry["rule"].startswith("our_"), entry["id"]
        if entry["verdict"] not in (OPEN, NOT_HERE):
            assert any(cell["decides"] for cell in cells), entry["id"]
            assert "**" in entry["evidence"], entry["id"]
    assert cli.main(["audit"]) == 0
    assert f"{len(findings)}  claims" in capsys.readouterr().out
    assert cli.main(["audit", "--verdict", OPEN, "--json"]) == 0
    assert {entry["verdict"] for entry in json.loads(capsys.readouterr().out)} <= {OPEN}
    assert cli.main(["audit", "--verdict", "wrong"]) != 0
    assert "expected one of" in capsys.readouterr().err
