"""The pre-drawn randomness of episodes: demand, lead times, disruptions, starting stock.

Every number has an address: (seed, chain, purpose, episode, source, site). World w of a chain is
the same whatever the number of worlds and whatever other chains there are, and a store's demand
does not depend on the other stores there are.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from inventory_env.description.population import Population, addresses, sites_of
from inventory_env.description.scenario import CalendarDisruptions, MarkovDisruptions, Scenario
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.chain_demand import (
    chain_demand,
    drift_on_tape,
    season_factors,
    seen_before,
)
from inventory_env.simulation.drift_path import DriftPath, Player, draw_paths
from inventory_env.simulation.outlook import Outlook, cumulated
from inventory_env.simulation.params import Params
from inventory_env.simulation.recorded_tape import first_dates
from inventory_env.simulation.sources import Generators, Purpose, Source
from inventory_env.simulation.starting_stock import starting_state
from inventory_env.simulation.state import State
from inventory_env.simulation.today import Today
from inventory_env.simulation.worlds import pick_worlds, repeat_worlds, stack_worlds, world_last

__all__ = ["Exogenous", "Purpose", "Tape", "TapeSource", "draw_tape"]

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True)
class Exogenous:
    """What happens to the chain in one period; None where nothing is random or it plays no part."""

    demand: Array  # (world, store) units
    lead_time: Integers | None  # (world, site) of shipments leaving now, periods
    supplier_up: Array | None  # (world,) 1 can ship, 0 disrupted
    rationing: Array | None  # (world, store) uniform, rank under random rationing
    waiting: Array | None  # (world, store) uniform, rounds the share that waits


@dataclass(frozen=True)
class Tape:
    """Randomness of one episode of every world; the first axis is the period."""

    WORLD_SECOND: ClassVar = (
        "demand",
        "lead_time",
        "supplier_up",
        "rationing",
        "waiting",
        "cumulative_factors",
        "known_down",
        "preceding",
        "preceding_factors",
    )

    member: Integers  # (world,) number of the chain that each world plays
    first_day: Array  # (world,) calendar period of the episode's start
    start: State  # at the first decision, arrivals included
    demand: Array  # (period, world, store) units
    lead_time: Integers | None  # (period, world, site) periods
    supplier_up: Array | None  # (period, world)
    rationing: Array | None  # (period, world, store)
    waiting: Array | None  # (period, world, store)
    cumulative_factors: Array | None  # (period + horizon + 1, world, store) season factors before
    known_down: Array | None  # (period + horizon, world) 1: known to be disrupted
    preceding: Array | None  # (slot, world, store) demand seen before, oldest first, units
    preceding_factors: Array | None  # (slot, world, store) season factors then; None: all are 1
    before: int = 0  # periods of the plan that are over when the tape begins
    late: int = 0  # periods that shipments take longer than their links say; in `lead_time` too

    @property
    def end(self) -> int:
        """Number of the first period of the plan that is not on the tape."""
        return self.before + self.periods

    @property
    def periods(self) -> int:
        """Length of the episode."""
        return len(self.demand)

    @property
    def worlds(self) -> int:
        """How many worlds the tape is for."""
        return int(self.demand.shape[1])

    def at(self, period: int) -> Exogenous:
        """What happens in one period of the plan."""
        row = period - self.before
        return Exogenous(
            demand=self.demand[row],
            lead_time=_slot(self.lead_time, row),
            supplier_up=_slot(self.supplier_up, row),
            rationing=_slot(self.rationing, row),
            waiting=_slot(self.waiting, row),
        )

    def outlook(self, period: int) -> Outlook:
        """What may be known of the future at the moment of decision: nothing that was drawn."""
        row = period - self.before
        return Outlook(
            day=self.first_day + row,
            cumulative_factors=(
                None if self.cumulative_factors is None else self.cumulative_factors[row:]
            ),
            down=None if self.known_down is None else self.known_down[row:],
        )

    def of_worlds(self, worlds: slice) -> "Tape":
        """Some of the worlds."""
        return pick_worlds(self, np.arange(self.worlds)[worlds])

    def repeated(self, times: int) -> "Tape":
        """Each world `times` times in a row, so that groups of worlds share their randomness."""
        return repeat_worlds(self, times)


def _slot(values: npt.NDArray[_Number] | None, period: int) -> npt.NDArray[_Number] | None:
    return None if values is None else values[period]


@dataclass(frozen=True)
class _Kinds:
    """What must be drawn for every chain of a population because one of them has it."""

    horizon: int  # periods ahead that a forecast may be asked for
    slots: int  # of a pipeline
    seasons: bool
    random_lead_times: bool
    disruptions: bool
    known_disruptions: bool
    partly_waiting: bool  # in whole units, so that the share that waits is rounded at random

    @classmethod
    def of(cls, population: Population) -> "_Kinds":
        chains = population.members
        disruptions = [chain.supplier.disruptions for chain in chains]
        sites = [site for chain in chains for site in sites_of(chain)]
        return cls(
            horizon=max(forecast_horizon(chain) for chain in chains),
            slots=max(max(site.lead_time.maximum for site in sites) - 1, 0),
            seasons=any(chain.seasonal for chain in chains),
            random_lead_times=any(site.lead_time.kind != "constant" for site in sites),
            disruptions=any(kind is not None for kind in disruptions),
            known_disruptions=any(isinstance(kind, CalendarDisruptions) for kind in disruptions),
            partly_waiting=any(c.unmet_demand == "partial" and c.whole for c in chains),
        )


def forecast_horizon(scenario: Scenario) -> int:
    """How many periods ahead a forecast may be asked for."""
    stores = max(s.lead_time.maximum + s.orders.review for s in scenario.stores)
    upstream = scenario.warehouse.lead_time.maximum + scenario.supplier.lead_time.maximum
    reviews = scenario.warehouse.orders.review + scenario.supplier.orders.review
    return stores + upstream + reviews + 1


def draw_tape(
    population: Population,
    *,
    seed: int,
    purpose: Purpose,
    worlds: int,
    episode: int = 0,
    periods: int | None = None,
    today: Today | None = None,
    shifted: bool = False,
) -> Tape:
    """Draw the randomness of `worlds` episodes.

    Args:
        population: the chain, or several, among which the worlds are shared out evenly, each
            chain's side by side.
        seed: the run's seed.
        purpose: training, tuning, validation and test tapes never share a number.
        worlds: how many independent episodes.
        episode: number of the episode, for worlds that live through several.
        periods: length; the population's if left out.
        today: where all worlds begin; left out, each on a day of its own.
        shifted: recorded demand drifts as it does in training; the dates are the same without.
    """
    return TapeSource(population, Params.of(population)).draw(
        seed=seed,
        purpose=purpose,
        worlds=worlds,
        episode=episode,
        periods=periods,
        today=today,
        shifted=shifted,
    )


class TapeSource:
    """Draws tapes for a population, whose numbers are looked up once.

    Args:
        population: the chains.
        params: their numbers.
    """

    def __init__(self, population: Population, params: Params) -> None:
        self._population, self._params = population, params
        self._kinds, self._addresses = _Kinds.of(population), addresses(population)

    def draw(
        self,
        *,
        seed: int,
        purpose: Purpose,
        worlds: int,
        episode: int = 0,
        periods: int | None = None,
        today: Today | None = None,
        shifted: bool = False,
        members: Integers | None = None,
    ) -> Tape:
        """As `draw_tape`; `members` are the numbers of the chains that play, left out, all do."""
        chains, shape = self._population.members, self._params.shape
        length = shape.periods if periods is None else periods
        playing = range(len(chains)) if members is None else members.tolist()

        def generator_of(number: int) -> Generators:
            def generator(source: Source, site: int = 0) -> np.random.Generator:
                key = (*self._addresses[number], int(purpose), episode, int(source), site)
                return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))

            return generator

        players = [
            Player(
                number,
                drift_on_tape(chains[number], purpose, today=today, shifted=shifted),
                own,
                generator_of(number),
            )
            for number, own in zip(playing, _dealt(worlds, len(playing)), strict=True)
            if own
        ]
        paths = draw_paths(players, shape.stores, seen_before(chains[0], today) + length)
        return stack_worlds(
            [
                _draw_chain(
                    chains[each.number],
                    self._params,
                    self._kinds,
                    each.generator,
                    purpose=purpose,
                    member=np.full(each.worlds, each.number),
                    length=length,
                    today=today,
                    path=path,
                )
                for each, path in zip(players, paths, strict=True)
            ]
        )


def _dealt(worlds: int, chains: int) -> list[int]:
    """How many worlds each chain plays, as evenly as can be."""
    ends = [worlds * place // chains for place in range(chains + 1)]
    return [end - first for first, end in pairwise(ends)]


def _draw_chain(
    chain: Scenario,
    params: Params,
    kinds: _Kinds,
    generator: Generators,
    *,
    purpose: Purpose,
    member: Integers,
    length: int,
    today: Today | None,
    path: DriftPath | None,
) -> Tape:
    """One chain's worlds."""
    worlds, history = len(member), chain.history
    before = 0 if today is None else today.period
    rng = generator(Source.CALENDAR)
    if today is not None:
        first_day = np.full(worlds, today.day)
    elif history is None:
        first_day = rng.integers(0, 7 * 365, worlds)
    else:
        first_day = first_dates(history, rng, purpose.part, worlds, length)
    seen, seasons = seen_before(chain, today), None
    if kinds.seasons:
        ahead = seen + length + kinds.horizon
        seasons = season_factors(chain, first_day - before, ahead, first=before - seen)
    demand = chain_demand(
        chain,
        generator,
        purpose=purpose,
        first_day=first_day,
        length=length,
        seasons=None if seasons is None else seasons[: seen + length],
        today=today,
        path=path,
    )

    def uniform(source: Source) -> Array:
        values = generator(source).random((worlds, length, len(chain.stores)))
        return world_last(values.transpose(1, 2, 0))

    announced = known_down(chain, worlds, before + length + kinds.horizon)
    if announced is None and kinds.known_disruptions:
        announced = np.zeros((before + length + kinds.horizon, worlds))
    return Tape(
        member=member,
        first_day=first_day.astype(np.float64),
        start=starting_state(
            params, int(member[0]), partial(generator, Source.START), worlds, kinds.slots
        ),
        demand=demand.episode,
        lead_time=(
            _lead_times(chain, generator, worlds, length) if kinds.random_lead_times else None
        ),
        supplier_up=(
            _disruptions(chain, generator(Source.DISRUPTION), worlds, before + length)[before:]
            if kinds.disruptions
            else None
        ),
        rationing=uniform(Source.RATIONING) if chain.warehouse.rationing == "random" else None,
        waiting=uniform(Source.WAITING) if kinds.partly_waiting else None,
        cumulative_factors=None if seasons is None else cumulated(seasons[seen:]),
        known_down=None if announced is None else announced[before:],
        preceding=demand.preceding,
        preceding_factors=None if seasons is None else seasons[:seen],
        before=before,
    )


