"""The ledger: every table of the paper, regenerated, as paper | journal | logged | ours."""

import functools

from skinlib.paper.ledger import background, classes, networks, results
from skinlib.paper.ledger.facts import gather

TABLES = {
    "1": background.table_1,
    "2": background.table_2,
    "3": background.table_3,
    "4": networks.table_4,
    "5": results.table_5,
    "6": results.table_6,
    "7": results.table_7,
    "8": background.table_8,
    "A1": networks.table_a1,
    "A2": networks.table_a2,
    "A3": classes.table_a3,
    "A4": classes.table_a4,
    "A5": classes.table_a5,
}

gathered = functools.cache(gather)


def table(anchor):
    """Return a table of the paper by its anchor in the book.

    Parameters
    ----------
    anchor : str
        ``paper-table-5``, ``paper-table-a3``.

    Returns
    -------
    skinlib.paper.ledger.entry.Entry
        ``book.Table(*ledger.table(anchor))`` shows it.
    """
    return TABLES[anchor.removeprefix("paper-table-").upper()](gathered())


def entries(facts):
    """Return every table of the paper as an `skinlib.paper.ledger.entry.Entry`, in order."""
    return [table_(facts) for table_ in TABLES.values()]
