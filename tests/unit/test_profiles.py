"""Snakemake profiles: options that exist, a GPU a run, and graphs that come about."""

import os
import subprocess
import sys

import pytest
import yaml
from snakemake.cli import get_argument_parser

from skinlib.common import paths

PROFILES = sorted((paths.ROOT / "profiles").glob("*/config.yaml"))
NAMES = [path.parent.name for path in PROFILES]

# Options of plugins, which need not be installed: each as its documentation names it.
PLUGIN_OPTIONS = {
    "slurm": {
        "slurm-requeue", "slurm-status-command", "slurm-init-seconds-before-status-checks",
    },
    "kubernetes": {"kubernetes-namespace", "kubernetes-persistent-volumes"},
}  # fmt: skip


def read(name):
    path = paths.ROOT / "profiles" / name / "config.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_option_exists_and_a_failed_run_is_tried_again(name):
    content = read(name)
    known = {text for action in get_argument_parser()._actions for text in action.option_strings}
    assert {f"--{key}" for key in set(content) - PLUGIN_OPTIONS.get(name, set())} <= known
    assert (content["executor"], content["keep-going"]) == (name, True)
    assert content["retries"] >= 1
    assert name == "local" or content["set-resources"]["run"]["gpu"] == 1


def snakemake(name, folder, *arguments, environment=None):
    """Call Snakemake in an empty folder; return its exit code and all it says."""
    for link in ("Snakefile", "profiles"):
        (folder / link).symlink_to(paths.ROOT / link)
    command = [
        sys.executable, "-m", "snakemake", "--workflow-profile", f"profiles/{name}",
        *arguments, "--", "runs",
    ]  # fmt: skip
    environment = {**os.environ, **(environment or {})}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def plan(name, folder, *arguments, environment=None):
    """Plan the demonstration, telling all, whatever the profile keeps quiet about."""
    code, said = snakemake(
        name, folder, "--dry-run", "--quiet", "host", "--config", "study=demo", *arguments,
        environment=environment,
    )  # fmt: skip
    assert code == 0, said
    return said


@pytest.mark.parametrize(
    ("name", "arguments", "plugins", "counts"),
    [
        ("local", ("--cores", "2", "--resources", "devices=2"), (), {"devices=1": 12, "gpu=": 0}),
        ("slurm", (), ("executor_plugin_slurm",), {"devices=1": 12, "gpu=1": 12}),
        ("kubernetes", (), ("executor_plugin_kubernetes", "storage_plugin_fs"),
         {"gpu_manufacturer=nvidia": 12}),
    ],
)  # fmt: skip
def test_plan_of_a_profile(name, arguments, plugins, counts, tmp_path):
    for plugin in plugins:
        pytest.importorskip(f"snakemake_{plugin}")
    environment = dict.fromkeys(read(name).get("envvars", ()), str(tmp_path))
    said = plan(name, tmp_path, *arguments, environment=environment)
    assert said.count("rule run:") == 12
    assert {text: said.count(text) for text in counts} == counts


def test_a_run_that_goes_on_from_another_is_planned_after_it(tmp_path):
    said = plan(
        "local", tmp_path, "--cores", "2", "--resources", "devices=2", "--config", "study=best"
    )
    jobs = [job for job in said.split("rule run:")[1:] if "larger" in job.split("log:")[0]]
    assert len(jobs) == 1
    before = jobs[0].split("output:")[0]
    assert before.strip() == "input: book/executed/best/MobileNetV2-best-128px-s0.ipynb"


def program(folder, name, text):
    path = folder / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def carry_out(folder, text, runs, *arguments, profile="local", **environment):
    """Run a study with a shell script in place of `python -m skinlib run STUDY RUN -o OUTPUT`."""
    study = {"title": "mine", "data": "synthetic", "runs": runs}
    (folder / "studies").mkdir()
    (folder / "studies" / "mine.yaml").write_text(yaml.safe_dump(study))
    stand_in = program(folder, "python", text)
    return snakemake(
        profile, folder, "--cores", "5", *arguments, "--config", "study=mine", f"python={stand_in}",
        environment={"SKINLIB_ROOT": str(folder), **environment},
    )  # fmt: skip


# Ends with the code its seed says.
SEED_IS_CODE = """
echo tried >> "$5.tried"
code=${5##*-s}
[ "$code" = 0 ] && touch "$7"
exit "$code"
"""


