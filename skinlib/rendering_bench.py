"""Tables, sentences and the figure of the page on speed, from ``results/bench/*.json``."""

import json

from skinlib import paths
from skinlib.bench import NAMES, tables, words
from skinlib.bench.cells import NOT_MEASURED
from skinlib.figures.roofline import roofline
from skinlib.figures.runs import not_run
from skinlib.tables import pd

# File of each table, by bench and in the order of `skinlib.bench.tables.of`.
FILES = {
    "small": ("speed-imports", "speed-pixel-cache"),
    "input": ("speed-input",),
    "options": ("speed-options",),
    "latency": ("speed-latency",),
    "runtimes": ("speed-runtimes", "speed-precisions", "speed-sizes", "speed-ratios"),
    "exports": ("export-parity", "export-costs"),
    "step": ("speed-step", "speed-roofline", "speed-fed"),
    "growth": ("speed-growth",),
    "reproduce": ("speed-hours", "speed-studies", "speed-epochs"),
}


def read():
    """Return the stored results by name, of CPU and GPU (``step``, ``step-gpu``)."""
    found = {}
    for name in NAMES:
        for key in (name, f"{name}-gpu"):
            path = paths.RESULTS / "bench" / f"{key}.json"
            if path.is_file():
                found[key] = json.loads(path.read_text(encoding="utf-8"))
    return found


def speed_pages(found=None):
    """Return frames, texts and figures of the page on speed, by file name.

    Parameters
    ----------
    found : dict, optional
        From `read`, which is the default. A bench that is missing shows as "not measured".
    """
    found = read() if found is None else found
    frames = {}
    for name, files in FILES.items():
        made = [frame for _, frame in tables.of(name, found)]
        made = made or [pd.DataFrame({"Bench": [f"{name}: {NOT_MEASURED}"]})] * len(files)
        frames.update(zip(files, made, strict=True))
    texts = {f"speed-{name}": words.of(name, found) for name in (*FILES, *words.ASIDE)}
    drawn = {"roofline": roofline(found["step"]) if "step" in found else not_run()}
    return frames, texts, drawn
