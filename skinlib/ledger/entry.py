"""One table of the ledger, ready for the book."""

import dataclasses

import pandas as pd


@dataclasses.dataclass(frozen=True)
class Entry:
    """A table of the paper, regenerated.

    Attributes
    ----------
    number : str
        As in the paper: ``1`` to ``8``, ``A1`` to ``A5``.
    frame : pandas.DataFrame
        Cells as text.
    caption : str
        Without the sources, which the book adds.
    notes : list of str
        Footnotes, ``[a] …``.
    """

    number: str
    frame: pd.DataFrame
    caption: str
    notes: list

    @property
    def anchor(self):
        """Return the stable anchor in the book."""
        return f"paper-table-{self.number.lower()}"
