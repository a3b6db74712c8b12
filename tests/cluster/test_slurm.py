"""A study on a real SLURM cluster: every run is killed once, and every run finishes.

Opt in with ``make test-slurm``. What happened is written to results/bench/slurm.log, which
the page "Run it on a cluster" shows.
"""

import importlib.metadata
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import one_node
import pytest
import yaml

from skinlib.common import paths
from skinlib.common.files import write_text
from skinlib.common.process import switched_on
from skinlib.experiments.run import read_run

STUDY = "night"
CONTENT = {
    "title": "Two short trainings",
    "data": "synthetic:140",
    "defaults": {
        "recipe": "clean",
        "size": 48,
        "weights": "none",
        "keep_weights": False,
        # Long enough to be caught in the middle.
        "changes": {"epochs": 12, "batch_size": 16, "metadata_units": 64},
    },
    "runs": [{"backbone": "MobileNet", "seed": [0, 1]}],
}
# For a machine that has other things to do; a quiet one needs three.
MINUTES = 15

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(
        not switched_on("SKINLIB_TEST_SLURM"), reason="set SKINLIB_TEST_SLURM=1 to start SLURM"
    ),
    pytest.mark.skipif(
        bool(one_node.missing()), reason=f"install slurm-wlm and munge: {one_node.missing()}"
    ),
]


class Transcript:
    """What was typed and what was answered, with the seconds since the start."""

    # What Snakemake says about a job; the rest of its messages is for other readers.
    TELLING = re.compile(r"submitted with SLURM|SLURM status|Trying to restart|Finished job|done$")

    def __init__(self, folder):
        self.start, self.folder, self.lines = time.monotonic(), str(folder), []

    def add(self, text):
        for line in text.rstrip("\n").split("\n"):
            short = line.replace(self.folder + "/", "").partition(" Detailed failure reason")[0]
            self.lines.append(f"{time.monotonic() - self.start:4.0f} s  {short}".rstrip())

    def follow(self, stream):
        """Add what a program says while it runs."""
        for line in stream:
            if self.TELLING.search(line):
                self.add(line.strip())

    def write(self, path, slurm):
        """Write everything, below when and where it was."""
        version = importlib.metadata.version
        head = (
            f"{time.strftime('%Y-%m-%d', time.gmtime())}: {slurm}, Snakemake "
            f"{version('snakemake')}, snakemake-executor-plugin-slurm "
            f"{version('snakemake-executor-plugin-slurm')}.\n"
            f"One node: a machine with {os.cpu_count()} cores that claims to have a GPU.\n\n"
        )
        write_text(path, head + "\n".join(self.lines) + "\n")


@pytest.fixture
def environment(tmp_path):
    """Start the cluster and make a checkout of links, with results of its own, in tmp_path."""
    pytest.importorskip("snakemake_executor_plugin_slurm", reason="pip install -e .[cluster]")
    for name in ("Makefile", "Snakefile", "profiles", "notebooks"):
        (tmp_path / name).symlink_to(paths.ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / f"{STUDY}.yaml").write_text(yaml.safe_dump(CONTENT))
    with one_node.cluster() as found:
        yield {
            **found,
            "PATH": f"{sys.prefix}/bin:{found['PATH']}",
            "SKINLIB_ROOT": str(tmp_path),
            "SKINLIB_CACHE": str(tmp_path / "cache"),
            "SKINLIB_QUICK_START": "1",
        }


def test_a_study_on_slurm_outlives_its_killers(tmp_path, environment):
    transcript = Transcript(tmp_path)

    def ask(command):
        done = subprocess.run(
            command.split(), cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        transcript.add(f"$ {command}\n{done.stdout}{done.stderr}")
        return done.stdout

    typed = f"make runs STUDY={STUDY} PROFILE=slurm"
    transcript.add(f"$ {typed}")
    study = subprocess.Popen(
        # -o: the virtual environment is there already, however old its stamp.
        [*typed.split(), "-o", ".venv/.installed"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    reader = threading.Thread(target=transcript.follow, args=(study.stdout,))
    reader.start()
    try:
        # One GPU: one run trains, the other waits. A job is taken away, as by a preemption.
        first = training_run(tmp_path, study)
        queue = ask("squeue -o %.5i|%.9T|%.10r|%k")
        assert sorted(re.findall(r"RUNNING|PENDING", queue)) == ["PENDING", "RUNNING"]
        job = re.search(r"(\d+)\|\s*RUNNING", queue).group(1)
        assert first.name in re.search(r"RUNNING.*", queue).group()
        pid = int((first / ".owner").read_text())
        # The job sees the GPU that SLURM gave it, and no other.
        assert b"CUDA_VISIBLE_DEVICES=0\0" in Path(f"/proc/{pid}/environ").read_bytes()
        ask(f"scancel {job}")
        transcript.add(f"$ tail -n 1 _build/logs/{STUDY}/{first.name}.log")
        transcript.add(last_words(tmp_path, first.name))

        # The other has its turn. Its process dies at once, as for want of memory.
        second = training_run(tmp_path, study, but=first)
        pid = int((second / ".owner").read_text())
        os.kill(pid, signal.SIGKILL)
        transcript.add(f"$ kill -KILL {pid}")
        code = study.wait(MINUTES * 60)
    finally:
        study.terminate()
        study.wait()
        reader.join()
    slurm = ask("sbatch --version").strip()
    ask("squeue --states=all -o %.5i|%.9T|%k")
    ask(f"python -m skinlib status {STUDY}")
    ask(f"grep -r resumed results/runs/{STUDY} --include=run.json")

    assert code == 0, "\n".join(transcript.lines)
    for name in (first.name, second.name):
        run = read_run(tmp_path / "results" / "runs" / STUDY / name)
        assert run.finished
        assert run.record["resumed"] >= 1
        assert len(run.history()) == run.record["epochs"]
        assert (tmp_path / "book" / "executed" / STUDY / f"{name}.ipynb").is_file()
    assert not (paths.ROOT / "results" / "runs" / STUDY).exists()
    transcript.write(paths.ROOT / "results" / "bench" / "slurm.log", slurm)


def training_run(folder, study, but=None):
    """Wait for a run with a state, which hence goes on from there; return its directory."""
    for _ in range(MINUTES * 120):
        for path in sorted((folder / "results" / "runs" / STUDY).glob("*/state.npz")):
            if path.parent != but:
                return path.parent
        assert study.poll() is None, "the study ended before it could be disturbed"
        time.sleep(0.5)
    pytest.fail("no run trained an epoch")


def last_words(folder, name):
    """Wait for what a run says about its end."""
    for _ in range(240):
        lines = (folder / "_build" / "logs" / STUDY / f"{name}.log").read_text().splitlines()
        if lines and lines[-1].startswith("skinlib: interrupted"):
            return lines[-1]
        time.sleep(0.1)
    pytest.fail(f"{name} did not notice that it was asked to stop; its log ends with {lines[-3:]}")
