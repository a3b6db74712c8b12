"""The claims audit: its rules on hand-made facts, and the claims as they stand."""

import dataclasses
import types

import numpy as np
import pytest
import small_paper

from skinlib.common.classes import CLASSES
from skinlib.paper import audit
from skinlib.paper.audit.expressions import evaluate
from skinlib.paper.audit.verdicts import FITS, HOLDS, LOGS, MEASURED, NOT_HERE, ONLY, OPEN
from skinlib.paper.measured import Ours
from skinlib.stats.bootstrap import Estimate

OWN_TABLE, SOURCE = "contradicted by its own table", "contradicted by the cited work"


@pytest.fixture(scope="module")
def facts():
    return small_paper.facts()


def same(f):
    return f


def replace(**fields):
    return lambda f: dataclasses.replace(f, **fields)


def logged(name="m MD", **fields):
    """A change of some fields of a logged training."""
    return lambda f: dataclasses.replace(
        f, logged=f.logged | {name: dataclasses.replace(f.logged[name], **fields)}
    )


def cell(number, row, column, value):
    """A change of one printed cell."""

    def change(f):
        entry = f.printed["paper"][number]
        cells = list(entry.rows[row])
        cells[entry.columns.index(column)] = value
        entry = dataclasses.replace(entry, rows=entry.rows | {row: tuple(cells)})
        return dataclasses.replace(
            f, printed=f.printed | {"paper": f.printed["paper"] | {number: entry}}
        )

    return change


def effect(result, corrected=True, moved=None):
    """An effect of metadata on accuracy that is so clear, and one on mean recall that is not."""
    found = {"estimate": Estimate(0.02, 0.01, 0.03), "result": result, "corrected": corrected,
             "moved": moved or result}  # fmt: skip
    unclear = found | {"result": "not clear", "moved": "not clear"}
    return replace(effects={"metadata": {"accuracy": found, "mean recall": unclear}})


def our(right, size=224):
    """A run of ours that classifies so many of ten images correctly."""
    labels = np.arange(10) % 7
    predicted = np.where(np.arange(10) < right, labels, (labels + 1) % 7)
    record = {"identity": f"{right}-{size}", "input_size": size, "changes": {}, "epochs": 5}
    run = types.SimpleNamespace(name="r", folder="f", record=record)
    run.arrays = lambda part: (labels, np.eye(7)[predicted], None)
    return replace(ours=Ours({("ResNet50", "clean"): [run]}))


ACCURACY = {"printed": "cell('5', '{0}', 'MD')", "value": "log('m MD', 'accuracy')", "over": ["m"]}
F1 = {"printed": "row('A3', 'm MD')", "value": "log('m MD', 'f1')"}
AUC = {"printed": "fact('abstract', 'auc')", "value": "log('m MD', 'auc.macro')"}
RATIO = {"printed": "{1}", "value": "cell('T', '{0}', 'x') / cell('T', 'a', 'x')", "within": 0.1,
         "share_of": "names"}  # fmt: skip
RATE = {"printed": 0.01, "value": "log('{0}', 'learning rate')", "over": ["m MD", "ResNet50 MD"],
        "share_of": "trainings"}  # fmt: skip
FALSE = {"run": "m MD", "printed": ["FP", "FN"], "value": ["rows - diagonal", "columns - diagonal"]}
SLOW = logged(settings={"learning_rate": 0.01})
CODED = {"runs": ["m MD"], "claimed": "c"}
ALONG = {"kernel": [3, 3, "channels"], "strides": [1, 1, "channels"], "maps": 16}
ISOLATED = {"effect": "metadata", "compared": [["m MD", "ResNet50 MD"]],
            "like_for_like": [["m MD", "ResNet50 MD"]]}  # fmt: skip
ORDER = {"printed": "cell('T', 'a', 'x')", "value": "cell('T', '{0}', 'x')", "sign": ">"}
CHOSEN = {"printed": "log('m MD', 'accuracy')", "value": "max(fact('curves', 'm MD', 'val_accuracy'))",
          "differ": True}  # fmt: skip
EFFECT = {"factor": "metadata", "direction": "gain", "scores": ["accuracy", "mean recall"],
          "claimed": "c"}  # fmt: skip
