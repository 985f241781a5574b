"""The pre-drawn randomness of episodes: demand, lead times, disruptions, starting stock.

Every number has an address: (seed, purpose, episode, source, site). World w of a tape is the same
whatever the number of worlds, and a store's demand does not depend on the other stores there are.
"""

from dataclasses import dataclass, fields
from enum import IntEnum
from functools import partial
from typing import Protocol, Self, TypeVar

import numpy as np
import numpy.typing as npt

from inventory_env.description.scenario import MarkovDisruptions, Scenario, Store
from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.recorded.history import History, Part
from inventory_env.simulation.starting_stock import starting_state
from inventory_env.simulation.state import State

_Number = TypeVar("_Number", bound=np.generic)


PRECEDING = 28  # periods of recorded demand that an agent remembers when an episode starts
MEAN_BLOCK = 28  # mean length of the blocks in which recorded demand is resampled for training


class _Generators(Protocol):
    """Hands out the generator at an address."""

    def __call__(self, source: "Source", site: int = 0) -> np.random.Generator: ...


class Purpose(IntEnum):
    """What a tape is for; tapes of different purposes are independent."""

    TRAIN = 0
    TUNE = 1
    VALIDATE = 2
    TEST = 3

    @property
    def part(self) -> Part:
        """The dates of recorded demand that may be used."""
        parts: tuple[Part, ...] = ("train", "known", "validate", "test")
        return parts[self]


class Source(IntEnum):
    """Which random quantity a generator draws."""

    DEMAND = 0
    COMMON_DEMAND = 1
    CALENDAR = 2
    STORE_LEAD_TIME = 3
    WAREHOUSE_LEAD_TIME = 4
    SUPPLIER_LEAD_TIME = 5
    DISRUPTION = 6
    START = 7
    RATIONING = 8
    WAITING = 9
    RESAMPLING = 10


@dataclass(frozen=True)
class Exogenous:
    """What happens to the chain in one period; None where nothing is random or it plays no part."""

    demand: Array  # (world, store) units
    store_lead_time: Integers | None  # (world, store) of shipments leaving now, periods
    warehouse_lead_time: Integers  # (world,) periods
    supplier_lead_time: Integers  # (world,) periods
    supplier_up: Array | None  # (world,) 1 can ship, 0 disrupted
    rationing: Array | None  # (world, store) uniform, rank under random rationing
    waiting: Array | None  # (world, store) uniform, rounds the share that waits


@dataclass(frozen=True)
class Tape:
    """Randomness of one episode of every world; the first axis is the period."""

    demand: Array  # (period, world, store) units
    store_lead_time: Integers | None  # (period, world, store) periods
    warehouse_lead_time: Integers  # (period, world) periods
    supplier_lead_time: Integers  # (period, world) periods
    supplier_up: Array | None  # (period, world)
    rationing: Array | None  # (period, world, store)
    waiting: Array | None  # (period, world, store)
    cumulative_factor: Array | None  # (period + horizon + 1, world, store) sum of season factors
    first_day: Array  # (world,) calendar period of the episode's start
    preceding: Array | None  # (slot, world, store) recorded demand just before, oldest first
    start: State  # at the first decision, arrivals included

    @property
    def periods(self) -> int:
        """Length of the episode."""
        return len(self.demand)

    @property
    def worlds(self) -> int:
        """How many worlds the tape is for."""
        return int(self.demand.shape[1])

    def at(self, period: int) -> Exogenous:
        """What happens in one period."""
        return Exogenous(
            demand=self.demand[period],
            store_lead_time=_slot(self.store_lead_time, period),
            warehouse_lead_time=self.warehouse_lead_time[period],
            supplier_lead_time=self.supplier_lead_time[period],
            supplier_up=_slot(self.supplier_up, period),
            rationing=_slot(self.rationing, period),
            waiting=_slot(self.waiting, period),
        )

    def repeated(self, times: int) -> Self:
        """Each world `times` times in a row, so that groups of worlds share their randomness."""
        if times == 1:
            return self

        def repeat(name: str, value: Array | None) -> Array | None:
            """World is the first axis of what has no period and no slot, else the second."""
            first = name == "first_day" or (
                name.startswith(("store_", "warehouse_", "supplier_"))
                and name in State.__dataclass_fields__
                and not name.endswith("pipeline")
            )
            return None if value is None else np.repeat(value, times, axis=0 if first else 1)

        tape = {f.name: repeat(f.name, getattr(self, f.name)) for f in fields(self)[:-1]}
        start = {f.name: repeat(f.name, getattr(self.start, f.name)) for f in fields(State)}
        return type(self)(**tape, start=State(**start))  # type: ignore[arg-type]


