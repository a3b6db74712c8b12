"""The ledger: the paper's tables regenerated, as paper | journal | logged | ours.

A table is a frame of text and the notes below it. Tables that take few lines are made on their
pages; the others here.
"""

# The works of Tables 1 and 8, and the one that the text mixes up with another of them.
REFERENCES = {
    "14": "Datta et al.", "3": "Garg et al.", "5": "Rezvantalab et al.", "9": "Nadipineni",
    "12": "Yao et al.", "6": "Young et al.", "2": "Xing et al.", "15": "Mahbod et al.",
    "16": "Lee et al.", "10": "Gessert et al.", "8": "Alberti et al.",
    "4": "Li et al.",
}  # fmt: skip
UNKNOWN = "the printed value is not the logged one; cause not known"


class Notes:
    """Remarks on cells of one table: a star at the cell, the remark in a list below."""

    def __init__(self):
        self.places = {}

    def mark(self, cell, reason, row, column=None):
        """Return a cell, with a star if there is a reason; the list below names row and column."""
        if not reason:
            return cell
        columns = self.places.setdefault(reason, {}).setdefault(row, [])
        if column and column not in columns:
            columns.append(column)
        return cell if cell.endswith("*") else f"{cell}*"

    def markdown(self, *paragraphs):
        """Return the list of remarks, each with its cells, and further paragraphs."""
        lines = ["Cells with a star:", ""] if self.places else []
        for reason, rows in self.places.items():
            named = [f"{row} ({', '.join(columns)})" if columns else row
                     for row, columns in rows.items()]  # fmt: skip
            lines.append(f"- {'; '.join(named)}: {reason}.")
        return "\n\n".join(part for part in ("\n".join(lines), *paragraphs) if part)
