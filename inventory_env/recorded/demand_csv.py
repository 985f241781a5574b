"""Recorded demand, or sales, as CSV: read it, mend little, refuse the rest, say what was found.

How dates and amounts are written, each whole column decides; reported where it is not the usual.
Mended and reported, up to 5 % each: dates on which a store has no row (0 demand), identical rows
(counted once), several rows of a store and date, whatever the time of day (summed). Outliers are
reported, never changed. Sales are completed to demand where a store was sold out.
"""

from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from inventory_env.errors import InputError, argument
from inventory_env.files import write_text
from inventory_env.frozen import LONGEST_NAME, MOST_STORES
from inventory_env.recorded.amounts import read_amounts
from inventory_env.recorded.column import Column
from inventory_env.recorded.completion import completed
from inventory_env.recorded.csv_table import read_csv_table
from inventory_env.recorded.dates import read_dates
from inventory_env.recorded.history import DemandFile, History
from inventory_env.recorded.import_report import ImportReport, StoreReport
from inventory_env.recorded.possible_column import possible_text, read_possible
from inventory_env.recorded.stock_columns import (
    AmountColumns,
    carried_on,
    read_seen,
    refuse_never_seen,
)
from inventory_env.recorded.unseen_demand import Sales

MENDABLE = 0.05
ITEM_NAMES = ("item", "sku", "product", "article", "material", "stockcode")


def read_demand(file: DemandFile, *, whole: bool) -> tuple[History, ImportReport]:
    """Read, check and split recorded demand.

    Args:
        file: the CSV, its columns, the item and the split; its path is opened as it stands.
        whole: refuse fractions of units.

    Raises:
        InputError: naming file, row (the header is row 1) and value of what cannot be mended.
    """
    table, columns = _table(file)
    written = read_dates(_column(table, file.date_column, file), file.date_format)
    table, item = _one_item(table, file, columns)
    amounts, told = read_amounts(_column(table, columns.amount, file), whole=whole)
    rows = pd.DataFrame(
        {
            "date": written.days[table.index],
            "store": _store_names(_column(table, file.store_column, file)),
            "demand": amounts,
            "seen": 1.0,
            "possible": "" if columns.possible is None else table[columns.possible],
        }
    )
    if columns.stock:
        stock = [
            None if name is None else _column(table, name, file)
            for name in (columns.on_hand, columns.in_stock)
        ]
        rows["seen"], more = read_seen(*stock)
        told = [*told, *more]
    rows, repeated, summed = _one_row_each(rows, table.duplicated(), file, timed=written.timed)
    period, dates = _calendar(rows["date"], file)
    stores = tuple(str(name) for name in rows["store"].unique())
    if len(stores) > MOST_STORES:
        raise InputError(f"{file.path}: {len(stores)} stores, at most {MOST_STORES} are allowed")

    def grid(name: str) -> pd.DataFrame:
        wide = rows.pivot(index="date", columns="store", values=name)
        return wide.reindex(index=dates, columns=list(stores))

    missing = grid("demand").isna()
    for store in stores:
        _few_missing(missing[store], store, file)
    days = tuple(day.date() for day in dates)
    demand, hidden = grid("demand").fillna(0.0).to_numpy(dtype=np.float64), None
    split, sold = _split(days, file), None
    if columns.stock:
        sold, seen = demand, carried_on(grid("seen"))
        refuse_never_seen(seen, stores, split[0], file)
        weekday = dates.day_of_week.to_numpy(dtype=np.int64) if period == "day" else None
        sales = Sales(sold, seen, weekday, whole)
        demand, hidden = completed(sales, stores, (*split, len(days)))
    elif columns.possible is not None:
        cells = _column(table, columns.possible, file)
        hidden = read_possible(cells, grid("possible"), whole=whole)
    history = History(days, stores, demand, *split, hidden)
    report = ImportReport(
        file=str(file.path),
        item=item,
        read_as=(*written.told, *told),
        period=period,
        history=history,
        repeated=repeated,
        summed=summed,
        stores=tuple(
            StoreReport.of(history, i, filled=int(missing[store].sum()), sold=sold)
            for i, store in enumerate(stores)
        ),
    )
    return history, report


