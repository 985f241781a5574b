"""How commands print."""

import sys
from typing import TYPE_CHECKING

from benchmarks.measurement import Tell

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

KEPT_RULE_WORDS = (
    "Learning did not clearly beat the tuned rule it started from, so the run keeps that rule."
)


def new_console() -> "Console":
    """The terminal, or 100 columns of a file."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 100)


def teller(console: "Console") -> Tell:
    """Prints lines as they are: names may hold brackets, and long ones are not broken."""
    return lambda line: console.print(line, markup=False, soft_wrap=True)


def new_table(*columns: str) -> "Table":
    """An empty table."""
    from rich import box
    from rich.table import Table

    return Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
