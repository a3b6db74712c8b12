# The one graph: run -> predictions -> tables and figures -> executed notebooks -> book.
#
# Finished runs are skipped: they have no inputs that could look newer. `make` calls this in
# two steps, so that a failed run is reported and the rest, and the book, still come about:
#   snakemake runs --config study=demo      every run of a study, and the notebooks about it
#   snakemake book                          the book from the results there are

import sys

from skinlib.studies import load_study

STUDY = config.get("study", "demo")
SPECS = load_study(STUDY).specs
RUNS = [spec.name for spec in SPECS]
PYTHON = sys.executable
OUT = "book/executed/" + STUDY


wildcard_constraints:
    run="|".join(RUNS),


rule runs:
    input:
        expand(OUT + "/{run}.ipynb", run=RUNS),


# One process a run, one seed. The executed notebook appears only when the run finished.
rule run:
    output:
        OUT + "/{run}.ipynb",
    threads: 1
    resources:
        # A GPU where there is one, else a core; see DEVICES in the Makefile.
        devices=1,
    retries: config.get("retries", 0)
    log:
        "_build/logs/" + STUDY + "/{run}.log",
    # Backends print pages of their own to the terminal; the log has it all, the last line is
    # ours and says what went wrong.
    shell:
        "TF_NUM_INTRAOP_THREADS={threads} OMP_NUM_THREADS={threads} "
        "{PYTHON} -m skinlib run {STUDY} {wildcards.run} > {log} 2>&1 "
        "|| {{ code=$?; echo {wildcards.run} failed, see {log}:; tail -n 1 {log}; exit $code; }}; "
        "echo {wildcards.run}: finished"


# What does not depend on the training of a single run: executed once for the study.
rule about:
    input:
        OUT + "/about-data.ipynb",
        OUT + "/about-architecture.ipynb",
        OUT + "/about-attention.ipynb",


rule about_data:
    output:
        OUT + "/about-data.ipynb",
    log:
        "_build/logs/" + STUDY + "/about-data.log",
    params:
        data=f"-p data={load_study(STUDY).data}" if load_study(STUDY).data else "",
    shell:
        "{PYTHON} -m skinlib notebook data -o {output} --label {STUDY} {params.data} "
        "> {log} 2>&1 || {{ tail -n 1 {log}; exit 1; }}"


rule about_architecture:
    output:
        OUT + "/about-architecture.ipynb",
    log:
        "_build/logs/" + STUDY + "/about-architecture.log",
    shell:
        "{PYTHON} -m skinlib notebook architecture -o {output} --label MobileNetV2 "
        "> {log} 2>&1 || {{ tail -n 1 {log}; exit 1; }}"


rule about_attention:
    output:
        OUT + "/about-attention.ipynb",
    log:
        "_build/logs/" + STUDY + "/about-attention.log",
    shell:
        "{PYTHON} -m skinlib notebook attention -o {output} "
        "> {log} 2>&1 || {{ tail -n 1 {log}; exit 1; }}"


# The evaluation, result and ledger notebooks read predictions; they are made again when these change.
rule reports:
    input:
        OUT + "/report-results.ipynb",
        OUT + "/report-evaluation.ipynb",
        OUT + "/report-ledger.ipynb",


rule report:
    input:
        lambda w: [str(run.folder / "predictions.csv") for run in load_study(STUDY).finished()],
    output:
        OUT + "/report-{name}.ipynb",
    log:
        "_build/logs/" + STUDY + "/report-{name}.log",
    wildcard_constraints:
        name="results|evaluation|ledger",
    params:
        # The ledger reads all studies; the pictures and rows it shows are drawn ones.
        study=lambda w: "" if w.name == "ledger" else f"--label {STUDY} -p study={STUDY}",
    shell:
        "{PYTHON} -m skinlib notebook {wildcards.name} -o {output} {params.study} > {log} 2>&1 || {{ tail -n 1 {log}; exit 1; }}"


rule book:
    input:
        "_build/html/index.html",


def sources(wildcards):
    """Everything the book is made from, runs and executed notebooks that exist included."""
    from pathlib import Path

    patterns = (
        "_config.yml", "book/**/*.md", "book/_toc.yml", "book/references.bib", "book/_static/*",
        "skinlib/**/*.py", "skinlib/paper/*.yaml", "studies/*.yaml", "results/*.json",
        "results/counts/*.csv", "results/bench/*.json", "results/runs/*/*/run.json", "results/runs/*/*/predictions.csv",
        "book/executed/*/*.ipynb",
    )
    found = sorted({str(path) for pattern in patterns for path in Path().glob(pattern)})
    return [path for path in found if "failed" not in path and "/." not in path]


rule html:
    input:
        sources,
    output:
        "_build/html/index.html",
    shell:
        "{PYTHON} -m skinlib render && "
        "jupyter-book build book --config _config.yml --path-output . -n -W --keep-going --quiet && "
        "touch {output}"
