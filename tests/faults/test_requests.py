"""Faults of what is asked for: recipe fields, and help where Python strips its docstrings."""

import dataclasses
import math

import pytest

from skinlib.cli import arguments as command_line
from skinlib.common.errors import DataError
from skinlib.experiments.recipe import Recipe
from skinlib.experiments.recipes import get_recipe
from skinlib.experiments.study import load_study

FIELDS = {field.name: field.type for field in dataclasses.fields(Recipe)}
NUMBERS = [name for name, kind in FIELDS.items() if kind in (int, float, float | None)]
SEVEN = (1.0,) * 6
WRONG = [
    ("dropout", 2), ("dropout", 1.0), ("learning_rate", 0), ("epsilon", -1e-7), ("epochs", 2.5),
    ("batch_size", 16.5), ("batch_size", True), ("test_share", 1.7), ("test_share", 0),
    ("validation_share", 1), ("plateau_factor", 1.0), ("batch_norm_momentum", 1.5),
    ("metadata", "false"), ("metadata", 0), ("name", 5), ("attention", ["none"]),
    ("class_weights", 5), ("class_weights", (*SEVEN, -5)), ("class_weights", (*SEVEN, math.nan)),
    ("class_weights", (*SEVEN, "1")), ("class_weights", (0,) * 7), ("class_weights", SEVEN),
    ("augmentation", "rotate"), ("augmentation", {"spin": 1}), ("augmentation", {"zoom": 1}),
    ("augmentation", {"rotation": -1}), ("augmentation", {"flip": "no"}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG, ids=str)
def test_f44_a_value_that_cannot_be(field, value):
    with pytest.raises(DataError, match=f"recipe fields? {field} .*expected ") as error:
        get_recipe("clean").replace(**{field: value})
    assert error.value.exit_code == 2


@pytest.mark.parametrize("field", FIELDS)
def test_f44_every_field_has_a_type(field):
    """An object of no sense is refused by each of them; a number also by its range."""
    odd = [object(), b"1", [[]]]
    odd += [math.nan, math.inf, -math.inf, -1, "1", 1j] if field in NUMBERS else []
    for value in odd:
        with pytest.raises(DataError, match=field):
            get_recipe("clean").replace(**{field: value})


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"test_share": 0.6, "validation_share": 0.4}, "sum below 1"),
        ({"validation_share": 0.0}, "set of selection, which is 'validation'"),
    ],
)
def test_f44_shares_that_leave_a_set_empty(fields, word):
    with pytest.raises(DataError, match=word):
        get_recipe("clean").replace(**fields)


@pytest.mark.parametrize(
    ("text", "value"),
    [("false", False), ("No", False), ("TRUE", True), ("yes", True), ("none", "none"),
     ("1e-3", 0.001), ("None", None), ("{[]: 1}", "{[]: 1}"), ("(1, 2)", (1, 2))],
)  # fmt: skip
def test_f44_a_word_becomes_a_value(text, value):
    args = command_line.parser().parse_args(["train", "--set", f"a={text}", "--set", "b=0"])
    # A second --set adds to the first.
    assert args.set == [("a", value), ("b", 0)]
    assert type(args.set[0][1]) is type(value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--epochs", 0), ("epochs is 0",)),
        (("--seed", -1), ("seed is -1", "[0, 4294967295]")),
        (("--seed", 2**32), ("seed is 4294967296",)),
        (("--size", 0), ("at least 16 px, not 0",)),
        (("--set", "weight_decay=-1"), ("weight_decay is -1",)),
        (("--set", "label_smoothing=nan"), ("label_smoothing is 'nan'",)),
    ],
    ids=str,
)
def test_f44_the_command_line_refuses_it(arguments, words, train, synthetic_folder, results):
    train(synthetic_folder, "--name", "a", *arguments).fails(2, *words)
    assert not results.exists()


def test_f44_a_refusal_leaves_no_run(train, synthetic_folder, results):
    """It comes when the directory is there already: from inside the training."""
    train(synthetic_folder, "--name", "a", "--set", "devices=99").fails(2, "devices is 99")
    assert not (results / "runs").exists() or list((results / "runs").iterdir()) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [("seed: -1", "seed is -1"), ("size: 96.5", "size is 96.5"), ("size: big", "size is 'big'"),
     ("changes: {metadata: maybe}", "metadata is 'maybe'")],
)  # fmt: skip
def test_f44_a_study_is_checked_when_it_is_read(entry, words, tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(f"title: odd\nruns:\n  - {{backbone: VGG16, recipe: clean, {entry}}}\n")
    with pytest.raises(DataError, match=words.replace("[", "\\[")):
        load_study(path)


@pytest.mark.parametrize(
    "text", ["", "title: a", "title: [", "runs: []", "- 1", "title: a\nruns: 5", "title: a\nruns: [b]",
             "title: a\nruns: [{changes: 5}]", "title: a\nruns: [{changes: {epochs: 0}}]"],
)  # fmt: skip
def test_f44_a_file_that_is_no_study(text, main, tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(text.replace("{changes", "{backbone: VGG16, recipe: clean, changes"))
    main("status", path).fails(2, "epochs is 0" if "epochs" in text else path)


def test_f48_help_without_docstrings(cli):
    """Python strips them under -OO; the help says the same."""
    program = """if True:
        from skinlib import cli
        (choices,) = (each.choices for each in cli.parser()._actions if each.choices)
        print(cli.parser().format_help(), *(c.format_help() for c in choices.values()))
    """
    plain = cli(program, program=("-c",)).succeeds()
    assert cli(program, program=("-OO", "-c")).succeeds() == plain
    assert all(f"skinlib {name} " in plain for name in command_line.COMMANDS)