def _slot(values: npt.NDArray[_Number] | None, period: int) -> npt.NDArray[_Number] | None:
    return None if values is None else values[period]


def forecast_horizon(scenario: Scenario) -> int:
    """How many periods ahead a forecast may be asked for."""
    stores = max(s.lead_time.maximum + s.orders.review for s in scenario.stores)
    upstream = scenario.warehouse.lead_time.maximum + scenario.supplier.lead_time.maximum
    reviews = scenario.warehouse.orders.review + scenario.supplier.orders.review
    return stores + upstream + reviews + 1


def draw_tape(
    scenario: Scenario,
    *,
    seed: int,
    purpose: Purpose,
    worlds: int,
    episode: int = 0,
    periods: int | None = None,
) -> Tape:
    """Draw the randomness of `worlds` episodes.

    Args:
        scenario: the chain.
        seed: the run's seed.
        purpose: training, tuning, validation and test tapes never share a number.
        worlds: how many independent episodes.
        episode: number of the episode, for worlds that live through several.
        periods: length; the scenario's if left out.
    """
    length = scenario.periods if periods is None else periods

    def generator(source: Source, site: int = 0) -> np.random.Generator:
        address = (int(purpose), episode, int(source), site)
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=address))

    if scenario.history is None:
        first_day = generator(Source.CALENDAR).integers(0, 7 * 365, worlds)
    else:
        rng = generator(Source.CALENDAR)
        first_day = _first_dates(scenario.history, rng, purpose, worlds, length)
    horizon = forecast_horizon(scenario)
    factors = _season_factors(scenario, first_day, length + horizon) if scenario.seasonal else None
    if scenario.history is None:
        demand = _draw_demand(scenario, generator, factors, worlds, length)
    else:
        dates = first_day + np.arange(length)[:, None]
        if purpose is Purpose.TRAIN:
            dates = _resampled(scenario.history, generator(Source.RESAMPLING), dates)
        demand = scenario.history.demand[dates]
        demand = np.rint(demand) if scenario.whole else demand

    def lead_times(source: Source, sites: list[Store]) -> Integers:
        drawn = [
            store.lead_time.draw(generator(source, i), (worlds, length)).T
            for i, store in enumerate(sites)
        ]
        return np.ascontiguousarray(np.stack(drawn, axis=2))

    def uniform(source: Source) -> Array:
        values = generator(source).random((worlds, length, len(scenario.stores)))
        return np.ascontiguousarray(values.swapaxes(0, 1))

    random_leads = any(store.lead_time.kind != "constant" for store in scenario.stores)
    partly = scenario.unmet_demand == "partial" and scenario.whole
    warehouse, supplier = scenario.warehouse, scenario.supplier
    return Tape(
        demand=demand,
        store_lead_time=(
            lead_times(Source.STORE_LEAD_TIME, list(scenario.stores)) if random_leads else None
        ),
        warehouse_lead_time=warehouse.lead_time.draw(
            generator(Source.WAREHOUSE_LEAD_TIME), (worlds, length)
        ).T.copy(),
        supplier_lead_time=supplier.lead_time.draw(
            generator(Source.SUPPLIER_LEAD_TIME), (worlds, length)
        ).T.copy(),
        supplier_up=_disruptions(scenario, generator(Source.DISRUPTION), worlds, length),
        rationing=uniform(Source.RATIONING) if warehouse.rationing == "random" else None,
        waiting=uniform(Source.WAITING) if partly else None,
        cumulative_factor=(
            None if factors is None else np.concatenate([factors[:1] * 0, factors.cumsum(axis=0)])
        ),
        first_day=first_day.astype(np.float64),
        preceding=None if scenario.history is None else _preceding(scenario, first_day),
        start=starting_state(scenario, partial(generator, Source.START), worlds),
    )


