"""Faults of the place: rights, homes, names, versions, locales, clocks, cores."""

import json
import os
import pwd
import shutil
import subprocess
import sys

import pytest
import tiny

from skinlib.common import paths
from skinlib.common.process import switched_on
from skinlib.experiments.run import read_run
from skinlib.models import runtime


@pytest.mark.skipif(sys.platform != "linux", reason="capabilities are Linux'")
def test_f25_a_folder_that_is_read_only(cli, synthetic_folder, tmp_path):
    """Said before any training, with the folder's name; F46 has the cache."""
    folder = tmp_path / "read only"
    folder.mkdir()
    folder.chmod(0o555)
    done = cli(
        "train",
        *("--data", synthetic_folder, "--backbone", "MobileNetV3Small", "--size", 32),
        *("--weights", "none", "--no-progress"),
        env={"SKINLIB_RESULTS": str(folder)},
        preexec_fn=tiny.without_rights,
    )
    done.fails(2, f"'{folder}", "Permission denied", "choose another folder")
    assert not list(tmp_path.rglob("run.json"))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/null", "/proc/nowhere"])
def test_f25_a_home_that_is_none(place, main, synthetic_folder, monkeypatch):
    for name in ("SKINLIB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", place)
    main("check-data", "--data", "synthetic:63").fails(2, place, "choose another folder")


