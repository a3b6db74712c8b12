"""Write every table and figure of the book from the runs there are; TensorFlow is not needed."""

import json

from skinlib import figures, paper, paths, prose, tables
from skinlib.errors import DataError
from skinlib.files import write_csv, write_text
from skinlib.studies import load_study

# Backbones built and counted; made by `python -m skinlib describe --json`, checked by a test.
DESCRIBED = "describe.json"

REAL, DEMO = "ham10000-256px", "demo"


def render():
    """Write ``results/tables/*`` (CSV, and sentences as Markdown) and ``results/figures/*.svg``.

    A run that does not exist shows as "not run", never as a guess.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    written = []
    real, demo = load_study(REAL), load_study(DEMO)
    frames = {
        "recipes": tables.recipes(),
        "backbones": tables.backbones(_described()),
        "accuracy": tables.accuracy_ledger(real),
        "provenance": tables.provenance(real),
        "demo": tables.study(demo),
        "study": tables.study(real),
    }
    by_recipe = {spec.recipe: real.runs()[spec.name] for spec in real.specs}
    columns = {f"Ours, {recipe}": run for recipe, run in by_recipe.items()}
    frames["mobilenetv2"] = tables.three_columns("MobileNetV2", columns)
    for recipe, run in by_recipe.items():
        frames[f"classes-{recipe}"] = _per_class(run)
        written += _figures(recipe, run)
    written.append(_save(_accuracies(by_recipe), "accuracy"))
    pair = (by_recipe.get("md-as-logged"), by_recipe.get("clean"))
    for name, text in (
        ("findings", prose.findings(*pair)),
        ("differences", prose.differences(*pair)),
    ):
        written.append(paths.RESULTS / "tables" / f"{name}.md")
        write_text(written[-1], text)
    for name, frame in frames.items():
        path = paths.RESULTS / "tables" / f"{name}.csv"
        write_csv(path, frame)
        written.append(path)
    return written


def _described():
    path = paths.RESULTS / DESCRIBED
    if not path.is_file():
        msg = f"'{path}' is missing; run `python -m skinlib describe --json > {path}`"
        raise DataError(msg)
    return json.loads(path.read_text(encoding="utf-8"))


def _per_class(run):
    if run and run.finished:
        return tables.per_class(run)
    return tables.pd.DataFrame({"Class": [tables.NOT_RUN]})


def _figures(recipe, run):
    made = {
        f"curves-{recipe}": figures.learning_curves,
        f"confusion-{recipe}": figures.confusion,
        f"roc-{recipe}": figures.roc,
    }
    done = run and run.finished
    return [_save(draw(run) if done else figures.not_run(), name) for name, draw in made.items()]


def _accuracies(by_recipe):
    rows = []
    for column, label in (("paper", "paper, Table 5"), ("logged", "authors' log")):
        rows.append((label, paper.value("MobileNetV2", "accuracy", column), None))
    for recipe, run in by_recipe.items():
        if run and run.finished:
            measured = tables.Measured(run)
            rows.append((f"ours, {recipe}", *measured.bounds("accuracy")))
    return figures.accuracies(rows)


def _save(figure, name):
    path = paths.RESULTS / "figures" / f"{name}.svg"
    write_text(path, figures.to_svg(figure).decode())
    return path
