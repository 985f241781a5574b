"""The law of one period's demand by its mean and variance, and what is left of it above a floor."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from inventory_env.frozen import Array

LEAST_GAMMA_MEAN = 10.0  # units; below, whole demand spreads at least as a Poisson law
LEAST_EXCESS = 1e-4  # of a negative binomial law's variance over a Poisson law's, of the mean
LEAST_VARIANCE = 1e-4  # of the squared mean
LEAST_CHANCE = 1e-280  # that a floor is reached: below, demand is the floor


@dataclass(frozen=True)
class DemandLaw:
    """Demand of many periods, one law each.

    Whole units: negative binomial where the variance exceeds the mean (Poisson where it hardly
    does), else gamma rounded to the nearest unit. Fractions of units: gamma.

    >>> law = DemandLaw.of(np.array([5.0]), np.array([5.0]), whole=True)
    >>> law.at_least(np.array([5.0])).round(4).tolist()  # Poisson(5)
    [0.5595]
    """

    mean: Array  # (period,) units, above 0
    variance: Array  # (period,) squared units, above 0
    whole: bool

    @classmethod
    def of(cls, mean: Array, variance: Array, *, whole: bool) -> "DemandLaw":
        """The nearest law there is to these moments."""
        mean = np.maximum(mean, 1e-9)
        least = LEAST_VARIANCE * mean**2
        if whole:
            least = np.where(mean < LEAST_GAMMA_MEAN, (1 + LEAST_EXCESS) * mean, least)
        return cls(mean, np.maximum(variance, least), whole)

    @property
    def _counted(self) -> npt.NDArray[np.bool_]:
        """Where the law is negative binomial."""
        return (self.variance >= (1 + LEAST_EXCESS / 2) * self.mean) & self.whole

    def at_least(self, floor: Array) -> Array:
        """P(demand >= floor)."""
        return self._weighted(floor, 0)

    def moments_above(self, floor: Array) -> tuple[Array, Array]:
        """Mean and variance of demand that is known to be at least `floor`, units and their square.

        E[D; D >= k] and E[D^2; D >= k] are chances of laws with one and two more successes (or of
        one and two more in the gamma's shape) that reach k - 1 and k - 2 (k).
        """
        chance = self.at_least(floor)
        first = self.mean * self._weighted(floor, 1)
        spread = self.mean**2 * self._weighted(floor, 2) * (1 + 1 / self._shape)
        second = spread + np.where(self._counted, first, 0)
        reached = chance > LEAST_CHANCE
        chance = np.where(reached, chance, 1)
        mean = np.where(reached, np.maximum(first / chance, floor), floor)
        return mean, np.where(reached, np.maximum(second / chance - mean**2, 0), 0)

    def above(self, floor: Array, uniform: Array) -> Array:
        """Demand that is known to be at least `floor`, by inversion of `uniform` in (0, 1)."""
        chance = self.at_least(floor)
        left = uniform * chance
        found = floor.copy()
        here = (chance > LEAST_CHANCE) & self._counted
        success = self.mean[here] / self.variance[here]
        found[here] = stats.nbinom.isf(left[here], self._shape[here], success)
        here = (chance > LEAST_CHANCE) & ~self._counted
        scale = self.mean[here] / self._shape[here]
        level = scale * special.gammainccinv(self._shape[here], left[here])
        found[here] = np.rint(level) if self.whole else level
        return np.maximum(found, floor)

    @property
    def _shape(self) -> Array:
        """Successes of the negative binomial law, or the gamma's shape."""
        excess = np.where(self._counted, self.variance - self.mean, self.variance)
        return self.mean**2 / excess

    def _weighted(self, floor: Array, order: int) -> Array:
        """Chance that the law with `order` more in its shape reaches `floor` (- order: counted)."""
        counted, shape = self._counted, self._shape + order
        least = floor - order
        found = np.ones_like(floor)
        here = counted & (least > 0)
        failures = 1 - self.mean[here] / self.variance[here]
        found[here] = special.betainc(least[here], shape[here], failures)
        here = ~counted & (floor > 0)
        level = floor[here] - 0.5 * self.whole
        rate = self._shape[here] / self.mean[here]
        found[here] = special.gammaincc(shape[here], level * rate)
        return found
