"""Processes beside each other see different GPUs; the GPUs are names here, no hardware."""

import os
import subprocess
import sys

import pytest

from skinlib.common.errors import TemporaryError
from skinlib.training import gpus

# Takes GPUs, tells which, and keeps them until its input ends.
PROCESS = """
import sys
from skinlib.training import gpus
print(",".join(gpus.take(int(sys.argv[1]))), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Two GPUs, and a folder for locks that no other test uses; ends what was started."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(gpus.tempfile, "tempdir", None)
    started = []

    def start(count):
        process = subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, process.stdout.readline().strip()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_each_process_sees_another_one_and_a_killed_one_frees_its_own(machine):
    first, seen = machine(1)
    assert seen == "GPU-a"
    assert machine(1)[1] == "GPU-b"
    with pytest.raises(TemporaryError, match="1 of 2 GPUs wanted, 0 are free"):
        gpus.take(1)
    first.kill()
    first.wait()
    assert machine(1)[1] == "GPU-a"


def test_who_cannot_have_all_it_wants_leaves_what_is_free(machine, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a,GPU-b,GPU-c")
    machine(2)
    with pytest.raises(TemporaryError, match="2 of 3 GPUs wanted, 1 are free"):
        gpus.take(2)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-a,GPU-b,GPU-c"
    assert machine(1)[1] == "GPU-c"


@pytest.mark.parametrize(("listed", "count"), [("", 1), ("3", 1), ("0,1", 2)])
def test_nothing_to_choose(machine, monkeypatch, listed, count):
    """No GPU, or those that a scheduler chose."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    gpus.take(count)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == listed
    assert not list(gpus.Path(gpus.tempfile.gettempdir()).glob("skinlib-gpus-*"))


def test_the_tool_of_the_driver_is_asked(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nprintf 'GPU-1\\nGPU-2\\n'\n")
    tool.chmod(0o755)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert gpus.visible() == ["GPU-1", "GPU-2"]
