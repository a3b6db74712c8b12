# The one graph: run -> predictions -> pages -> book.
#
# Finished runs are skipped: they have no inputs that could look newer. `make` calls this in
# two steps, so that a failed run is reported and the rest, and the book, still come about:
#   snakemake runs --config study=demo      every run of a study
#   snakemake book                          the book from the results there are
# Where the jobs go, and how many at a time, is said by a profile of profiles/.

import os
import shlex
import sys
from pathlib import Path

from skinlib.book import pages
from skinlib.common import paths
from skinlib.experiments.study import load_study
from skinlib.models.backbones import get_backbone

# As the Makefile does: jobs on other machines inherit it, and their Snakemake keeps its files there.
if os.environ.get("SKINLIB_CACHE"):
    os.environ["XDG_CACHE_HOME"] = os.path.abspath(os.environ["SKINLIB_CACHE"])

STUDY = config.get("study", "demo")
LOADED = load_study(STUDY)
SPECS = {spec.name: spec for spec in LOADED.specs}
# What the notebooks about a study are told beside their names.
TOLD = {"architecture": "--label MobileNetV2",
        "data": f"-p data={shlex.quote(LOADED.data)}" if LOADED.data else ""}
RUNS = list(SPECS)
# Runs beside each other on one machine take different GPUs, as many as their recipe says: those
# whose lock is free, until the process ends. A scheduler sets the variable itself.
TAKE_GPUS = """
gpus=; taken=0
for gpu in $([ -n "${{CUDA_VISIBLE_DEVICES:-}}" ] || nvidia-smi --query-gpu=uuid --format=csv,noheader 2>/dev/null); do
    [ $taken -lt {resources.devices} ] || break
    exec {{lock}}> _build/$gpu.lock; flock -n $lock && gpus=$gpus,$gpu && taken=$((taken + 1))
done
[ -z "$gpus" ] || export CUDA_VISIBLE_DEVICES=${{gpus#,}}
"""
# Quoted for the shell: the clone may lie below a folder with a space.
PYTHON = shlex.quote(config.get("python", sys.executable))
OUT = "book/executed/" + STUDY
# Says that all pages of the book were made; not so where one is missing.
MADE = "_build/pages"
if (paths.BOOK / "_toc.yml").is_file() and not all(
    pages.page(name).is_file() for name in pages.named()
):
    Path(MADE).unlink(missing_ok=True)


wildcard_constraints:
    run="|".join(RUNS),


rule runs:
    input:
        expand(OUT + "/{run}.ipynb", run=RUNS),


# One process a run, one seed. The executed notebook appears only when the run finished. A run
# that died is started again as often as the profile's `retries` says, and goes on after its last
# save. Snakemake cannot tell one failure from another, so the job does: after an error of
# the request or the data (exit code 2) or of a file (3), which no second attempt can cure, it
# ends at once.
rule run:
    input:
        # A run that goes on from another one of the study comes after it.
        lambda wildcards: [
            f"{OUT}/{name}.ipynb"
            for name in RUNS
            if SPECS[wildcards.run].weights == f"run:{STUDY}/{name}"
        ],
    output:
        OUT + "/{run}.ipynb",
    threads: 1
    # The largest networks first, so that none of them runs alone at the end.
    priority: lambda wildcards: get_backbone(SPECS[wildcards.run].backbone).logged_parameters or 0
    resources:
        # GPUs where there are any, else cores; see DEVICES in the Makefile. One, but for a
        # recipe that asks for more.
        devices=lambda wildcards: SPECS[wildcards.run].resolve().devices,
        attempt=lambda wildcards, attempt: attempt,
    log:
        "_build/logs/" + STUDY + "/{run}.log",
    # Backends print pages of their own to the terminal; the log has it all, the last line is
    # ours and says what went wrong.
    shell:
        TAKE_GPUS +
        "if [ {resources.attempt} -gt 1 ] && grep -qsx '[23]' {log}.code; "
        "then echo {wildcards.run}: not tried again; exit $(cat {log}.code); fi; rm -f {log}.code; "
        "TF_NUM_INTRAOP_THREADS={threads} OMP_NUM_THREADS={threads} "
        "{PYTHON} -m skinlib run {STUDY} {wildcards.run} -o {output} > {log} 2>&1 "
        "|| {{ code=$?; echo $code > {log}.code; "
        "echo {wildcards.run} failed, see {log}:; tail -n 1 {log}; exit $code; }}; "
        "echo {wildcards.run}: finished"


# The networks themselves, built and shown once; needs no training, but Keras.
rule about:
    input:
        OUT + "/about-architecture.ipynb",


rule about_one:
    output:
        OUT + "/about-{topic}.ipynb",
    wildcard_constraints:
        topic="architecture|data",
    params:
        told=lambda wildcards: TOLD[wildcards.topic],
    retries: 0
    log:
        "_build/logs/" + STUDY + "/about-{topic}.log",
    shell:
        "{PYTHON} -m skinlib notebook {wildcards.topic} -o {output} {params.told} "
        "> {log} 2>&1 || {{ tail -n 1 {log}; exit 1; }}"


rule book:
    input:
        "_build/html/index.html",


def page_sources(wildcards):
    """What the pages are made from."""
    found = {path for name in pages.named() for path in pages.sources(name)}
    return sorted(str(path.relative_to(paths.ROOT)) for path in found)


# The pages of the book that are notebooks: those that are out of date are executed.
rule pages:
    input:
        page_sources,
    output:
        touch(MADE),
    retries: 0
    log:
        "_build/logs/pages.log",
    params:
        workers=workflow.cores,
    # Each page computes on one core.
    shell:
        "OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 {PYTHON} -m skinlib pages -j {params.workers} "
        "2> {log} || {{ echo see {log}; exit 1; }}"


def sources(wildcards):
    """What the book is made from beside its pages with numbers: text, style, the library's API."""
    from pathlib import Path

    patterns = (
        "_config.yml", "book/*.md", "book/_toc.yml", "book/references.bib", "book/_static/**/*",
        "book/_ext/*.py", "book/browser/*", "book/interactive/*", "skinlib/**/*.py",
        "book/executed/*/*.ipynb",
    )
    found = sorted({str(path) for pattern in patterns for path in Path().glob(pattern)
                    if path.is_file()})
    return [path for path in found if "failed" not in path and "/." not in path]


def released(wildcards):
    """What the demonstration in the browser is made from."""
    from pathlib import Path

    patterns = "models/*/model.json", "book/browser/package*.json", "skinlib/predict/*.py"
    return sorted({str(path) for pattern in patterns for path in Path().glob(pattern)})


# Needs a network and npm the first time; without them the book says so and is built all the same.
rule browser:
    input:
        released,
    output:
        "_build/browser/state.json",
    retries: 0
    log:
        "_build/logs/browser.log",
    shell:
        "{PYTHON} -m skinlib browser -o _build/browser > {log} 2>&1 || tail -n 1 {log}"


rule html:
    input:
        sources,
        MADE,
        "_build/browser/state.json",
    output:
        "_build/html/index.html",
    retries: 0
    shell:
        "{PYTHON} -m skinlib.book.building . && touch {output}"
