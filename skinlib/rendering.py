"""Write every table and figure of the book from the runs there are; TensorFlow is not needed."""

from skinlib import audit, copies, figures, ledger, paper, paths, prose, release_pages, tables
from skinlib.audit import report
from skinlib.data import ham10000
from skinlib.files import write_csv, write_json, write_text
from skinlib.ledger import facts as ledger_facts
from skinlib.ledger.pages import markdown
from skinlib.rendering_bench import speed_pages
from skinlib.rendering_evidence import evidence_pages
from skinlib.rendering_faults import faults
from skinlib.rendering_figures import paper_figures
from skinlib.rendering_interactive import interactive_figures
from skinlib.studies import load_study

# ``[0.725, 0.781]``.
INTERVAL = r"\[([-+\d.]+), ([-+\d.]+)\]"
REAL, SMALL, DEMO = "ham10000-256px", "ham10000-256px-96px", "demo"


def render():
    """Write ``results/tables/*`` (CSV and Markdown) and ``results/figures/*`` (SVG, Vega-Lite).

    A run that does not exist shows as "not run", never as a guess.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    facts = ledger_facts.gather()
    checked = audit.audit()
    frames, texts, drawn = _study_pages(report.counts(checked))
    frames["faults"] = faults()
    for entry in ledger.entries(facts):
        frames[entry.anchor] = entry.frame
        ours = (
            "ours" in " ".join([*entry.frame, *entry.frame.iloc[:, :2].to_numpy().ravel()]).lower()
        )
        texts[entry.anchor] = markdown(entry, [facts.ours.sources()] if ours else [])
    texts.update(report.pages(checked))
    dataset = ham10000.load(facts.data, decode=False)
    made, captions = paper_figures(facts, dataset)
    drawn.update(made)
    texts.update(captions, copies=copies.page(dataset))
    for pages in (speed_pages(), evidence_pages(), release_pages.pages()):
        for mine, theirs in zip((frames, texts, drawn), pages, strict=True):
            mine.update(theirs)
    written = []
    for name, frame in frames.items():
        written.append(paths.RESULTS / "tables" / f"{name}.csv")
        write_csv(written[-1], unbroken(frame))
    for name, text in texts.items():
        written.append(paths.RESULTS / "tables" / f"{name}.md")
        write_text(written[-1], text)
    for name, figure in drawn.items():
        written.append(paths.RESULTS / "figures" / f"{name}.svg")
        write_text(written[-1], figures.to_svg(figure).decode())
    for name, specification in interactive_figures().items():
        written.append(paths.RESULTS / "figures" / f"{name}.json")
        write_json(written[-1], specification)
    return written


def unbroken(frame):
    """Return a table whose bracketed intervals stay on one line: their spaces do not break.

    Parameters
    ----------
    frame : pandas.DataFrame
    """
    return frame.replace({INTERVAL: "[\\1,\u00a0\\2]"}, regex=True)


def _study_pages(verdicts):
    """Return frames, texts and figures about the two studies, by file name."""
    real, demo = load_study(REAL), load_study(DEMO)
    by_recipe = {spec.recipe: real.runs()[spec.name] for spec in real.specs}
    small = load_study(SMALL)
    columns = {
        f"Ours, {spec.recipe}, {spec.size} px": study.runs()[spec.name]
        for study in (real, small)
        for spec in study.specs
    }
    frames = {
        "recipes": tables.recipes(),
        "backbones": tables.backbones(list(ledger_facts.read_described().values())),
        "provenance": tables.provenance(real),
        "demo": tables.study(demo),
        "study": tables.study(real, intervals=True),
        "study-small": tables.study(small, intervals=True),
        "mobilenetv2": tables.three_columns("MobileNetV2", columns),
    }
    drawn = {"accuracy": _accuracies(by_recipe)}
    for recipe, run in by_recipe.items():
        frames[f"classes-{recipe}"] = _per_class(run)
        drawn |= _run_figures(recipe, run)
    pair = (by_recipe.get("md-as-logged"), by_recipe.get("clean"))
    twin = next((small.runs()[spec.name] for spec in small.specs if spec.recipe == "clean"), None)
    texts = {
        "findings": prose.findings(*pair, verdicts, twin=twin),
        "differences": prose.differences(*pair),
        "steadiness-clean": prose.steadiness(pair[1]),
    }
    return frames, texts, drawn


def _per_class(run):
    if run and run.finished:
        return tables.per_class(run)
    return tables.pd.DataFrame({"Class": [tables.NOT_RUN]})


def _run_figures(recipe, run):
    made = {
        f"curves-{recipe}": figures.learning_curves,
        f"confusion-{recipe}": figures.confusion,
        f"roc-{recipe}": figures.roc,
    }
    done = run and run.finished
    return {name: draw(run) if done else figures.not_run() for name, draw in made.items()}


def _accuracies(by_recipe):
    rows = [
        ("paper, Table 5", paper.printed()["5"].value("MobileNetV2", "MD"), None),
        ("authors' log", paper.logged_run("MobileNetV2 MD").accuracy, None),
    ]
    for recipe, run in by_recipe.items():
        if run and run.finished:
            measured = tables.Measured(run)
            rows.append((f"ours, {recipe}", *measured.bounds("accuracy")))
    return figures.accuracies(rows)
