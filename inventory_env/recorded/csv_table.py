"""A CSV as people and programs save it, as a table of text."""

import csv
import re
from io import StringIO
from pathlib import Path

import pandas as pd

from inventory_env.errors import InputError
from inventory_env.recorded.csv_text import read_csv_text


def read_csv_table(path: Path) -> pd.DataFrame:
    """The cells as text without spaces around, the index is the row's number in the file.

    Empty rows are left out.

    Raises:
        InputError: if the file cannot be read, or a row has more values than the header.
    """
    text, separator = read_csv_text(path)
    header = text.split("\n", 1)[0]
    columns = [name.strip() for name in next(csv.reader([header], delimiter=separator), [])]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise InputError(f"{path}: row 1: column {twice[0]!r} stands there more than once")
    try:
        table = pd.read_csv(
            StringIO(text), sep=separator, dtype=str, keep_default_na=False, skip_blank_lines=False
        )
    except pd.errors.ParserError as error:
        place = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        reason = "{1}: {2} values, the header has {0}".format(*place.groups()) if place else error
        raise InputError(f"{path}: row {reason}") from None
    if not isinstance(table.index, pd.RangeIndex):
        raise InputError(f"{path}: row 2: more values than the header has")
    table.columns = pd.Index(columns)
    table.index = table.index + 2
    table = table.fillna("").apply(lambda column: column.str.strip())
    return table[(table != "").any(axis=1)]
