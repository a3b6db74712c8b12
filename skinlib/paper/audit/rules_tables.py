"""Rules that need the paper's own tables and nothing else."""

from skinlib.paper.audit.verdicts import (
    HOLDS,
    OWN_TABLE,
    Result,
    agrees,
    decimals,
    label,
    listed,
    only,
    percent,
    rounded,
    rule,
    truncated,
    written,
)


@rule
def row_means(facts, table, rows):
    """Is the printed mean of each row the mean of its cells, rounded or truncated?"""
    wrong, largest = [], 0.0
    for row in rows:
        *cells, mean = facts.table(table).rows[row]
        value = sum(cells) / len(cells)
        largest = max(largest, abs(mean - value))
        if not agrees(mean, value):
            wrong.append(f"{row}: the cells have the mean {value:.4f}, printed is {mean:.2f}")
    count = f"{len(rows)} rows" if len(rows) > 1 else rows[0]
    if wrong:
        return Result(f"mean column of Table {table}, {count}", "; ".join(wrong) + ".", OWN_TABLE)
    evidence = (
        f"{count}: the mean of the cells, rounded or truncated to two decimals, is the printed "
        f"one; the largest difference is {largest:.4f}."
    )
    return Result(f"mean column of Table {table}, {count}", evidence, HOLDS)


@rule
def times(facts, table, column, row, against, direction="less", tolerance=0.1):
    """Is the ratio the claimed factor, within a relative tolerance, and if not, against whom?

    ``less``: the other's cell over this row's; ``more``: the reverse.
    """
    entry = facts.table(table)
    mine = facts.cell(table, row, column)
    ratios = {}
    for other in entry.rows:
        value = entry.value(other, column)
        if other != row and value:
            ratios[other] = value / mine if direction == "less" else mine / value
    good = [other for other, factor in against.items() if _near(ratios[other], factor, tolerance)]
    said = "; ".join(
        f"{ratios[other]:.2f} against {other}, claimed {factor}"
        for other, factor in against.items()
    )
    evidence = f"{label(column)}, Table {table}: {said} (within {percent(tolerance, 0)})."
    claimed = ", ".join(f"{factor} times {direction} than {o}" for o, factor in against.items())
    if len(good) == len(against):
        return Result(claimed, evidence, HOLDS)
    if not good:
        # Named is one, meant may be another: look at every row before saying no.
        factors = set(against.values())
        good = [
            other
            for other, ratio in ratios.items()
            if any(_near(ratio, factor, tolerance) for factor in factors)
        ]
        if good:
            found = listed(f"{other} ({ratios[other]:.2f})" for other in good)
            evidence += f" The factor fits {found}."
    return Result(claimed, evidence, only(listed(good)) if good else OWN_TABLE)


def _near(ratio, factor, tolerance):
    return abs(ratio / factor - 1) <= tolerance


@rule
def higher(facts, table, pairs):
    """Is the first cell of every pair above (or, reversed, below) the second?

    A pair is ``[row, column, sign, row, column]`` with sign ``>`` or ``<``.
    """
    parts, wrong = [], 0
    for row, column, sign, other, other_column in pairs:
        first, second = facts.cell(table, row, column), facts.cell(table, other, other_column)
        good = first > second if sign == ">" else first < second
        wrong += not good
        parts.append(
            f"{row} ({label(column)}) {written(first)}, "
            f"{other} ({label(other_column)}) {written(second)}: " + ("so" if good else "not so")
        )
    claimed = "; ".join(f"{r} {label(c)} {s} {o} {label(d)}" for r, c, s, o, d in pairs)
    return Result(claimed, f"Table {table}: {'; '.join(parts)}.", OWN_TABLE if wrong else HOLDS)


@rule
def all_below(facts, table, column, rows, others):
    """Is every one of `rows` below every one of `others`?"""
    largest = max(rows, key=lambda row: facts.cell(table, row, column))
    top = facts.cell(table, largest, column)
    smaller = [row for row in others if facts.cell(table, row, column) <= top]
    claimed = f"{label(column)} of {listed(rows)} below that of {listed(others)}"
    evidence = f"Table {table}: the largest of the first is {written(top)} ({largest}). "
    if smaller:
        found = listed(f"{row} ({written(facts.cell(table, row, column))})" for row in smaller)
        return Result(claimed, f"{evidence}Not larger: {found}.", OWN_TABLE)
    least = min(others, key=lambda row: facts.cell(table, row, column))
    value = written(facts.cell(table, least, column))
    return Result(claimed, f"{evidence}The smallest of the others is {value} ({least}).", HOLDS)


@rule
def extreme(facts, places, which="highest"):
    """Is a row the highest (or lowest) of its columns, in every place, or only in some?

    A place is ``{table, row, columns}``, with a ``name`` for the verdict; empty cells do not
    take part, a tie counts.
    """
    pick = max if which == "highest" else min
    good, parts = [], []
    for place in places:
        table, row, here = place["table"], place["row"], True
        for column in place["columns"]:
            entry = facts.table(table)
            values = {r: entry.value(r, column) for r in entry.rows}
            values = {r: v for r, v in values.items() if v is not None}
            best = pick(values, key=values.get)
            mine = facts.cell(table, row, column)
            fine = mine == values[best]
            here &= fine
            rest = "" if fine else f", {best} {written(values[best])}"
            parts.append(f"Table {table}, {label(column)}: {row} {written(mine)}{rest}")
        if here:
            good.append(place.get("name", f"Table {table}"))
    claimed = "; ".join(f"{p['row']} {which} in {listed(p['columns'])}" for p in places)
    verdict = HOLDS if len(good) == len(places) else only(listed(good)) if good else OWN_TABLE
    return Result(claimed, "; ".join(parts) + ".", verdict)


