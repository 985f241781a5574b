"""A CSV that planners fill in: wrong rows end it, or are left out and listed."""

import csv
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from inventory_env.errors import InputError
from inventory_env.recorded.amounts import WAYS, with_point
from inventory_env.recorded.column import Column
from inventory_env.recorded.csv_text import read_csv_text
from inventory_env.recorded.dates import FORMATS, TIME_OF_DAY, iso_date, read_dates


class Sheet:
    """Rows of text; the index is the row's number in the file, the header is row 1.

    Args:
        file: the CSV.
        needed: columns that must be there.
        allowed: columns that may be there.
        lenient: leave wrong rows out and list them in `left_out`.
        names: other headings of some columns.

    Raises:
        InputError: if the file is no CSV, or its columns are not these.
    """

    def __init__(
        self,
        file: Path,
        needed: Iterable[str],
        allowed: Iterable[str] = (),
        *,
        lenient: bool = False,
        names: dict[str, str] | None = None,
    ) -> None:
        self.file, self.lenient = file, lenient
        self.left_out: list[str] = []
        self.rows = _read(file).rename(columns=names or {})
        needed, allowed = list(needed), list(allowed)
        found = list(self.rows.columns)
        twice = sorted({name for name in found if found.count(name) > 1})
        if twice:
            raise InputError(f"{file}: row 1: column {twice[0]!r} stands there more than once")
        missing = [name for name in needed if name not in found]
        if missing:
            raise InputError(
                f"{file}: row 1: column {missing[0]!r} is missing; columns are {', '.join(needed)}"
                + (f", and perhaps {', '.join(allowed)}" if allowed else "")
            )
        unknown = [name for name in found if name not in {*needed, *allowed}]
        if unknown:
            raise InputError(
                f"{file}: row 1: column {unknown[0]!r} is unknown; allowed: "
                f"{', '.join([*needed, *allowed])}"
            )
        for name in allowed:
            if name not in found:
                self.rows[name] = ""
        self._written = self.rows

    def refuse(self, wrong: "pd.Series[bool]", name: str, reason: str) -> None:
        """Rows that cannot be used, because of a column's value.

        Raises:
            InputError: naming file, first row and value; lenient sheets leave such rows out.
        """
        if not wrong.any():
            return
        written = self._written.loc[self.rows.index, name]
        if not self.lenient:
            Column(self.file, name, written).refuse(wrong, reason)
        self.left_out += [
            f"{self.file.name}: row {row}: {name} {value!r} {reason}"
            for row, value in written[wrong].items()
        ]
        self.rows = self.rows[~wrong]

    def one_of(self, name: str, values: Iterable[str]) -> None:
        """Refuse rows whose value is not in a list."""
        known = list(values)
        shown = ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
        self.refuse(~self.rows[name].isin(known), name, f"is unknown; allowed: {shown}")

    def dates(self, name: str, *, needed: bool = True) -> None:
        """Turn a column into dates, NaT where it is empty."""
        if needed:
            self.refuse(self.rows[name] == "", name, "is empty; give a date")
        given = self.rows[name][self.rows[name] != ""]
        readable = {value for value in given.unique() if _readable(value)}
        odd = ~self.rows[name].isin({"", *readable})
        self.refuse(odd, name, "is not a date")
        given = self.rows[name][self.rows[name] != ""]
        days = pd.Series(pd.NaT, index=self.rows.index, dtype="datetime64[s]")
        if len(given):
            days[given.index] = read_dates(Column(self.file, name, given), None).days
        self.rows = self.rows.assign(**{name: days})

    def numbers(self, name: str, *, empty: float | None = None, least: float = -np.inf) -> None:
        """Turn a column into numbers.

        Args:
            name: of the column.
            empty: what an empty value means; left out, it is refused.
            least: smallest value that is allowed.
        """
        if empty is None:
            self.refuse(self.rows[name] == "", name, "is empty; give a number")
        readable = {value for value in self.rows[name].unique() if _ways(value)}
        self.refuse(~self.rows[name].isin({"", *readable}), name, "is not a number")
        given = self.rows[name][self.rows[name] != ""]
        values = _numbers(Column(self.file, name, given)).reindex(self.rows.index)
        if empty is not None:
            values = values.fillna(empty)
        low = values < least
        self.refuse(low, name, "is negative" if least == 0 else f"is below {least:g}")
        self.rows = self.rows.assign(**{name: values[~low]})

    def whole(self, name: str, needed: bool) -> None:
        """Refuse fractions in a column of numbers, where units are whole."""
        if needed:
            wrong = self.rows[name] % 1 != 0
            self.refuse(wrong, name, "is not whole, as the units of the run are")

    def unique(self, *names: str) -> None:
        """Refuse rows that repeat an earlier one in these columns."""
        repeated = self.rows.duplicated(list(names), keep="first")
        self.refuse(repeated, names[-1], f"has a row already with the same {', '.join(names)}")


def _read(file: Path) -> pd.DataFrame:
    text, separator = read_csv_text(file)
    rows = list(csv.reader(text.splitlines(), delimiter=separator))
    names = [name.strip().lower() for name in rows[0]]
    numbered = {i: row for i, row in enumerate(rows[1:], start=2) if any(x.strip() for x in row)}
    for number, row in numbered.items():
        if len(row) != len(names):
            raise InputError(
                f"{file}: row {number}: has {len(row)} values, the header has {len(names)}"
            )
    table = pd.DataFrame.from_dict(numbered, orient="index", columns=names, dtype=object)
    return table.map(_plain)


def _plain(text: str) -> str:
    """A value without spaces around it, and without the mark that keeps spreadsheets from running
    it as a formula."""
    bare = text.strip()
    return bare[1:] if bare[:1] == "'" and bare[1:2] in FORMULA else bare


FORMULA = tuple("=+-@\t\r")


def safe(text: str) -> str:
    """Text that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _readable(value: str) -> bool:
    bare = re.sub(TIME_OF_DAY, "", value)
    return any(iso_date(bare, written) is not None for written in FORMATS)


def _ways(value: str) -> list[str]:
    return [way for way in WAYS if with_point(value, way) is not None]


def _numbers(column: Column) -> "pd.Series[float]":
    plain = pd.to_numeric(column.text, errors="coerce")
    if plain.notna().all():
        return plain.astype(np.float64)
    text, _ = column.read(
        {way: partial(with_point, way=way) for way in WAYS},
        kind="a number",
        otherwise="write digits only, without unit",
        undecided="write thousands without a separator",
    )
    return text.astype(np.float64)
