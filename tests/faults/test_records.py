"""Faults of the record of a run: half-written, torn, or with other contents than it must have."""

import json
import os
import signal
import tempfile

import pytest
from records import blank

from skinlib.common import files
from skinlib.experiments.run import folder_of, list_runs, read_run, write_record

OLD = {**blank(), "run": "a", "status": "running"}
NEW = {**OLD, "status": "finished", "reason": "x" * 100_000}


def killed(moment, work):
    """Do some work in a child process that kills itself at a moment of its writing."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    replace = os.replace

    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)

    def half(path, text, **_):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[: len(text) // 2])
            file.flush()
            die()

    place, name, fatal = {
        "temporary file": (tempfile, "mkstemp", die),
        "half the text": (files.Path, "write_text", half),
        "flush": (os, "fsync", die),
        "move": (os, "replace", die),
        "after the move": (os, "replace", lambda *paths: (replace(*paths), die())),
    }[moment]
    setattr(place, name, fatal)
    work()
    os._exit(1)


@pytest.mark.parametrize(
    "moment", ["temporary file", "half the text", "flush", "move", "after the move"]
)
def test_f26_killed_while_writing_a_record(moment, results):
    """The old record or the new one, whole, at every moment; and the next writer succeeds."""
    folder = folder_of("s", "a")
    write_record(folder, OLD)
    assert killed(moment, lambda: write_record(folder, NEW)) == -signal.SIGKILL
    expected = NEW if moment == "after the move" else OLD
    assert read_run(folder).record == expected
    assert [run.name for run in list_runs("s")] == ["a"]
    write_record(folder, NEW)
    assert read_run(folder).record == NEW


def change(**fields):
    return lambda record: {**record, **fields}


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda record: {k: v for k, v in record.items() if k != "device"}, "lacks device"),
        (lambda record: [record], "expected object"),
        (change(seed="zero"), 'seed is "zero", expected integer'),
        (change(status="done"), 'status is "done", expected one of running, finished, failed'),
        (change(split={"unit": "lesion"}), "lacks split.hash"),
        (change(data=None), "data is null, expected object"),
    ],
)
def test_f26_a_record_of_another_shape(damage, words, main, odd_run, results):
    """Checked when it is read, by every command."""
    folder = results / "a"
    folder.mkdir(parents=True)
    record = json.loads((odd_run.folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps(damage(record)), encoding="utf-8")
    main("predict", "x.jpg", "--run", folder).fails(3, folder, words)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_f26_a_torn_record(share, main, odd_run, results):
    text = (odd_run.folder / "run.json").read_text(encoding="utf-8")
    results.mkdir()
    (results / "run.json").write_text(text[: int(share * len(text))], encoding="utf-8")
    done = main("predict", "x.jpg", "--run", results)
    done.fails(3, results / "run.json", "is not JSON", "train again")
