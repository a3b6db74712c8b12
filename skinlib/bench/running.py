"""Run benches, print their tables, store what they found."""

import inspect
import json
import os
import subprocess
import sys
import time

from skinlib import bench
from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.files import write_json
from skinlib.models.backbones import BACKBONES


def run(names=(), *, quick=False, **options):
    """Run some benches, or all; several run in a process each.

    Parameters
    ----------
    names : sequence of str
        Of `skinlib.bench.NAMES`; empty: all of them.
    quick : bool
        Rehearse: few rounds on small networks, stored below ``_build/bench``.
    **options
        ``backbones``, ``progress``; each bench takes those it knows. Results
        of other backbones, stored before on the same device, stay.

    Returns
    -------
    int
        Exit code: 1 when a bench failed in its process.
    """
    names = list(names) or list(bench.NAMES)
    for name in names:
        if name not in bench.NAMES:
            msg = f"there is no bench '{name}'; benches are {', '.join(bench.NAMES)}"
            raise DataError(msg)
    if len(names) == 1:
        run_one(names[0], quick=quick, **options)
        return 0
    failed = [name for name in names if _apart(name, quick, options)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _apart(name, quick, options):
    """Run one bench in a process of its own; return its exit code."""
    command = [sys.executable, "-m", "skinlib", "bench", name]
    command += ["--quick"] if quick else []
    command += [] if options.get("progress", True) else ["--no-progress"]
    if options.get("backbones"):
        command += ["--backbone", *options["backbones"]]
    print(f"== {name}", flush=True)
    return subprocess.run(command, check=False).returncode


def run_one(name, *, quick=False, **options):
    """Run one bench in this process, store and print what it found.

    Returns
    -------
    pathlib.Path
        ``<name>.json``, or ``<name>-gpu.json`` where the device is no CPU, so that both can be
        shown.
    """
    from skinlib.bench import tables

    module = bench.get_bench(name)
    # Read when a backend is imported, which happens in `measure`.
    os.environ.update(bench.ENVIRONMENT.get(name, {}))
    folder = paths.ROOT / "_build" / "bench" if quick else paths.RESULTS / "bench"
    known = inspect.signature(module.measure).parameters
    given = {"quick": quick, "folder": folder, **options}
    start = time.monotonic()
    found = module.measure(**{key: value for key, value in given.items() if key in known})
    if not options.get("backbones"):
        found["bench_seconds"] = round(time.monotonic() - start)
    gpu = not found.get("device", "cpu").startswith("cpu")
    path = folder / f"{name}{'-gpu' if gpu else ''}.json"
    if options.get("backbones") and path.is_file():
        found = _joined(json.loads(path.read_text(encoding="utf-8")), found)
    write_json(path, found)
    # What a bench leaves when it is cut.
    (folder / f"{name}.partial.json").unlink(missing_ok=True)
    for title, frame in tables.of(name, {name: found}):
        print(f"\n{title}\n{frame.to_string(index=False)}")
    print(path)
    return path


def _joined(before, found):
    """Put backbones that were measured anew among those measured before, on the same device."""
    if before["device"] != found["device"]:
        return found
    rows = {**before["backbones"], **found["backbones"]}
    took = {key: before[key] for key in ("bench_seconds",) if key in before}
    return {**found, **took, "backbones": {name: rows[name] for name in BACKBONES if name in rows}}
