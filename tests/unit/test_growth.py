"""The bench of growth: its data are what they claim, its figures come from where they should."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tiny
from PIL import Image

from skinlib.bench import growth
from skinlib.common import paths
from skinlib.common.files import sha256
from skinlib.data import ham10000
from skinlib.models import device


def test_a_set_grows_without_a_copy(synthetic_folder, dataset, tmp_path, caplog):
    """160 files of 70 pictures: other bytes, the same pixels, every lesion with its own facts."""
    growth.multiply(synthetic_folder, tmp_path / "grown", 160)
    grown = ham10000.load(tmp_path / "grown")
    assert len(grown.table) == 160
    assert len({sha256(path) for path in grown.table["path"]}) == 160
    assert not caplog.records
    assert grown.name == "synthetic"
    counts = grown.table["lesion_id"].str.split("_").str[-1].value_counts().to_dict()
    assert counts == {"0": 70, "1": 70, "2": 20}
    first, again = (Image.open(grown.table["path"][row]) for row in (3, 73))
    np.testing.assert_array_equal(first, again)
    assert grown.table["dx"][3] == grown.table["dx"][73]


def test_one_set_goes_through_all_stages(synthetic_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SKINLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(growth, "BACKBONE", tiny.ROW.name)
    tiny.install(monkeypatch)
    rows = growth._stages(synthetic_folder, "lesion")
    assert [row["stage"] for row in rows] == list(growth.STAGES)
    peaks = [row["peak_mb"] for row in rows]
    assert peaks == sorted(peaks)
    held_out = json.loads(next((tmp_path / "results").rglob("run.json")).read_text())
    images = {row["stage"]: row["images"] for row in rows}
    assert images["predict"] == held_out["split"]["counts"]["test"]
    assert images["train"] == 70
    assert all(row["seconds"] > 0 for row in rows)


def test_growth_is_that_between_the_last_two_sets():
    """Four times the images: linear, quadratic, constant and square-root stages; peaks of a set."""
    powers = dict(zip(growth.STAGES, (1, 2, 0, 0.5, 1, 0, 1, 1), strict=True))
    rows = [
        {"set": count, "stage": stage, "cpu_seconds": 3 * count**power, "peak_mb": peak}
        for count, peak in ((25, 9), (100, 40), (400, 50))
        for stage, power in powers.items()
    ]
    rows[-1]["peak_mb"] = 60
    found = growth._last_step(rows, 100, 400)
    assert found["images"] == 4
    assert found["peak_mb"] == 1.5
    assert found["exponent"] == powers


def test_the_peak_is_that_of_the_process_not_of_its_parent():
    """This one has imported much more than a bare interpreter."""
    script = "from skinlib.models.device import peak_memory_mb; print(peak_memory_mb())"
    ballast = np.ones(100_000_000, np.uint8)
    here = device.peak_memory_mb()
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert here > ballast.nbytes / 2**20
    if sys.platform == "linux":
        assert 5 < int(child.stdout) < here


def test_a_process_that_fails_is_named(tmp_path):
    with pytest.raises(growth.GrowthError, match=r"(?s)'70'.*HAM10000_metadata"):
        growth._in_a_process(tmp_path / "70", "lesion")
