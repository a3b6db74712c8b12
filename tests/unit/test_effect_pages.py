"""The pages on effects and on the official test, from invented runs of the real studies."""

import re

import numpy as np
import pandas as pd
import pytest
import records

from skinlib import external, paths, runs
from skinlib.classes import CLASSES
from skinlib.data import synthetic
from skinlib.evidence import asked, effect_pages, effect_words, external_pages, leakage_pages
from skinlib.evidence.draws import Estimate
from skinlib.evidence.scores import SCORES
from skinlib.evidence.selection import METRICS
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
        rising = {f"val_{name}": [0.1, 0.4, 0.5 + share / 100] for name in METRICS}
        pd.DataFrame({"epoch": [1, 2, 3], **rising}).to_csv(folder / runs.HISTORY, index=False)
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
    bullets = [line for line in texts["ablation"].splitlines() if line.startswith("- ")]
    assert len(bullets) == len(SCORES)
    main = bullets[0].split("; of two together")[0]
    assert re.fullmatch(r"- \*\*Accuracy\*\*: class weights \+0\.(2[5-9]|3)\d* \[[^]]*\]\.?", main)
    assert "32 of 51 planned trainings are finished; seed 0 has 16 of 17" in texts["ablation"]
    assert "all 16 combinations are there, 0 and 1: 32 trainings" in texts["ablation"]
    assert "in 32 of 32 trainings" in texts["ablation-limit"]
    assert "still rose when they ended" in texts["ablation-limit"]
    assert len(frames["ablation-cells"]) == 16
    (line,) = effect_pages.of_factors()
    for score in SCORES:
        assert f"{score}: class weights +0." in line
    assert "metadata +" not in line
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
    assert re.search(r"a clear gain in accuracy \+0\.\d+ \[[^]]*\], mean recall \+0\.[34]", rgb)
    assert "3 seeds" in rgb
    batch = next(line for line in texts["fields"].splitlines() if "32 for 10" in line)
    assert "no interval leaves out 0" in batch
    setting = texts["fields-setting"]
    assert "Each comparison is on 210 photographs a seed." in setting
    assert "15 of 33 planned trainings are finished; seed 0 has 5 of 11" in setting
    assert "Not run: channel order: RGB for BGR (whole network trained);" in setting
    for words in ("lower blocks stay as ImageNet", "along a cosine", "8 epochs", "66 epochs"):
        assert words in setting


def test_a_network_is_compared_with_its_own_backbone(results):
    """Of the study's DenseNet201 the recipe as it is must not stand in for MobileNetV2's."""
    invent(
        "as-logged-vs-described",
        lambda spec: (
            (0.9 if spec.backbone == "DenseNet201" else 0.5)
            if spec.recipe == "md-as-logged-frozen" and spec.variant in (None, "rgb")
            else None
        ),
        parts=("test",),
    )
    frame = effect_pages.pages()[0]["fields"].set_index("Score")
    assert float(frame.loc["accuracy", "As logged"]) < 0.6


def test_one_training_a_side_has_no_gain():
    clear, open_ = Estimate(0.1, 0.05, 0.2), Estimate(0.1, -0.05, 0.2)
    one, more = (effect_words.by_score([clear, open_, open_, clear], count) for count in (1, 2))
    assert "one training each" in one
    assert "gain" not in one
    assert more.startswith("a clear gain in accuracy +0.100 [+0.050, +0.200], AUC, macro")
    assert more.endswith("not clear for mean recall and macro F1")
    assert "one training" not in more


def test_models_on_the_official_test_are_ranked_by_mean_recall(results):
    invent("external", lambda spec: 0.6 if spec.recipe == "clean-frozen" else 0.4,
           parts=("test", external.PART))  # fmt: skip
    invent("best", lambda spec: 0.8 if not spec.variant else None,
           parts=("validation", "test", external.PART))  # fmt: skip
    frames, texts, _ = external_pages.pages()
    order = frames["external"]["Model"].tolist()
    assert order[0].startswith("MobileNetV2, best")
    assert [("clean-frozen" in name) for name in order] == [False, True, True, True] + [False] * 3
    assert "*Our model*, best, 128 px, seed 0, reaches a mean recall of" in texts["external"]
    assert texts["external"].count("\n- *") == 3
    assert texts["external"].count("from a part that chose its epoch") == 1
    assert frames["external-classes"]["Images"].tolist() == [30] * 7
    assert "on 210 official test images" in texts["best"]
    assert "our model MobileNetV2, best, 128 px, seed 0" in external_pages.of_official()
    assert list(asked.finished_best()) == ["best, 128 px, seed 0"]


@pytest.mark.parametrize(("larger", "size"), [(0.9, 192), (0.7, 128)])
def test_our_model_is_the_one_that_validation_prefers(results, larger, size):
    invent("best", lambda spec: {None: 0.8, "larger": larger}.get(spec.variant),
           parts=("validation", "test", external.PART))  # fmt: skip
    assert next(iter(asked.finished_best())) == f"best, {size} px, seed 0"
    assert f"best, {size} px" in external_pages.of_official()


def test_lesions_on_both_sides_are_counted_once_and_quoted(results):
    table = synthetic.metadata(1500, 0)
    assert leakage_pages.write_both_sides(table, seeds=range(2)) == results / "both-sides.json"
    text = leakage_pages.pages()[1]["leakage-share"]
    assert "over 2 seeds" in text
    assert "1,500 images" in text
