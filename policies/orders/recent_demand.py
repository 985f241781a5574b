"""Demand until a morning: from a planner's file, from the run's own record, or from both."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.facts import DAYS, day_of, site_names
from policies.orders.sheet import Sheet

DEMAND = "demand.csv"
NEEDED = ["date", "site", "demand"]
BUSINESS = ["served", "ordered", "shipped"]
DEMAND_COLUMNS = ["date", "item", "site", "demand", *BUSINESS]


@dataclass(frozen=True)
class RecentDemand:
    """What sites remember on a morning, and all that is recorded before it."""

    tables: dict[str, Array]  # of `Facts`: demand, and what is known of served, ordered, shipped
    past: Array | None  # (period, store) units; None where demand is not recorded
    newest: date | None  # with demand
    given: bool  # whether the file had demand before the morning


def recent_demand(scenario: Scenario, sheet: Sheet | None, morning: date) -> RecentDemand:
    """Demand of the periods before a morning.

    A file that begins within the run's own record, or just behind it, continues that. Sites
    remember what the file has; the record before it only where the file has fewer periods than an
    episode begins with.

    Args:
        scenario: the chain.
        sheet: of the file; None: there is none.
        morning: demand from this date on is left aside.

    Raises:
        InputError: naming file, row and value.
    """
    tables, last = ({}, None) if sheet is None else _read(sheet, scenario, morning)
    if last is None:
        record = _record_before(scenario, morning)
        if scenario.history is None:
            return RecentDemand({}, None, None, given=False)
        newest = scenario.history.dates[len(record) - 1] if len(record) else None
        return RecentDemand({"demand": record}, record, newest, given=False)
    own = tables["demand"]
    if scenario.history is None:
        return RecentDemand(tables, None, last, given=True)
    first = last - (len(own) - 1) * timedelta(days=DAYS[scenario.period])
    record = _record_before(scenario, first)
    if day_of(scenario, first) > len(scenario.history.dates):  # a gap: the record ends too early
        record = record[:0]
    missing = max(scenario.seen_before - len(own), 0)
    remembered = record[len(record) - min(missing, len(record)) :]
    return RecentDemand(
        {**tables, "demand": np.concatenate([remembered, own])},
        np.concatenate([record, own]),
        last,
        given=True,
    )


def _record_before(scenario: Scenario, day: date) -> Array:
    """(period, store) the run's own record before a date; nothing where it has none."""
    history = scenario.history
    if history is None:
        return np.zeros((0, len(scenario.stores)))
    return history.demand[: sum(recorded < day for recorded in history.dates)]


def headings(scenario: Scenario) -> dict[str, str]:
    """Headings that the chain's own demand file has, and what they are called here."""
    file = scenario.demand_file or DemandFile(path=Path(DEMAND))
    own = {
        file.date_column: "date",
        file.store_column: "site",
        "store": "site",
        file.demand_column: "demand",
        file.item_column or "item": "item",
    }
    return {name.lower(): standard for name, standard in own.items()}


def demand_by_date(scenario: Scenario, file: Path) -> tuple[list[date], Array]:
    """All dates of a demand file, and (date, store) demand in units.

    Raises:
        InputError: naming file, row and value.
    """
    sheet = Sheet(file, NEEDED, ["item", *BUSINESS], names=headings(scenario))
    tables, newest = _read(sheet, scenario, date.max)
    demand = tables["demand"]
    if newest is None:
        return [], demand
    step = timedelta(days=DAYS[scenario.period])
    return [newest - k * step for k in range(len(demand) - 1, -1, -1)], demand


def _read(sheet: Sheet, scenario: Scenario, morning: date) -> tuple[dict[str, Array], date | None]:
    """Tables of the periods before a morning, oldest first, and the newest date with demand."""
    stores, names = [store.name for store in scenario.stores], site_names(scenario)
    sheet.one_of("site", names)
    sheet.dates("date")
    sheet.rows = sheet.rows[sheet.rows["date"] < np.datetime64(morning, "s")]
    sheet.unique("date", "site")
    upstream = ~sheet.rows["site"].isin(stores)
    sheet.rows.loc[upstream & (sheet.rows["demand"] == ""), "demand"] = "0"
    sheet.numbers("demand", least=0)
    sheet.whole("demand", scenario.whole)
    given = {name: sheet.rows[name] != "" for name in BUSINESS}
    for name in BUSINESS:
        sheet.numbers(name, empty=0, least=0)
    rows = sheet.rows
    if not len(rows):
        return {"demand": np.zeros((0, len(stores)))}, None
    newest = rows["date"].max()
    days = pd.date_range(rows["date"].min(), newest, freq=f"{DAYS[scenario.period]}D")
    off = ~rows["date"].isin(days)
    sheet.refuse(off, "date", f"is not a whole number of {scenario.period}s after {days[0].date()}")
    rows = sheet.rows

    def table(name: str, columns: list[str]) -> Array:
        wide = rows.pivot(index="date", columns="site", values=name)
        return wide.reindex(index=days, columns=columns).fillna(0.0).to_numpy()

    tables = {"demand": table("demand", stores)}
    known = rows["date"][pd.DataFrame(given).reindex(rows.index).any(axis=1)]
    if len(known):
        last = int((days >= known.min()).sum())
        for name in BUSINESS:
            if given[name].any():
                tables[name] = table(name, stores if name == "served" else names)[-last:]
    return tables, newest.date()