@rule
def outperforms(facts, table, row, columns):
    """Is the row above every other printed cell of all these columns?"""
    lost = []
    for column in columns:
        mine = facts.cell(table, row, column)
        for other in facts.table(table).rows:
            value = facts.table(table).value(other, column)
            if other != row and value is not None and value >= mine:
                lost.append(f"{column}: [{other}] {written(value)}, {row} {written(mine)}")
    claimed = f"{row} is above the others in {listed(columns)}"
    if lost:
        return Result(claimed, f"Table {table}: {'; '.join(lost)}.", OWN_TABLE)
    return Result(claimed, f"Table {table}: no other printed cell is as high.", HOLDS)


@rule
def text_equals_cells(facts, cells):
    """Are the numbers of the text the cells of the table?

    A cell is ``[table, row, column, number]``; a name instead of a number is looked up in
    the abstract. Where one of the two has fewer digits, those must agree.
    """
    parts, wrong = [], 0
    for table, row, column, number in cells:
        said = facts.headline["paper"]["abstract"][number] if isinstance(number, str) else number
        cell = facts.cell(table, row, column)
        digits = min(max(2, decimals(said)), max(2, decimals(cell)))
        cuts = [(cut(said, digits), rounded(cell, digits)) for cut in (rounded, truncated)]
        fine = any(abs(a - b) < 1e-9 for a, b in cuts)
        wrong += not fine
        parts.append(f"{row}, {label(column)}: text {written(said)}, Table {table} {written(cell)}")
    numbers = ", ".join(part.split("text ")[1].split(", ")[0] for part in parts)
    return Result(numbers, "; ".join(parts) + ".", OWN_TABLE if wrong else HOLDS)


@rule
def sums(facts, table, column, total):
    """Is the total the sum of the other rows?"""
    entry = facts.table(table)
    found = sum(entry.value(row, column) for row in entry.rows if row != total)
    printed = facts.cell(table, total, column)
    evidence = f"The {len(entry.rows) - 1} rows of Table {table} add up to {found:,}."
    return Result(f"{total} {printed:,}", evidence, HOLDS if found == printed else OWN_TABLE)


@rule
def in_order(facts, table, column, order="ascending"):
    """Do the printed cells of a column ascend?"""
    entry = facts.table(table)
    cells = [entry.value(row, column) for row in entry.rows if row != "ours"]
    cells = [cell for cell in cells if cell is not None]
    good = cells == sorted(cells, reverse=order == "descending")
    evidence = f"Table {table}, {column}, from top: {', '.join(map(written, cells))}"
    other = cells == sorted(cells, reverse=order != "descending")
    evidence += "." if good or other else ", in neither order."
    return Result(f"rows in {order} order", evidence, HOLDS if good else OWN_TABLE)


@rule
def stands_in(facts, table, column, elsewhere):
    """Has the named table the column the text takes its numbers from?"""
    there = column in facts.table(table).columns
    others = [n for n in elsewhere if column in facts.table(n).columns]
    has = "has" if there else "has no"
    evidence = f"Table {table} {has} column '{column}'" + (
        f"; there is one in {listed(f'Table {n}' for n in others)}." if others else "."
    )
    return Result(f"'{column}' in Table {table}", evidence, HOLDS if there else OWN_TABLE)


@rule
def row_count(facts, table, number, without=("ours",)):
    """Has the table so many rows beside the ones not counted?"""
    rows = [row for row in facts.table(table).rows if row not in without]
    evidence = f"Table {table} has {len(rows)} rows beside {listed(without)}."
    return Result(str(number), evidence, HOLDS if len(rows) == number else OWN_TABLE)


@rule
def at_least(facts, table, column, threshold, rows):
    """Are exactly these rows at or above a threshold?"""
    entry = facts.table(table)
    found = [r for r in entry.rows if (entry.value(r, column) or 0) >= threshold]
    values = listed(f"{r} ({written(entry.value(r, column))})" for r in found)
    evidence = f"Table {table}, {column} of {threshold} or more: {values}."
    claimed = f"only {listed(rows)}"
    return Result(claimed, evidence, HOLDS if set(found) == set(rows) else OWN_TABLE)


@rule
def largest(facts, table, column, rows, without=()):
    """Are these rows the largest of the column?"""
    entry = facts.table(table)
    ranked = sorted(
        (r for r in entry.rows if r not in without), key=lambda r: -entry.value(r, column)
    )
    places = listed(
        f"{row} is number {ranked.index(row) + 1} of {len(ranked)} with "
        f"{written(entry.value(row, column))}"
        for row in rows
    )
    good = set(ranked[: len(rows)]) == set(rows)
    return Result(f"{listed(rows)} are the largest", f"Table {table}: {places}.",
                   HOLDS if good else OWN_TABLE)  # fmt: skip


@rule
def same_structure(facts, table, stock, changed, rows):
    """Do two columns of a structure table agree in the rows that stay?"""
    parts = []
    for row in rows:
        first, second = facts.cell(table, row, stock), facts.cell(table, row, changed)
        if first != second:
            parts.append(f"row {row}: {stock} '{first}', {changed} '{second}'")
    claimed = f"{changed} keeps the first {len(rows)} rows of {stock}"
    if parts:
        return Result(claimed, f"Table {table}, {'; '.join(parts)}.", OWN_TABLE)
    return Result(claimed, f"Table {table}: the {len(rows)} rows are the same.", HOLDS)
