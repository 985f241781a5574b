"""What demand was behind sales: the law of every period's demand, where some were sold out.

Demand of line s at date t has mean level(s, t) x weekday(s, t) and variance mean + phi mean^2 where
units are whole, else phi mean^2. Expectation-maximisation (Dempster, Laird & Rubin 1977): a period
that was not seen in full counts with the mean and the spread that demand has there given what was
sold; from that follow levels, weekdays and phi, from these the means again.

The level is a mean of the dates around with weights that fall with their distance. How fast, the
data say, line by line: the likelihood of each date by the others, sold-out dates by their chance to
sell at least as much; all lines of a file together count once more. They count likewise as four
weeks for a line's weekdays and phi, and its own overall level as one period for each local one.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import lfilter

from inventory_env.frozen import Array, Integers
from inventory_env.recorded.demand_law import DemandLaw

TIMESCALES = (7.0, 21.0, 63.0, np.inf)  # periods in which a date's weight falls to 1 / e
ROUNDS = 200
CLOSE_ENOUGH = 5e-4  # largest change of a line's mean demand in a round, of that mean
NEIGHBOURS = 28.0  # periods of a line that all lines of the file together count as
MOST_PHI = 25.0
LEAST_FACTOR = 1e-3  # of a weekday


@dataclass(frozen=True)
class Sales:
    """What was sold, and how much of a period there was something to sell.

    A period with `seen` 1 shows demand, one with 0 that it was at least the sales, one between
    shows the demand of that share.
    """

    sold: Array  # (date, line) units
    seen: Array  # (date, line) 0 to 1
    weekday: Integers | None  # (date,) 0 to 6; None where periods are no days
    whole: bool

    def until(self, end: int) -> "Sales":
        """The dates before one."""
        weekday = None if self.weekday is None else self.weekday[:end]
        return replace(self, sold=self.sold[:end], seen=self.seen[:end], weekday=weekday)


@dataclass(frozen=True)
class FittedDemand:
    """Means of all periods, and what variances follow from."""

    mean: Array  # (date, line) units
    phi: Array  # (line,)
    whole: bool

    def variance(self, mean: Array, phi: Array) -> Array:
        """Of demand with this mean."""
        return phi * mean**2 + (mean if self.whole else 0.0)


@dataclass(frozen=True)
class Unseen:
    """Demand of periods that were not seen in full: `base` and more of a law, at least `floor`.

    Of a period seen in part, the sales are the base. Negative binomial demand is Poisson at a rate
    that is gamma for the period: sales in the open part tell of the rate in the rest, which is
    again negative binomial. Other demand of the rest does not depend on the part seen.
    """

    base: Array  # (period,) units
    floor: Array  # (period,) units
    law: DemandLaw

    @classmethod
    def of(cls, sales: Sales, fitted: FittedDemand, where: tuple[Integers, Integers]) -> "Unseen":
        """Of the periods (date, line) at `where`."""
        sold, seen = sales.sold[where], sales.seen[where]
        mean, phi = fitted.mean[where], fitted.phi[where[1]]
        told = np.maximum(phi, 0) * (seen > 0) if sales.whole else np.zeros_like(phi)
        rest = (1 - seen) * mean * (1 + told * sold) / (1 + told * seen * mean)
        spread = (1 - seen) * fitted.variance(mean, phi)
        spread = np.where(told > 0, rest + rest**2 * told / (1 + told * sold), spread)
        part = seen > 0
        return cls(
            base=np.where(part, sold, 0.0),
            floor=np.where(part, 0.0, sold),
            law=DemandLaw.of(rest, spread, whole=sales.whole),
        )

    @property
    def moments(self) -> tuple[Array, Array]:
        """Mean and variance of demand, units and their square."""
        mean, variance = self.law.moments_above(self.floor)
        return self.base + mean, variance

    def drawn(self, uniform: Array) -> Array:
        """Demand by inversion of `uniform` in (0, 1), units."""
        return self.base + self.law.above(self.floor, uniform)


def fitted_demand(sales: Sales) -> FittedDemand:
    """The law of every period's demand; at least one period of each line must have been seen."""
    fits = [_Fit(sales, timescale) for timescale in TIMESCALES]
    scores = np.array([fit.likelihood() for fit in fits])  # (timescale, line)
    best = np.argmax(scores + scores.mean(axis=1, keepdims=True), axis=0)
    lines = np.arange(len(best))
    mean = np.stack([fit.fitted.mean for fit in fits])[best, :, lines].T
    phi = np.stack([fit.fitted.phi for fit in fits])[best, lines]
    return FittedDemand(mean, phi, sales.whole)


