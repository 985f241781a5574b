"""A situation from the facts of a real morning: what a planner can write down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from inventory_env.description.population import Shape, shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.chain_demand import season_factors
from inventory_env.simulation.memory import RECENT, Memory
from inventory_env.simulation.outlook import Outlook, cumulated
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import forecast_horizon, known_down
from inventory_env.simulation.worlds import laid_out, over_sites, zeros

EPOCH = date(2001, 1, 1)  # a Monday: day 0 of the calendar where demand is not recorded
DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Shipment:
    """Units on the way to a site."""

    to: str  # a store's name, "warehouse" or "supplier"
    units: float
    due: date  # on hand on the morning of this date


@dataclass(frozen=True)
class Facts:
    """What is known on the morning of a date, after arrivals and before orders.

    Sites are named as in the scenario: the stores' names, "warehouse", "supplier"; those left out
    hold nothing. Tables have a row for each of the last periods, oldest first, and a column for
    each store, or for each site that orders; units.
    """

    date: date
    on_hand: Mapping[str, float]
    on_the_way: Sequence[Shipment] = ()
    owed: Mapping[str, float] = field(default_factory=dict)  # ordered, not yet shipped to the site
    backorders: Mapping[str, float] = field(default_factory=dict)  # customers who wait at a store
    demand: Array | None = None  # (period, store)
    served: Array | None = None  # (period, store) on time from stock; left out, all of it
    ordered: Array | None = None  # (period, site); left out, each its mean demand
    shipped: Array | None = (
        None  # (period, site) left the site upstream; left out, what was ordered
    )
    period: int = 0  # periods since the plan began, for reviews, trends and announced disruptions

    def situation(self, scenario: Scenario) -> Situation:
        """The present as rules and learned policies see it, one world.

        Raises:
            InputError: naming the site or table that does not fit the scenario.
        """
        params, shape = Params.of(scenario), shape_of(scenario)
        names = site_names(scenario)
        return Situation(
            params=params,
            state=self._state(shape, names, DAYS[scenario.period]),
            memory=self._memory(scenario, params),
            outlook=self._outlook(scenario),
            period=self.period,
        )

    def _state(self, shape: Shape, names: list[str], days: int) -> State:
        slots: dict[int, Array] = {}
        for shipment in self.on_the_way:
            ahead = -(-(shipment.due - self.date).days // days)
            if ahead < 1:
                raise InputError(
                    f"shipment of {shipment.units:g} units to {shipment.to}: due must be after "
                    f"{self.date}, got {shipment.due}; what has arrived is on hand"
                )
            slot = slots.setdefault(ahead - 1, zeros(1, shape.sites))
            slot[:, _place(names, shipment.to, "shipment")] += shipment.units
        pipeline = zeros(1, shape.sites)[None].repeat(max(slots, default=-1) + 1, axis=0)
        for place, units in slots.items():
            pipeline[place] = units
        owed = _row(names, self.owed, "owed")
        backorders = _row(names, self.backorders, "backorders")
        for tier in shape.tiers[:-1]:
            source = shape.source(tier)
            backorders[:, source] = over_sites(owed[:, shape.columns(tier)])[:, None]
        return State(
            on_hand=_row(names, self.on_hand, "on_hand"),
            received=zeros(1, shape.sites),
            pipeline=pipeline,
            owed=owed,
            backorders=backorders,
        )

    def _memory(self, scenario: Scenario, params: Params) -> Memory:
        shape = params.shape
        demand = _table("demand", self.demand, shape.stores)
        business = {
            "served": _table("served", self.served, shape.stores),
            "ordered": _table("ordered", self.ordered, shape.sites),
            "shipped": _table("shipped", self.shipped, shape.sites),
        }
        given = [table for table in business.values() if table is not None]
        known = max((len(table) for table in given), default=0)
        total = 0 if demand is None else len(demand)
        for name, table in business.items():
            if (table is not None and len(table) != known) or known > total:
                raise InputError(
                    f"{name}: needs as many periods as the other tables, at most those of demand"
                )
        if shape.learns_demand and total - known < RECENT:
            raise InputError(
                f"demand: needs {RECENT} periods before those of served, ordered and shipped, got "
                f"{total - known}"
            )
        before = factors = None
        if demand is not None and shape.learns_demand:
            before = demand[: total - known, None]
            factors = self._past_factors(scenario, total)
        memory = Memory.of_demand(params, 1, before, factors)
        for t in range(known):
            assert demand is not None
            sold = demand[total - known + t]
            served = _period(business["served"], t, sold)
            ordered = _period(business["ordered"], t, params.need.mean[0])
            shipped = _period(business["shipped"], t, ordered)
            factor = 1.0 if factors is None else factors[total - known + t]
            memory = memory.seen(*_business(shape, sold, served, ordered, shipped), params, factor)
        return memory

    def _past_factors(self, scenario: Scenario, periods: int) -> Array | None:
        """(period, 1, store) season's factors of so many periods before today; None: all are 1."""
        if not scenario.seasonal:
            return None
        begin = np.array([day_of(scenario, self.date) - self.period])
        planned = min(self.period, periods)
        earlier = season_factors(scenario, begin, periods - planned, first=planned - periods)
        of_plan = np.diff(cumulated(season_factors(scenario, begin, self.period)), axis=0)
        return np.concatenate([earlier, of_plan[self.period - planned :]])

    def _outlook(self, scenario: Scenario) -> Outlook:
        today = day_of(scenario, self.date)
        ahead = self.period + forecast_horizon(scenario)
        begin = np.array([today - self.period])
        cumulative = None
        if scenario.seasonal:
            cumulative = cumulated(season_factors(scenario, begin, ahead))[self.period :]
        down = known_down(scenario, 1, ahead)
        return Outlook(
            day=np.array([float(today)]),
            cumulative_factors=cumulative,
            down=None if down is None else down[self.period :],
        )


