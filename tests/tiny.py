"""A network of two convolutions in the table of backbones, so that a training takes seconds.

Run as a script it trains in child processes that kill themselves where they are told
to; see `main`.
"""

import ctypes
import functools
import importlib.util
import itertools
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import keras
import numpy as np
import pytest

from skinlib import cli
from skinlib.common import paths
from skinlib.experiments import run
from skinlib.experiments.recipes import AUGMENTATION, get_recipe
from skinlib.models.backbones import BACKBONES, Backbone
from skinlib.training import epochs, loop, mixing, state

ROW = Backbone(
    "Tiny", 32, 16, "tap", (8, 8, 16), "signed", "signed", None, pretrained=False,
    frozen_layer="below",
)  # fmt: skip


def constructor(include_top, weights, input_tensor, input_shape):
    """Stand where a function of keras.applications would stand."""
    assert (include_top, weights, input_shape[-1]) == (False, None, 3)
    tensor = input_tensor
    for index, filters in enumerate((8, 16)):
        tensor = keras.layers.Conv2D(filters, 3, strides=2, padding="same")(tensor)
        tensor = keras.layers.BatchNormalization(momentum=0.8)(tensor)
        tensor = keras.layers.ReLU(name="tap" if index else "below")(tensor)
    return keras.Model(keras.utils.get_source_inputs(input_tensor), tensor)


def install(patch):
    """Add the network to the table through a `pytest.MonkeyPatch`."""
    patch.setitem(BACKBONES, ROW.name, ROW)
    patch.setattr(keras.applications, ROW.name, constructor, raising=False)


def environment(**variables):
    """Return the variables of a process of its own that finds this module and the library."""
    places = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), **variables}


DROP_FROM_BOUNDING_SET, WRITE, ENTER = 24, 1, 2  # linux/prctl.h, linux/capability.h


def without_rights():
    """Take from a child process what lets root write to and enter every folder."""
    for right in (WRITE, ENTER):
        ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, right, 0, 0, 0)


def on_backend(backend, script, *arguments):
    """Run Python source with another Keras backend; skip the test where there is none."""
    if backend == keras.backend.backend():
        pytest.skip("this process runs on it")
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1")
    # Optimising takes XLA longer than everything else in these tests.
    flags = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_backend_optimization_level=0", **threads}
    command = [sys.executable, "-c", script, backend, *map(str, arguments)]
    subprocess.run(command, check=True, env=environment(KERAS_BACKEND=backend, **flags))


def recipe(name="clean", **fields):
    """Return a named recipe cut down to a few small epochs."""
    small = {"epochs": 3, "batch_size": 8, "metadata_units": 16, "learning_rate": 0.01}
    return get_recipe(name).replace(**{**small, **fields})


# Everything random is in it, and both the schedule and the stopping have work to do.
KILLED = recipe(
    augmentation=dict(AUGMENTATION),
    batch_size=4,
    epsilon=1e-7,
    epochs=15,
    stopping_patience=4,
    plateau_patience=1,
)


# The same without the parts whose graphs take seconds to build.
QUICK = KILLED.replace(augmentation=None, attention="none", metadata=False, epochs=8)


def train(data, study, recipe=KILLED, seed=0, **options):
    """Train the run of a study, by default the one that the killed ones are compared with."""
    options = {"name": "run", "progress": False, **options}
    return loop.train(recipe, "Tiny", data=data, study=study, seed=seed, **options)


def die():
    os.kill(os.getpid(), signal.SIGKILL)


# Where `arm` kills: in the call of a function.
PLACES = {
    "step": (epochs, "batch"),
    "before-state": (state, "save"),
    "in-state": (np, "savez"),
    "before-history": (run, "write_history"),
    "after-predictions": (run, "write_predictions"),
}


def arm(place, epoch, step):
    """Make this process kill itself in an epoch, in a call of the function of a place."""
    owner, name = PLACES[place]
    function, order = getattr(owner, name), mixing.epoch_order
    now, calls = {}, itertools.count()

    def noting_order(count, seed, number):
        now["epoch"] = number
        return order(count, seed, number)

    def fatal(*arguments, **arrays):
        if now.get("epoch") != epoch or next(calls) < step:
            return function(*arguments, **arrays)
        if place == "in-state":
            function(*arguments, **dict(list(arrays.items())[: len(arrays) // 2]))
            arguments[0].flush()
        if place == "after-predictions":
            function(*arguments)
        return die()

    mixing.epoch_order = noting_order
    setattr(owner, name, fatal)


def light_the_fuse(states, seconds):
    """Make this process kill itself so long after a number of states, wherever it is then.

    A state is written after every step: it may well be in the middle of that.
    """
    save, left = state.save, [states]

    def lighting(*arguments):
        left[0] -= 1
        if not left[0]:
            threading.Timer(seconds, die).start()
        save(*arguments)

    state.save, epochs.SAVE_SECONDS = lighting, 0.0


def attempt(prepare, *arguments):
    """Train in a child process after calling `prepare`; return its exit code."""
    child = os.fork()
    if not child:
        try:
            if prepare:
                prepare()
            train(*arguments)
        except BaseException as error:
            print(f"{arguments}: {error!r}", file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def at_places(folder, seed):
    """Train once whole, then once killed at seven places; return what happened."""
    codes = [attempt(None, folder, "whole")]
    whole = run.read_run(run.folder_of("whole", "run"))
    last = whole.record["epochs"] - 1
    steps = math.ceil(whole.record["split"]["counts"]["train"] / KILLED.batch_size)
    draw = random.Random(seed)
    places = [
        ("step", 0, draw.randrange(4, steps)),  # nothing saved yet
        ("step", 1, draw.randrange(steps)),
        ("before-state", 1, 0),  # perhaps with newer weights than the state
        ("in-state", 2, 0),
        ("before-history", 2, 0),
        ("step", last, draw.randrange(steps)),  # one epoch before the end
        ("after-predictions", last, 0),
    ]
    for place in places:
        codes.append(attempt(functools.partial(arm, *place), folder, "killed"))
    codes.append(attempt(None, folder, "killed"))
    return {"codes": codes, "last": last, "places": places}


def at_random(folder, seed, kills=4):
    """Train once whole, then once killed at random moments; return the exit codes."""
    draw = random.Random(seed)
    codes = [attempt(None, folder, f"whole-{seed}", QUICK, seed)]
    for _ in range(kills):
        # Fewer than there are steps, all kills together, so that each falls into the training.
        fuse = functools.partial(light_the_fuse, draw.randint(1, 5), draw.uniform(0.0, 0.03))
        codes.append(attempt(fuse, folder, f"killed-{seed}", QUICK, seed))
    while codes[-1] and len(codes) < 2 * kills:
        codes.append(attempt(None, folder, f"killed-{seed}", QUICK, seed))
    return codes


def main(how, folder, results, *seeds):
    """Do one of the two above for each seed; print what happened as JSON.

    The children are forked from one process that has imported Keras but computed
    nothing, which saves an import each.
    """
    paths.RESULTS = Path(results)
    install(pytest.MonkeyPatch())
    chosen = {"places": at_places, "random": at_random}[how]
    print(json.dumps({seed: chosen(folder, int(seed)) for seed in seeds}))


if __name__ == "__main__":
    if sys.argv[1] == "cli":  # the command line, with this network in the table
        install(pytest.MonkeyPatch())
        sys.exit(cli.main(sys.argv[2:]))
    main(*sys.argv[1:])
