"""What is done to training batches, against Keras' layers and loops over pixels."""

import keras
import numpy as np
import pytest

from skinlib.common.errors import DataError
from skinlib.experiments.recipes import get_recipe
from skinlib.training import distillation, losses, mixing

LABELS = np.repeat(np.arange(7), [4, 6, 10, 2, 12, 60, 3])
PLACES = np.arange(8)
ONE_HOT = np.eye(7, dtype=np.float32)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def changes(epoch=0, seed=3, **fields):
    return mixing.Changes(get_recipe("clean").replace(**fields), LABELS, seed, epoch)


def inputs(rng, count=8):
    return {
        "features": rng.normal(size=(count, 6, 6, 3)).astype(np.float32),
        "metadata": rng.normal(size=(count, 21)).astype(np.float32),
    }


def test_mixup_is_that_of_keras(rng):
    taken, targets = inputs(rng), ONE_HOT[LABELS[:8]]
    other, share = rng.permutation(8), rng.random(8).astype(np.float32)
    found, found_targets = mixing.mixup(taken, [targets], other, share)
    layer, how = keras.layers.MixUp(), {"mix_weight": share, "permutation_order": other}
    np.testing.assert_allclose(
        found["features"], layer.transform_images(taken["features"], how), atol=1e-6
    )
    np.testing.assert_allclose(found_targets, layer.transform_labels(targets, how), atol=1e-6)
    np.testing.assert_allclose(
        found["metadata"], layer.transform_labels(taken["metadata"], how), atol=1e-6
    )


def test_cutmix_pastes_one_box_and_mixes_the_rest_by_its_area(rng):
    taken = {"image": rng.integers(0, 256, (40, 8, 8, 3), np.uint8), "metadata": np.eye(40, 21)}
    targets = np.eye(40)
    other, share = np.roll(np.arange(40), 1), rng.random(40)
    found, mixed = mixing.cutmix(taken, [targets], other, share, rng)
    areas = []
    for row in range(40):
        own = (found["image"][row] == taken["image"][row]).all(axis=-1)
        pasted = (found["image"][row] == taken["image"][other[row]]).all(axis=-1)
        assert (own | pasted).all()
        rows, columns = np.flatnonzero(~own.all(1)), np.flatnonzero(~own.all(0))
        assert (~own).sum() == len(rows) * len(columns)
        assert mixed[row, row] == pytest.approx(own.mean())
        assert mixed[row, other[row]] == pytest.approx(1 - own.mean())
        areas.append(own.mean())
    # Boxes are cut by the edge, so that more is kept than was asked for.
    assert share.mean() < np.mean(areas) < 1
    assert found["image"].dtype == np.uint8


def test_facts_are_hidden_one_by_one(rng):
    facts = np.ones((4000, 21), np.float32)
    hidden = mixing.hide(facts, 0.1, rng) == 0
    blocks = [hidden[:, :1], hidden[:, 1:5], hidden[:, 5:]]
    for block in blocks:
        assert (block.all(axis=1) == block.any(axis=1)).all()
        assert block[:, 0].mean() == pytest.approx(0.1, abs=0.02)
    both = blocks[0][:, 0] & blocks[1][:, 0]
    assert both.mean() == pytest.approx(0.01, abs=0.006)


def test_every_image_is_shown_once_in_another_order_each_epoch():
    first, again, second = (changes(epoch).order().tolist() for epoch in (0, 0, 1))
    assert first == again != second
    assert sorted(first) == sorted(second) == list(range(len(LABELS)))


def test_sampling_shows_every_class_as_often_or_melanomas_and_nevi_once():
    shown = np.concatenate([changes(epoch, sampling="balanced").order() for epoch in range(100)])
    assert len(shown) == 100 * len(LABELS)
    shares = np.bincount(LABELS[shown], minlength=7) / len(shown)
    np.testing.assert_allclose(shares, 1 / 7, atol=0.015)
    order = changes(sampling="melanoma_nevus").order()
    assert sorted(order) == np.flatnonzero((LABELS == 4) | (LABELS == 5)).tolist()


@pytest.mark.parametrize("mix", ["mixup", "cutmix"])
def test_a_batch_depends_on_seed_epoch_and_step_alone(mix, rng):
    taken, targets = inputs(rng), ONE_HOT[LABELS[:8]]
    once, again = (
        changes(2, mix=mix, missing_facts=0.5)(4, PLACES, taken, targets) for _ in range(2)
    )
    np.testing.assert_array_equal(once[0]["features"], again[0]["features"])
    np.testing.assert_array_equal(once[1], again[1])
    for epoch, seed, step in [(3, 3, 4), (2, 4, 4), (2, 3, 5)]:
        other = changes(epoch, seed, mix=mix, missing_facts=0.5)(step, PLACES, taken, targets)
        assert not np.array_equal(once[0]["metadata"], other[0]["metadata"])
    np.testing.assert_allclose(once[1].sum(axis=1), 1, rtol=1e-5)