def _season_factors(scenario: Scenario, first_day: Integers, length: int) -> Array:
    """(period, world, store) factors on the mean."""
    elapsed = np.arange(length, dtype=np.float64)[:, None]
    day = first_day[None, :] + elapsed
    columns = [
        np.ones_like(day)
        if store.demand.season is None
        else store.demand.season.factors(day, elapsed, scenario.periods_per_year)
        for store in scenario.stores
    ]
    return np.stack(columns, axis=2)


def _draw_demand(
    scenario: Scenario, generator: _Generators, factors: Array | None, worlds: int, length: int
) -> Array:
    """(period, world, store) demand, units."""
    correlation = scenario.demand_correlation
    shape = (worlds, length)
    common = generator(Source.COMMON_DEMAND).standard_normal(shape) if correlation else None
    columns = []
    for i, store in enumerate(scenario.stores):
        factor = np.ones(shape) if factors is None else factors[:length, :, i].T
        rng = generator(Source.DEMAND, i)
        if common is None:
            demand = store.demand.draw(rng, factor)
        else:
            own = rng.standard_normal(shape)
            score = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own
            demand = store.demand.from_normal_score(score, factor)
        columns.append((np.rint(demand) if scenario.whole else demand).T)
    return np.ascontiguousarray(np.stack(columns, axis=2))


def _first_dates(
    history: History, rng: np.random.Generator, purpose: Purpose, worlds: int, length: int
) -> Integers:
    """(world,) index of each episode's first date, at random within the purpose's dates."""
    first, end = history.bounds(purpose.part)
    if end - first < length:
        raise InputError(
            f"the {purpose.part} dates of the demand file must cover an episode "
            f"({length} periods), got {end - first}"
        )
    return rng.integers(first, end - length + 1, worlds)


def _preceding(scenario: Scenario, first_day: Integers) -> Array:
    """(slot, world, store) demand of the periods before an episode; the mean before all records."""
    assert scenario.history is not None
    dates = first_day + np.arange(-PRECEDING, 0)[:, None]
    known = scenario.history.demand[np.maximum(dates, 0)]
    return np.where(dates[:, :, None] >= 0, known, scenario.demand_mean)


def _resampled(history: History, rng: np.random.Generator, dates: Integers) -> Integers:
    """(period, world) indices of training dates in blocks of random length, all stores together.

    There is little history and much training; blocks in ever new order keep a learner from
    learning the history by heart. Stationary bootstrap; Politis & Romano (1994), "The stationary
    bootstrap", Journal of the American Statistical Association 89(428).
    """
    first, end = history.bounds("train")
    uniform = rng.random((*dates.T.shape, 2)).swapaxes(0, 1)
    jumps = uniform[..., 0] < 1 / MEAN_BLOCK
    targets = first + (uniform[..., 1] * (end - first)).astype(np.int64)
    resampled = dates.copy()
    for t in range(1, len(dates)):
        following = resampled[t - 1] + 1
        resampled[t] = np.where(jumps[t] | (following == end), targets[t], following)
    return resampled


def _disruptions(
    scenario: Scenario, rng: np.random.Generator, worlds: int, length: int
) -> Array | None:
    """(period, world) 1 where the supplier can ship."""
    disruptions = scenario.supplier.disruptions
    if disruptions is None:
        return None
    if isinstance(disruptions, MarkovDisruptions):
        uniform = rng.random((worlds, length)).T
        up = np.empty((length, worlds))
        now = uniform[0] < disruptions.mean_up / (disruptions.mean_up + disruptions.mean_down)
        for t in range(length):
            if t:
                stays_up = now & (uniform[t] >= 1 / disruptions.mean_up)
                now = stays_up | (~now & (uniform[t] < 1 / disruptions.mean_down))
            up[t] = now
        return up
    up = np.ones((length, worlds))
    for first, last in disruptions.down:
        up[first : last + 1] = 0.0
    return up
