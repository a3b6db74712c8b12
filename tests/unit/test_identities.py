"""The pinned runs are the committed ones."""

from skinlib.experiments import identities, recipes, records
from skinlib.experiments.study import load_study, study_names


def committed_runs():
    return [
        (f"{study.name}/{run.name}", run)
        for study in map(load_study, study_names())
        if study.require != "synthetic"
        for run in study.finished()
    ]


def test_the_file_is_up_to_date():
    assert identities.pinned() == identities.current(), "write it anew: python -m skinlib pin"


def test_identities_are_those_that_the_records_give():
    """Recomputed from what a record says before its run begins."""
    keys = ("study", "run", "recipe", "changes", "backbone", "input_size", "data", "split",
            "metadata", "weights", "seed")  # fmt: skip
    for name, run in committed_runs():
        record = {key: run.record[key] for key in keys}
        for part, later in (("data", ("repaired", "copies")), ("split", ("file",))):
            record[part] = {k: v for k, v in record[part].items() if k not in later}
        found = records.identity(record, recipes.from_json(run.record["recipe"]))
        assert found == run.record["identity"] == identities.pinned()[name]["identity"], name


def test_other_results_are_told_apart(monkeypatch, tmp_path):
    monkeypatch.setattr(identities, "current", lambda: {})
    identities.committed.cache_clear()
    try:
        assert not identities.committed()
    finally:
        identities.committed.cache_clear()
