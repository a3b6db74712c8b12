"""F22, F24, F27, F28, F32: what may happen to a training that goes on for a night."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tiny

from skinlib.common import paths
from skinlib.experiments.run import PREDICTIONS, read_run
from skinlib.training import run_lock, state

ARGUMENTS = ("train", "--backbone", "Tiny", "--size", 32, "--weights", "none", "--name", "run",
             "--no-progress")  # fmt: skip


@pytest.fixture
def command(synthetic_folder, tmp_path):
    """Return the arguments and the environment of a training in a process of its own."""

    def make(*fields, data=synthetic_folder, results=tmp_path / "results", script=tiny.__file__):
        settings = {"batch_size": 8, "metadata_units": 16, "epochs": 2, "attention": "none"}
        settings |= dict(field.split("=") for field in fields)
        chosen = [*ARGUMENTS, "--data", data]
        chosen += ["--set", *(f"{key}={value}" for key, value in settings.items())]
        return {
            "args": [sys.executable, script, "cli", *map(str, chosen)],
            "env": tiny.environment(SKINLIB_RESULTS=str(results)),
            "text": True,
            "stderr": subprocess.PIPE,
            "stdout": subprocess.PIPE,
        }

    return make


def finish(process, code):
    """Wait for a process; check its exit code and that it says why in one line; return it."""
    _, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    (line,) = [line for line in err.splitlines() if line.startswith("skinlib: ")]
    assert "Traceback" not in err
    return line


@pytest.fixture
def again(main, tiny_network, monkeypatch):
    """Give a command a second time, in this process, which saves an import of seconds.

    All that the first one left is on disk; nothing else could be gone on with.
    """

    def run(asked):
        monkeypatch.setattr(paths, "RESULTS", Path(asked["env"]["SKINLIB_RESULTS"]))
        main(*asked["args"][3:]).succeeds()

    return run


def wait_for(path, process):
    while not path.exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


def litter(folder):
    return [p for p in folder.rglob(".*") if p.name not in (".lock", ".owner")]


def test_f22_a_signal_saves_and_the_same_command_goes_on(command, again, tmp_path):
    folder = tmp_path / "results" / "runs" / "adhoc" / "run"
    # One picture a step: the signal falls into the first of two epochs.
    asked = command("batch_size=1")
    process = subprocess.Popen(**asked)
    wait_for(folder / "run.json", process)
    sent = time.monotonic()
    process.terminate()
    line = finish(process, 130)
    assert time.monotonic() - sent < 30
    assert "interrupted in epoch 1 after" in line
    assert "the same command goes on from there" in line
    with np.load(folder / state.NAME) as file:
        header = json.loads(file["header"].tobytes())
    assert header["step"] > 0
    assert header["history"] == []
    again(asked)
    run = read_run(folder)
    assert (run.finished, run.record["resumed"]) == (True, 1)
    assert len(run.history()) == 2
    assert not list(folder.glob("state*"))


WATCH = """
import time
from skinlib.common.process import Watch
with Watch() as watch:
    print("watching", flush=True)
    while True:
        time.sleep(0.05)
        if watch.requested:
            print("noted", flush=True)
            time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_f22_a_second_signal_ends_at_once(number):
    with subprocess.Popen(
        [sys.executable, "-c", WATCH], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "watching\n"
        process.send_signal(number)
        assert process.stdout.readline() == "noted\n"
        process.send_signal(number)
        assert process.wait(timeout=10) == -number


@pytest.fixture
def small_disk(tmp_path):
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system takes the rights of an administrator")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder, leave):
    """Fill a disk but for some bytes."""
    free = shutil.disk_usage(folder).free
    (folder / "filler").write_bytes(b"x" * (free - leave))


def test_f24_a_full_disk_costs_nothing_but_time(command, again, small_disk):
    asked = command(results=small_disk)
    # Room for the record of the run, not for its weights, whose writer would end the process.
    fill(small_disk, 64_000)
    line = finish(subprocess.Popen(**asked), 75)
    assert "space" in line
    assert not litter(small_disk)
    (small_disk / "filler").unlink()
    again(asked)
    assert read_run(small_disk / "runs" / "adhoc" / "run").finished


def test_f24_a_full_disk_leaves_the_previous_state(small_disk, monkeypatch):
    from faults.test_kill import Model

    monkeypatch.setattr(state, "to_numpy", lambda variable: variable.value)
    small, large = Model(1.0), Model(2.0)
    large.variables[0].value = np.zeros(300_000, np.float32)
    progress = state.Progress(state.Controls(1.0), [])
    state.save(small_disk, small, small, "identity", progress)
    with pytest.raises(OSError, match="No space left"):
        state.save(small_disk, large, small, "identity", progress)
    found = Model(0.0)
    assert state.load(small_disk, found, Model(0.0), "identity") == progress
    assert (found.value == 1.0).all()
    assert not litter(small_disk)


def test_f27_a_second_training_in_the_same_directory(command, train, synthetic_folder, results):
    folder = results / "runs" / "adhoc" / "run"
    first = subprocess.Popen(**command("batch_size=1", "epochs=40"))
    wait_for(folder / "run.json", first)
    second = train(synthetic_folder, "--name", "run")
    second.fails(2, f"process {first.pid} is training", "choose another name")
    # Its lock dies with the first, however that ends.
    first.kill()
    first.communicate()
    assert (folder / ".owner").read_text() == str(first.pid)
    with run_lock.hold(folder, read_run(folder).record["identity"]) as found:
        assert not found.finished
        assert (folder / ".owner").read_text() == str(os.getpid())


def test_f28_a_loss_that_is_no_number_fails_the_run(train, synthetic_folder, results):
    absurd = ("learning_rate=1e38", "epsilon=1e-30", "epochs=2", "metadata_units=16")
    line = train(synthetic_folder, "--name", "run", "--set", *absurd).fails(1, "in epoch")
    assert "became nan" in line or "became inf" in line
    assert "lower the learning rate" in line
    run = read_run(results / "runs" / "adhoc" / "run")
    assert run.record["status"] == "failed"
    assert "epoch" in run.record["reason"]
    assert not run.finished
    assert not (run.folder / PREDICTIONS).exists()


LIMITED = """
import resource, sys
import pytest, tiny
import tensorflow as tf
from skinlib import cli
from skinlib.training import epochs

tiny.install(pytest.MonkeyPatch())
tf.constant(1) + 1
train_epoch = epochs.train_epoch

def limited(*arguments, **options):
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 400 * 2**20,) * 2)
    return train_epoch(*arguments, **options)

epochs.train_epoch = limited
cli.leave(cli.main(sys.argv[2:]))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_f32_too_little_memory_for_a_batch(command, tmp_path):
    """Another size of batch would be another recipe, so it is named and not taken silently."""
    script = tmp_path / "limited.py"
    script.write_text(LIMITED)
    asked = command("batch_size=64", "epochs=1", "metadata=False", script=str(script))
    asked["args"][asked["args"].index("--size") + 1] = "1024"
    line = finish(subprocess.Popen(**asked), 75)
    assert "out of memory with batches of 64" in line
    assert "smaller batch_size" in line
    run = read_run(tmp_path / "results" / "runs" / "adhoc" / "run")
    assert run.record["status"] == "running"
    assert not (run.folder / PREDICTIONS).exists()