ONE = EFFECT | {"scores": ["accuracy"]}
CITED = {"printed": "cell('5', 'm', 'MD')", "value": "work('1', 'values', 'accuracy')",
         "source": "cited"}  # fmt: skip
OURS = {"backbone": "ResNet50", "recipe": "clean", "table": "5", "row": "m", "column": "MD"}
IDEAS = {
    "1": {"a": {"accuracy": "better", "AUC, macro": "better"}, "b": {"accuracy": "worse"}},
    "2": {"c": {"accuracy": "better", "AUC, macro": "not clear"}},
}

# rule, arguments, change of the facts, verdict
CASES = [
    ("agree", ACCURACY, same, HOLDS),
    ("agree", ACCURACY, logged(accuracy=0.8986), HOLDS),
    ("agree", ACCURACY, logged(accuracy=0.9099), HOLDS),
    ("agree", ACCURACY, logged(accuracy=0.92), LOGS),
    ("agree", ACCURACY | {"source": "tables"}, logged(accuracy=0.92), OWN_TABLE),
    ("agree", ACCURACY | {"source": "{value} of {printed}"}, logged(accuracy=0.92), f"{ONLY} 0.92 of 0.90"),
    ("agree", ACCURACY | {"over": ["m", "n"], "share_of": "names"}, same, f"{ONLY} m"),
    ("agree", ACCURACY | {"over": ["m", "n"], "any_of": True}, same, HOLDS),
    ("agree", ACCURACY | {"limit": "other data"}, same, f"{ONLY} other data"),
    ("agree", ACCURACY | {"differ": True}, same, LOGS),
    ("agree", ACCURACY | {"differ": True}, logged(accuracy=0.92), HOLDS),
    ("agree", ACCURACY | {"partial": {"another": "log('ResNet50 MD', 'accuracy')"}}, cell("5", "m", "MD", 0.95), f"{ONLY} another"),
    ("agree", ACCURACY | {"partial": {"another": "log('ResNet50 MD', 'accuracy')"}}, cell("5", "m", "MD", 0.8), LOGS),
    ("agree", {"printed": 0.971, "value": 0.97}, same, LOGS),
    ("agree", {"printed": 0.971, "value": 0.97, "decimals": "fewest"}, same, HOLDS),
    ("agree", {"printed": 5.5, "value": 5.507, "decimals": 1}, same, HOLDS),
    ("agree", F1, same, HOLDS),
    ("agree", F1, cell("A3", "m MD", "mel", 0.49), LOGS),
    ("agree", F1 | {"accepted": ["log('m MD', 'f1') - 0.01"]}, cell("A3", "m MD", "mel", 0.49), HOLDS),
    ("agree", F1 | {"accepted": ["log('m MD', 'f1') - 0.01"]}, cell("A3", "m MD", "mel", 0.51), LOGS),
    ("agree", F1 | {"classes": ["df"]}, cell("A3", "m MD", "mel", 0.51), HOLDS),
    ("agree", AUC | {"partial": {"the micro average": "log('m MD', 'auc.micro')"}}, same, f"{ONLY} the micro average"),
    ("agree", AUC | {"accepted": ["log('m MD', 'auc.micro')"]}, same, HOLDS),
    ("agree", RATIO | {"over": [["b", 2]]}, same, HOLDS),
    ("agree", RATIO | {"over": [["b", 4]], "others": ["c"]}, same, f"{ONLY} c"),
    ("agree", RATIO | {"over": [["b", 3]], "others": ["c"]}, same, LOGS),
    ("agree", RATIO | {"over": [["b", 1.5]], "sign": ">="}, same, HOLDS),
    ("agree", RATE, same, LOGS),
    ("agree", RATE, SLOW, f"{ONLY} 1 of the 2 trainings"),
    ("agree", RATE | {"skip": True}, lambda f: logged("ResNet50 MD", settings={})(SLOW(f)), HOLDS),
    ("agree", RATE, logged(settings={}), OPEN),
    ("agree", RATE | {"printed": [0.001, "'val_loss'"],
                      "value": ["log('{0}', 'learning rate')", "log('{0}', 'stopping on')"]}, same, HOLDS),
    ("agree", {"printed": 857, "value": "log('{0}', 'test images')", "over": "logged", "any_of": True}, same, LOGS),
    ("agree", {"printed": "'BGR'", "value": "log('m MD', 'channels')"}, same, LOGS),
    ("agree", {"printed": "'BGR'", "value": "log('m MD', 'channels')"}, logged(settings={"channels": "BGR", "scaling": "nasnet"}), HOLDS),
    ("agree", {"printed": "scaled('resnet')", "value": "log('m MD', 'scaling')"}, same, HOLDS),
    ("agree", {"printed": 1, "value": "3 - tapped('m MD', 'block(\\d)_')"}, same, HOLDS),
    ("agree", {"printed": 1, "value": "3 - tapped('m MD', 'nothing(\\d)_')"}, same, OPEN),
    ("agree", {"printed": 8, "value": "item(log('m MD', 'tap shape'), 2)"}, same, HOLDS),
    ("agree", {"printed": "'on'", "value": "fact('notebooks', 'scaled')"}, same, HOLDS),
    ("agree", ACCURACY | {"fits": "a log"}, same, f"{FITS} a log, an inference"),
    ("agree", ACCURACY | {"fits": "a log"}, cell("5", "m", "MD", 0.8), LOGS),
    ("agree", AUC | {"fits": "a log", "partial": {"a mean": "log('m MD', 'auc.micro')"}}, same, f"{FITS} a mean, an inference"),
    ("agree", ACCURACY | {"undefined": "well"}, same, OPEN),
    ("agree", CITED, same, HOLDS),
    ("agree", CITED, cell("5", "m", "MD", 0.8), SOURCE),
    ("agree", CITED | {"value": "work('1', 'says', 'epochs')"}, same, NOT_HERE),
    ("agree", ACCURACY | {"source": "here"}, cell("5", "m", "MD", 0.8), MEASURED),
    ("agree", {"run": "m MD", "printed": "row('A4', 'm MD')", "value": "TP / (TP + FN)"}, same, HOLDS),
    ("agree", {"run": "m MD", "printed": "row('A4', 'm MD')", "value": "TP / (TP + FN + TN)"}, same, LOGS),
    ("agree", {"run": "m MD", "printed": "TN", "value": "total - rows - columns + diagonal"}, same, HOLDS),
    ("agree", FALSE, same, LOGS),
    ("agree", FALSE | {"partial": {"turned": ["columns - diagonal", "rows - diagonal"]}}, same, f"{ONLY} turned"),
    ("agree", {"printed": "cell('2', 'total', 'images')", "value": "sum(column('2', 'images')) / 2"}, same, HOLDS),
    ("agree", {"printed": "sum(N / (C * N_i) * N_i)", "value": "N"}, same, HOLDS),
    ("agree", {"over": list("abc"), "printed": 2, "value": "cell('T', '{0}', 'x') / 10", "sign": ">=",
               "exactly": ["b", "c"]}, same, HOLDS),
    ("agree", {"over": list("abc"), "printed": 2, "value": "cell('T', '{0}', 'x') / 10", "sign": ">=",
               "exactly": ["c"]}, same, f"{ONLY} b and c"),
    ("agree", {"over": list("abc"), "printed": 2, "value": "cell('T', '{0}', 'x') / 10", "sign": ">=",
               "exactly": ["a"]}, same, LOGS),
    ("agree", {"printed": "cell('6', 'a', 'x', 'journal')", "value": "cut(0.119)"}, same, HOLDS),
    ("agree", ORDER | {"over": ["b", "c"]}, same, HOLDS),
    ("agree", ORDER | {"over": ["a"], "sign": ">="}, same, HOLDS),
    ("agree", ORDER | {"over": ["a"], "sign": "<="}, same, HOLDS),
    ("agree", ORDER | {"over": ["a"], "sign": "<"}, same, LOGS),
    ("agree", ORDER | {"over": [["x", "b"], ["x", "a"], ["y", "c"]], "share_of": "names",
                       "value": "cell('T', '{1}', 'x')"}, same, f"{ONLY} y"),
    ("agree", ORDER | {"printed": "max(column('T', 'x'))", "over": ["total"], "sign": ">="}, same, HOLDS),
    ("agree", CHOSEN, same, LOGS),
    ("agree", CHOSEN, logged(accuracy=0.8), HOLDS),
    ("our_effect", EFFECT, same, OPEN),
    ("our_effect", EFFECT, effect("gain"), f"{ONLY} accuracy"),
    ("our_effect", ONE, effect("gain"), HOLDS),
    ("our_effect", ONE, effect("gain", corrected=False), f"{ONLY} accuracy, before Holm's correction"),
    ("our_effect", ONE, effect("gain", moved="not clear"), f"{ONLY} accuracy, without a chosen threshold"),
    ("our_effect", ONE, effect("not clear"), OPEN),
    ("our_effect", ONE, effect("loss"), MEASURED),
    ("our_ideas", {"claimed": "better"}, same, OPEN),
    ("our_ideas", {"claimed": "better"}, replace(ideas=IDEAS), NOT_HERE),
    ("isolated_effect", ISOLATED, same, OPEN),
    ("isolated_effect", ISOLATED, logged(accuracy=0.2), HOLDS),
    ("isolated_effect", ISOLATED, logged(accuracy=0.99), LOGS),
    ("attention_reads", CODED, same, LOGS),
    ("attention_reads", CODED, replace(notebooks={"attention": ALONG}), HOLDS),
    ("our_run", OURS, same, OPEN),
    ("our_run", OURS, our(9), HOLDS),
    ("our_run", OURS, our(9, size=96), NOT_HERE),
    ("our_run", OURS, our(5), MEASURED),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "arguments", "change", "verdict"), CASES,
                         ids=[f"{n}-{case[0]}" for n, case in enumerate(CASES)])  # fmt: skip