def day_of(scenario: Scenario, today: date) -> int:
    """The number of a date's calendar period, as `Outlook.day` counts them."""
    first = EPOCH if scenario.history is None else scenario.history.dates[0]
    return (today - first).days // DAYS[scenario.period]


def date_of(scenario: Scenario, day: float) -> date:
    """The date of a calendar period, as `Outlook.day` counts them."""
    first = EPOCH if scenario.history is None else scenario.history.dates[0]
    return first + timedelta(days=int(day) * DAYS[scenario.period])


def site_names(scenario: Scenario) -> list[str]:
    """Names of the sites that order something, in the order of their numbers."""
    return [*(store.name for store in scenario.stores), *shape_of(scenario).upstream]


def _place(names: list[str], name: str, where: str) -> int:
    if name not in names:
        raise InputError(f"{where}: site {name!r} is unknown; allowed: {', '.join(names)}")
    return names.index(name)


def _row(names: list[str], units: Mapping[str, float], where: str) -> Array:
    row = zeros(1, len(names))
    for name, value in units.items():
        row[:, _place(names, name, where)] = value
    return row


def _table(name: str, table: Array | None, columns: int) -> Array | None:
    if table is None:
        return None
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != columns:
        raise InputError(f"{name}: must have shape (periods, {columns}), got {values.shape}")
    return values


def _period(table: Array | None, period: int, absent: Array) -> Array:
    return absent if table is None else table[period]


def _business(
    shape: Shape, sold: Array, served: Array, ordered: Array, shipped: Array
) -> tuple[Array, Array, Array]:
    """(1, site) demand, served and ordered of a period; upstream they follow from the orders."""
    demand, on_time = zeros(1, shape.sites), zeros(1, shape.sites)
    demand[:, : shape.stores], on_time[:, : shape.stores] = sold, served
    for tier in shape.tiers[:-1]:
        sites, source = shape.columns(tier), shape.source(tier)
        demand[:, source] = over_sites(ordered[None, sites])[:, None]
        gone = over_sites(shipped[None, sites])[:, None]
        on_time[:, source] = np.minimum(demand[:, source], gone)
    return demand, on_time, laid_out(ordered[None])