def test_nothing_is_done_where_nothing_is_asked_for(rng):
    taken, targets = inputs(rng), ONE_HOT[LABELS[:8]]
    found, same = changes()(0, PLACES, taken, targets)
    assert found is taken
    assert same is targets


def test_cumulative_weights_begin_even_and_end_balanced():
    """Weights grow with the square of the epoch in their exponent; their mean stays 1."""
    balanced = losses.class_weights(LABELS)
    found = [changes(epoch, cumulative=True, epochs=5).weights for epoch in range(5)]
    np.testing.assert_allclose(found[0], 1)
    np.testing.assert_allclose(found[4], balanced)
    for epoch, weights in enumerate(found):
        assert weights[LABELS].mean() == pytest.approx(1)
        ratio = np.log(weights[3] / weights[5]) / np.log(balanced[3] / balanced[5])
        assert ratio == pytest.approx((epoch / 4) ** 2, abs=1e-9)
    *_, given = changes(4, cumulative=True, epochs=5)(
        0, np.arange(len(LABELS)), {}, ONE_HOT[LABELS]
    )
    np.testing.assert_allclose(given, balanced[LABELS], rtol=1e-6)


def test_targets_of_teachers_give_the_sum_of_both_losses(rng):
    """By hand: half the weighted loss of the labels, half the plain one of the teachers."""
    taught = rng.dirichlet(np.ones(7), len(LABELS)).astype(np.float32)
    probabilities = rng.dirichlet(np.ones(7), 8).astype(np.float32)
    recipe = get_recipe("clean").replace(teachers=["a/b"])
    given = mixing.Changes(recipe, LABELS, 0, 0, taught)
    _, targets = given(0, PLACES, {}, ONE_HOT[LABELS[:8]])
    weights = losses.class_weights(LABELS)
    found = losses.weighted_cross_entropy(weights)(targets, probabilities)
    log = np.log(probabilities)
    of_labels = -weights[LABELS[:8]] * log[PLACES, LABELS[:8]]
    of_teachers = -(taught[:8] * log).sum(axis=1)
    np.testing.assert_allclose(np.asarray(found), (of_labels + of_teachers) / 2, rtol=1e-4)


def test_relations_are_those_of_loops_over_the_images_of_a_batch(rng):
    taught, found = rng.dirichlet(np.ones(7), (2, 5)).astype(np.float32)
    loss = distillation.with_relations(losses.weighted_cross_entropy(np.ones(7)), 2.0)
    added = np.asarray(loss(np.hstack([ONE_HOT[:5], taught]), found)) + np.log(
        found[range(5), range(5)]
    )

    def relations(rows, image):
        others = [k for k in range(5) if k != image]
        similar = [
            rows[image] @ rows[k] / np.linalg.norm(rows[image]) / np.linalg.norm(rows[k])
            for k in others
        ]
        strength = np.exp(np.array(similar) / distillation.TEMPERATURE)
        return strength / strength.sum()

    for image in range(5):
        one, other = relations(taught, image), relations(found, image)
        assert added[image] == pytest.approx(2 * (one * np.log(one / other)).sum(), rel=1e-3)
    alone = loss(np.hstack([ONE_HOT[:1], taught[:1]]), found[:1])
    assert float(alone[0]) == pytest.approx(-np.log(found[0, 0]), rel=1e-4)


def test_relations_of_the_same_probabilities_cost_nothing_and_need_teachers(rng):
    taught = rng.dirichlet(np.ones(7), 6).astype(np.float32)
    loss = distillation.with_relations(losses.weighted_cross_entropy(np.zeros(7)), 1.0)
    np.testing.assert_allclose(loss(np.hstack([taught, taught]), taught), 0, atol=1e-5)
    recipe = get_recipe("clean").replace(teachers=["a/b"], relations=1.0)
    table = rng.dirichlet(np.ones(7), len(LABELS)).astype(np.float32)
    _, targets = mixing.Changes(recipe, LABELS, 0, 0, table)(0, PLACES, {}, ONE_HOT[LABELS[:8]])
    np.testing.assert_array_equal(targets[:, 7:], table[:8])
    with pytest.raises(DataError, match="relations is 1.0 without teachers"):
        get_recipe("clean").replace(relations=1.0)


def test_teachers_and_smoothed_labels_exclude_each_other():
    with pytest.raises(DataError, match="set label_smoothing to 0"):
        get_recipe("clean").replace(teachers=["a/b"], label_smoothing=0.1)
    with pytest.raises(DataError, match="teachers is 'a/b', expected a list"):
        get_recipe("clean").replace(teachers="a/b")