def test_a_rule_on_hand_made_facts(facts, rule, arguments, change, verdict):
    claim = audit.Claim("id", "place", "claim", "group", rule, arguments)
    result = audit.check(claim, change(facts)).result
    assert result.verdict == verdict, result.evidence
    assert result.claimed
    assert result.evidence.endswith(".")
    assert not result.evidence.lstrip("*")[0].islower()


def test_ideas_are_named_by_what_they_change(facts):
    claim = audit.Claim("i", "p", "c", "g", "our_ideas", {"claimed": "better"})
    result = audit.check(claim, replace(ideas=IDEAS)(facts)).result
    assert "each of 3 ideas of 2 works" in result.evidence
    better = "Clearly better with 2: **[1] a (accuracy and macro AUC); [2] c (accuracy)**."
    assert better in result.evidence
    assert "Clearly worse with 1: **[1] b (accuracy)**." in result.evidence


def test_sentences_are_filled_with_the_numbers(facts):
    claim = audit.Claim("i", "p", "c", "g", "agree", F1 | {
        "accepted": ["log('m MD', 'f1') - 0.01"], "instead": "log('m MD', 'recall')",
        "each": "{class} {printed}", "numbers": {"n": "count(column('T'))"},
        "evidence": "{n:d}: {good}, {first}, {second} of {total}{but}{later}; {instead}"})  # fmt: skip
    change = cell("A3", "m MD", "mel", 0.49)
    result = audit.check(claim, cell("A3", "m MD", "nv", 0.6)(change(facts))).result
    assert result.evidence == "4: 6, 5, 1 of 7; **nv 0.60**; counted as well: mel 0.49; 2"
    assert [cell["decides"] for cell in result.cells] == [c == "nv" for c in CLASSES]
    found = {"what": "nv", "printed": 0.6, "value": 0.9, "agrees": False, "decides": True}
    assert result.cells[5] == found


def test_a_number_of_a_claim_may_have_the_name_of_a_word(facts):
    arguments = F1 | {"numbers": {"second": "count(column('T'))"}, "evidence": "{second:d}"}
    claim = audit.Claim("i", "p", "c", "g", "agree", arguments)
    assert audit.check(claim, facts).result.evidence == "4"


def test_a_formula_is_arithmetic_and_nothing_else(facts):
    assert evaluate("2 * (C + 1) / 4 - 1", facts) == 3
    for text in ("__import__('os')", "C.real", "c", "C ** 2", "log(run='m MD')", "[1][0]"):
        with pytest.raises(ValueError, match="no formula"):
            evaluate(text, facts)


def test_a_missing_fact_leaves_a_claim_open(facts):
    for value in ("log('nothing', 'accuracy')", "cell('T', 'c', 'y')", "fact('seconds', 'a')"):
        claim = audit.Claim("i", "p", "c", "g", "agree", {"printed": 1, "value": value})
        assert audit.check(claim, facts).result.verdict == OPEN
