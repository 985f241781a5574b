"""What a store believes of its demand where nobody tells it the law: from what it has seen.

Three exponentially weighted averages of the past, each the plain mean until its weight is reached.
The slowest is believed first; a faster one moves the belief towards itself by

    z^4 / (z^4 + c^2)    with z = (fast - believed) / standard error of fast,

so that luck is smoothed away and a shift of the level is followed. Demand counts without its
season. How widely it scatters is told in shares of the variance that is expected of such a level,
a mean + b mean^2 with a and b from `Params`, so that the spread follows the level at once.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.params import LEAST_LEVEL, Params

WEIGHTS = (0.02, 0.06, 0.2)  # of the newest period, slowest first
CLEAR = (2.0, 6.0)  # squared standard errors at which a faster average counts half
SPREAD, RECENT_SPREAD = 0.03, 0.1  # weights of the newest period
PRIOR = 8.0  # periods that the expected variance counts for
LARGEST_SURPRISE = 50.0  # of one period
SPREADS = (0.1, 10.0)  # bounds of the spread, of the expected variance
RARELY = 0.05  # weight of the newest period in the share of periods without demand
TINY = 1e-12  # units^2
LEAST_UNITS = 1e-3  # a period, where units can be divided
NUMBERS = len(WEIGHTS) + 5


@dataclass(frozen=True)
class Estimate:
    """Everything that is kept of the past, and what follows from it; (world, store) each."""

    params: Params
    kept: Array  # (number, world, store) as `Memory.estimates` has it

    @classmethod
    def of_nothing(cls, params: Params, worlds: int) -> Self:
        """Before any demand is seen."""
        kept = np.zeros((NUMBERS, params.stores, worlds)).swapaxes(1, 2)
        kept[len(WEIGHTS) + 1 : len(WEIGHTS) + 3] = 1.0
        return cls(params, kept)

    @property
    def averages(self) -> Array:
        """(weight, world, store) units per period, slowest first."""
        return self.kept[: len(WEIGHTS)]

    @property
    def seen(self) -> Array:
        """Periods that were seen."""
        return np.asarray(self.kept[-5])

    @property
    def zeros(self) -> Array:
        """Share of recent periods without demand."""
        return np.asarray(self.kept[-2])

    @property
    def since(self) -> Array:
        """Periods since the last demand."""
        return np.asarray(self.kept[-1])

    @cached_property
    def mean(self) -> Array:
        """Of a period's demand, without its season, units."""
        believed = self.averages[0]
        for weight, clear, fast in zip(WEIGHTS[1:], CLEAR, self.averages[1:], strict=True):
            error = self._expected(believed) * self.kept[-4] * (weight / (2 - weight)) + TINY
            surprise = (fast - believed) ** 2 / error
            surprise *= surprise
            believed = believed + surprise / (surprise + clear**2) * (fast - believed)
        least = 0.5 / (self.seen + 1) if self.params.shape.whole else LEAST_UNITS
        return np.maximum(np.maximum(believed, LEAST_LEVEL * self.averages[0]), least)

    @cached_property
    def sd(self) -> Array:
        """Of a period's demand, units; at first mostly what is expected of such a level."""
        return np.asarray(np.sqrt(self._expected(self.mean) * self._shrunk(self.kept[-4], SPREAD)))

    @cached_property
    def recent_spread(self) -> Array:
        """Log of the recent standard deviation over `sd`."""
        recent = self._shrunk(self.kept[-3], RECENT_SPREAD)
        return np.asarray(0.5 * np.log(recent / self._shrunk(self.kept[-4], SPREAD)))

    def _shrunk(self, spread: Array, weight: float) -> Array:
        """Variance in shares of the expected, drawn towards it while little was seen."""
        known = np.minimum(np.maximum(self.seen - 1, 0), 1 / weight)
        return np.clip((known * spread + PRIOR) / (known + PRIOR), *SPREADS)

    def _expected(self, mean: Array) -> Array:
        by_mean, by_square = self.params.variance_by_mean, self.params.variance_by_square
        return np.asarray(mean * (by_mean + by_square * mean)) + TINY

    def after(self, demand: Array, factor: Array | float) -> Self:
        """With one more period seen.

        Args:
            demand: (world, store) units.
            factor: (world, store) of the season in this period.
        """
        plain = demand / np.maximum(factor, LEAST_LEVEL)
        kept, seen = self.kept.copy(order="K"), self.seen
        for place, weight in enumerate(WEIGHTS):
            kept[place] += np.maximum(weight, 1 / (seen + 1)) * (plain - kept[place])
        surprise = (plain - self.mean) ** 2 / self._expected(self.mean)
        surprise = np.minimum(surprise, LARGEST_SURPRISE)
        for place, weight in ((-4, SPREAD), (-3, RECENT_SPREAD)):
            moved = np.maximum(weight, 1 / np.maximum(seen, 1)) * (surprise - kept[place])
            kept[place] += np.where(seen > 0, moved, 0.0)
        none = demand <= 0
        kept[-2] += np.maximum(RARELY, 1 / (seen + 1)) * (none - kept[-2])
        kept[-1] = np.where(none, kept[-1] + 1, 0.0)
        kept[-5] = seen + 1
        return type(self)(self.params, kept)
