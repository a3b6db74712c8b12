"""The claims audit: every rule both ways on hand-made facts, and the claims as they stand."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from skinlib import cli, paper
from skinlib.common import paths
from skinlib.common.classes import CLASSES, HAM10000_COUNTS
from skinlib.experiments.recipes import RECIPES
from skinlib.models.backbones import BACKBONES
from skinlib.paper import audit
from skinlib.paper.audit import report, rules_code, rules_formulas, rules_settings
from skinlib.paper.audit.facts import Facts, NotAvailable, OurRun
from skinlib.paper.audit.verdicts import (
    HOLDS,
    LOGS,
    NOT_HERE,
    ONLY,
    OPEN,
    OWN_TABLE,
    RULES,
    VERDICTS,
    Result,
    agrees,
    kind,
    mean_agrees,
)
from skinlib.stats.bootstrap import Estimate

PAPER = Path(__file__).resolve().parents[3] / "shared" / "paper" / "paper.txt"


# --- facts made by hand -----------------------------------------------------------------------
def table(number, columns, rows):
    rows = {row: tuple(cells) for row, cells in rows.items()}
    return paper.Printed(number, "title", tuple(columns), rows, f"Table {number}")


# Ten test images: seven classes, the last with four; one image of class 0 called class 1.
MATRIX = np.diag([0, 1, 1, 1, 1, 1, 4])
MATRIX[0, 1] = 1
TP = np.diag(MATRIX)
FP, FN = MATRIX.sum(axis=0) - TP, MATRIX.sum(axis=1) - TP
COUNTS = np.stack([10 - TP - FP - FN, FP, FN, TP], axis=1).tolist()


def training(name, **fields):
    values = {
        "name": name, "backbone": "ResNet50", "notebook": "n.ipynb", "train_images": 90,
        "test_images": 10, "accuracy": 0.9, "auc": {"macro": 0.95, "weighted": 0.96, "micro": 0.97},
        "precision": [0.5] * 7, "recall": [0.6] * 7, "f1": [0.5, 0.6, 0.5, 0.5, 0.5, 0.9, 0.7],
        "images": [1, 1, 1, 1, 1, 1, 4], "class_auc": [0.959] * 7,
        "macro": {"precision": 0.5, "recall": 0.6, "f1": 0.55}, "weighted": {"f1": 0.7},
        "tn_fp_fn_tp": COUNTS, "class_weights": [1.0] * 7,
        "parameters": {"total": 103, "trainable": 90}, "epochs": {"run": 5, "kept": 3},
        "held_out": {"last_ten": 0.85, "at_lowest_loss": 0.8}, "seconds_per_epoch": 100,
        "devices": ["GPU:0"],
        "settings": {"learning_rate": 0.001, "steps_per_epoch": 9, "monitor": "val_loss"},
    }  # fmt: skip
    return paper.Logged(**(values | fields))


def make():
    classes = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
    perfect = np.where(TP + FN > 0, TP / np.maximum(TP + FN, 1), 0)
    printed = {
        "T": table(
            "T", ["x", "y"], {"a": [10, 1], "b": [20, 2], "c": [41, None], "total": [71, 3]}
        ),
        "A3": table("A3", [*classes, "mean"], {"m MD": [0.5, 0.6, 0.5, 0.5, 0.5, 0.9, 0.7, 0.6]}),
        "A4": table("A4", [*classes, "mean"], {"m MD": [*perfect, 0.85]}),
        "2": table(
            "2", ["images"], {**{k: [n] for k, n in HAM10000_COUNTS.items()}, "total": [10015]}
        ),
        "5": table("5", ["MD", "accuracy"], {"m": [0.9, 0.9], "n": [0.95, 0.5]}),
        "8": table(
            "8", ["accuracy", "f1"], {"ours": [0.9, 0.55], "1": [0.7, None], "2": [0.8, 0.5]}
        ),
        "S": table("S", ["stock", "cut"], {"1": ["conv", "conv"], "2": ["block", "half"]}),
    }
    journal = {"6": table("6", ["epoch", "inference"], {"m": [857, 1.0]}),
               "losses": table("losses", ["none"], {"m": [0.9]})}  # fmt: skip
    return Facts(
        printed={"paper": printed, "journal": journal},
        headline={"paper": {"abstract": {"accuracy": 0.9, "auc": 0.97, "f1": 0.55}}},
        logged={"m MD": training("m MD"), "ResNet50 MD": training("ResNet50 MD", accuracy=0.95)},
        curves={"m MD": {"val_accuracy": [0.7, 0.8, 0.9, 0.8, 0.8]}},
        confusion={
            "logged": {"m MD": MATRIX.tolist()},
            "journal": {"9": {"run": "m MD", "counts": MATRIX.tolist()}},
        },
        described={
            "ResNet50": {"input_size": 224, "tap_layer": "conv5_block2_out", "tap_shape": [7, 7, 8],
                         "parameters": 100, "logged_parameters": 100}
        },
        recipes=dict(RECIPES),
        backbones=dict(BACKBONES),
        structures={
            name: {"stock": {"depth": size, "wrong": size + 1}}
            for name, (size, *_) in printed["T"].rows.items()
        },
    )  # fmt: skip


@pytest.fixture(scope="module")
def facts():
    return make()


def run_of_ours(accuracy=0.9, full=True):
    return OurRun("r", "ResNet50", "clean", 224, 5, full, 10, {"accuracy": accuracy})


def settings(**fields):
    """Settings of the training that the cases look at."""
    return lambda f: f.with_logged("m MD", settings=f.run("m MD").settings | fields)


def logged(**fields):
    return lambda f: f.with_logged("m MD", **fields)


def cell(*arguments):
    return lambda f: f.with_cell(*arguments)


def replace(**fields):
    return lambda f: dataclasses.replace(f, **fields)


def same(f):
    return f


def effect(*values):
    """Main effects of metadata on accuracy and mean recall, each with an interval of ±0.01."""
    scores = ("accuracy", "mean recall")
    found = {s: Estimate(v, v - 0.01, v + 0.01) for s, v in zip(scores, values, strict=True)}
    return replace(effects={"metadata": found})


ROW = {"table": "A3", "rows": {"m MD": "m MD"}, "quantity": "f1"}
CELLS = {"cells": [{"table": "5", "row": "m", "column": "MD", "run": "m MD", "quantity": "accuracy",
                    "also": ["ResNet50 MD"]}]}  # fmt: skip
BALANCED = "N / (C * N_i)"
WEIGHTS = [4.37, 2.78, 1.3, 12.44, 1.28, 0.21, 10.0]
MEL = ["mel"]
CODED = {"kernel": ["channels", 3, 3], "strides": [1, 1, "channels"], "backbones": ["ResNet50"]}
DESCRIBED = CODED | {"kernel": [3, 3, "channels"]}
ISOLATED = {"effect": "metadata", "compared": [["m MD", "ResNet50 MD"]],
            "like_for_like": [["m MD", "ResNet50 MD"]]}  # fmt: skip
ELSEWHERE = {
    "table": "5",
    "column": "MD",
    "rows": {"m": "m MD"},
    "elsewhere": {"m": [0.9, "other"]},
}
IS_AVERAGE = {"table": "5", "row": "m", "column": "MD", "run": "m MD", "printed": "auc"}
FROM_ONE = {
    "backbone": "ResNet50",
    "cells": [["5", "m", "MD", "accuracy"]],
    "rows": [["A3", "m MD", "f1"]],
}
OURS = {"backbone": "ResNet50", "recipe": "clean", "table": "5", "row": "m", "column": "MD"}
TAPS = {"taps": {"ResNet50": r"block(\d)_"}, "blocks": {"ResNet50": 3}}
DATTA = {"table": "8", "row": "ours", "run": "m MD", "cells": {"accuracy": "accuracy"}}

# rule, arguments, change of the facts, verdict
CASES = [
    ("row_means", {"table": "A3", "rows": ["m MD"]}, same, HOLDS),
    ("row_means", {"table": "A3", "rows": ["m MD"]}, cell("A3", "m MD", "nv", 0.5), OWN_TABLE),
    ("times", {"table": "T", "column": "x", "row": "a", "against": {"b": 2}}, same, HOLDS),
    ("times", {"table": "T", "column": "x", "row": "a", "against": {"b": 4}}, same, f"{ONLY} c"),
    ("times", {"table": "T", "column": "x", "row": "a", "against": {"b": 3}}, same, OWN_TABLE),
    ("times", {"table": "T", "column": "x", "row": "b", "against": {"a": 2}, "direction": "more"}, same, HOLDS),
    ("higher", {"table": "T", "pairs": [["b", "x", ">", "a", "x"]]}, same, HOLDS),
    ("higher", {"table": "T", "pairs": [["b", "x", "<", "a", "x"]]}, same, OWN_TABLE),
    ("all_below", {"table": "T", "column": "x", "rows": ["a"], "others": ["b", "c"]}, same, HOLDS),
    ("all_below", {"table": "T", "column": "x", "rows": ["b"], "others": ["a", "c"]}, same, OWN_TABLE),
    ("extreme", {"places": [{"table": "5", "row": "n", "columns": ["MD"]}]}, same, HOLDS),
    ("extreme", {"places": [{"table": "5", "row": "m", "columns": ["MD"]}]}, same, OWN_TABLE),
    ("extreme", {"places": [{"table": "5", "row": "m", "columns": ["MD"]},
                            {"table": "8", "row": "ours", "columns": ["f1"]}]}, same, f"{ONLY} Table 8"),
    ("outperforms", {"table": "8", "row": "ours", "columns": ["accuracy", "f1"]}, same, HOLDS),
    ("outperforms", {"table": "8", "row": "ours", "columns": ["accuracy"]}, cell("8", "1", "accuracy", 0.95), OWN_TABLE),
    ("text_equals_cells", {"cells": [["5", "m", "MD", "accuracy"], ["5", "n", "MD", 0.951]]}, same, HOLDS),
    ("text_equals_cells", {"cells": [["5", "n", "MD", "accuracy"]]}, same, OWN_TABLE),
    ("sums", {"table": "T", "column": "x", "total": "total"}, same, HOLDS),
    ("sums", {"table": "T", "column": "x", "total": "total"}, cell("T", "a", "x", 11), OWN_TABLE),
    ("in_order", {"table": "8", "column": "accuracy"}, same, HOLDS),
    ("in_order", {"table": "8", "column": "accuracy"}, cell("8", "1", "accuracy", 0.85), OWN_TABLE),
    ("stands_in", {"table": "A3", "column": "df", "elsewhere": ["A4"]}, same, HOLDS),
    ("stands_in", {"table": "5", "column": "df", "elsewhere": ["A4"]}, same, OWN_TABLE),
    ("row_count", {"table": "8", "number": 2}, same, HOLDS),
    ("row_count", {"table": "8", "number": 3}, same, OWN_TABLE),
    ("at_least", {"table": "T", "column": "x", "threshold": 41, "rows": ["c", "total"]}, same, HOLDS),
    ("at_least", {"table": "T", "column": "x", "threshold": 41, "rows": ["c"]}, same, OWN_TABLE),
    ("largest", {"table": "2", "column": "images", "rows": ["nv", "mel"], "without": ["total"]}, same, HOLDS),
    ("largest", {"table": "2", "column": "images", "rows": ["nv", "vasc"], "without": ["total"]}, same, OWN_TABLE),
    ("same_structure", {"table": "S", "stock": "stock", "changed": "cut", "rows": ["1"]}, same, HOLDS),
    ("same_structure", {"table": "S", "stock": "stock", "changed": "cut", "rows": ["1", "2"]}, same, OWN_TABLE),
    ("cells_in_log", CELLS, same, HOLDS),
    ("cells_in_log", CELLS, logged(accuracy=0.91), LOGS),
    ("cells_in_log", CELLS, cell("5", "m", "MD", 0.95), f"{ONLY} ResNet50 MD"),
    ("rows_in_log", ROW, same, HOLDS),
    ("rows_in_log", ROW, cell("A3", "m MD", "mel", 0.49), HOLDS),
    ("rows_in_log", ROW, cell("A3", "m MD", "mel", 0.51), LOGS),
    ("column_repeats", {"table": "A3", "column": "vasc", "of": "nv", "rows": ["m MD"], "quantity": "f1"}, same, HOLDS),
    ("column_repeats", {"table": "A3", "column": "vasc", "of": "nv", "rows": ["m MD"], "quantity": "f1"},
     cell("A3", "m MD", "vasc", 0.9), LOGS),
    ("from_one_run", FROM_ONE, same, HOLDS),
    ("from_one_run", FROM_ONE, logged(f1=[0.1] * 7), LOGS),
    ("is_average", IS_AVERAGE | {"claimed": "micro"}, same, HOLDS),
    ("is_average", IS_AVERAGE | {"claimed": "macro"}, same, f"{ONLY} the micro average"),
    ("is_average", IS_AVERAGE | {"claimed": "macro", "printed": 0.5}, same, LOGS),
    ("auc_of_training", {"table": "5", "row": "n", "column": "MD", "runs": ["m MD"]}, same, HOLDS),
    ("auc_of_training", {"table": "5", "row": "n", "column": "MD", "runs": ["m MD"]},
     logged(auc={"macro": 0.99}), f"{ONLY} m MD, with class AUCs cut to two decimals"),
    ("auc_of_training", {"table": "5", "row": "m", "column": "MD", "runs": ["m MD"]}, same, LOGS),
    ("column_from_elsewhere", ELSEWHERE, same, LOGS),
    ("column_from_elsewhere", ELSEWHERE, logged(auc={"macro": 0.901}), HOLDS),
    ("some_run_has", {"backbone": "ResNet50", "table": "8", "row": "ours", "columns": ["f1"]}, same, HOLDS),
    ("some_run_has", {"backbone": "ResNet50", "table": "8", "row": "2", "columns": ["f1"]}, same, LOGS),
    ("classes_done_well", {"run": "m MD", "classes": CLASSES, "table": "A3", "row": "m MD"}, same, HOLDS),
    ("classes_done_well", {"run": "m MD", "classes": ["nv"], "table": "A3", "row": "m MD"}, same, f"{ONLY} akiec, bcc, bkl, df, mel, nv and vasc"),
    ("times_are_epochs", {"table": "T", "column": "x", "rows": {"a": "m MD"}}, cell("T", "a", "x", 101), LOGS),
    ("times_are_epochs", {"table": "T", "column": "x", "rows": {"a": "m MD"}}, same, HOLDS),
    ("divided", {"table": "6", "rows": ["m"], "column": "inference", "numerator": "epoch", "divisor": 857}, same, OPEN),
    ("divided", {"table": "6", "rows": ["m"], "column": "inference", "numerator": "epoch", "divisor": 9}, same, HOLDS),
    ("printed_matrix", {"figure": "9", "label": "nv"}, same, HOLDS),
    ("printed_matrix", {"figure": "9", "label": "nv"},
     replace(confusion={"logged": {"m MD": np.eye(7).tolist()},
                        "journal": {"9": {"run": "m MD", "counts": (2 * np.eye(7)).tolist()}}}), LOGS),
    ("weights_were_off", {"table": "losses", "column": "none", "runs": {"m": "m MD"}}, same, HOLDS),
    ("weights_were_off", {"table": "losses", "column": "none", "runs": {"m": "m MD"}},
     logged(class_weights=[1.0, 2.0]), f"{ONLY} trainings with other class weights"),
    ("abstract_in_log", {"run": "m MD", "numbers": {"f1": "macro.f1"}}, same, HOLDS),
    ("abstract_in_log", {"run": "m MD", "numbers": {"f1": "macro.recall"}}, same, LOGS),
    ("recounted", {"table": "2", "column": "images"}, same, HOLDS),
    ("recounted", {"table": "2", "column": "images"}, cell("2", "df", "images", 116), OWN_TABLE),
    ("set_in_every_run", {"runs": ["m MD"], "settings": {"batch size": 10}}, same, HOLDS),
    ("set_in_every_run", {"runs": ["m MD"], "settings": {"batch size": 32}}, same, LOGS),
    ("set_in_every_run", {"runs": ["m MD", "ResNet50 MD"], "settings": {"learning rate": 0.01}},
     settings(learning_rate=0.01), f"{ONLY} 1 of the 2 trainings"),
    ("set_in_some_run", {"setting": "test images", "value": 10}, same, HOLDS),
    ("set_in_some_run", {"setting": "test images", "value": 857}, same, LOGS),
    ("whole_data", {"runs": ["m MD"], "table": "2"}, logged(train_images=10005), HOLDS),
    ("whole_data", {"runs": ["m MD"], "table": "2"}, same, f"{ONLY} 100 of the 10,015 photographs"),
    ("chosen_on_reported", {"runs": ["m MD"]}, same, LOGS),
    ("chosen_on_reported", {"runs": ["m MD"]}, logged(accuracy=0.8), HOLDS),
    ("isolated_effect", ISOLATED, same, OPEN),
    ("isolated_effect", ISOLATED, logged(accuracy=0.2), HOLDS),
    ("isolated_effect", ISOLATED, logged(accuracy=0.99), LOGS),
    ("recipe_sets", {"field": "dropout", "value": 0.5, "recipes": ["clean"]}, same, HOLDS),
    ("recipe_sets", {"field": "augmentation", "value": "on", "recipes": ["clean"]}, same, LOGS),
    ("minimum_rate", {"printed": 1e-7, "recipe": "md-as-logged"}, same, HOLDS),
    ("minimum_rate", {"printed": 100000, "recipe": "md-as-logged"}, same, LOGS),
    ("pretrained", {"runs": ["m MD"]}, same, HOLDS),
    ("pretrained", {"runs": ["m MD"]}, logged(backbone="VGG16"), LOGS),
    ("formula_gives_row", {"formula": "TP / (TP + FN)", "run": "m MD", "table": "A4", "row": "m MD"}, same, HOLDS),
    ("formula_gives_row", {"formula": "TP / (TP + FN + TN)", "run": "m MD", "table": "A4", "row": "m MD"}, same, OWN_TABLE),
    ("formula_gives_cell", {"formula": "TP / (TP + FN)", "run": "m MD", "table": "A4", "row": "m MD", "column": "mean"}, same, HOLDS),
    ("formula_gives_cell", {"formula": "TN / (TN + FP)", "run": "m MD", "table": "A4", "row": "m MD", "column": "mean"}, same, OWN_TABLE),
    ("false_counts", {"run": "m MD", "fp": "columns", "fn": "rows"}, same, HOLDS),
    ("false_counts", {"run": "m MD", "fp": "rows", "fn": "columns"}, same, f"{ONLY} a matrix with predictions in rows"),
    ("false_counts", {"run": "m MD", "fp": "rows", "fn": "rows"}, same, LOGS),
    ("true_negatives", {"run": "m MD"}, same, HOLDS),
    ("true_negatives", {"run": "m MD"}, logged(tn_fp_fn_tp=[[1, 0, 0, 0]] * 7), LOGS),
    ("class_weights", {"formula": BALANCED, "table": "2", "run": "m MD"}, logged(class_weights=WEIGHTS), HOLDS),
    ("class_weights", {"formula": BALANCED, "table": "2", "run": "m MD"}, same, LOGS),
    ("new_weights", {"formula": BALANCED, "table": "2", "known": {}}, same, HOLDS),
    ("new_weights", {"formula": BALANCED, "table": "2", "known": {"k": "N / N_i / C"}}, same, f"{ONLY} the unweighted loss"),
    ("new_weights", {"formula": "N_i / N_i", "table": "2", "known": {}}, same, LOGS),
    ("attention_reads", CODED, same, LOGS),
    ("attention_reads", DESCRIBED, same, HOLDS),
    ("room_for_scalar", {"backbones": ["ResNet50"], "outside": 8}, same, LOGS),
    ("room_for_scalar", {"backbones": ["ResNet50"], "outside": 2}, same, HOLDS),
    ("blocks_replaced", TAPS | {"claimed": 1}, same, HOLDS),
    ("blocks_replaced", TAPS | {"claimed": 3}, same, LOGS),
    ("scaled_as", {"backbones": ["InceptionResNetV2"], "scalings": ["signed"]}, same, HOLDS),
    ("scaled_as", {"backbones": ["DenseNet201"], "scalings": ["torch"]}, same, LOGS),
    ("scaled_as", {"backbones": ["DenseNet201", "ResNet50"], "scalings": ["caffe"]}, same, f"{ONLY} 1 of the 2 networks"),
    ("channel_order", {"backbones": ["ResNet50"], "recipe": "clean"}, same, HOLDS),
    ("channel_order", {"backbones": ["ResNet50"], "recipe": "md-as-logged"}, same, LOGS),
    ("stock_values", {"table": "T", "column": "x", "quantity": "depth", "digits": 0}, same, HOLDS),
    ("stock_values", {"table": "T", "column": "x", "quantity": "wrong", "digits": 0}, same, LOGS),
    ("trained_size", {"table": "T", "column": "x", "rows": {"a": "m MD", "b": "ResNet50 MD"}, "unit": 10.3},
     cell("T", "b", "x", 10), HOLDS),
    ("trained_size", {"table": "T", "column": "x", "rows": {"a": "m MD", "b": "ResNet50 MD"}, "unit": 1}, same, LOGS),
    ("our_run", OURS, same, OPEN),
    ("our_run", OURS, replace(ours=(run_of_ours(),)), HOLDS),
    ("our_run", OURS, replace(ours=(run_of_ours(full=False),)), NOT_HERE),
    ("our_run", OURS, replace(ours=(run_of_ours(0.5),)), NOT_HERE),
    ("our_effect", {"factor": "metadata"}, same, OPEN),
    ("our_effect", {"factor": "metadata"}, effect(0.02, 0.03), HOLDS),
    ("our_effect", {"factor": "metadata"}, effect(0.0, 0.03), f"{ONLY} mean recall"),
    ("our_effect", {"factor": "metadata"}, effect(0.0, -0.03), OPEN),
    ("our_effect", {"factor": "weights"}, effect(0.02, 0.03), OPEN),
    ("measured_speed", {"fast": "a", "slow": "b"}, same, OPEN),
    ("measured_speed", {"fast": "a", "slow": "b", "factor": 4}, replace(inference={"a": 1.0, "b": 4.0}), HOLDS),
    ("measured_speed", {"fast": "a", "slow": "b", "factor": 4}, replace(inference={"a": 1.0, "b": 2.0}), NOT_HERE),
    ("reported_elsewhere", {"table": "8", "row": "2", "data": "HAM10000", "cells": {"accuracy": [0.8, "accuracy"]}}, same, HOLDS),
    ("reported_elsewhere", {"table": "8", "row": "2", "data": "ISIC", "cells": {"accuracy": [0.8, "recall"]}},
     same, f"{ONLY} recall on ISIC"),
    ("reported_elsewhere", {"table": "8", "row": "2", "data": "HAM10000", "cells": {"accuracy": [0.9, "accuracy"]}}, same, NOT_HERE),
    ("rerun_agrees", DATTA, same, HOLDS),
    ("rerun_agrees", DATTA, logged(accuracy=0.95), LOGS),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "arguments", "change", "verdict"), CASES,
                         ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])  # fmt: skip
def test_a_rule_on_hand_made_facts(facts, rule, arguments, change, verdict):
    claim = audit.Claim("id", "place", "claim", "group", rule, arguments)
    result = audit.check(claim, change(facts)).result
    assert result.verdict == verdict, result.evidence
    assert result.claimed
    assert result.evidence.endswith(".")


def test_each_rule_is_tested_with_two_outcomes():
    for rule in RULES:
        assert len({kind(case[3]) for case in CASES if case[0] == rule}) > 1, rule


# --- the claims as they stand -------------------------------------------------------------------
@pytest.fixture(scope="module")
def real():
    return audit.gather()


@pytest.fixture(scope="module")
def findings(real):
    return audit.audit(real)


def test_there_are_enough_claims_with_ids_of_their_own():
    found = audit.claims()
    ids = [claim.id for claim in found]
    assert len(ids) >= 45
    assert len(set(ids)) == len(ids)
    assert {claim.group for claim in found} <= set(audit.groups())
    for claim in found:
        assert re.fullmatch(r"[a-z0-9-]+", claim.id)
        assert re.fullmatch(
            r"paper-table-([1-8]|a[1-5])|paper-figure-([1-9]|1[0-5])|[a-z-]+", claim.link
        )


def test_every_rule_is_used_and_every_rule_used_exists():
    assert {claim.rule for claim in audit.claims()} == set(RULES)


def test_no_verdict_is_written_down():
    content = paper.load("claims")
    assert set(content) == {"groups", "runs", "claims"}
    fields = {field.name for field in dataclasses.fields(audit.Claim)}
    for entry in content["claims"]:
        assert set(entry) <= fields
        for value in (entry["id"], entry["arguments"], entry.get("note", "")):
            for verdict in VERDICTS[:-1]:
                assert not re.search(rf"\b{verdict}\b", str(value)), entry["id"]


def plain(text):
    """Text without blanks, hyphens and the marks of TeX and Markdown."""
    text = text.replace(r"\times", "×").replace(r"\ ", "")
    return re.sub(r"[\s$\\{}*-]", "", text)


def test_quotes_are_short():
    for claim in audit.claims():
        assert len(claim.claim.split()) <= 13, claim.claim


@pytest.mark.skipif(not PAPER.is_file(), reason="the paper's text is not here")
def test_quotes_are_the_papers_words():
    words = plain(PAPER.read_text(encoding="utf-8"))
    for claim in audit.claims():
        if not claim.place.startswith("journal"):
            assert plain(claim.claim) in words, claim.id


def test_verdicts_are_of_the_fixed_kinds(findings):
    for finding in findings:
        assert kind(finding.result.verdict) in VERDICTS, finding.claim.id
    assert sum(report.counts(findings).values()) == len(findings)
    with pytest.raises(ValueError, match="no verdict"):
        Result("a", "b", "wrong")


@pytest.mark.parametrize(("claim", "change", "before", "after"), [
    ("headline-accuracy", lambda f: f.with_logged("InceptionResNetV2 MD", accuracy=0.88), HOLDS, LOGS),
    ("headline-parameters", cell("4", "MobileNetV3Large", "parameters_millions", 1.84), ONLY, HOLDS),
    ("headline-layers", cell("6", "DenseNet201", "depth", 472), ONLY, HOLDS),
    ("data-test-857", lambda f: f.with_logged("ResNet50 MD", test_images=857), LOGS, HOLDS),
    ("data-total", cell("2", "df", "images", 116), HOLDS, OWN_TABLE),
    ("text-ad-md", cell("5", "ResNet50", "MD", 0.77), OWN_TABLE, HOLDS),
    ("text-resnet50-twice", cell("5", "ResNet152", "MD", 0.35), OWN_TABLE, HOLDS),
    ("related-five-indicators", cell("8", "ours", "accuracy", 0.95), OWN_TABLE, OWN_TABLE),
    ("table-a3-mean-irv2", cell("A3", "InceptionResNetV2 MD", "mean", 0.78), OWN_TABLE, HOLDS),
    ("table-5-nasnetlarge", cell("5", "NASNetLarge", "MD", 0.86), LOGS, HOLDS),
    ("size-large-nasnet-mobile", cell("4", "NASNetMobile", "parameters_millions", 5.6), OWN_TABLE, HOLDS),
    ("headline-auc-mean", replace(headline={"paper": {"abstract": {"auc": 0.981}}}), ONLY, HOLDS),
    ("time-prediction", lambda f: f.with_cell("6", "MobileNetV3Large", "seconds_per_epoch", 1)
     .with_cell("6", "DenseNet201", "seconds_per_epoch", 2)
     .with_cell("6", "InceptionResNetV2", "seconds_per_epoch", 3), LOGS, HOLDS),
    ("method-attention-scalar", replace(described={}), LOGS, OPEN),
])  # fmt: skip
def test_another_number_gives_another_verdict(real, claim, change, before, after):
    claim = {c.id: c for c in audit.claims()}[claim]
    first, second = audit.check(claim, real).result, audit.check(claim, change(real)).result
    assert (kind(first.verdict), kind(second.verdict)) == (before, after)
    assert first != second


def test_means_of_the_rows_as_computed_by_hand(real):
    """The row whose printed mean is of another training, and the row of another network."""
    for number, row, mean in (("A3", "InceptionResNetV2 MD", 0.78), ("A4", "NASNetLarge MD", 0.8014),
                              ("A3", "DenseNet201 AD", 0.7071), ("A4", "VGG16 AD", 0.5186)):  # fmt: skip
        assert np.mean(real.table(number).rows[row][:7]) == pytest.approx(mean, abs=0.001)


def test_shares_of_the_kernel_by_hand(real):
    """A kernel of 128 x 3 x 3 x 16 over 7 rows: 13 of 128 rows meet data; 192 over 8: 15."""
    claim = {c.id: c for c in audit.claims()}["method-attention-kernel"]
    evidence = audit.check(claim, real).result.evidence
    assert "3 of 128 channels and 1,872 of 18,432" in evidence
    assert "3 of 192 channels and 2,160 of 27,648" in evidence
    assert "only channels 0, 1 and 2 affect the attention maps" in evidence


def test_the_convolution_against_a_sum_by_hand():
    rng = np.random.default_rng(1)
    tensor, kernel = rng.normal(size=(3, 4, 5)), rng.normal(size=(3, 3, 3, 2))
    out = rules_code.convolve(tensor, kernel, (1, 1, 2))
    assert out.shape == (3, 4, 3, 2)
    expected = np.einsum("abc,abck->k", tensor[0:3, 1:4, 1:4], kernel)
    assert out[1, 2, 1] == pytest.approx(expected)


def test_taps_in_use():
    assert rules_code.taps_in_use(7, 3, 1) == ({0, 1, 2}, set(range(7)))
    assert rules_code.taps_in_use(8, 3, 8) == ({0, 1, 2}, {0, 1, 2})
    assert len(rules_code.taps_in_use(7, 128, 1)[0]) == 13


def test_formulas_are_arithmetic_and_nothing_else():
    assert rules_formulas.evaluate("2 * (a + 1) / b - 1", {"a": 3, "b": 4}) == 1
    for text in ("__import__('os')", "a.real", "c", "a ** 2"):
        with pytest.raises(ValueError, match="no formula"):
            rules_formulas.evaluate(text, {"a": 3, "b": 4})


@pytest.mark.parametrize(("printed", "value", "same"), [
    (0.9, 0.8986, True), (0.93, 0.9353, True), (0.94, 0.9353, True), (0.95, 0.9353, False),
    (0.974, 0.9743, True), (0.974, 0.9751, False), (1, 0.9999, True), (0.989, 0.9899, True),
])  # fmt: skip
def test_numbers_agree_rounded_or_truncated(printed, value, same):
    assert agrees(printed, value) is same


def test_means_of_truncated_classes_count():
    assert mean_agrees(0.95, [0.959, 0.959])
    assert mean_agrees(0.96, [0.959, 0.959])
    assert not mean_agrees(0.94, [0.959, 0.959])


def test_batch_size_comes_from_the_steps(real):
    sizes = {name: rules_settings.SETTINGS["batch size"](run) for name, run in real.logged.items()
             if run.settings}  # fmt: skip
    assert sizes["MobileNetV2 MD"] == 10
    assert sizes["DenseNet201 AD"] == 16
    assert sizes["NASNetMobile AD"] == 50


def test_a_missing_fact_leaves_a_claim_open(facts):
    with pytest.raises(NotAvailable):
        facts.run("nothing")
    claim = audit.Claim("i", "p", "c", "g", "cells_in_log", {"cells": [{
        "table": "T", "row": "c", "column": "y", "run": "m MD", "quantity": "accuracy"}]})  # fmt: skip
    assert audit.check(claim, facts).result.verdict == OPEN


# --- output -------------------------------------------------------------------------------------
def test_the_command_prints_json(capsys, monkeypatch, findings):
    monkeypatch.setattr(audit, "audit", lambda facts=None: findings)
    assert cli.main(["audit", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == len(findings)
    for entry in found:
        assert {"id", "place", "claim", "rule", "claimed", "evidence", "verdict"} <= set(entry)
        assert all(isinstance(value, str) for value in entry.values())


def test_the_command_prints_a_table_and_filters(capsys, monkeypatch, findings):
    monkeypatch.setattr(audit, "audit", lambda facts=None: findings)
    assert cli.main(["audit"]) == 0
    assert f"{len(findings)}  claims" in capsys.readouterr().out
    assert cli.main(["audit", "--verdict", OPEN, "--json"]) == 0
    assert {entry["verdict"] for entry in json.loads(capsys.readouterr().out)} <= {OPEN}
    assert cli.main(["audit", "--verdict", "wrong"]) != 0
    assert "expected one of" in capsys.readouterr().err


def test_claims_are_in_the_groups_of_the_book(findings):
    assert {finding.claim.group for finding in findings} == set(audit.groups())
    assert sum(report.counts(findings).values()) == len(findings)


def luminance(colour):
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_badges_can_be_read():
    css = (paths.ROOT / "book" / "_static" / "audit.css").read_text(encoding="utf-8")
    pairs = re.findall(r"color: (#\w{6}); background: (#\w{6})", css)
    assert len(pairs) == 12
    for pair in pairs:
        low, high = sorted(map(luminance, pair))
        assert (high + 0.05) / (low + 0.05) >= 4.5, pair
