"""The pages on effects and on the official test, from invented runs of the real studies."""

import re

import numpy as np
import pandas as pd
import pytest
import records

from skinlib import external, paths, runs
from skinlib.classes import CLASSES
from skinlib.data import synthetic
from skinlib.evidence import effect_pages, external_pages, leakage_pages
from skinlib.evidence.scores import SCORES
from skinlib.studies import load_study

FILES = re.compile(r"\.\./results/(?:tables|figures)/([\w-]+)\.(csv|md|svg)")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    return tmp_path


def invent(study, quality, parts=("validation", "test")):
    """Write finished runs of a study that are right as often as ``quality(spec)`` says."""
    for number, spec in enumerate(load_study(study).specs):
        share = quality(spec)
        if share is None:
            continue
        tables, answers = [], []
        for part in parts:
            rng = np.random.default_rng([spec.seed, parts.index(part)])
            count = 210
            labels = rng.permutation(np.arange(count) % 7)
            offset = 0 if part == external.PART else spec.seed * 1000
            tables.append(
                pd.DataFrame(
                    {
                        "image_id": [f"{part}{offset + k}" for k in range(count)],
                        "lesion_id": [f"{part}{offset + k // 2}" for k in range(count)],
                        "dx": [CLASSES[k] for k in labels],
                    }
                )
            )
            right = np.random.default_rng([number, spec.seed]).random(count) < share
            answers.append(0.88 * np.eye(7)[np.where(right, labels, (labels + 1) % 7)] + 0.12 / 7)
        folder = runs.folder_of(study, spec.name)
        runs.write_predictions(
            folder,
            pd.concat(tables, ignore_index=True),
            np.repeat(parts, [len(table) for table in tables]),
            np.concatenate(answers),
        )
        record = records.blank() | {
            "status": "finished", "study": study, "run": spec.name, "seed": spec.seed,
            "recipe": spec.resolve().to_json(), "input_size": spec.size, "backbone": spec.backbone,
        }  # fmt: skip
        if external.PART in parts:
            record["external"] = {"name": "isic2018-test-210", "fingerprint": "1", "images": 210}
        runs.write_record(folder, record)


def included(*pages):
    found = set()
    for page in pages:
        text = (paths.ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        found |= {f"{name}.{kind}" for name, kind in FILES.findall(text)}
    return found


def made(frames, texts, drawn):
    return (
        {f"{name}.csv" for name in frames}
        | {f"{name}.md" for name in texts}
        | {f"{name}.svg" for name in drawn}
    )


def test_pages_include_what_is_made_also_before_anything_was_run(results):
    effects, leak = effect_pages.pages(), leakage_pages.pages()
    assert made(*effects) | made(*leak) == included("leakage", "ablation", "fields")
    for pages in (effects, leak):
        assert {frame.iloc[0, 0] for frame in pages[0].values()} == {"not run"}
    others = external_pages.pages()
    assert made(*others) == included("external")
    assert others[0]["external"].iloc[0, 0] == "not run"
    assert "not run" in others[1]["best"].lower()
    assert external_pages.of_official() is leakage_pages.in_short() is None
    assert effect_pages.of_factors() == []


def test_an_effect_that_was_put_in_comes_out_in_words_and_numbers(results):
    def quality(spec):
        if spec.seed > 1 or not spec.levels:
            return None
        return 0.5 + 0.3 * (spec.levels["weights"] == "on")

    invent("ablation", quality)
    frames, texts, _ = effect_pages.pages()
    effects = frames["ablation-effects"].set_index("Term")
    assert 0.2 < float(effects.loc["class weights", "accuracy"].split()[0]) < 0.4
    accuracy = next(line for line in texts["ablation"].splitlines() if "**Accuracy**" in line)
    clear = accuracy.split("includes 0 for")[0]
    assert re.search(r"excludes 0 for class weights \+0\.(2[5-9]|3)", clear)
    assert "metadata" not in clear
    assert "16 cells, 2 seeds each: 32 trainings" in texts["ablation"]
    assert len(frames["ablation-cells"]) == 16
    assert "class weights +0." in effect_pages.of_factors()[0]
    # Two of the three are cells of the design.
    assert set(frames["attentions"]["Comparison"]) == {"as described, against none (2 seeds)"}


def test_fields_are_compared_with_the_recipe_as_it_is(results):
    invent(
        "as-logged-vs-described",
        lambda spec: (
            None
            if spec.recipe != "md-as-logged-frozen" or spec.backbone != "MobileNetV2"
            else {None: 0.5, "rgb": 0.9}.get(spec.variant, 0.5)
        ),
        parts=("test",),
    )
    frames, texts, _ = effect_pages.pages()
    assert len(frames["fields"]) == len(effect_pages.FIELDS) * len(SCORES)
    rgb = next(line for line in texts["fields"].splitlines() if "RGB for BGR" in line)
    assert "mean recall rises, +0.4" in rgb
    assert "3 seeds" in rgb
    batch = next(line for line in texts["fields"].splitlines() if "32 for 10" in line)
    assert "does not clearly change" in batch


def test_models_on_the_official_test_are_ranked_by_mean_recall(results):
    invent("external", lambda spec: 0.6 if spec.recipe == "clean-frozen" else 0.4,
           parts=("test", external.PART))  # fmt: skip
    invent("best", lambda spec: 0.8 if not spec.variant else None,
           parts=("validation", "test", external.PART))  # fmt: skip
    frames, texts, _ = external_pages.pages()
    order = frames["external"]["Model"].tolist()
    assert order[0].startswith("MobileNetV2, best")
    assert [("clean-frozen" in name) for name in order] == [False, True, True, True] + [False] * 3
    assert "by best, 128 px, seed 0" in texts["external"]
    assert frames["external-classes"]["Images"].tolist() == [30] * 7
    assert "on 210 official test images" in texts["best"]
    assert "our model MobileNetV2, best, 128 px, seed 0" in external_pages.of_official()
    assert list(external_pages.finished_best()) == ["best, 128 px, seed 0"]


@pytest.mark.parametrize(("larger", "size"), [(0.9, 192), (0.7, 128)])
def test_our_model_is_the_one_that_validation_prefers(results, larger, size):
    invent("best", lambda spec: {None: 0.8, "larger": larger}.get(spec.variant),
           parts=("validation", "test", external.PART))  # fmt: skip
    assert next(iter(external_pages.finished_best())) == f"best, {size} px, seed 0"
    assert f"best, {size} px" in external_pages.of_official()


def test_lesions_on_both_sides_are_counted_once_and_quoted(results):
    table = synthetic.metadata(1500, 0)
    assert leakage_pages.write_both_sides(table, seeds=range(2)) == results / "both-sides.json"
    text = leakage_pages.pages()[1]["leakage-share"]
    assert "over 2 seeds" in text
    assert "1,500 images" in text
