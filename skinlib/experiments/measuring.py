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
from skinlib.experiments import effects, external, groups, leakage, metadata_alone
from skinlib.experiments.study import load_study

# Of the photographs of HAM10000 and of the official tests: ``image_id``, ``set`` (train,
# validation, test) and the lesion by the numbers of the ISIC archive, which has them all.
ARCHIVE = "isic_archive_lesions.csv"
OFFICIAL_LESIONS = "official-lesions.json"
SEEDS = 20


def measure(folder=None, *, test_share=0.1):
    """Write ``results/both-sides.json``, ``subgroups.json`` and, of HAM10000, counts and copies.

    Beside data that have the file `ARCHIVE` also ``official-lesions.json``.

    Returns the paths. The folder is that of `skinlib.data.ham10000.locate`; the test share is that
    of the splits by image of `skinlib.experiments.leakage.both_sides`.
    """
    dataset = ham10000.load(folder, decode=False)
    table, written = dataset.table, []
    rows = leakage.both_sides(table, range(SEEDS), test_share).to_dict("records")
    found = {leakage.BOTH_SIDES: {"images": len(table), "test_share": test_share, "rows": rows}}
    if dataset.name.startswith("ham10000"):
        counts = paths.RESULTS / "counts" / f"{dataset.name}.csv"
        write_csv(counts, ham10000.class_counts(table).rename_axis("class").reset_index())
        written += [duplicates.keep(dataset), counts]
        if plain := list(effects.finished(load_study("ablation"), "plain").values()):
            found[metadata_alone.FILE] = metadata_alone.measure(table, plain)
    if (dataset.folder / ARCHIVE).is_file():
        archive = pd.read_csv(dataset.folder / ARCHIVE, dtype=str)
        found[OFFICIAL_LESIONS] = official_lesions(archive, table)
    runs = {f"{run.title}, seed {run.record['seed']}": run for run in groups.reported()}
    found[groups.FILE] = {title: groups.measure(run, table) for title, run in runs.items()} | {
        f"{title}, official test": groups.measure(run, _official(folder), external.PART)
        for title, run in runs.items()
        if run.record.get("external")
    }
    for name, value in found.items():
        write_json(paths.RESULTS / name, value)
    return [*written, *(paths.RESULTS / name for name in found)]


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
