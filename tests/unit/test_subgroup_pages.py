"""Sentences and tables about groups, from invented results; what is said is what was put in."""

import itertools

import pytest

from skinlib.evidence import subgroup_pages, subgroups
from skinlib.evidence import subgroup_words as words
from skinlib.runs import Run

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


def pages(found):
    frames, texts, _ = subgroup_pages.pages({}, found)
    return frames, texts


def test_a_score_that_tells_women_and_men_apart_is_the_verdict(serious):
    _, texts = pages(serious)
    own, official, other = texts["subgroups-sex"].split("\n")[:3]
    assert official.endswith(
        "**On the official test the model finds a smaller share of the melanomas of women than of "
        "those of men, -0.328 [-0.577, -0.064] (29 and 41 photographs); on its own test part "
        "-0.015 [-0.216, +0.174] (49 and 118 photographs).**"
    )
    for title, line in (("ours", own), ("other", other)):
        assert line.startswith(f"* *{title}*: accuracy")
        assert line.endswith(words.NOT_APART)
    assert "these are 12 differences; the intervals of 1 leave out 0" in texts["subgroups-sex"]


@pytest.mark.parametrize(("metric", "sign"), itertools.product(words.VERDICTS, (1, -1)))
def test_every_score_has_a_verdict_in_both_directions(metric, sign):
    ends = sorted((sign * 0.1, sign * 0.3))
    found = record(**{metric: [sign * 0.2, *ends]})
    (told,) = words.verdicts(found, {"test": found})
    _, above, below = words.VERDICTS[metric]
    assert f" {above if sign > 0 else below} " in told
    assert f"{sign * 0.2:+.3f} [{ends[0]:+.3f}, {ends[1]:+.3f}]" in told
    assert words.NOT_APART not in words.sexes({"ours": found})


def test_the_table_of_sexes_on_the_official_test_stands_beside(serious):
    frames, _ = pages(serious)
    table = frames["subgroups-sex-official"].set_index("Sex, official test")
    assert table.loc["female", "Melanomas"] == "29"
    assert table.loc["female", "Melanoma sensitivity"].startswith("0.379 [")
    assert list(frames["subgroups-models"]["Model"]) == ["ours", "ours, official test", "other"]


def test_sources_are_of_the_model_that_is_shown():
    """Not of the last that knows them, and their excesses are told, the farthest first."""
    mine = [row("theirs", (-0.09, -0.15, -0.04)), row("plain"), row("film", (0.07, 0.04, 0.1))]
    found = {
        "ours": record(),
        "ours, official test": record(part="official", sources=mine),
        "other, official test": record("two", "official", [], [row("wrong", (0.9, 0.8, 1.0))]),
    }
    frames, texts = pages(found)
    assert list(frames["subgroups-source"]["Source, official test"]) == [
        "theirs", "plain", "film", "all images",
    ]  # fmt: skip
    told = texts["subgroups-groups"]
    assert "* Source, official test: accuracy from" in told
    assert (
        "2 of 12 groups with enough photographs lie beyond what their mix gives, by an interval "
        "that leaves out 0, the farthest first: source, official test: theirs -0.090 [-0.150, "
        "-0.040]; source, official test: film +0.070 [+0.040, +0.100]."
    ) in told
    del found["ours, official test"]
    frames, texts = pages(found)
    assert frames["subgroups-source"].to_numpy().tolist() == [[subgroup_pages.NOT_KNOWN]]
    assert "Source" not in texts["subgroups-groups"]


def test_what_is_stored_of_an_older_run_is_not_shown(serious):
    newer = Run("folder", {"identity": "newer"})
    _, texts, _ = subgroup_pages.pages({"ours": newer}, serious)
    assert "*ours" not in texts["subgroups-sex"]
    assert "of *other*" in texts["subgroups-about"]


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
    short = words.short_caution(same)
    assert "(11 of 29)" in short
    assert short.endswith("[-0.577, -0.064] ([more](subgroups.md)).\n")
    assert short.count("\n") == 1
    same["test"]["women_minus_men"]["excess"] = [-0.2, -0.3, -0.1]
    assert (
        "the model does worse for women than for men beyond what their diagnoses give, -0.200"
        in words.caution(same)
    )


def test_a_caution_where_little_is_known():
    few = record(sexes=[row("male", melanoma=None), row("female")], melanoma_sensitivity=None)
    assert "too little is known of women's or men's melanomas" in words.caution({"test": few})
    assert "not measured" in words.caution({})
    assert "not measured" in words.short_caution({})
    # Results from before the melanomas were counted.
    old = melanomas((11, 29), (29, 41), "official", [-0.3, -0.5, -0.1])
    for each in old["groups"]["sex"]:
        del each["melanomas"]
    assert "of women 37.9 % [10.0, 90.0], of men" in words.short_caution({"official": old})
    assert "-0.300 [-0.500, -0.100].**" in words.sexes({"ours": old})
    nobody = dict.fromkeys(subgroups.METRICS)
    assert "too few women or men" in words.sexes({"ours": record() | {"women_minus_men": nobody}})
