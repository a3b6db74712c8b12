"""Take turns, watch the clock, and say on what machine: what all benches share."""

import contextlib
import os
import platform
import time

import numpy as np

# What changes speed or memory from outside; recorded as far as it is set.
VARIABLES = (
    "KERAS_BACKEND", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS",
    "XLA_FLAGS", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_",
    "SKINLIB_QUICK_START",
)  # fmt: skip


def machine():
    """Return what a result must say of the machine, itself a dict of plain values.

    Returns
    -------
    dict
        ``device``, ``system``, ``cores`` this process may use, ``memory_gb`` or None,
        ``versions``, ``environment`` (see `VARIABLES`), ``load`` (running processes: mean of
        the last minute, of five and of fifteen, or None) and ``measured`` (UTC).
    """
    from skinlib.models import device

    return {
        "device": device.device_name(),
        "system": platform.platform(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": _memory_gb(),
        "versions": device.versions(),
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "load": load(),
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }  # fmt: skip


def load():
    """Return the load averages of the machine over 1, 5 and 15 minutes, or None."""
    try:
        return [round(value, 2) for value in os.getloadavg()]
    except (AttributeError, OSError):
        return None


def _memory_gb():
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, OSError, ValueError):
        return None


def spread(values, digits=4):
    """Return ``median``, ``p90``, ``min``, ``max`` and ``count`` of some measurements.

    Parameters
    ----------
    values : sequence of float
        At least one.
    digits : int
        Significant ones.
    """
    values = np.asarray(values, float)
    found = {
        "median": np.median(values),
        "p90": np.quantile(values, 0.9),
        "min": values.min(),
        "max": values.max(),
    }
    return {key: significant(value, digits) for key, value in found.items()} | {
        "count": len(values)
    }


def significant(value, digits=4):
    """Round to significant digits."""
    return float(f"{value:.{digits}g}")


def rates(seconds, amount, digits=4):
    """Return the spread of `amount` per second; its ``p90`` is that of the slow tenth."""
    found = spread(amount / np.asarray(seconds, float), digits)
    return found | {"p90": significant(np.quantile(amount / np.asarray(seconds), 0.1), digits)}


def interleave(cases, rounds, *, progress=True):
    """Time some cases, each once a round, so that what else the machine does hits all alike.

    Parameters
    ----------
    cases : dict of str to callable
        Each does its work to the end: nothing may still be under way when it returns.
    rounds : int
    progress : bool

    Returns
    -------
    dict of str to list of float
        Seconds by round.
    """
    from tqdm import tqdm

    seconds = {name: [] for name in cases}
    for _ in tqdm(range(rounds), unit="round", disable=not progress):
        for name, run in cases.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def ratios(seconds, reference, amounts=None):
    """Return how many times faster each case was than the reference, round by round.

    Parameters
    ----------
    seconds : dict of str to list of float
        From `interleave`.
    reference : str
    amounts : dict of str to float, optional
        Work a case does in a round, where it is not the same for all.

    Returns
    -------
    dict of str to dict
        The `spread` of the ratios by case.
    """
    amounts = amounts or dict.fromkeys(seconds, 1)
    base = np.asarray(seconds[reference]) / amounts[reference]
    return {
        name: spread(base / (np.asarray(values) / amounts[name]))
        for name, values in seconds.items()
    }


@contextlib.contextmanager
def own_cache(folder):
    """Let caches live in a folder of the bench inside the block, so that none is left behind."""
    before = os.environ.get("SKINLIB_CACHE")
    os.environ["SKINLIB_CACHE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SKINLIB_CACHE"]
        else:
            os.environ["SKINLIB_CACHE"] = before