def test_only_what_may_get_better_is_tried_again(tmp_path):
    runs = [{"backbone": "MobileNet", "recipe": "clean", "seed": [0, 2, 3, 75, 137]}]
    status, said = carry_out(tmp_path, SEED_IS_CODE, runs)
    tried = {
        int(path.stem.rpartition("-s")[2]): path.read_text().count("tried")
        for path in tmp_path.glob("*.tried")
    }
    often = 1 + read("local")["retries"]
    assert tried == {0: 1, 2: 1, 3: 1, 75: often, 137: often}, said
    assert status != 0
    assert said.count("not tried again") == 2 * read("local")["retries"]


def test_the_largest_networks_start_first(tmp_path):
    names = ["MobileNetV3Small", "ResNet50", "NASNetLarge", "MobileNet", "InceptionResNetV2"]
    status, said = carry_out(
        tmp_path, 'echo "$5" >> order; touch "$7"', [{"backbone": names, "recipe": "clean"}],
        "--cores", "1",
    )  # fmt: skip
    assert status == 0, said
    order = [line.partition("-")[0] for line in (tmp_path / "order").read_text().splitlines()]
    assert order[:3] == ["NASNetLarge", "InceptionResNetV2", "ResNet50"]
    assert set(order) == set(names)


# Says which GPUs it sees, and holds them for a while.
SAYS_GPUS = """
echo "${CUDA_VISIBLE_DEVICES-none}" > "$5.gpus"
sleep 3
touch "$7"
"""


@pytest.mark.parametrize("given", [None, "7"])
def test_runs_beside_each_other_take_different_gpus(given, tmp_path):
    runs = [
        {"backbone": "MobileNet", "recipe": "clean", "seed": [0, 1, 2]},
        {"backbone": "MobileNet", "recipe": "clean", "variant": "two", "changes": {"devices": 2}},
    ]
    program(tmp_path, "nvidia-smi", "for gpu in a b c d e; do echo GPU-$gpu; done\n")
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "CUDA_VISIBLE_DEVICES": given or ""}
    status, said = carry_out(tmp_path, SAYS_GPUS, runs, "--resources", "devices=5", **environment)
    assert status == 0, said
    found = [path.read_text().strip() for path in sorted(tmp_path.glob("*.gpus"))]
    if given:
        assert found == [given] * 4
    else:
        assert sorted(len(each.split(",")) for each in found) == [1, 1, 1, 2]
        assert sorted(gpu for each in found for gpu in each.split(",")) == [
            f"GPU-{letter}" for letter in "abcde"
        ]


# What the plugin calls: a job is carried out when it is submitted, with the rights of its home.
STAND_INS = {
    "sbatch": """
for word; do case "$word" in --wrap=*) job=${word#--wrap=};; esac; done
SLURM_JOB_ID=7 sh -c "$job" > job.log 2>&1 && echo COMPLETED > state || echo FAILED > state
echo 7
""",
    "srun": """
while [ "${1#-}" != "$1" ]; do shift; done
exec "$@"
""",
    "sacct": '[ -s state ] && echo "7|$(cat state)"\n',
    "squeue": '[ -s state ] && echo "7|$(cat state)"\n',
    "scontrol": "echo MinJobAge = 300 sec\n",
    **dict.fromkeys(("sinfo", "scancel", "sacctmgr"), "exit 0\n"),
}


def test_slurm_jobs_keep_their_files_where_ours_are(tmp_path):
    """No home folder: /dev/null can hold none, whatever the rights of who tests."""
    pytest.importorskip("snakemake_executor_plugin_slurm")
    for name, text in STAND_INS.items():
        program(tmp_path, name, text)
    runs = [{"backbone": "MobileNet", "recipe": "clean"}]
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/dev/null", "XDG_CACHE_HOME": "",
        "SKINLIB_CACHE": str(tmp_path / "our cache"),
    }  # fmt: skip
    quick = ("--slurm-init-seconds-before-status-checks", "1", "--seconds-between-status-checks", "1",
             "--latency-wait", "1", "--retries", "0")  # fmt: skip
    status, said = carry_out(tmp_path, 'touch "$7"\n', runs, *quick, profile="slurm", **environment)
    log = (tmp_path / "job.log").read_text()
    assert status == 0, said + log
    assert (tmp_path / "our cache" / "snakemake").is_dir()
