"""What demand may have been where it was not seen, as a column of a CSV that a run keeps."""

import numpy as np
import pandas as pd

from inventory_env.frozen import Array
from inventory_env.recorded.column import Column
from inventory_env.recorded.history import Hidden


def possible_text(hidden: Hidden) -> list[str]:
    """A cell for each date and store: values with spaces between, empty where demand was seen."""
    whole = bool(np.all(hidden.possible == np.rint(hidden.possible)))
    values = hidden.possible.astype(np.int64) if whole else hidden.possible
    cells = [" ".join(map(str, row)) for row in values.tolist()]
    return [cells[row] if row >= 0 else "" for row in hidden.row.ravel()]


def read_possible(column: Column, grid: pd.DataFrame, *, whole: bool) -> Hidden | None:
    """What the column says; None if all cells are empty.

    Args:
        column: its cells.
        grid: (date, store) their texts; nothing where the file has no row.
        whole: refuse fractions of units.

    Raises:
        InputError: naming the first cell that is wrong.
    """
    filled = column.text[column.text != ""].str.split()
    if filled.empty:
        return None
    draws = len(filled.iloc[0])

    def wrong(cell: list[str]) -> bool:
        numbers = pd.to_numeric(pd.Series(cell), errors="coerce").to_numpy(dtype=np.float64)
        sound = np.isfinite(numbers) & (numbers >= 0) & (not whole or numbers % 1 == 0)
        return len(cell) != draws or not sound.all()

    column.refuse(
        filled.map(wrong).reindex(column.text.index, fill_value=False),
        f"must be {draws} amounts with spaces between, as in other rows, or empty",
    )
    text = grid.fillna("").to_numpy(dtype=object)
    where = text != ""
    row = np.where(where, np.cumsum(where).reshape(where.shape) - 1, -1)
    possible: Array = np.array([cell.split() for cell in text[where]], dtype=np.float64)
    return Hidden(row.astype(np.int64), possible)
