"""How fast things are, measured: ``python -m skinlib bench``, one module a bench.

Every bench has ``measure(quick)`` and returns a dict: the machine, the settings and what was
measured by backbone or case, stored as ``results/bench/<name>.json``. ``quick`` is a rehearsal on
few and small pictures; ``backbones``, where a bench has it, restricts the table. Importing this
package imports no backend.
"""

import importlib
import json
import os
import subprocess
import sys
import time

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.process import import_keras

# In the order in which they run.
NAMES = ("input", "latency", "runtimes", "exports", "step")
# Single photographs gain little from a second thread, which would spoil the comparison.
ONE_THREAD = dict.fromkeys(
    ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), "1"
)
ENVIRONMENT = {
    "latency": ONE_THREAD,
    "runtimes": ONE_THREAD,
    "exports": ONE_THREAD,
    # The process of a backbone shares the GPU with the one that started it.
    "step": {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
}


def run(names=(), *, quick=False, backbones=None):
    """Run some benches, or all; several run in a process each.

    Parameters
    ----------
    names : sequence of str
        Of `NAMES`; empty: all of them.
    quick : bool
        Store below ``_build/bench``.
    backbones : sequence of str, optional
        Only these, in ``step`` and ``runtimes``; the stored results of others stay.

    Returns
    -------
    int
        Exit code: 1 when a bench failed in its process.
    """
    names = list(names) or list(NAMES)
    for name in names:
        if name not in NAMES:
            msg = f"there is no bench '{name}'; benches are {', '.join(NAMES)}"
            raise DataError(msg)
        if backbones and name not in ("step", "runtimes"):
            msg = f"the bench {name} measures no single backbones; leave out --backbone"
            raise DataError(msg)
    if len(names) == 1:
        run_one(names[0], quick=quick, backbones=backbones)
        return 0
    options = ["--quick"] if quick else []
    options += ["--backbone", *backbones] if backbones else []
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", "skinlib", "bench", name, *options]
        if subprocess.run(command, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def run_one(name, *, quick=False, backbones=None):
    """Run one bench in this process and store what it found; return the path.

    That is ``<name>.json``, or ``<name>-gpu.json`` where the device is no CPU.
    """
    from skinlib.common.files import write_json

    # Before `measure` imports a backend, which reads these.
    os.environ.update(ENVIRONMENT.get(name, {}))
    import_keras()
    measure = importlib.import_module(f"skinlib.bench.{name}").measure
    start = time.monotonic()
    found = measure(quick=quick, **({"backbones": backbones} if backbones else {}))
    folder = paths.ROOT / "_build" / "bench" if quick else paths.RESULTS / "bench"
    path = folder / f"{name}{'' if found['device'].startswith('cpu') else '-gpu'}.json"
    if backbones and path.is_file():
        found = _joined(json.loads(path.read_text(encoding="utf-8")), found, path)
    else:
        found["bench_seconds"] = round(time.monotonic() - start)
    write_json(path, found)
    print(path)
    return path


def _joined(before, found, path):
    """Put backbones that were measured anew among those measured before, on the same device."""
    for key in ("device", "recipe", "runtime_versions"):
        if before.get(key) != found.get(key):
            msg = (
                f"'{path}' was measured with {key} {before.get(key)!r}, here it is "
                f"{found.get(key)!r}; measure all backbones, without --backbone"
            )
            raise DataError(msg)
    return {**before, **found, "backbones": {**before["backbones"], **found["backbones"]}}
