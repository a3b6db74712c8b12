"""The caution of a model card about women and men, from invented results."""

import pytest

from skinlib.experiments import subgroup_words as words
from skinlib.stats import subgroups

OPEN = [0.0, -0.1, 0.1]


def row(group, excess=(0.0, -0.1, 0.1), melanoma=(0.5, 0.3, 0.7), melanomas=20):
    found = {metric: [0.8, 0.7, 0.9] for metric in subgroups.METRICS}
    found |= {"excess": list(excess), "melanoma_sensitivity": melanoma and list(melanoma)}
    return {"group": group, "images": 200, "lesions": 150, "classes": 7, "melanomas": melanomas,
            **found}  # fmt: skip


def record(identity="one", part="test", sexes=None, sources=(), **gaps):
    """One model's answers to one part; women less men is open but for what is given."""
    groups = {"sex": sexes or [row("male"), row("female"), row("unknown")]}
    groups |= {name: [row("any")] for name in ("age", "site", "confirmation")}
    groups |= {"source": list(sources)} if sources else {}
    return {
        "run": "r", "study": "s", "identity": identity, "part": part, "images": 1200,
        "lesions": 900, "overall": row("all"), "groups": groups,
        "women_minus_men": dict.fromkeys(subgroups.METRICS, OPEN) | gaps,
    }  # fmt: skip


def melanomas(women, men, part, gap):
    """Return a record with so many melanomas found of so many."""
    sexes = [
        row(name, melanoma=(hit / count, 0.1, 0.9), melanomas=count)
        for name, (hit, count) in {"male": men, "female": women, "unknown": (1, 10)}.items()
    ]
    return record(part=part, sexes=sexes, melanoma_sensitivity=gap)


@pytest.fixture
def serious():
    """A model that does not differ on its own test part, and does on the official test."""
    return {
        "ours": melanomas((30, 49), (74, 118), "test", [-0.015, -0.216, 0.174]),
        "other": record("two"),
        "ours, official test": melanomas((11, 29), (29, 41), "official", [-0.328, -0.577, -0.064]),
    }


def test_the_caution_says_how_many_melanomas_are_found(serious):
    same = words.of_run(serious, "one")
    assert list(same) == ["test", "official"]
    text = words.caution(same)
    assert (
        "* On the official test **the model finds a smaller share of the melanomas of women than "
        "of those of men**: of women 37.9 % [10.0, 90.0] (11 of 29), of men 70.7 % [10.0, 90.0] "
        "(29 of 41), of unknown sex 10.0 % [10.0, 90.0] (1 of 10); women less men -0.328 [-0.577, "
        "-0.064].\n"
    ) in text
    assert "* On its own test part the melanomas that the model finds do not tell women" in text
    same["test"]["women_minus_men"]["excess"] = [-0.2, -0.3, -0.1]
    assert (
        "the model does worse for women than for men beyond what their diagnoses give, -0.200"
        in words.caution(same)
    )


def test_a_caution_where_little_is_known():
    few = record(sexes=[row("male", melanoma=None), row("female")], melanoma_sensitivity=None)
    assert "too little is known of women's or men's melanomas" in words.caution({"test": few})
    assert "not measured" in words.caution({})
    # Results from before the melanomas were counted.
    old = melanomas((11, 29), (29, 41), "official", [-0.3, -0.5, -0.1])
    for each in old["groups"]["sex"]:
        del each["melanomas"]
    assert "of women 37.9 % [10.0, 90.0], of men" in words.caution({"official": old})
