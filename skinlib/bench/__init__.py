"""How fast things are, measured: ``python -m skinlib bench``, one file per bench.

Every bench has ``measure(...) -> dict``, which is stored as ``results/bench/<name>.json``
with the machine it ran on. Absolute figures belong to that machine and its load; the
ratios are between cases that took turns in one run. No module imports a backend before
it measures.
"""

import importlib

from skinlib.common.errors import DataError

# In the order in which they run; `reproduce` computes with the rates of `step`.
NAMES = (
    "small", "input", "options", "latency", "runtimes", "exports", "step", "growth", "reproduce",
)  # fmt: skip

# One photograph at a time gains little from a second thread, and loses the comparison with
# other machines; the other benches use what there is. Read when a backend is imported.
ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
ENVIRONMENT = {"latency": ONE_THREAD, "runtimes": ONE_THREAD, "exports": ONE_THREAD}


def get_bench(name):
    """Return the module of a bench.

    Raises
    ------
    skinlib.common.errors.DataError
        Naming the benches there are.
    """
    if name not in NAMES:
        msg = f"there is no bench '{name}'; benches are {', '.join(NAMES)}"
        raise DataError(msg)
    return importlib.import_module(f"skinlib.bench.{name}")
