"""Published numbers beside measured ones, on the screen."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from benchmarks.published.measured import Measured
from benchmarks.published.rows import CHECK_HEADS, check_row, heads, row
from benchmarks.published.targets import TargetLine, target_lines


def screen_tables(measured: Sequence[Measured]) -> list[Table]:
    """The simulator's table, then for each table its instances and its targets."""
    checks = _table("Simulator", CHECK_HEADS)
    for part in measured:
        for cell, result in part.pairs:
            for check in result.checks:
                style = None if check.agrees else "bold red"
                checks.add_row(*check_row(cell, check), style=style)
    tables = [checks]
    for part in measured:
        table = _table(part.problems.title, heads(part.problems))
        for cell, result in part.pairs:
            table.add_row(*row(cell, result))
        tables.append(table)
        lines = target_lines(part, measured)
        if lines:
            targets = _table("", TargetLine._fields)
            for line in lines:
                targets.add_row(*line, style="bold red" if line.verdict == "missed" else None)
            tables.append(targets)
    return tables


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0)
    return table
