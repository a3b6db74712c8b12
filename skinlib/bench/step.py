"""What a training step costs, by backbone, and how near it comes to the peaks of the machine."""

import os

import numpy as np

from skinlib.bench import timing
from skinlib.bench.cost import BYTES_PER_ELEMENT, count, floors
from skinlib.bench.input import consumer
from skinlib.data.store import read
from skinlib.experiments.recipes import AUGMENTATION, get_recipe
from skinlib.models.backbones import BACKBONES, get_backbone

BATCH = 8
# Seconds for the rounds of a backbone, and the least and the greatest number of rounds.
BUDGET = 12.0
ROUNDS = (2, 10)
# Bytes of the arrays that are copied to find the bandwidth: well beyond any cache.
COPIED = 128 * 2**20


def measure(*, backbones=None, quick=False):
    """Time training steps, predictions, input and the machine's peaks; see `skinlib.bench`.

    Each backbone has a process of its own, so that memory is that of one network.

    Returns
    -------
    dict
        By backbone the result of `one`, or ``error`` if its process ended.
    """
    from tqdm import tqdm

    names = backbones or (["MobileNet"] if quick else list(BACKBONES))
    found = {
        **timing.machine(), "quick": quick, "recipe": "clean", "precision": "float32",
        "batch": BATCH, "bytes_per_element": BYTES_PER_ELEMENT["float32"], "backbones": {},
    }  # fmt: skip
    for name in tqdm(names, unit="network", disable=None):
        try:
            found["backbones"][name] = timing.apart(one, name, quick)
        except timing.ProcessError as error:
            found["backbones"][name] = {"error": str(error)}
    return found


def one(name, quick=False):
    """Measure one backbone in this process.

    The first step traces and compiles. Every round takes one training step, one prediction, one
    augmented batch and one probe of the device, so that ratios are between neighbours in time.

    Returns
    -------
    dict
        Size, `skinlib.bench.cost.count`, ``first_step_seconds``, ``memory_mb`` and `analyse`.
    """
    if quick:
        os.environ["SKINLIB_QUICK_START"] = "1"
    model, inputs, labels = _compiled(name, 32 if quick else None)
    images = inputs["image"]
    about = {"input_size": images.shape[1], "batch": BATCH, **count(model)}
    augmented, order = consumer(images.shape[1], augmentation=AUGMENTATION), np.arange(BATCH)[::-1]
    work = {
        "train": lambda: model.train_on_batch(inputs, labels),
        "forward": lambda: model.predict_on_batch(inputs),
        "feed": lambda: augmented.predict_on_batch(read(images, order)),
    }
    first, second = timing.timed(work["train"]), timing.timed(work["train"])
    memory = _memory()
    probe = _probe()
    for run in (work["forward"], work["feed"], probe):
        run()
    rounds = ROUNDS[0] if quick else int(np.clip(BUDGET / second, *ROUNDS))
    peaks = []
    turns = {**work, "probe": lambda: peaks.append(probe())}
    seconds = timing.interleave(turns, rounds)
    return {**about, "first_step_seconds": round(first, 2), "memory_mb": memory,
            **analyse(about, seconds, peaks)}  # fmt: skip


def _compiled(name, size):
    """Return a network with random weights, compiled as training does it, and a batch."""
    import keras

    from skinlib.models import runtime
    from skinlib.models.classifier import build_classifier
    from skinlib.training import losses

    recipe, size = get_recipe("clean"), size or get_backbone(name).input_size
    runtime.quick_start()
    model = build_classifier(name, recipe, size=size)
    model.compile(
        optimizer=keras.optimizers.Adam(recipe.learning_rate, epsilon=recipe.epsilon),
        loss=losses.weighted_cross_entropy(np.ones(7)),
        metrics=["accuracy"],
        jit_compile=runtime.jit_compile(),
    )
    rng = np.random.default_rng(0)
    inputs = {
        "image": rng.integers(0, 256, (BATCH, size, size, 3), dtype=np.uint8),
        "metadata": rng.normal(size=(BATCH, 21)).astype(np.float32),
    }
    return model, inputs, np.eye(7, dtype=np.float32)[rng.integers(0, 7, BATCH)]


def _probe():
    """Return a function that measures ``flops`` and ``bytes_per_second`` of the device now."""
    import keras

    from skinlib.models import runtime

    cpu = runtime.device_name().startswith("cpu")
    side = 2048 if cpu else 8192
    square = keras.ops.ones((side, side), "float32")
    source = np.ones(COPIED // 4, np.float32)
    target, tensor = np.empty_like(source), keras.ops.convert_to_tensor(source)

    def wait(tensor):
        # Fetch one number: it is there when the device has finished.
        keras.ops.convert_to_numpy(keras.ops.reshape(tensor, (-1,))[:1])

    def copy():
        np.copyto(target, source) if cpu else wait(keras.ops.negative(tensor))

    # The best of a few: a peak is what the machine can do, not its average.
    return lambda: {
        "flops": 2 * side**3
        / min(timing.timed(lambda: wait(keras.ops.matmul(square, square))) for _ in range(2)),
        "bytes_per_second": 2 * COPIED / min(timing.timed(copy) for _ in range(3)),
    }  # fmt: skip


def _memory():
    """Return the peaks of memory so far, in MB: ``process``, and ``gpu`` of TensorFlow or None."""
    import keras

    from skinlib.models.runtime import peak_memory_mb

    gpu = None
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.list_logical_devices("GPU"):
            gpu = round(tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20)
    return {"process": peak_memory_mb(), "gpu": gpu}


def analyse(about, seconds, probes):
    """Compare the seconds of some rounds with each other and with the machine's peaks.

    Parameters
    ----------
    about : dict
        ``batch``, ``macs`` and ``activations``.
    seconds : dict of str to sequence of float
        ``train``, ``forward`` and ``feed``, by round.
    probes : sequence of dict
        ``flops`` and ``bytes_per_second``, by round.
    """
    train = np.array(seconds["train"]) / about["batch"]
    peaks = {key: np.array([probe[key] for probe in probes]) for key in probes[0]}
    least = floors(about, **peaks)
    return {
        "train": timing.rates(seconds["train"], about["batch"]),
        "forward": timing.rates(seconds["forward"], about["batch"]),
        "input_share": timing.spread(np.array(seconds["feed"]) / seconds["train"]),
        **{f"of_{limit}": timing.spread(each / train) for limit, each in least.items()},
    }
