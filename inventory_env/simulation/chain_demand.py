"""One chain's demand on a tape: drawn from its laws or recorded, and how it has drifted."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from inventory_env.description.demand_drift import DemandDrift
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.drift_path import DriftPath
from inventory_env.simulation.drifted_demand import Law, drifted, local_mean
from inventory_env.simulation.hidden_tape import redrawn
from inventory_env.simulation.recorded_tape import (
    as_recorded,
    like_the_past,
    preceding,
    resampled,
)
from inventory_env.simulation.sources import Generators, Purpose, Source
from inventory_env.simulation.today import Today
from inventory_env.simulation.worlds import world_last


@dataclass(frozen=True)
class ChainDemand:
    """(period, world, store) units."""

    preceding: Array | None  # seen before the episode, oldest first
    episode: Array


def drift_on_tape(
    chain: Scenario, purpose: Purpose, *, today: Today | None, shifted: bool
) -> DemandDrift | None:
    """What drifts on a chain's tape; None: nothing.

    Drawn demand drifts on every tape; after a real morning it goes on from its level there.
    Recorded demand drifts where a policy is trained, or where that is asked for.
    """
    drift = chain.drift
    if drift is None or (chain.history is None and today is None):
        return drift
    if chain.history is None:
        return drift.model_copy(update={"level": 0.0})
    return drift if today is None and (shifted or purpose is Purpose.TRAIN) else None


def seen_before(chain: Scenario, today: Today | None) -> int:
    """Periods before an episode whose demand its tape holds; none before a real morning."""
    return chain.seen_before if today is None else 0


def chain_demand(
    chain: Scenario,
    generator: Generators,
    *,
    purpose: Purpose,
    first_day: Integers,
    length: int,
    seasons: Array | None,
    today: Today | None,
    path: DriftPath | None,
) -> ChainDemand:
    """Demand of an episode, and what is seen before it.

    Args:
        chain: the chain.
        generator: of its random numbers.
        purpose: of the tape.
        first_day: (world,) calendar period of the episode's start.
        length: of the episode, periods.
        seasons: (period, world, store) factors of what is seen before and of the episode; None: 1.
        today: where all worlds begin.
        path: of the drift, of the same periods; None: nothing drifts.
    """
    if chain.history is not None:
        demand = _recorded(
            chain, generator, purpose=purpose, first_day=first_day, length=length, today=today
        )
    else:
        before = seen_before(chain, today)
        demand = _drawn(chain, generator, seasons, worlds=len(first_day), split=(before, length))
    if path is None:
        return demand
    together = demand.episode
    if demand.preceding is not None:
        parts = [part.swapaxes(1, 2) for part in (demand.preceding, demand.episode)]
        together = np.concatenate(parts).swapaxes(1, 2)
    if chain.history is not None:
        mean = local_mean(together)
    else:
        mean = np.broadcast_to(chain.demand_mean, together.shape)
        mean = mean if seasons is None else mean * seasons
    if today is not None:
        path = path.scaled(today.level / chain.demand_mean)
    law = Law.of(mean, chain.demand_mean, chain.demand_sd, whole=chain.whole)
    together = drifted(together, path, law, generator)
    before = len(together) - length
    return ChainDemand(together[:before] if before else None, together[before:])


def _recorded(
    chain: Scenario,
    generator: Generators,
    *,
    purpose: Purpose,
    first_day: Integers,
    length: int,
    today: Today | None,
) -> ChainDemand:
    history = chain.history
    assert history is not None
    if today is not None and today.recorded is not None:
        begins, rounding = generator(Source.RESAMPLING), generator(Source.ROUNDING)
        worlds = len(first_day)
        again = like_the_past(chain, today, worlds, length, begins=begins, rounding=rounding)
        return ChainDemand(None, again)
    dates = first_day + np.arange(length)[:, None]
    if purpose is Purpose.TRAIN:
        dates = resampled(history, generator(Source.RESAMPLING), dates)
    if purpose in (Purpose.TRAIN, Purpose.TUNE):
        episode = redrawn(history, dates, partial(generator, Source.DEMAND))
    else:
        episode = as_recorded(history.demand, dates)
    return ChainDemand(
        None if today is not None else preceding(chain, first_day),
        np.rint(episode) if chain.whole else episode,
    )


def _drawn(
    chain: Scenario,
    generator: Generators,
    seasons: Array | None,
    *,
    worlds: int,
    split: tuple[int, int],
) -> ChainDemand:
    """So many periods before the episode and in it; it is the same whatever is seen before."""
    before, length = split
    past = None
    if before:
        sources = Source.PRECEDING, Source.COMMON_PRECEDING
        factors = None if seasons is None else seasons[:before]
        past = _from_laws(chain, generator, sources, factors, (worlds, before))
    sources = Source.DEMAND, Source.COMMON_DEMAND
    factors = None if seasons is None else seasons[before:]
    return ChainDemand(past, _from_laws(chain, generator, sources, factors, (worlds, length)))


def _from_laws(
    chain: Scenario,
    generator: Generators,
    sources: tuple[Source, Source],
    factors: Array | None,
    shape: tuple[int, int],
) -> Array:
    """(period, world, store) units, from each store's own source and the common one, under (period,
    world, store) season factors."""
    own, common = sources
    correlation = chain.demand_correlation
    shared = generator(common).standard_normal(shape) if correlation else None
    columns = []
    for i, store in enumerate(chain.stores):
        factor = np.ones(shape) if factors is None else factors[:, :, i].T
        rng = generator(own, i)
        if shared is None:
            demand = store.demand.draw(rng, factor)
        else:
            score = np.sqrt(correlation) * shared
            score += np.sqrt(1 - correlation) * rng.standard_normal(shape)
            demand = store.demand.from_normal_score(score, factor)
        columns.append((np.rint(demand) if chain.whole else demand).T)
    return world_last(np.stack(columns, axis=1))


def season_factors(
    scenario: Scenario, first_day: Integers, length: int, *, first: int = 0
) -> Array:
    """(period, world, store) factors on the mean.

    Args:
        scenario: the chain.
        first_day: (world,) calendar period in which the plan begins.
        length: how many periods.
        first: period of the plan from which on; below 0 before it begins.
    """
    elapsed = np.arange(first, first + length, dtype=np.float64)[:, None]
    day = first_day[None, :] + elapsed
    columns = [
        np.ones_like(day)
        if store.demand.season is None
        else store.demand.season.factors(day, elapsed, scenario.periods_per_year)
        for store in scenario.stores
    ]
    return world_last(np.stack(columns, axis=1))
