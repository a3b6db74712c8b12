"""The command line: one line naming the offender and the remedy, and the right exit code."""

import functools
import os
import shlex
import signal
import subprocess
import sys

import pytest
from PIL import Image

from skinlib import cli
from skinlib.cli import main
from skinlib.common import paths
from skinlib.data import synthetic
from skinlib.experiments import recipes
from skinlib.experiments.run import read_run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("check-data --data nowhere", ("nowhere", "python -m skinlib fetch")),
        ("train --data synthetic --set learning_rat=1", ("no field learning_rat",)),
        ("train --data synthetic --weights none --name ../a", ("'../a' is no name of a folder",)),
        ("train --data synthetic --weights none --study /a", ("study '/a' is no name of a",)),
        ("predict a.jpg --run .", ("run.json",)),
        ("describe --backbone VGG19", ("MobileNetV3Large",)),
    ],
)
def test_a_wrong_request(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments.split()) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("skinlib: ")
    assert all(word in line for word in words)


def test_the_command_line_is_there_before_the_heavy_libraries():
    program = (
        "import sys, skinlib.cli; "
        "print(sorted({'keras', 'tensorflow', 'pandas', 'scipy', 'h5py', 'pooch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_reader_that_has_enough_ends_the_command_quietly():
    command = [sys.executable, "-m", "skinlib", "audit"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 128 + signal.SIGPIPE


WAITING = """
import time
from skinlib import cli
from skinlib.cli import commands

def wait(args):
    "Wait."
    print("waiting", flush=True)
    time.sleep(60)

commands.check_data = wait
raise SystemExit(cli.main(["check-data"]))
"""


def test_sigterm_ends_a_background_job_too():
    """A shell starts those with SIGINT ignored."""
    command = [sys.executable, "-c", WAITING]
    ignore = functools.partial(signal.signal, signal.SIGINT, signal.SIG_IGN)
    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=ignore) as process:
        assert process.stdout.readline() == b"waiting\n"
        process.terminate()
        assert process.wait(timeout=20) == 130


def test_every_argument_has_help_and_every_command_says_it_is_no_medical_device():
    (commands,) = (action.choices for action in cli.parser()._actions if action.choices)
    for name, command in commands.items():
        assert "Not a medical device" in command.description, name
        assert all(action.help for action in command._actions), name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["predict", "photo.png"], "Not a medical device"),
        (["describe", "--backbone", "MobileNetV3Small", "--size", "64"], "MobileNetV3Small"),
    ],
)
def test_nothing_but_ours_is_printed(words, said, tmp_path, monkeypatch):
    """In a process of its own, which imports TensorFlow and tells it to be silent."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(synthetic.photograph("nv", 1, 0, 0, 160, 120)).save("photo.png")
    command = [sys.executable, "-m", "skinlib", *words]
    environment = {key: value for key, value in os.environ.items() if key[:3] != "TF_"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert said in done.stdout
    assert done.stderr == ""


COMMITTED = sorted((paths.ROOT / "results" / "runs").glob("*/*/run.json"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_the_command_that_trains_a_run_anew_asks_for_the_same_recipe(path):
    run = read_run(path.parent)
    _, *words = shlex.split(run.command().removeprefix("python -m "))
    args = cli.parser().parse_args(words)
    assert recipes.get_recipe(args.recipe).replace(**dict(args.set or [])) == recipes.from_json(
        run.record["recipe"]
    )
    assert (args.backbone, args.size, args.seed) == tuple(
        run.record[key] for key in ("backbone", "input_size", "seed")
    )
    assert args.weights.startswith({"run": "run:", "none": "none"}.get(
        run.record["weights"]["source"], "imagenet"
    ))  # fmt: skip