def write_history(history: History, path: Path) -> DemandFile:
    """Write `date,store,demand`, whole or not at all, and say how to read exactly it back.

    Where demand was not seen, a column `possible` says what it may have been.

    The path of the answer is the file's name: relative to the folder it lies in.
    """
    demand = history.demand
    if np.all(demand == np.rint(demand)):
        demand = demand.astype(np.int64)
    rows = pd.DataFrame(
        {
            "date": np.repeat([day.isoformat() for day in history.dates], len(history.stores)),
            "store": np.tile(np.array(history.stores, dtype=object), len(history.dates)),
            "demand": demand.ravel(),
        }
    )
    possible = None
    if history.hidden is not None:
        possible = "possible"
        rows[possible] = possible_text(history.hidden)
    write_text(path, rows.to_csv(index=False, lineterminator="\n"))
    file = DemandFile(path=Path(path.name), possible_column=possible)
    return file.model_copy(update=history.split_dates)


def _table(file: DemandFile) -> tuple[pd.DataFrame, AmountColumns]:
    """The file as text, and which of its columns are amounts."""
    table = read_csv_table(file.path)
    columns = list(table.columns)
    amounts = AmountColumns.of(file, columns)
    used = {"date_column": file.date_column, "store_column": file.store_column, **amounts.named}
    for key, name in {**used, "item_column": file.item_column}.items():
        if name is not None and name not in columns:
            raise InputError(
                f"{file.path}: row 1: no column {name!r} ({key}); the columns are "
                f"{', '.join(columns)}"
            )
    if len(set(used.values())) < len(used):
        raise InputError(f"{file.path}: date, store and amounts need columns of their own: {used}")
    if table.empty:
        raise InputError(f"{file.path}: no rows below the header")
    return table, amounts


def _one_item(
    table: pd.DataFrame, file: DemandFile, amounts: AmountColumns
) -> tuple[pd.DataFrame, str | None]:
    """The rows of the item asked for; of all, where there is nothing to choose."""
    column = file.item_column or _item_column(table, file, amounts)
    if column is None:
        if file.item is not None:
            raise InputError(
                f"{file.path}: no column holds items, so item {file.item!r} cannot be chosen; "
                f"the columns are {', '.join(table.columns)}"
            )
        return table, None
    values = sorted(table[column].unique())
    shown = ", ".join(values[:12]) + (", ..." if len(values) > 12 else "")
    if file.item is None and len(values) > 1:
        raise InputError(
            f"{file.path}: several rows for a date and store: it has a column {column!r} with "
            f"{len(values)} values; choose one with {argument('item')} ({shown})"
        )
    item = values[0] if file.item is None else file.item
    if item not in values:
        raise InputError(f"{file.path}: no item {item!r} in column {column!r}; it has {shown}")
    return table[table[column] == item], item


def _item_column(table: pd.DataFrame, file: DemandFile, amounts: AmountColumns) -> str | None:
    """The column, beside those known, that tells apart the rows of a date and store."""
    key = [file.date_column, file.store_column]
    if file.item is None and table.duplicated(key).mean() <= MENDABLE:
        return None
    found = [
        column
        for column in table.columns
        if column not in (*key, *amounts.named.values())
        and table.duplicated([*key, column]).mean() <= MENDABLE
    ]
    holding = [column for column in found if (table[column] == file.item).any()]
    ranked = sorted(
        holding or found, key=lambda name: (name.lower() not in ITEM_NAMES, table[name].nunique())
    )
    return ranked[0] if ranked else None


def _column(table: pd.DataFrame, name: str, file: DemandFile) -> Column:
    return Column(file.path, name, table[name])


