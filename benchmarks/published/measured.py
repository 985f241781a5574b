"""Instances beside their results, table by table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.published.instances import TABLES, Cell, Problems, cells_of, read_problems
from benchmarks.published.results import CellResult, read_cell, result_file


@dataclass(frozen=True)
class Measured:
    """A table's instances that have results."""

    table: str
    problems: Problems
    cells: list[Cell]
    results: list[CellResult]

    @property
    def pairs(self) -> list[tuple[Cell, CellResult]]:
        """Instances beside their results."""
        return list(zip(self.cells, self.results, strict=True))


def measured_tables(cells: Sequence[Cell], results: Sequence[CellResult]) -> list[Measured]:
    """Results by table, in the tables' order."""
    found = []
    for table in TABLES:
        pairs = [(c, r) for c, r in zip(cells, results, strict=True) if c.table == table]
        if pairs:
            found.append(
                Measured(table, read_problems(table), [c for c, _ in pairs], [r for _, r in pairs])
            )
    return found


def read_measured(results: Path) -> list[Measured]:
    """What stands in a folder of results.

    Raises:
        InputError: if a file is not one.
    """
    cells = [cell for cell in cells_of("all") if result_file(results, cell).exists()]
    return measured_tables(cells, [read_cell(result_file(results, cell)) for cell in cells])