def test_f25_no_home_at_all(main, monkeypatch):
    """A container's user without an entry in the password file."""

    def unknown(uid):
        raise KeyError(uid)

    for name in ("SKINLIB_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    main("check-data", "--data", "synthetic:63").fails(2, "no home", "SKINLIB_CACHE")


def test_f25_a_path_with_spaces_and_letters_of_other_alphabets(odd_run, main):
    """Data, results and weights all lay there; the run is whole and can be used."""
    assert " " in str(odd_run.folder)
    assert not str(odd_run.folder).isascii()
    assert read_run(odd_run.folder).finished
    assert f"{odd_run.folder}" in odd_run.outcome.out
    main("predict", next(odd_run.data.glob("*.jpg")), "--run", odd_run.folder).succeeds()


# F50: switches


@pytest.mark.parametrize("value", ["maybe", "2", "on off"])
def test_f50_a_switch_that_is_neither_on_nor_off(value, train, folder, results, monkeypatch):
    monkeypatch.setenv("SKINLIB_QUICK_START", value)
    train(folder).fails(2, f"SKINLIB_QUICK_START='{value}'", "set it to 1 or 0")
    assert not list(results.rglob("run.json"))


@pytest.mark.parametrize(
    ("value", "on"),
    [(None, False), ("", False), ("0", False), ("False", False), (" no", False), ("off", False),
     ("1", True), ("TRUE", True), ("yes ", True), ("on", True)],
)  # fmt: skip
def test_f50_what_switches_off_does(value, on, monkeypatch):
    if value is not None:
        monkeypatch.setenv("SKINLIB_ANY", value)
    assert switched_on("SKINLIB_ANY") is on


# F34: other versions than the lock file's.


def test_f34_other_versions_are_on_record(odd_run):
    """The training found a pandas 0.0.1; the number it gave is marked for good."""
    differs = read_run(odd_run.folder).record["differs_from_lock"]
    (pandas,) = (text for text in differs if text.startswith("pandas"))
    assert pandas.startswith("pandas 0.0.1, locked ")
    assert pandas not in runtime.differs_from_lock()


def test_f34_no_lock_file(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert runtime.differs_from_lock() == ["there is no requirements.lock"]


def test_f34_golden_numbers_are_compared_within_the_lock_only(cli, tmp_path):
    """Under another numpy the notebooks with checked numbers are left out, and it is said."""
    info = tmp_path / "numpy-0.0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.0.1\n")
    done = cli(
        *("--collect-only", "--nbval-lax", "tests/notebooks"),
        program=("-m", "pytest"),
        env={"PYTHONPATH": str(tmp_path)},
        cwd=paths.ROOT,
    )
    assert "ipynb" not in done.out
    assert "not compared, other versions than locked: numpy 0.0.1" in done.out


# F35: what must not matter to a number.

# One process of the matrix: draws both splits, computes every metric, trains for an epoch when
# told so, and prints it all. The clock may jump: back by a day whenever it is looked at.
PROGRAM = """
import json, locale, sys, time
print(locale.setlocale(locale.LC_ALL, ""), locale.localeconv()["decimal_point"], file=sys.stderr)
folder, run, jumps, results = sys.argv[1:]
if jumps == "jumps":
    now = [time.time()]
    def clock():
        now[0] -= 86_400
        return now[0]
    time.time = clock
from skinlib.stats import scores
from skinlib.experiments.run import read_run
from skinlib.training import loop
from skinlib.data import ham10000, splits
table = ham10000.load(folder, decode=False).table
draw = lambda unit: splits.make_split(table, unit=unit, test=0.25, validation=0.0, seed=0).hash
if results:
    import pytest, tiny
    from skinlib.common import paths
    paths.RESULTS = paths.Path(results)
    tiny.install(pytest.MonkeyPatch())
    run = loop.train(
        tiny.recipe(epochs=1), "Tiny", data=folder, name="a", weights=None, progress=False
    ).folder
labels, probabilities, _ = read_run(run).arrays("test")
found = {name: value.tolist() if hasattr(value, "tolist") else value
         for name, value in {**scores.summary(labels, probabilities),
                             **scores.per_class(labels, probabilities)}.items()}
print(json.dumps({"splits": [draw("image"), draw("lesion")], "metrics": found}, sort_keys=True))
"""

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
MATRIX = {
    "plain": {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", **ONE_THREAD},
    "German, far away": {"PYTHONHASHSEED": "random", "TZ": "Pacific/Kiritimati",
                         **dict.fromkeys(("LC_ALL", "LANG"), "de_DE.UTF-8"), **ONE_THREAD},
    "other hashes, eight threads": {
        "PYTHONHASHSEED": "4711", **dict.fromkeys([*ONE_THREAD, "OPENBLAS_NUM_THREADS"], "8"),
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """The variable that makes a German locale known; a comma stands before the fraction."""
    folder = tmp_path_factory.mktemp("locale")
    if shutil.which("localedef"):
        command = ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")]
        if not subprocess.run(command, capture_output=True, check=False).returncode:
            return {"LOCPATH": str(folder)}
    return {}


def start(folder, run, environment, *, jumps=False, results="", cores=None):
    """Start one process of the matrix; `cores` limits it to the first so many."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, folder, run, "jumps" if jumps else "", str(results)],
        env=tiny.environment(**environment),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: cores and os.sched_setaffinity(0, range(cores)),
    )  # fmt: skip


def told(process):
    out, err = process.communicate()
    assert process.returncode == 0, err
    return out.splitlines()[-1], err


def test_f35_splits_metrics_and_a_training_are_the_same_everywhere(
    synthetic_folder, tmp_path, german
):
    """Locale, time zone, hash seed, threads, cores, and a clock that runs backwards.

    A training has one thread, as the graph starts it: several threads add in another order,
    which is the one thing that is allowed to show in the last digits.
    """
    plain, odd = (tmp_path / name for name in ("plain", "odd"))
    far = {**german, **MATRIX["German, far away"], "HOME": "/dev/null"}
    first = start(synthetic_folder, "", MATRIX["plain"], results=plain, cores=1)
    second = start(synthetic_folder, "", far, jumps=True, results=odd)
    (expected, _), (other, locale) = told(first), told(second)
    assert len(json.loads(expected)["metrics"]) > 10
    assert other == expected
    if german:
        assert "de_DE.UTF-8 ," in locale
    one, two = (next(path.rglob("predictions.csv")) for path in (plain, odd))
    assert one.read_bytes() == two.read_bytes()
    threads = MATRIX["other hashes, eight threads"]
    assert told(start(synthetic_folder, one.parent, threads, jumps=True))[0] == expected
