"""Amounts of demand as people and programs write them: decimal point or comma."""

import re
from functools import partial

import numpy as np
import pandas as pd

from inventory_env.errors import argument
from inventory_env.recorded.column import Column

MOST_DEMAND = 1e12
SIGN = "[+-]?"
# what it is called: the pattern, the mark between thousands, the mark before decimals
WAYS = {
    "decimal point": (SIGN + r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", "", "."),
    "decimal comma": (SIGN + r"(\d+|[1-9]\d{0,2}(\.\d{3})+)(,\d+)?", ".", ","),
    "thousands comma": (SIGN + r"(\d+|[1-9]\d{0,2}(,\d{3})+)(\.\d+)?", ",", "."),
}


def read_amounts(column: Column, *, whole: bool) -> tuple["pd.Series[float]", list[str]]:
    """The amounts of a column, and how they were written, for people; nothing for a decimal point.

    Raises:
        InputError: naming the first value that is no amount, or may be two.
    """
    column.refuse(column.text == "", "is empty; write 0 where there was no demand")
    amount, told = read_numbers(column, whole=whole)
    column.refuse(amount < 0, "is negative; leave returns out or net them")
    column.refuse(amount > MOST_DEMAND, f"is above {MOST_DEMAND:g}")
    if whole:
        column.refuse(
            amount % 1 != 0,
            f"is not whole, as the scenario's units are; give {argument('units')} continuous, or "
            'write units = "continuous" into the scenario',
        )
    return amount, told


def read_numbers(column: Column, *, whole: bool) -> tuple["pd.Series[float]", list[str]]:
    """The numbers of a column without empty cells, and how they were written.

    A point is a decimal point where all values can be read so. Where units are whole, it must also
    give whole numbers and stand in all values or none: 500 and 1.000 may be 500 and 1000.

    Raises:
        InputError: naming the first value that is no number, or may be two.
    """
    number = pd.to_numeric(column.text, errors="coerce")
    text, told = column.text, list[str]()
    point = column.text.str.contains(".", regex=False)
    doubtful = (number % 1 > 0).any() or point.nunique() > 1
    if number.isna().any() or (whole and doubtful):
        text, told = column.read(
            {way: partial(with_point, way=way) for way in WAYS},
            kind="a number",
            otherwise="write digits only, without unit",
            undecided="write thousands without a separator; decimals need a point, and "
            f"{argument('units')} continuous",
        )
    return text.astype(np.float64), told


def with_point(text: str, way: str) -> str | None:
    """The number with a decimal point and no other mark, None if it is not written this way."""
    pattern, thousands, decimals = WAYS[way]
    if not re.fullmatch(pattern, text, re.IGNORECASE):
        return None
    return text.replace(thousands, "").replace(decimals, ".")
