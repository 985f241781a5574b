"""A chain whose stores and demand come from a demand CSV."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from inventory_env.description.scenario import Scenario, Store
from inventory_env.errors import InputError, describe
from inventory_env.frozen import LONGEST_NAME
from inventory_env.recorded.demand_csv import read_demand
from inventory_env.recorded.history import DemandFile, History, Part
from inventory_env.recorded.import_report import ImportReport
from inventory_env.recorded.smoothing import fitted_smoothing

Table = dict[str, Any]


def scenario_with_demand(scenario: Scenario, file: DemandFile) -> tuple[Scenario, ImportReport]:
    """The scenario's chain with the stores and the demand of a CSV.

    A store's other settings are those of the scenario's store of the same name, else those of its
    [store_defaults]. Seasons and correlation are those of the recorded demand.

    Raises:
        InputError: if the file cannot be used, or a store's settings are not complete.
    """
    history, report = read_demand(file, whole=scenario.whole)
    given = {s.name: s.model_dump(mode="json", exclude={"demand"}) for s in scenario.stores}
    defaults = scenario.store_defaults.model_dump(mode="json", exclude_none=True)
    defaults.pop("demand", None)
    stores = [
        Store.model_validate(table) for table in _store_tables(history, given, defaults, file.path)
    ]
    changes = _episode(scenario, stores, history, file.path)
    try:
        changed = scenario.with_history(
            history,
            stores,
            name=_name(file),
            description=f"Recorded demand of {file.path.name} in the chain of {scenario.name}",
            period=report.period,
            demand_correlation=0.0,
            demand_file=file.model_copy(update=history.split_dates),
            **changes,
        )
    except ValidationError as error:
        raise InputError(describe(error, f"{scenario.name} with {file.path}")) from None
    own = [name for name in history.stores if name in given]
    others = [name for name in history.stores if name not in given]
    notes = [f"settings of {_listed(own)}: the [[stores]] tables of {scenario.name}"] if own else []
    if others:
        notes.append(f"settings of {_listed(others)}: the [store_defaults] of {scenario.name}")
    if report.period != scenario.period:
        notes.append(
            f"a period is now a {report.period}, not a {scenario.period}: the lead times, costs "
            f"and disruptions of {scenario.name} count in {report.period}s"
        )
    return changed, _noted(report, notes, scenario, changed)


def own_demand(
    table: Table, file: DemandFile, path: Path, source: str
) -> tuple[Table, ImportReport]:
    """A scenario file's table with the stores and the history of its own demand file.

    Args:
        table: the scenario file's table, [store_defaults] not yet filled in.
        file: its [demand_file].
        path: where that file is.
        source: names the scenario file in messages.
    """
    whole = table.get("units", "whole") == "whole"
    history, report = read_demand(file.model_copy(update={"path": path}), whole=whole)
    if table.get("period", report.period) != report.period:
        raise InputError(
            f"{source}: period: the dates of {path} are {report.period}s apart, "
            f"got {table['period']!r}"
        )
    names = [store["name"] for store in table.get("stores", [])]
    if len(set(names)) < len(names):
        raise InputError(f"{source}: stores: names must be unique, got {', '.join(names)}")
    given = {store["name"]: store for store in table.get("stores", [])}
    absent = [name for name in given if name not in history.stores]
    if absent:
        raise InputError(
            f"{source}: store {absent[0]!r} is not in {path}; its stores are "
            f"{', '.join(history.stores)}"
        )
    defaults = {k: v for k, v in table.get("store_defaults", {}).items() if k != "demand"}
    stores = _store_tables(history, given, defaults, path)
    return {**table, "stores": stores, "period": report.period, "history": history}, report


def fitted_episode(
    scenario: Scenario, report: ImportReport, path: Path
) -> tuple[Scenario, ImportReport]:
    """The scenario with an episode short enough for its history, and the report that says so.

    Args:
        scenario: one with a history.
        report: what was read from the demand file.
        path: the demand file's, for messages.
    """
    assert scenario.history is not None
    changes = _episode(scenario, scenario.stores, scenario.history, path)
    changed = scenario.with_history(scenario.history, scenario.stores, **changes)
    return changed, _noted(report, [], scenario, changed)


def _store_tables(
    history: History, given: dict[str, Table], defaults: Table, path: Path
) -> list[Table]:
    """A complete [[stores]] table for each store of the history."""
    required = [name for name, field in Store.model_fields.items() if field.is_required()]
    tables = []
    for i, name in enumerate(history.stores):
        table = {**defaults, **given.get(name, {}), "name": name}
        missing = [key for key in required if key not in table and key != "demand"]
        if missing:
            raise InputError(
                f"store {name!r} of {path}: {', '.join(missing)} missing; give it in "
                f"[store_defaults] or a [[stores]] table of the scenario"
            )
        demand = table.get("demand", {})
        if isinstance(demand, dict) and demand.get("kind", "trace") == "trace":
            table["demand"] = {**_trace(history, i, path), **demand}
        tables.append(table)
    return tables


def _trace(history: History, store: int, path: Path) -> Table:
    """A demand table of kind "trace", from the training dates."""
    demand = history.demand[: history.validate_from, store]
    if not demand.any():
        raise InputError(
            f"{path}: store {history.stores[store]!r} has no demand on the training dates "
            f"({history.dates[0]} to {history.dates[history.validate_from - 1]})"
        )
    return {
        "kind": "trace",
        "mean": float(demand.mean()),
        "sd": float(demand.std()),
        "smoothing": fitted_smoothing(demand),
    }


def _episode(
    scenario: Scenario, stores: Sequence[Store], history: History, path: Path
) -> dict[str, int]:
    """Length and warm-up of an episode; it fits twice into the shortest part of the dates."""
    part, dates = _shortest_part(history)
    periods = min(scenario.periods, dates // 2)
    chain = max(store.lead_time.maximum for store in stores)
    if not scenario.warehouse.unlimited:
        chain += scenario.warehouse.lead_time.maximum
    if periods < min(scenario.periods, chain + 1):
        raise InputError(
            f"{path}: {len(history.dates)} dates are too few: the {part} part has {dates}, it "
            f"needs {2 * (chain + 1)}, twice the longest lead time to a store ({chain} periods) "
            f"and one more"
        )
    if periods == scenario.periods:
        return {}
    scaled = scenario.warm_up * periods // scenario.periods
    return {"periods": periods, "warm_up": min(scaled, periods // 4)}


def _shortest_part(history: History) -> tuple[Part, int]:
    """The part with the fewest dates, and how many it has."""
    parts: tuple[Part, ...] = ("train", "validate", "test")
    lengths = {part: history.bounds(part)[1] - history.bounds(part)[0] for part in parts}
    return min(lengths.items(), key=lambda item: item[1])


def _noted(
    report: ImportReport, notes: list[str], before: Scenario, after: Scenario
) -> ImportReport:
    """The report with what changed in the scenario."""
    if after.periods < before.periods:
        part, dates = _shortest_part(report.history)
        notes = [
            *notes,
            f"an episode has {after.periods} periods, not {before.periods}, and a warm-up of "
            f"{after.warm_up}, not {before.warm_up}: it must fit twice into the {part} part "
            f"({dates} {report.period}s)",
        ]
    mean = float(after.demand_mean.sum())
    if after.capacity < mean:
        notes = [
            *notes,
            f"the supplier's capacity ({after.capacity:g} a {report.period}) is below the mean "
            f"demand ({mean:.3g})",
        ]
    return replace(report, notes=tuple(notes))


def _listed(names: list[str]) -> str:
    return (
        ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
    )


def _name(file: DemandFile) -> str:
    """A scenario name from the file's, and the item's."""
    words = f"{file.path.stem}-{file.item or ''}".lower()
    slug = re.sub(r"[^a-z0-9]+", "-", words).strip("-")
    return slug[:LONGEST_NAME].strip("-") or "demand"
