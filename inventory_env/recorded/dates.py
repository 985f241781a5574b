"""Dates as people and programs write them; a time of day behind a date is dropped.

Formats are those of Python's strptime.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from inventory_env.errors import argument

if TYPE_CHECKING:
    import pandas as pd

from inventory_env.recorded.column import Column

FORMATS = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y"),
    *("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y"),
    *("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%b %d %Y"),
    *("%d %B %Y", "%d-%B-%Y", "%B %d, %Y", "%B %d %Y"),
)
TIME_OF_DAY = (
    r"[Tt\s]\s*(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"  # 13:45, 13:45:00, 13:45:00.000
    r"(?:\s*[AaPp][Mm])?(?:\s*(?:Z|[A-Z]{3,4}|[+-]\d\d(?::?\d\d)?))?$"  # PM; Z, UTC, CEST, +01:00
)


@dataclass(frozen=True)
class Dates:
    """The dates of a column."""

    days: pd.Series[pd.Timestamp]  # the index is the row's number in the file
    timed: bool  # whether times of day were dropped
    told: list[str]  # how they were written, for people; nothing for YYYY-MM-DD


def read_dates(column: Column, date_format: str | None) -> Dates:
    """The dates of a column, all of them in one format: the one given, else the one that fits.

    Raises:
        InputError: if no format reads all dates, or several do and give different dates.
    """
    bare = column.text.str.replace(TIME_OF_DAY, "", regex=True)
    formats = FORMATS if date_format is None else (date_format,)
    iso, told = replace(column, text=bare).read(
        {written: partial(iso_date, date_format=written) for written in formats},
        kind="a date",
        otherwise=f"write YYYY-MM-DD, or give {argument('date_format')}, such as %d.%m.%y"
        if date_format is None
        else f"the date format given is {date_format}",
        undecided=f"give {argument('date_format')} (date_format in a [demand_file])",
    )
    timed = bare.index[bare != column.text]
    told += [
        f"times of day dropped: {column.name} {column.text[row]!r} is {iso[row]}"
        for row in timed[:1]
    ]
    return Dates(iso.astype("datetime64[s]"), bool(len(timed)), told)


def iso_date(text: str, date_format: str) -> str | None:
    """The date as YYYY-MM-DD, None if it is not written like that.

    >>> iso_date("31/01/2024", "%d/%m/%Y")
    '2024-01-31'

    Digits without separators must be complete: 2024111 may be two dates.

    >>> iso_date("2024111", "%Y%m%d")
    """
    try:
        day = datetime.strptime(text, date_format)
    except ValueError:
        return None
    if text.isdigit() and day.strftime(date_format) != text:
        return None
    return day.date().isoformat()


def check_date_format(date_format: str) -> str:
    """The format, if it writes and reads a date and nothing else.

    Raises:
        ValueError: saying what is allowed.
    """
    noon = datetime(2024, 1, 31, 12)
    try:
        written = datetime.strptime(noon.strftime(date_format), date_format)
    except (ValueError, re.error, DeprecationWarning):  # the last: a day without a year
        written = noon
    if written != noon.replace(hour=0):
        raise ValueError(
            f"must give year, month and day as strptime reads them, such as %d/%m/%Y, and no time "
            f"of day (it is dropped anyway), got {date_format!r}"
        )
    return date_format
