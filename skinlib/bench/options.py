"""What the settings of a training step are worth: compiler, precision, steps at one go."""

import contextlib

import numpy as np

from skinlib.bench.session import Setting
from skinlib.bench.timing import load, machine, spread
from skinlib.bench.worker import Worker, WorkerError

BATCH = 8
ROUNDS = 3
STEPS = 8

# A network of depthwise convolutions and one of ordinary ones, small enough for each setting.
NETWORKS = {"MobileNetV3Small": 224, "ResNet50": 96}

PLAIN = "plain"

# Settings that differ from a plain run in one thing, and what they are called.
OPTIONS = {
    PLAIN: ("as training does it", {}),
    "one-go": ("8 steps at one go", {"changes": {"steps_per_execution": STEPS}}),
    "bfloat16": ("mixed precision, bfloat16", {"changes": {"precision": "mixed_bfloat16"}}),
    "deterministic": ("deterministic operations", {"changes": {"deterministic": True}}),
    "xla": ("compiled with XLA", {"compiler": "xla"}),
    "eager": ("eager, no graph", {"compiler": "eager"}),
}
# So slow on a CPU that fewer steps have to do.
SLOW = {"xla": 2, "eager": 2}


def measure(*, quick=False, progress=True):
    """Time the steps of the same training under different settings, in turn.

    Every setting lives in a process of its own; all are ready before the first round.

    Parameters
    ----------
    quick : bool
        One network on small pictures, two settings, two rounds.
    progress : bool

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`, the settings and ``networks``: by name
        ``input_size`` and ``options``, each with ``label``, ``seconds`` a step (spread),
        ``times_plain`` (how many times faster, spread over the rounds), ``first_seconds``
        and ``memory_mb``, or an ``error``.
    """
    import keras

    networks = {"MobileNet": 32} if quick else NETWORKS
    names = [PLAIN, "one-go"] if quick else list(OPTIONS)
    if keras.backend.backend() != "tensorflow":
        # JAX is XLA; PyTorch has no graph here.
        names = [name for name in names if name not in ("xla", "eager")]
    record = machine()
    found = {
        network: {
            "input_size": size,
            "options": _compare(network, size, names, 2 if quick else ROUNDS, quick, progress),
        }
        for network, size in networks.items()
    }
    return {**record, "load_after": load(), "quick": quick, "recipe": "clean", "batch": BATCH,
            "rounds": 2 if quick else ROUNDS, "networks": found}  # fmt: skip


def _compare(network, size, names, rounds, quick, progress):
    from tqdm import tqdm

    with contextlib.ExitStack() as stack:
        workers, first, errors = {}, {}, {}
        for name in tqdm(names, desc=f"{network}: first steps", disable=not progress):
            setting = Setting(network, size=size, batch=BATCH, **OPTIONS[name][1])
            try:
                worker = stack.enter_context(Worker(setting, quick=quick))
                first[name] = STEPS * worker.do("fit", STEPS) if name not in SLOW else (
                    SLOW[name] * worker.do("fit", SLOW[name])
                )  # fmt: skip
                worker.do("fit", SLOW.get(name, STEPS))
                workers[name] = worker
            except WorkerError as error:
                errors[name] = str(error)
        seconds = {name: [] for name in workers}
        for _ in tqdm(range(rounds), desc=network, unit="round", disable=not progress):
            for name, worker in workers.items():
                seconds[name].append(worker.do("fit", SLOW.get(name, STEPS)))
        memory = {name: worker.do("memory") for name, worker in workers.items()}
    return {
        name: {"label": OPTIONS[name][0], "error": errors[name]}
        if name in errors
        else {
            "label": OPTIONS[name][0],
            "seconds": spread(seconds[name]),
            "times_plain": spread(np.divide(seconds[PLAIN], seconds[name])),
            "first_seconds": round(first[name], 2),
            "memory_mb": memory[name],
        }
        for name in names
    }
