"""One classifier, compiled as training does it, whose steps can be timed one by one."""

import dataclasses
import math
import time

import numpy as np

# Bytes of the arrays that are copied to find the bandwidth: well beyond any cache.
COPIED = 128 * 2**20


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a session builds.

    Attributes
    ----------
    backbone, recipe : str
    size : int or None
        Side in pixels; None: the authors'.
    batch : int
    changes : dict
        Recipe fields that are replaced: ``precision``, ``steps_per_execution``,
        ``deterministic``.
    compiler : {'policy', 'xla', 'graph', 'eager'}
        ``policy``: what training would choose on this device.
    """

    backbone: str
    recipe: str = "clean"
    size: int | None = None
    batch: int = 8
    changes: dict = dataclasses.field(default_factory=dict)
    compiler: str = "policy"


class Session:
    """Build and compile a classifier with random weights.

    Parameters
    ----------
    setting : Setting
    """

    def __init__(self, setting):
        import keras

        from skinlib.experiments.recipes import get_recipe
        from skinlib.models import backend, device
        from skinlib.models.backbones import get_backbone
        from skinlib.models.classifier import build_classifier
        from skinlib.training import losses

        recipe = get_recipe(setting.recipe).replace(**setting.changes)
        if recipe.deterministic:
            backend.make_deterministic()
        device.quick_start()
        self.setting, self.recipe = setting, recipe
        self.size = setting.size or get_backbone(setting.backbone).input_size
        start = time.perf_counter()
        self.model = build_classifier(setting.backbone, recipe, size=self.size)
        policy = device.jit_compile() and not recipe.deterministic
        self.model.compile(
            optimizer=keras.optimizers.Adam(recipe.learning_rate, epsilon=recipe.epsilon),
            loss=losses.weighted_cross_entropy(np.ones(7)),
            metrics=["accuracy"],
            jit_compile={"policy": policy, "xla": True}.get(setting.compiler, False),
            run_eagerly=setting.compiler == "eager",
            steps_per_execution=recipe.steps_per_execution,
        )
        self.build_seconds = time.perf_counter() - start
        self._consumer = self._arrays = None
        rng = np.random.default_rng(0)
        shape = (setting.batch, self.size, self.size, 3)
        self.inputs = {"image": rng.integers(0, 256, shape, dtype=np.uint8)}
        if recipe.metadata:
            self.inputs["metadata"] = rng.normal(size=(setting.batch, 21)).astype(np.float32)
        self.labels = np.eye(7, dtype=np.float32)[rng.integers(0, 7, setting.batch)]

    def describe(self):
        """Return ``input_size``, ``batch``, ``build_seconds`` and the `cost` of a picture."""
        from skinlib.bench.cost import count

        return {
            "input_size": self.size,
            "batch": self.setting.batch,
            "build_seconds": round(self.build_seconds, 2),
            **count(self.model),
        }

    def train(self):
        """Take one training step; return its seconds."""
        return _timed(lambda: self.model.train_on_batch(self.inputs, self.labels))

    def fit(self, steps):
        """Take some steps as an epoch of training does; return seconds a step."""

        def same():
            for _ in range(steps):
                yield self.inputs, self.labels

        options = {"steps_per_epoch": steps, "epochs": 1, "verbose": 0, "shuffle": False}
        return _timed(lambda: self.model.fit(same(), **options)) / steps

    def forward(self):
        """Predict one batch; return its seconds."""
        return _timed(lambda: self.model.predict_on_batch(self.inputs))

    def feed(self):
        """Read one batch from a pixel cache and augment it; return its seconds."""
        from skinlib.bench import input as feeding
        from skinlib.experiments.recipes import AUGMENTATION

        if self._consumer is None:
            self._consumer = feeding.consumer(self.size, augmentation=AUGMENTATION)
        order = np.arange(self.setting.batch)[::-1]
        cache = self.inputs["image"]
        return _timed(lambda: self._consumer.predict_on_batch(feeding.read(cache, order)))

    def probe(self):
        """Return the peaks of the device now: ``flops`` and ``bytes_per_second``, float32."""
        import keras

        from skinlib.models import device

        cpu = device.device_name().startswith("cpu")
        side = 2048 if cpu else 8192
        if self._arrays is None:
            rng = np.random.default_rng(0)
            square = keras.ops.convert_to_tensor(rng.random((side, side), np.float32))
            long = np.ones(COPIED // 4, np.float32)
            self._arrays = square, long, np.empty_like(long), keras.ops.convert_to_tensor(long)
        square, source, target, tensor = self._arrays

        def multiply():
            _wait(keras.ops.matmul(square, square))

        def copy():
            if cpu:
                np.copyto(target, source)
            else:
                _wait(keras.ops.negative(tensor))

        # The best of a few: a peak is what the machine can do, not what it does on average.
        return {
            "flops": 2 * side**3 / min(_timed(multiply) for _ in range(2)),
            "bytes_per_second": 2 * COPIED / min(_timed(copy) for _ in range(3)),
        }

    def memory(self):
        """Return the peaks of memory so far, in MB: ``process``, and ``gpu`` or None."""
        from skinlib.models.device import peak_memory_mb

        found = _gpu_peak()
        return {"process": peak_memory_mb(), "gpu": round(found / 2**20) if found else None}


def _timed(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _wait(tensor):
    """Let the device finish: it has when one number of the result is here."""
    import keras

    flat = keras.ops.reshape(tensor, (-1,))[:1]
    if not math.isfinite(float(keras.ops.convert_to_numpy(flat)[0])):
        msg = "a probe of the device gave a number that is not finite"
        raise ArithmeticError(msg)


def _gpu_peak():
    """Return the largest memory in use on the first GPU so far, in bytes, or None."""
    import keras

    name = keras.backend.backend()
    if name == "tensorflow":
        import tensorflow as tf

        if tf.config.list_logical_devices("GPU"):
            return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    elif name == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    elif name == "torch":
        import torch

        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    return None
