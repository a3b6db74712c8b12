"""Trainings with the ideas of other works: they learn, and a killed one ends as a whole one."""

import keras
import numpy as np
import pytest
import tiny
from comparing import assert_same_numbers
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler

from skinlib.common.errors import DataError
from skinlib.data import masks
from skinlib.data.prepare import prepare
from skinlib.experiments.recipes import AUGMENTATION
from skinlib.experiments.records import starting_weights
from skinlib.models import frozen
from skinlib.models.augment import augment_layer
from skinlib.models.classifier import build_classifier
from skinlib.models.weights import load_classifier
from skinlib.plots.curves import learning_curves
from skinlib.predict.runs import load_run
from skinlib.training import distillation, evaluation

FROZEN = tiny.recipe("clean-frozen", learning_rate=0.05, epsilon=1e-7)
MANY = {
    "mix": "mixup", "cumulative": True, "focal": 1.0, "loss_cap": 0.1, "sampling": "balanced",
    "missing_facts": 0.1, "metadata_layers": "two", "metadata_units": 8, "dropblock": 0.1,
    "spectral": True,
}  # fmt: skip


@pytest.mark.parametrize(
    "recipe",
    [FROZEN.replace(augmentation=dict(AUGMENTATION), augmented_copies=2),
     FROZEN.replace(**MANY), tiny.recipe("clean", **MANY)],
)  # fmt: skip
def test_a_killed_training_with_ideas_ends_as_if_nothing_had_happened(
    recipe, dataset, monkeypatch, request
):
    name = request.node.callspec.id
    whole, validate = tiny.train(dataset, f"whole-{name}", recipe), evaluation.validate

    def killed(*arguments):
        validate(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(evaluation, "validate", killed)
        tiny.train(dataset, f"killed-{name}", recipe)
    assert_same_numbers(tiny.train(dataset, f"killed-{name}", recipe), whole)


def test_the_layers_of_the_ideas_are_those_asked_for():
    names = [
        {layer.name for layer in build_classifier("Tiny", recipe, size=32).layers}
        for recipe in (FROZEN.replace(**MANY), FROZEN)
    ]
    added = {name for name in names[0] - names[1] if name.startswith(("metadata", "drop", "cos"))}
    blocks = {
        f"metadata_{kind}_{k}" for k in (1, 2) for kind in ("dense", "norm", "relu", "dropout")
    }
    assert added == {"dropblock", "cosine", "cosine_relu", "cosine_flatten", *blocks}
    assert "metadata_dense" in names[1] - names[0]


@pytest.fixture(scope="module")
def outlined(dataset, tmp_path_factory):
    """The drawn photographs with masks: the left half of each, but for the first."""
    folder = tmp_path_factory.mktemp("masks")
    for place, name in enumerate(dataset.table["image_id"]):
        mask = np.zeros(masks.SIZE[::-1], np.uint8)
        mask[:, : masks.SIZE[0] // 2 * (place > 0)] = 255
        Image.fromarray(mask).save(folder / f"{name}_segmentation.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKINLIB_MASKS", str(folder))
        yield dataset


def test_masks_are_read_as_a_path_and_as_a_background(outlined):
    recipe = FROZEN.replace(mask_path=True, picture="no_background")
    part = prepare(recipe, outlined, 32, 0, progress=False).parts["train"]
    plain = prepare(FROZEN, outlined, 32, 0, progress=False).parts["train"]
    left, right = np.split(part.inputs(np.arange(len(part)))["mask"], 2, axis=2)
    kept = part.rows > 0
    np.testing.assert_allclose(left[kept], 1, atol=1e-6)
    np.testing.assert_allclose(right, 0, atol=1e-6)
    pictures, before = (each.inputs(np.arange(len(part)))["image"] for each in (part, plain))
    assert not pictures[kept][:, :, 17:].any()
    np.testing.assert_array_equal(pictures[kept][:, :, :15], before[kept][:, :, :15])
    run = tiny.train(outlined, "masks", recipe)
    assert run.finished
    with pytest.raises(DataError, match="changed photographs or with masks"):
        load_run(run.folder)


@pytest.mark.parametrize("name", ["cutout", "randaugment"])
def test_named_augmentations_change_training_pictures_alone(name, dataset):
    recipe = FROZEN.replace(augmentation=name, augmented_copies=2)
    prepared = prepare(recipe, dataset, 32, 0, progress=False)
    lower, _ = frozen.halves(build_classifier("Tiny", recipe, size=32), tiny.ROW)
    parts = frozen.feature_parts(lower, prepared, recipe, progress=False)
    assert [len(parts[each].copies) for each in ("train", "test")] == [2, 1]
    assert not np.allclose(*parts["train"].copies)
    images = prepared.parts["test"].inputs(np.arange(8))["image"].astype("float32")
    found = np.asarray(augment_layer(name, 0)(images, training=True))
    assert found.min() >= 0
    assert found.max() <= 255
    if name == "cutout":
        grey = (found == 127.5).all(axis=-1)
        np.testing.assert_allclose(grey.mean(axis=(1, 2)), 0.25, atol=0.06)
        np.testing.assert_array_equal(found[~grey], images[~grey])


def test_a_pupil_learns_from_teachers_on_its_split(dataset):
    for number in (1, 2):
        tiny.train(dataset, "teachers", FROZEN.replace(epochs=number), name=f"t{number}-s0")
    recipe = FROZEN.replace(teachers=["teachers/t1-s{seed}", "teachers/t2-s{seed}"])
    found = [
        starting_weights(tiny.ROW, f"run:teachers/t{number}-s0").provenance() for number in (1, 2)
    ]
    run = tiny.train(dataset, "pupil", recipe)
    assert run.record["weights"]["teachers"] == found
    prepared = prepare(recipe, dataset, 32, 0, progress=False)
    given = distillation.teachers(recipe, tiny.ROW, 0, run.record["split"]["hash"])
    taught = distillation.taught(given, prepared, run.record)
    expected = []
    for each in given:
        model = build_classifier("Tiny", each.recipe, size=32)
        load_classifier(model, each.path)
        part = prepared.parts["train"]
        expected.append(model.predict(part.inputs(np.arange(len(part))), verbose=0))
    np.testing.assert_allclose(taught, np.mean(expected, axis=0), atol=1e-5)
    related = tiny.train(dataset, "related", recipe.replace(relations=1.0))
    assert not np.allclose(run.arrays()[1], related.arrays()[1], atol=1e-3)
    assert 0 < related.history()["accuracy"].iloc[-1] <= 1
    plain = tiny.train(dataset, "no-pupil", FROZEN)
    assert not np.allclose(run.arrays()[1], plain.arrays()[1], atol=1e-3)
    with pytest.raises(DataError, match="were trained on the split"):
        distillation.teachers(recipe, tiny.ROW, 0, "another")


@pytest.mark.parametrize("name", ["random_forest", "gradient_boosting", "svm"])
def test_a_learner_of_scikit_learn_is_a_run_like_any_other(name, dataset):
    run = tiny.train(dataset, name, FROZEN.replace(learner=name))
    assert run.finished
    assert run.record["epochs"] == len(run.history()) == 1
    assert set(run.predictions()["part"]) == {"validation", "test"}
    again = tiny.train(dataset, f"{name}-again", FROZEN.replace(learner=name))
    assert again.predictions().equals(run.predictions())
    learning_curves(run)


def test_a_forest_learns_the_tapped_tensor_averaged_and_the_facts(dataset):
    recipe = FROZEN.replace(learner="random_forest", class_weights="none")
    run = tiny.train(dataset, "forest", recipe)
    prepared = prepare(recipe, dataset, 32, 0, progress=False)
    model = build_classifier("Tiny", recipe, size=32)
    below = keras.Model(model.inputs, model.get_layer("pool").input)
    inputs = {}
    for name in ("train", "test"):
        taken = prepared.parts[name].inputs(np.arange(len(prepared.parts[name])))
        tapped = below.predict([taken["image"], taken["metadata"]], verbose=0)
        inputs[name] = np.hstack([tapped.mean(axis=(1, 2)), taken["metadata"]])
    scaler = StandardScaler().fit(inputs["train"])
    forest = RandomForestClassifier(500, random_state=0)
    forest.fit(scaler.transform(inputs["train"]), prepared.parts["train"].labels)
    expected = forest.predict_proba(scaler.transform(inputs["test"]))
    # Thresholds lie between features that are rounded in batches of another size.
    found = run.arrays()[1][:, forest.classes_]
    assert np.abs(found - expected).mean() < 0.02
    assert np.abs(found - np.roll(expected, 1, axis=0)).mean() > 0.05