def _lead_times(chain: Scenario, generator: Generators, worlds: int, length: int) -> Integers:
    """(period, world, site) of shipments that leave in each period."""
    sources = {"warehouse": Source.WAREHOUSE_LEAD_TIME, "supplier": Source.SUPPLIER_LEAD_TIME}
    places = [(Source.STORE_LEAD_TIME, i) for i in range(len(chain.stores))]
    places += [(sources[tier], 0) for tier in chain.deciding_tiers()[1:]]
    drawn = [
        site.lead_time.draw(generator(source, i), (worlds, length)).T
        for site, (source, i) in zip(sites_of(chain), places, strict=True)
    ]
    return world_last(np.stack(drawn, axis=1))


def _disruptions(scenario: Scenario, rng: np.random.Generator, worlds: int, length: int) -> Array:
    """(period, world) 1 where the supplier can ship."""
    disruptions = scenario.supplier.disruptions
    up = np.ones((length, worlds))
    if isinstance(disruptions, MarkovDisruptions):
        uniform = rng.random((worlds, length)).T
        now = uniform[0] < disruptions.mean_up / (disruptions.mean_up + disruptions.mean_down)
        for t in range(length):
            if t:
                stays_up = now & (uniform[t] >= 1 / disruptions.mean_up)
                now = stays_up | (~now & (uniform[t] < 1 / disruptions.mean_down))
            up[t] = now
        return up
    down = known_down(scenario, worlds, length)
    return up if down is None else up - down


def known_down(scenario: Scenario, worlds: int, length: int) -> Array | None:
    """(period, world) 1 where the calendar says that the supplier cannot ship; None without one."""
    disruptions = scenario.supplier.disruptions
    if not isinstance(disruptions, CalendarDisruptions):
        return None
    down = np.zeros((length, worlds))
    for first, last in disruptions.down:
        down[first : last + 1] = 1.0
    return down
