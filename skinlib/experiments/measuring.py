"""What the pages on evidence need from the data themselves, measured once and kept in results.

Sex, age and site are in the metadata, which may not be passed on; only numbers about groups are
kept.
"""

import pandas as pd

from skinlib.common import paths
from skinlib.common.errors import DataError
from skinlib.common.files import write_csv, write_json
from skinlib.data import duplicates, ham10000
from skinlib.data.table import read_text
from skinlib.experiments import effects, evaluated, external, groups, leakage, metadata_alone
from skinlib.experiments.study import load_study

SMALL = "ham10000-256px-96px"
# Of the photographs of HAM10000 and of the official tests: ``image_id``, ``set`` (train,
# validation, test) and the lesion by the numbers of the ISIC archive, which has them all.
ARCHIVE = "isic_archive_lesions.csv"
OFFICIAL_LESIONS = "official-lesions.json"


def reported():
    """Return the models whose errors are examined, by title: `best`, then the clean run."""
    found = evaluated.finished_best()
    found += [
        run for run in load_study(SMALL).finished() if run.record["recipe"]["name"] == "clean"
    ]
    return {f"{run.title}, seed {run.record['seed']}": run for run in found}


def measure(folder=None, *, seeds=range(20), test_share=0.1):
    """Write ``results/both-sides.json``, ``subgroups.json`` and, of HAM10000, counts and copies.

    Beside data that have the file `ARCHIVE` also ``official-lesions.json``.

    Returns the paths. The folder is that of `skinlib.data.ham10000.locate`; seeds and test share
    are those of `skinlib.experiments.leakage.both_sides`.
    """
    dataset = ham10000.load(folder, decode=False)
    rows = leakage.both_sides(dataset.table, seeds, test_share).to_dict("records")
    written = [paths.RESULTS / leakage.BOTH_SIDES]
    write_json(written[0], {"images": len(dataset.table), "test_share": test_share, "rows": rows})
    if dataset.name.startswith("ham10000"):
        counts = paths.RESULTS / "counts" / f"{dataset.name}.csv"
        write_csv(counts, ham10000.class_counts(dataset.table).rename_axis("class").reset_index())
        written += [duplicates.keep(dataset), counts]
        plain = list(effects.finished(load_study("ablation"), "plain").values())
        if plain:
            written.append(paths.RESULTS / metadata_alone.FILE)
            write_json(written[-1], metadata_alone.measure(dataset.table, plain))
    runs = reported()
    found = {title: groups.measure(run, dataset.table) for title, run in runs.items()}
    for title, run in runs.items():
        if run.record.get("external"):
            measured = groups.measure(run, _official(folder), external.PART)
            found[f"{title}, official test"] = measured
    path = paths.RESULTS / groups.FILE
    write_json(path, found)
    table = dataset.folder / ARCHIVE
    if table.is_file():
        written.append(paths.RESULTS / OFFICIAL_LESIONS)
        write_json(written[-1], official_lesions(pd.read_csv(table, dtype=str), dataset.table))
    return [*written, path]


def official_lesions(archive, table):
    """Count the lesions that the official tests share with HAM10000, by the archive's numbers.

    Parameters
    ----------
    archive : pandas.DataFrame
        The columns of `ARCHIVE`.
    table : pandas.DataFrame
        ``image_id`` and ``lesion_id`` of HAM10000.

    Returns
    -------
    dict
        By set: ``photographs``, ``lesions`` and those ``shared`` with HAM10000.

    Raises
    ------
    DataError
        The archive's numbers do not group the photographs of HAM10000 as its own do.
    """
    lesion = "archive_lesion_id"
    both = table.merge(archive, on="image_id")
    groups = len(both[["lesion_id", lesion]].drop_duplicates())
    if not len(both) or {both["lesion_id"].nunique(), both[lesion].nunique()} != {groups}:
        msg = (
            f"'{ARCHIVE}' and the table of HAM10000 disagree on which photographs are of a lesion; "
            "put the archive's own beside that table, or none"
        )
        raise DataError(msg)
    trained = set(both[lesion])
    return {
        name: {
            "photographs": len(rows),
            "lesions": rows[lesion].nunique(),
            "shared": len(trained & set(rows[lesion])),
        }
        for name, rows in archive.groupby("set")
    }


def _official(folder):
    """Return the metadata of the official test as they are: with their column ``dataset``."""
    dataset = external.load(folder)
    raw = read_text(external.table_of(folder), ("image_id", "dataset"))
    return dataset.table.merge(raw[["image_id", "dataset"]], on="image_id", how="left")
