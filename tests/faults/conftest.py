"""Fixtures of the fault tests: the command line, data to spoil, a server that misbehaves."""

import contextlib
import dataclasses
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from skinlib.cli import main as skinlib_main
from skinlib.common import paths


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    def fails(self, code, *words):
        """Check a loud failure: the exit code, and one line that has all the words."""
        lines = [line for line in self.err.splitlines() if line.startswith("skinlib: ")]
        assert self.code == code, self
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        for word in words:
            assert str(word) in lines[0], (word, lines[0])
        return lines[0]

    def succeeds(self):
        assert self.code == 0, self
        return self.out


@pytest.fixture(scope="session")
def main():
    """Run a command in this process, which saves seconds of imports."""

    def run(*arguments):
        with (
            contextlib.redirect_stdout(io.StringIO()) as out,
            contextlib.redirect_stderr(io.StringIO()) as err,
        ):
            code = skinlib_main([str(argument) for argument in arguments])
        return Outcome(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def cli():
    """Run a command in a process of its own; a variable set to None is taken away."""

    def run(*arguments, env=None, program=("-m", "skinlib"), **options):
        variables = {**os.environ, **(env or {})}
        command = [sys.executable, *program, *map(str, arguments)]
        done = subprocess.run(
            command,
            env={name: value for name, value in variables.items() if value is not None},
            capture_output=True,
            text=True,
            check=False,
            **options,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def folder(synthetic_folder, tmp_path):
    """A data set of 70 photographs to spoil."""
    return shutil.copytree(synthetic_folder, tmp_path / "data")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """An empty results folder."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


@pytest.fixture(scope="package")
def tiny_network():
    """Put a network of two convolutions into the table, so that a training takes seconds.

    For these tests alone: others count the rows of the table.
    """
    import tiny

    with pytest.MonkeyPatch.context() as patch:
        tiny.install(patch)
        yield tiny.ROW.name


@pytest.fixture(scope="module")
def killings(synthetic_folder, tmp_path_factory):
    """Start the trainings that `test_kill` kills, in three processes.

    Returns
    -------
    results : pathlib.Path
    processes : list of subprocess.Popen
        The story around every write, and two of random moments.
    """
    import tiny

    results = tmp_path_factory.mktemp("killed")
    asked = [("places", 1), ("random", 1, 3, 5), ("random", 2, 4)]
    # One thread, so that sums are taken in one order.
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, "1"), "CUDA_VISIBLE_DEVICES": "-1"}
    # A cache of their own: other tests damage theirs.
    environment["SKINLIB_CACHE"] = str(results / "cache")
    processes = [
        subprocess.Popen(
            [sys.executable, tiny.__file__, how, str(synthetic_folder), str(results)]
            + [str(seed) for seed in seeds],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for how, *seeds in asked
    ]
    yield results, processes
    for process in processes:
        process.kill()
        process.wait()


SMALL = ("--size", 32, "--weights", "none", "--no-progress", "--set", "epochs=1",
         "batch_size=8", "metadata_units=16")  # fmt: skip


@pytest.fixture(scope="package")
def train(main, tiny_network):
    """Train the tiny network for an epoch through the command line."""

    def run(folder, *arguments):
        return main("train", "--backbone", tiny_network, "--data", folder, *SMALL, *arguments)

    return run


@dataclasses.dataclass(frozen=True)
class OddRun:
    """A training that met several harmless oddities at once; see `odd_run`."""

    folder: Path
    data: Path
    results: Path
    missing: tuple
    unknown_ages: int
    outcome: Outcome


@pytest.fixture(scope="package")
def odd_run(train, synthetic_folder, tmp_path_factory):
    """Train once where things are odd but allowed, since a training takes seconds.

    The data lie in a folder with spaces and letters of other alphabets, as do the results;
    two images are missing (F06), two more ages are unknown (F12), and the version of pandas is
    not the one of the lock file (F34).
    """
    base = tmp_path_factory.mktemp("odd") / "Haut läsion 皮肤 π"
    data = shutil.copytree(synthetic_folder, base / "my data")
    table = pd.read_csv(data / "HAM10000_metadata.csv")
    table.loc[table.index[[3, 30]], "age"] = None
    table.to_csv(data / "HAM10000_metadata.csv", index=False)
    missing = tuple(sorted(table.loc[table["dx"] == "nv", "image_id"])[:2])
    for name in missing:
        (data / f"{name}.jpg").unlink()
    unknown = int(table.loc[~table["image_id"].isin(missing), "age"].isna().sum())
    fake = base / "site" / "pandas-0.0.1.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: pandas\nVersion: 0.0.1\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "RESULTS", base / "results")
        patch.syspath_prepend(str(fake.parent))
        outcome = train(data, "--allow-missing", "--name", "odd")
    outcome.succeeds()
    results = base / "results"
    return OddRun(results / "runs" / "adhoc" / "odd", data, results, missing, unknown, outcome)
