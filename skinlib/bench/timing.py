"""Timing in turns, and a description of the machine: what all benches share."""

import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

import numpy as np

from skinlib.common.errors import SkinlibError

# Settings from outside that change speed or memory; recorded where they are set.
VARIABLES = (
    "KERAS_BACKEND", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS",
    "XLA_FLAGS", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_",
    "SKINLIB_QUICK_START",
)  # fmt: skip


class ProcessError(SkinlibError):
    """A process that measures failed or was ended."""


def machine():
    """Return what a result says of the machine: plain values by name."""
    from skinlib.models import runtime

    return {
        "device": runtime.device_name(),
        "system": platform.platform(),
        "versions": runtime.versions(),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "load": [round(value, 2) for value in os.getloadavg()],
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def spread(values, slow=0.9):
    """Return ``median``, ``p90`` (the slow tenth), ``min``, ``max`` and ``count``."""
    values = np.asarray(values, float)
    found = {
        "median": np.median(values), "p90": np.quantile(values, slow),
        "min": values.min(), "max": values.max(),
    }  # fmt: skip
    return {key: float(f"{value:.4g}") for key, value in found.items()} | {"count": len(values)}


def rates(seconds, amount):
    """Return the `spread` of `amount` a second."""
    return spread(amount / np.asarray(seconds, float), slow=0.1)


def timed(run):
    """Call a function and return the seconds it took."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def interleave(cases, rounds):
    """Time cases in turn, so that other work on the machine falls on all alike.

    Parameters
    ----------
    cases : dict of str to callable
        Each returns only when all its work is done.
    rounds : int

    Returns
    -------
    dict of str to list of float
        Seconds by round.
    """
    seconds = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            seconds[name].append(timed(run))
    return seconds


def apart(function, *arguments):
    """Call a function in a new process, whose memory ends with it; may raise `ProcessError`."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(function, *arguments).result()
        except BrokenProcessPool:
            msg = "its process was ended by the system, for lack of memory perhaps"
        except Exception as error:
            msg = first_line(error)
    raise ProcessError(msg)


def first_line(error):
    """Return the kind and the first line of an exception."""
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
