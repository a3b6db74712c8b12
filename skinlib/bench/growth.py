"""The cost of growth: seconds and memory against the number of images.

Five hundred painted pictures are written again and again, each time with another comment
inside, so that no two files are equal and a hundred thousand take seconds to make. Every
number of images is measured in a process of its own, stage after stage. Time is judged by
the seconds of the processor, which other work on the machine changes least.
"""

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from skinlib.common.errors import SkinlibError

COUNTS, QUICK = (1_000, 10_000, 100_000), (200, 400)
PAINTED, WIDTH, HEIGHT = 500, 64, 48

# The smallest network of the table; the time of a step is the bench `step`'s concern.
BACKBONE, SIZE, BATCH = "MobileNetV3Small", 32, 64

STAGES = {
    "check": "read the table, decode and hash every file",
    "cache": "decode to the pixel cache",
    "open": "compare every image of the cache with its checksum",
    "split": "draw the split and encode the metadata",
    "split again": "read the split that was drawn, encode the metadata",
    "build": "import Keras, build the network",
    "train": "open the cache, one epoch, predict validation and test set, write the run",
    "predict": "predict the test set",
}


def measure(*, quick=False, counts=None, unit="lesion", progress=True):
    """Take synthetic sets of growing size through everything a run does.

    Parameters
    ----------
    quick : bool
        Two small sets.
    counts : sequence of int, optional
        Numbers of images, ascending, at least two.
    unit : {'lesion', 'image'}
        What is split.
    progress : bool
        Name each set on standard error.

    Returns
    -------
    dict
        `skinlib.bench.timing.machine`; the settings; ``rows``: one of each stage of each set,
        with ``images`` the stage handled, ``seconds``, ``cpu_seconds`` of all threads,
        ``images_per_second`` and ``peak_mb``, the largest resident memory of the process so
        far; ``last_step``: from the set before the last to the last, ``images`` and
        ``peak_mb`` as ratios, and by stage ``exponent``, the power of the number of images
        with which processor time grew: 1 is linear, 0 constant.

    Raises
    ------
    GrowthError
        If a process fails.
    """
    from skinlib.bench.timing import machine

    counts = counts or (QUICK if quick else COUNTS)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        painted = _paint(scratch / "painted", min(PAINTED, *counts))
        for count in counts:
            if progress:
                print(f"growth: {count:,} images", file=sys.stderr)
            folder = scratch / f"{count}"
            multiply(painted, folder / "data", count)
            rows += _in_a_process(folder, unit)
    return {
        **machine(),
        "backbone": BACKBONE,
        "input_size": SIZE,
        "batch": BATCH,
        "file_pixels": [WIDTH, HEIGHT],
        "split_unit": unit,
        "quick_start": True,
        "stages": STAGES,
        "rows": rows,
        "last_step": _last_step(rows, *counts[-2:]),
    }


class GrowthError(SkinlibError):
    """A process of the bench failed."""


def _paint(folder, count):
    from skinlib.data import synthetic

    return synthetic.generate(folder, images=count, width=WIDTH, height=HEIGHT)


def multiply(painted, folder, count):
    """Write a data set of `count` images from a smaller one, no two files and lesions alike.

    Parameters
    ----------
    painted : pathlib.Path
        A folder written by `skinlib.data.synthetic.generate`.
    folder : pathlib.Path
        Where to write; made here.
    count : int
        At most 10 million.
    """
    from skinlib.data.ham10000 import METADATA

    folder.mkdir(parents=True)
    table = pd.read_csv(painted / METADATA)
    files = [(painted / f"{name}.jpg").read_bytes() for name in table["image_id"]]
    times = math.ceil(count / len(table))
    grown = pd.concat([table] * times, ignore_index=True)[:count]
    copy = pd.Series(range(count)).floordiv(len(table)).astype(str)
    grown["lesion_id"] = grown["lesion_id"] + "_" + copy
    grown["image_id"] = [f"ISIC_{number:07d}" for number in range(count)]
    for number, name in enumerate(grown["image_id"]):
        content = files[number % len(files)]
        comment = name.encode()
        # A comment segment right behind the two bytes with which every JPEG begins.
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        (folder / f"{name}.jpg").write_bytes(content[:2] + segment + content[2:])
    grown.to_csv(folder / METADATA, index=False)


def _in_a_process(folder, unit):
    """Measure the set in ``folder / 'data'`` in a process of its own; return its rows."""
    environment = {
        **os.environ,
        "SKINLIB_CACHE": str(folder / "cache"),
        "SKINLIB_RESULTS": str(folder / "results"),
        # Optimising the graph costs the same whatever the number of images.
        "SKINLIB_QUICK_START": "1",
    }
    command = [sys.executable, "-m", "skinlib.bench.growth", str(folder / "data"), unit]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = "\n".join(done.stderr.splitlines()[-5:])
        msg = f"the measurement of '{folder.name}' images ended with {done.returncode}: {last}"
        raise GrowthError(msg)
    return json.loads(done.stdout.splitlines()[-1])


def _last_step(rows, before, after):
    """Compare the last two sets."""
    spent = {(row["set"], row["stage"]): max(row["cpu_seconds"], 1e-4) for row in rows}
    peak = {
        count: max(row["peak_mb"] for row in rows if row["set"] == count)
        for count in (before, after)
    }
    growth = math.log(after / before)
    return {
        "sets": [before, after],
        "images": round(after / before, 3),
        "peak_mb": round(peak[after] / peak[before], 3),
        "exponent": {
            stage: round(math.log(spent[after, stage] / spent[before, stage]) / growth, 2)
            for stage in STAGES
        },
    }


def _stages(folder, unit):
    """Take one set through all stages; return a row of each."""
    from skinlib.data import ham10000, pixels
    from skinlib.data.prepare import prepare
    from skinlib.experiments.recipes import get_recipe
    from skinlib.models import device

    rows = []

    @contextlib.contextmanager
    def stage(name, images):
        start, cpu = time.perf_counter(), time.process_time()
        yield
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        rows.append(
            {
                "set": count,
                "stage": name,
                "images": images,
                "seconds": round(seconds, 4),
                "cpu_seconds": round(cpu, 4),
                "images_per_second": round(images / seconds, 1),
                "peak_mb": device.peak_memory_mb(),
            }
        )

    recipe = get_recipe("clean").replace(
        split_unit=unit, batch_size=BATCH, epochs=1, metadata_units=64, learning_rate=0.01
    )
    count = len(ham10000.read_metadata(folder / ham10000.METADATA))
    with stage("check", count):
        dataset = ham10000.load(folder)
    for name in ("cache", "open"):
        with stage(name, count):
            pixels.cached(dataset, SIZE, progress=False)
    for name in ("split", "split again"):
        with stage(name, count):
            prepared = prepare(recipe, dataset, SIZE, 0, progress=False)
    with stage("build", 0):
        from skinlib.models.classifier import build_classifier
        from skinlib.training.loop import train
        from skinlib.training.prediction import predict

        model = build_classifier(BACKBONE, recipe, size=SIZE, weights=None)
    part = prepared.parts["test"]
    del prepared
    with stage("train", count):
        train(recipe, BACKBONE, data=dataset, size=SIZE, weights=None, progress=False)
    with stage("predict", len(part)):
        predict(model, part)
    return rows


if __name__ == "__main__":
    print(json.dumps(_stages(Path(sys.argv[1]), sys.argv[2])))
