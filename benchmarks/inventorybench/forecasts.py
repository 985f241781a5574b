"""What is expected of the next periods, from the demand seen so far."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.inventorybench.instances import LONGEST_LEAD_TIME, TOLD
from inventory_env.frozen import Array

AHEAD = LONGEST_LEAD_TIME + 1  # periods: an order's own and those until it comes


@dataclass(frozen=True)
class Forecast:
    """Expected demand of the next periods summed up; row h is the sum of the next h + 1 periods."""

    total: Array  # (ahead, instance) units, the mean
    spread: Array  # (ahead, instance) units, the standard deviation


class Forecaster(Protocol):
    """Sees demand period after period."""

    def begin(self, told: Array) -> None:
        """Forget all, then see the (told, instance) demand before the first period."""
        ...

    def see(self, demand: Array) -> None:
        """See a period's (instance,) demand."""
        ...

    def forecast(self) -> Forecast:
        """What is expected next."""
        ...


class Following:
    """A forecaster kept up to date with the mornings of a game, which it sees in order."""

    def __init__(self, forecaster: Forecaster) -> None:
        self._forecaster = forecaster
        self._seen = 0

    def forecast(self, demand: Array) -> Forecast:
        """What is expected after the (told + period, instance) demand of a morning."""
        if len(demand) == TOLD:
            self._forecaster.begin(demand)
            self._seen = TOLD
        for period in demand[self._seen :]:
            self._forecaster.see(period)
        self._seen = len(demand)
        return self._forecaster.forecast()


class AllHistory:
    """Mean and standard deviation of all that was seen, as if nothing ever changed."""

    def begin(self, told: Array) -> None:
        self._demand = told

    def see(self, demand: Array) -> None:
        self._demand = np.concatenate([self._demand, demand[None]])

    def forecast(self) -> Forecast:
        return steady(self._demand.mean(axis=0), self._demand.std(axis=0, ddof=1))


class Smoothing:
    """Exponential smoothing of the level, from the first demand on, and of its squared errors,
    from the variance of what was told on.

    Args:
        weight: of the newest demand.
        spread_weight: of the newest squared error.
    """

    def __init__(self, weight: float = 0.3, spread_weight: float = 0.3) -> None:
        self.weight, self.spread_weight = weight, spread_weight

    def begin(self, told: Array) -> None:
        self._level, self._variance = told[0], told.var(axis=0, ddof=1)
        for demand in told[1:]:
            self.see(demand)

    def see(self, demand: Array) -> None:
        error = demand - self._level
        self._level = self._level + self.weight * error
        self._variance = self._variance + self.spread_weight * (error**2 - self._variance)

    def forecast(self) -> Forecast:
        return steady(self._level, np.sqrt(self._variance))


def steady(mean: Array, sd: Array) -> Forecast:
    """Every period alike and independent of the others.

    >>> steady(np.array([10.0]), np.array([3.0])).spread[3]
    array([6.])
    """
    periods = np.arange(1.0, AHEAD + 1)[:, None]
    return Forecast(periods * mean, np.sqrt(periods) * sd)