class _Fit:
    """The laws at one timescale."""

    def __init__(self, sales: Sales, timescale: float) -> None:
        self._sales, self._decay = sales, float(np.exp(-1 / timescale))
        date, line = np.nonzero(sales.seen < 1)
        self._hidden = (date, line)
        # a period in which nothing could be sold says nothing
        self._tells = ((sales.seen > 0) | (sales.sold > 0)).astype(np.float64)
        self._own, self._squares = self._weights_of_a_date()
        self._demand, self._spread = sales.sold.copy(), np.zeros_like(sales.sold)
        self._factor = np.ones_like(sales.sold)
        seen = np.minimum(self._tells, sales.seen)
        self.fitted = self._maximised(seen)
        for _ in range(ROUNDS):
            before = self.fitted.mean
            self._expect()
            self.fitted = self._maximised(self._tells)
            moved = np.abs(self.fitted.mean - before).max(axis=0)
            if np.all(moved <= CLOSE_ENOUGH * self._overall):
                break

    def likelihood(self) -> Array:
        """(line,) logarithm of the chance of all that was seen, each date judged by the others."""
        sales, fitted = self._sales, self.fitted
        left = self._level_without_own()
        mean = left * self._factor
        law = DemandLaw.of(mean, fitted.variance(mean, fitted.phi), whole=sales.whole)
        grain = 1.0 if sales.whole else 0.01 * self._overall
        reached = law.at_least(sales.sold)
        exactly = reached - law.at_least(sales.sold + grain)
        chance = np.where(sales.seen < 1, reached, exactly)
        counted = (sales.seen == 1) | (sales.seen == 0)
        return np.asarray((np.log(np.maximum(chance, 1e-12)) * counted).sum(axis=0))

    def _expect(self) -> None:
        """Demand, and its variance, where it was not seen in full."""
        mean, variance = Unseen.of(self._sales, self.fitted, self._hidden).moments
        self._demand[self._hidden], self._spread[self._hidden] = mean, variance

    def _maximised(self, weight: Array) -> FittedDemand:
        """Levels, weekdays and phi from demand as it is expected now."""
        demand = self._demand
        self._weight = weight
        for _ in range(2):  # weekdays follow from levels, these from weekdays
            self._overall = _ratio((weight * demand).sum(0), (weight * self._factor).sum(0))
            self._above = self._around(weight * demand) + self._overall
            self._below = self._around(weight * self._factor) + 1
            level = self._above / self._below
            self._factor = self._weekdays(weight, level)
        mean = level * self._factor
        return FittedDemand(mean, self._phi(weight, mean), self._sales.whole)

    def _weekdays(self, weight: Array, level: Array) -> Array:
        """(date, line) factors on the level, 1 in the mean of a week."""
        weekday = self._sales.weekday
        if weekday is None or len(weekday) < NEIGHBOURS:
            return np.ones_like(level)
        scaled, expected = weight * self._demand / self._overall, weight * level / self._overall
        days = np.eye(7)[weekday].T
        above, below = days @ scaled, days @ expected  # (weekday, line)
        shared = _ratio(above.sum(1, keepdims=True), below.sum(1, keepdims=True))
        factor = (above + NEIGHBOURS / 7 * shared) / (below + NEIGHBOURS / 7)
        factor = np.maximum(factor, LEAST_FACTOR)
        return np.asarray((factor / factor.mean(axis=0))[weekday])

    def _phi(self, weight: Array, mean: Array) -> Array:
        """(line,) by moments; levels follow the demand they are compared with, which is undone."""
        scale = self._overall**2
        followed = 1 - 2 * self._own + self._squares
        square = (np.square(self._demand - mean) + self._spread) / followed
        excess = (weight * (square - mean * self._sales.whole)).sum(axis=0) / scale
        base = (weight * mean**2).sum(axis=0) / scale
        shared = excess.sum() / base.sum()
        phi = (excess + NEIGHBOURS * shared) / (base + NEIGHBOURS)
        return np.clip(phi, -1 / np.maximum(self._overall, 1), MOST_PHI)

    def _around(self, values: Array) -> Array:
        """(date, line) sums over all dates, those at a distance with less weight."""
        ahead = lfilter([1], [1, -self._decay], values, axis=0)
        back = lfilter([1], [1, -self._decay], values[::-1], axis=0)[::-1]
        return np.asarray(ahead + back - values)

    def _weights_of_a_date(self) -> tuple[float, float]:
        """A date's share in its own level, and the sum of the squares of all dates' shares."""
        distance = np.arange(len(self._sales.sold)) - len(self._sales.sold) // 2
        kernel = self._decay ** np.abs(distance)
        total = kernel.sum() + 1
        return 1 / total, float((kernel**2).sum()) / total**2

    def _level_without_own(self) -> Array:
        """(date, line) levels by all other dates."""
        above = self._above - self._weight * self._demand
        below = self._below - self._weight * self._factor
        return np.asarray(np.maximum(above, 1e-9) / np.maximum(below, 1e-9))


def _ratio(above: Array, below: Array) -> Array:
    return np.asarray(np.maximum(above, 1e-9) / np.maximum(below, 1e-9))