def _store_names(column: Column) -> "pd.Series[str]":
    column.refuse(column.text == "", "is no name; give the store")
    column.refuse(column.text.str.len() > LONGEST_NAME, f"exceeds {LONGEST_NAME} letters")
    return column.text


def _one_row_each(
    rows: pd.DataFrame, identical: "pd.Series[bool]", file: DemandFile, *, timed: bool
) -> tuple[pd.DataFrame, int, int]:
    """One row for each date and store; how many were left out as identical, how many added up."""
    key = ["date", "store"]
    again = rows.duplicated(key)
    if again.mean() > MENDABLE:
        row = again.index[again][0]
        day, store = rows["date"][row].date(), rows["store"][row]
        aside = ", times of day left aside" if timed else ""
        raise InputError(
            f"{file.path}: row {row}: store {store!r} has another row on {day}, as "
            f"{again.sum()} of {len(rows)} rows have{aside}; sum them up, one row for each date "
            f"and store"
        )
    unique = rows[~identical]
    summed = unique.groupby(key, sort=False).agg(
        {"demand": "sum", "seen": "min", "possible": "max"}
    )
    summed = summed.reset_index()
    return summed, int(identical.sum()), len(unique) - len(summed)


def _calendar(
    column: "pd.Series[pd.Timestamp]", file: DemandFile
) -> tuple[Literal["day", "week"], pd.DatetimeIndex]:
    """Length of a period, and every date from the first to the last."""
    dates = pd.DatetimeIndex(column.unique()).sort_values()
    if len(dates) < 2:
        raise InputError(f"{file.path}: only one date ({dates[0].date()}), too few to learn from")
    steps = np.diff(dates.to_numpy()) // np.timedelta64(1, "D")
    step = int(steps.min())
    odd = int(np.argmax(steps % step != 0))
    if step not in (1, 7) or steps[odd] % step:
        at = odd if step == 7 else int(np.argmin(steps))
        raise InputError(
            f"{file.path}: dates must be daily or weekly, got {dates[at].date()} and next "
            f"{dates[at + 1].date()}, {steps[at]} days later"
        )
    count = int(steps.sum()) // step + 1
    if count * (1 - MENDABLE) > len(dates):
        gap = int(np.argmax(steps))
        raise InputError(
            f"{file.path}: no row at all on {count - len(dates)} of the {count} dates from "
            f"{dates[0].date()} to {dates[-1].date()}, at most {MENDABLE:.0%} may be missing; the "
            f"longest gap starts after {dates[gap].date()}. Write 0 where there was no demand"
        )
    return "day" if step == 1 else "week", pd.date_range(dates[0], dates[-1], freq=f"{step}D")


def _few_missing(missing: "pd.Series[bool]", store: str, file: DemandFile) -> None:
    """Refuse a store of which too many dates would have to be made up."""
    if missing.mean() > MENDABLE:
        raise InputError(
            f"{file.path}: store {store!r} has no row on {missing.sum()} of {len(missing)} dates, "
            f"the first {missing.index[missing][0].date()}; at most {MENDABLE:.0%} may be missing. "
            f"Write 0 where there was no demand"
        )


def _split(dates: tuple[date, ...], file: DemandFile) -> tuple[int, int]:
    """Index of the first date for validation and for the test."""

    def index(field: Literal["validate_from", "test_from"], default: int) -> int:
        given = getattr(file, field)
        if given is None:
            return default
        if not dates[0] < given <= dates[-1]:
            raise InputError(
                f"{file.path}: {field} must be after {dates[0]}, the first date, and not after "
                f"{dates[-1]}, the last, got {given}"
            )
        return int(np.searchsorted(np.array(dates, dtype="datetime64[D]"), np.datetime64(given)))

    test = index("test_from", len(dates) * 3 // 4)
    validate = index("validate_from", test * 4 // 5)
    if not 0 < validate < test:
        raise InputError(
            f"{file.path}: training, validation and test need dates of their own: validate_from "
            f"({dates[validate]}) must be before test_from ({dates[test]}), of {len(dates)} dates"
        )
    return validate, test
