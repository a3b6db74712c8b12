"""The saved state comes back bit by bit, or not at all."""

import dataclasses
import json
import pickle

import keras
import numpy as np
import pytest
import tiny
from keras import ops

from skinlib.common.errors import IntegrityError
from skinlib.experiments.recipes import AUGMENTATION
from skinlib.models.classifier import build_classifier
from skinlib.training import losses, state
from skinlib.training.schedule import Controls

IDENTITY = "0123456789ab"
CONTROLS = Controls(0.002, plateau_best=1.25, stopping_wait=3, best_epoch=4, stopped=True)
# Awkward doubles, and the infinities that fresh counters hold.
HISTORY = [{"epoch": 1, "loss": 0.1 + 0.2, "val_loss": 1e-300}, {"epoch": 2, "loss": float("inf")}]
METRICS = [np.float32(1.5), np.array([0.1, 7], np.float32)]


def progress(**fields):
    """In the middle of an epoch."""
    return state.Progress(CONTROLS, HISTORY, step=5, seconds=1.25, metrics=METRICS, **fields)


def same(found, expected):
    assert_equal(found.metrics, expected.metrics)
    return dataclasses.replace(found, metrics=[]) == dataclasses.replace(expected, metrics=[])


def save(path, model, what=None):
    state.save(path.parent, model, model.optimizer, IDENTITY, what or progress())


def load(path, model, identity=IDENTITY):
    return state.load(path.parent, model, model.optimizer, identity)


def build(seed=0, **fields):
    recipe = tiny.recipe(augmentation=dict(AUGMENTATION), **fields)
    model = build_classifier("Tiny", recipe, seed=seed)
    model.compile(
        optimizer=keras.optimizers.Adam(0.01, epsilon=0.1),
        loss=losses.weighted_cross_entropy(np.arange(1, 8)),
    )
    return model


def batch(number):
    rng = np.random.default_rng(number)
    inputs = {
        "image": rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8),
        "metadata": rng.normal(size=(8, 21)).astype("float32"),
    }
    return inputs, np.eye(7, dtype="float32")[rng.integers(0, 7, 8)]


def values(model):
    variables = [*model.variables, *model.optimizer.variables]
    return [ops.convert_to_numpy(variable.value) for variable in variables]


def assert_equal(one, other):
    for mine, theirs in zip(one, other, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


@pytest.fixture(scope="module")
def model():
    """A model after two steps."""
    model = build()
    for number in range(2):
        model.train_on_batch(*batch(number))
    return model


@pytest.fixture(scope="module")
def other():
    """A model of the same graph with other weights, into which states are loaded."""
    return build(seed=1)


@pytest.fixture
def path(model, tmp_path):
    path = tmp_path / "state.npz"
    save(path, model)
    return path


def refused(path, model, identity=IDENTITY):
    with pytest.raises(IntegrityError) as caught:
        load(path, model, identity)
    # Every refusal says which file it is about and what to do.
    assert f"delete '{path}'" in str(caught.value)
    return str(caught.value)


def test_everything_comes_back_bit_by_bit(model, other, path):
    found = load(path, other)
    assert_equal(values(other), values(model))
    assert same(found, progress())
    # Not only weights: moments and step count, moving averages, both random streams.
    assert int(other.optimizer.iterations) == 2
    names = [variable.path for variable in model.variables]
    assert sum("seed" in name for name in names) == 2
    assert sum("moving_mean" in name for name in names) == 2
    assert len(values(model)) > len(names) + 2 * len(model.trainable_variables)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_truncated(share, other, path):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert "torn or corrupt" in refused(path, other)


def test_flipped_bit_anywhere(model, other, path, rng):
    # A few bits of a zip mean nothing (times, attributes): either the file is refused, or
    # everything in it comes back as it was.
    whole, expected, refusals = path.read_bytes(), values(model), 0
    structure = [*range(200), *range(len(whole) - 6000, len(whole))]
    for place in [*rng.integers(0, len(whole), 60), *rng.choice(structure, 240)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            found = load(path, other)
        except IntegrityError:
            refusals += 1
            continue
        assert same(found, progress())
        assert_equal(values(other), expected)
    assert refusals > 100


def test_state_of_another_run(other, path):
    assert f"belongs to run {IDENTITY}, not ffff" in refused(path, other, "ffff")


@pytest.mark.parametrize("fields", [{"attention_heads": 8}, {"attention": "as_coded"}])
def test_state_of_another_graph(fields, path):
    assert "does not fit the graph at model variable" in refused(path, build(**fields))


def rewrite(path, **changed):
    with np.load(path) as file:
        arrays = {**{name: file[name] for name in file.files}, **changed}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def test_missing_optimizer(other, path):
    rewrite(path, optimizer_3=None)
    assert "optimizer variable 3" in refused(path, other)


@pytest.mark.parametrize(
    "header",
    ["no json", [1], {}, {"identity": IDENTITY, "history": [], "controls": {"speed": 1}}],
    ids=str,
)
def test_header_that_is_none(header, other, path):
    text = header if isinstance(header, str) else json.dumps(header)
    rewrite(path, header=np.frombuffer(text.encode(), np.uint8))
    assert "torn or corrupt" in refused(path, other)


class Malicious:
    ran = False

    def __reduce__(self):
        return setattr, (Malicious, "ran", True)


@pytest.mark.parametrize("name", ["header", "model_0", "stowaway"])
def test_nothing_is_unpickled(name, other, path):
    array = np.empty(1, object)
    array[0] = Malicious()
    rewrite(path, **{name: array})
    assert "torn or corrupt" in refused(path, other)
    assert not Malicious.ran
    path.write_bytes(pickle.dumps(Malicious()))
    refused(path, other)
    assert not Malicious.ran


def test_the_state_before_is_kept_and_takes_over_from_a_damaged_one(model, other, path, caplog):
    before = path.read_bytes()
    save(path, model, progress(logs={"loss": 2.0}))
    previous = path.with_name(state.PREVIOUS)
    assert previous.read_bytes() == before != path.read_bytes()
    assert same(load(path, other), progress(logs={"loss": 2.0}))
    path.write_bytes(path.read_bytes()[:-100])
    assert same(load(path, other), progress())
    assert "torn or corrupt" in caplog.text
    assert "going on from the state before it" in caplog.text
    # Neither is whole: an error, never a silent start from the beginning.
    previous.write_bytes(before[:-100])
    with pytest.raises(IntegrityError, match="torn or corrupt"):
        load(path, other)
    # The newest is lost between two names.
    previous.write_bytes(before)
    path.unlink()
    assert same(load(path, other), progress())
    state.discard(path.parent)
    assert not list(path.parent.iterdir())
    assert load(path, other) is None
