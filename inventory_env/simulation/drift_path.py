"""How far demand drifts: a factor on it for each period, made of standard normal scores.

The log of the level obeys

    x(t) = fade x(t - 1) + walk step + growth + jump        with x(-1) = 0, fade = exp(-1 / 250),

so that a deviation fades to 1/e in 250 periods and the level stays within bounds for thousands of
them. With the factor that is drawn once it is clipped to +-2.5, one twelfth to twelve times the
mean. Noise, spikes and a cycle multiply it.

Scores are shared out alike for every chain, so that a part that is switched on moves no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from inventory_env.description.demand_drift import DemandDrift
from inventory_env.frozen import Array
from inventory_env.simulation.sources import Generators, Source

FADE = float(np.exp(-1 / 250))
WIDEST = 2.5  # of the log level, on either side
BEND = 0.01  # chance that the growth changes in a period
CYCLES = (4.0, 60.0)  # periods, drawn evenly on the scale of logarithms
RETURNS = (200.0, 1000.0)  # periods after which a cycle comes again, likewise
ONCE = 8  # scores for the whole episode
EACH = 4  # scores for each period
MOST_SCORES = 1 << 23  # that are held at once


@dataclass(frozen=True)
class DriftPath:
    """What drift does to the demand of an episode and of the periods before it."""

    factor: Array  # (period, world, store) on demand
    spread: Array  # (world, store) factor on its standard deviation

    def scaled(self, level: Array) -> "DriftPath":
        """From another (store,) level on, in means."""
        return replace(self, factor=self.factor * level)


@dataclass(frozen=True)
class Drifts:
    """(world,) every key of `[demand_drift]`, of the chain that a world plays."""

    level: Array
    walk: Array
    jumps: Array
    jump_size: Array
    trend: Array
    season: Array
    spikes: Array
    spike_size: Array
    spike_length: Array
    noise: Array
    autocorrelation: Array
    spread: Array
    common: Array

    @classmethod
    def of(cls, drifts: Sequence[tuple[DemandDrift, int]]) -> Self:
        """Of chains that are played side by side, each in so many worlds."""
        worlds = [count for _, count in drifts]
        return cls(
            *(
                np.repeat(np.array([getattr(drift, each.name) for drift, _ in drifts]), worlds)
                for each in fields(cls)
            )
        )


@dataclass(frozen=True)
class Player:
    """A chain that plays in some worlds."""

    number: int  # in its population
    drift: DemandDrift | None  # of its demand, if that drifts
    worlds: int
    generator: Generators


def draw_paths(players: Sequence[Player], stores: int, periods: int) -> list[DriftPath | None]:
    """Each chain's path, where its demand drifts; all are made at once.

    Args:
        players: the chains.
        stores: of each chain.
        periods: before the episode and in it.
    """
    drifts = [(each.drift, each.worlds) for each in players if each.drift is not None]
    if not drifts:
        return [None] * len(players)
    keys, count = Drifts.of(drifts), ONCE + EACH * periods
    block = max(MOST_SCORES // (len(keys.level) * count), 1)
    blocks = [range(first, min(first + block, stores)) for first in range(0, stores, block)]
    paths = [path_of(keys, _scores(players, each, count)) for each in blocks]
    factor = np.concatenate([path.factor.swapaxes(1, 2) for path in paths], axis=1)
    spread = np.concatenate([path.spread for path in paths], axis=1)
    found: list[DriftPath | None] = []
    end = 0
    for each in players:
        if each.drift is None:
            found.append(None)
            continue
        here = slice(end, end := end + each.worlds)
        found.append(DriftPath(factor[:, :, here].swapaxes(1, 2), spread[here]))
    return found


def _scores(players: Sequence[Player], stores: range, count: int) -> Array:
    """(score, store, world) standard normals of the worlds whose demand drifts."""
    drifts = [(each.drift, each) for each in players if each.drift is not None]
    found = np.empty((count, len(stores), sum(each.worlds for _, each in drifts)))
    end = 0
    for drift, each in drifts:
        here, shape = slice(end, end := end + each.worlds), (each.worlds, count)
        shared, share = None, drift.common
        if share:
            shared = share**0.5 * each.generator(Source.COMMON_DRIFT).standard_normal(shape)
        for place, store in enumerate(stores):
            scores = each.generator(Source.DRIFT, store).standard_normal(shape)
            if shared is not None:
                scores *= (1 - share) ** 0.5
                scores += shared
            found[:, place, here] = scores.T
    return found


def path_of(drifts: Drifts, scores: Array) -> DriftPath:
    """The path that scores make.

    Args:
        drifts: of each world.
        scores: (score, store, world) standard normals, `ONCE` and `EACH` for every period.
    """
    level, growth, spread, amplitude, length, phase, returns, return_phase = scores[:ONCE]
    walk, change, spike, noise = (scores[ONCE + part :: EACH] for part in range(EACH))
    factor = np.exp(_log_level(drifts, level, growth, walk, change))
    if drifts.noise.any():
        factor *= _noise(drifts, noise)
    if drifts.spikes.any():
        factor *= _spikes(drifts, spike)
    if drifts.season.any():
        time = np.arange(len(factor), dtype=np.float64)[:, None, None]
        cycle = np.sin(2 * np.pi * (time / _between(CYCLES, length) + ndtr(phase)))
        cycle *= 0.5 + 0.5 * np.cos(
            2 * np.pi * (time / _between(RETURNS, returns) + ndtr(return_phase))
        )
        factor *= 1 + drifts.season * ndtr(amplitude) * cycle
    return DriftPath(factor.swapaxes(1, 2), np.exp(drifts.spread * spread).T)


def _between(ends: tuple[float, float], score: Array) -> Array:
    low, high = np.log(ends)
    return np.asarray(np.exp(low + (high - low) * ndtr(score)))


def _log_level(drifts: Drifts, once: Array, growth: Array, walk: Array, change: Array) -> Array:
    """(period, store, world) log of the level. A low score of `change` is a jump, a high one a new
    growth; how low or high it is says which."""
    steps, growths = drifts.walk * walk, np.zeros_like(walk)
    jump, uniform = _events(change, drifts.jumps / 100)
    steps[jump] += _of(drifts.jump_size, jump) * ndtri(uniform)
    bend, uniform = _events(-change, np.full_like(drifts.trend, BEND))
    growths[bend] = ndtri(uniform)
    moved, found = np.zeros_like(once), np.empty_like(steps)
    for period, step in enumerate(steps):
        growth = np.where(bend[period], growths[period], growth)
        moved = FADE * moved + step + drifts.trend / 100 * growth
        found[period] = moved
    found += drifts.level * once
    return np.clip(found, -WIDEST, WIDEST, out=found)


def _noise(drifts: Drifts, score: Array) -> Array:
    """(period, store, world) factors whose mean is 1; their logs are autoregressive."""
    weight, own = drifts.autocorrelation, np.sqrt(1 - drifts.autocorrelation**2)
    found = score.copy()
    for period in range(1, len(found)):
        found[period] *= own
        found[period] += weight * found[period - 1]
    found *= drifts.noise
    found -= drifts.noise**2 / 2
    return np.exp(found, out=found)


def _spikes(drifts: Drifts, score: Array) -> Array:
    """(period, store, world) factors. A low score begins a spike, a high one ends it; of the low,
    the lower half goes up."""
    begins, uniform = _events(score, drifts.spikes / 100)
    ends = score > -ndtri(1 / drifts.spike_length)
    up = uniform < 0.5
    size = -_of(drifts.spike_size, begins) * np.log(np.where(up, 2 * uniform, 2 * uniform - 1))
    height, found = np.ones_like(score), np.empty_like(score)
    height[begins] = np.where(up, 1 + size, np.maximum(1 - size, 0.0))
    now = np.ones_like(score[0])
    for period, begin in enumerate(begins):
        now = np.where(begin, height[period], np.where(ends[period], 1.0, now))
        found[period] = now
    return found


def _events(score: Array, chance: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """Where a score is so low that an event of that chance happens, and for each event a uniform
    number."""
    here = score < ndtri(chance)
    return here, np.asarray(ndtr(score[here]) / _of(chance, here))


def _of(key: Array, events: npt.NDArray[np.bool_]) -> Array:
    """(event,) a world's key."""
    return np.broadcast_to(key, events.shape)[events]
