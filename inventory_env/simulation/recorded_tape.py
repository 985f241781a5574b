"""Recorded demand on a tape: as it was, resampled for training, or like the past for futures."""

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.recorded.history import History, Part
from inventory_env.simulation.estimate import Estimate
from inventory_env.simulation.params import LEAST_LEVEL, Params
from inventory_env.simulation.today import Today
from inventory_env.simulation.worlds import world_last

BURN_IN = 28  # first periods of the record, from whose mean the level is smoothed
MEAN_BLOCK = 28  # mean length of the blocks in which recorded demand is resampled for training


def as_recorded(demand: Array, dates: Integers) -> Array:
    """(period, world, store) recorded demand of (period, world) dates."""
    return world_last(np.stack([column[dates] for column in demand.T], axis=1))


def first_dates(
    history: History, rng: np.random.Generator, part: Part, worlds: int, length: int
) -> Integers:
    """(world,) index of each episode's first date, at random within the part's dates."""
    first, end = history.bounds(part)
    if end - first < length:
        raise InputError(
            f"the {part} dates of the demand file must cover an episode "
            f"({length} periods), got {end - first}"
        )
    return rng.integers(first, end - length + 1, worlds)


def preceding(scenario: Scenario, first_day: Integers) -> Array:
    """(slot, world, store) demand of the periods before an episode; the mean before all records."""
    assert scenario.history is not None
    dates = first_day + np.arange(-scenario.seen_before, 0)[:, None]
    known = as_recorded(scenario.history.demand, np.maximum(dates, 0))
    return np.where(dates[:, :, None] >= 0, known, scenario.demand_mean)


def resampled(history: History, rng: np.random.Generator, dates: Integers) -> Integers:
    """(period, world) indices of training dates in blocks of random length, all stores together.

    There is little history and much training; blocks in ever new order keep a learner from
    learning the history by heart. Stationary bootstrap; Politis & Romano (1994), "The stationary
    bootstrap", Journal of the American Statistical Association 89(428).
    """
    first, end = history.bounds("train")
    uniform = rng.random((*dates.T.shape, 2)).swapaxes(0, 1)
    jumps = uniform[..., 0] < 1 / MEAN_BLOCK
    targets = first + (uniform[..., 1] * (end - first)).astype(np.int64)
    found = dates.copy()
    for t in range(1, len(dates)):
        following = found[t - 1] + 1
        found[t] = np.where(jumps[t] | (following == end), targets[t], following)
    return found


def like_the_past(
    scenario: Scenario,
    today: Today,
    worlds: int,
    length: int,
    *,
    begins: np.random.Generator,
    rounding: np.random.Generator,
) -> Array:
    """(period, world, store) stretches of the record, all stores together, at today's level.

    A stretch begins at random, where periods are days on today's day of the week; each store's
    demand is multiplied by its level today over its level then, both as its stores would believe.

    Args:
        scenario: the chain.
        today: when the stretches come again, and what is recorded.
        worlds: how many stretches.
        length: of each, at most as many periods as are recorded.
        begins: draws where a stretch begins.
        rounding: rounds whole units up or down, right on average.
    """
    recorded, mean = today.recorded, scenario.demand_mean
    assert recorded is not None
    estimate, levels = Estimate.of_nothing(Params.of(scenario), 1), []
    for demand in (*recorded[:BURN_IN], *recorded):
        levels.append(estimate.mean[0])
        estimate = estimate.after(demand[None], 1.0)
    levels = levels[-len(recorded) :]
    first = np.arange(min(BURN_IN, len(recorded) - length), len(recorded) - length + 1)
    cycle = 7 if scenario.period == "day" else 1
    alike = first[(len(recorded) + today.behind - first) % cycle == 0]
    begin = begins.choice(alike if len(alike) else first, worlds)
    least = LEAST_LEVEL * mean
    ratio = np.maximum(today.level, least) / np.maximum(np.array(levels)[begin], least)
    found = recorded[begin[:, None] + np.arange(length)] * ratio[:, None]
    if scenario.whole:
        found = np.floor(found + rounding.random(found.shape))
    return world_last(found.transpose(1, 2, 0))
