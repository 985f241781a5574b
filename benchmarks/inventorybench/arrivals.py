"""How likely open orders still come, by their age: told, or learned from those that came."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.inventorybench.instances import LONGEST_LEAD_TIME
from benchmarks.inventorybench.play import Morning
from inventory_env.frozen import Array

AGES = LONGEST_LEAD_TIME  # the oldest order that may still come


class Arrivals(Protocol):
    """Chances of open orders."""

    def chances(self, morning: Morning) -> Array:
        """(age, instance) that an order placed 1, 2, ... periods ago and not yet seen comes."""
        ...


class AsPromised:
    """Every order is counted as on the way until it has come, however old."""

    def chances(self, morning: Morning) -> Array:
        return np.ones((max(morning.period, 1), len(morning.stock)))


class WrittenOff:
    """Fixed chances by age where the promise is `promised`; elsewhere promises are kept.

    Args:
        by_age: chances of orders 1, 2, ... periods old; older ones never come.
        promised: the lead time, in periods, of the supplier that does not keep it.
    """

    def __init__(self, by_age: tuple[float, ...], promised: int = 2) -> None:
        self.by_age, self.promised = by_age, promised

    def chances(self, morning: Morning) -> Array:
        if morning.promised != self.promised:
            return AsPromised().chances(morning)
        return np.repeat(np.array(self.by_age)[:, None], len(morning.stock), axis=1)


@dataclass(frozen=True)
class LearnedArrivals:
    """Chances counted from the orders of the same problem that came or did not.

    Of orders that had not come after less than k periods, a share h_k comes after exactly k: the
    life table (Kaplan and Meier, 1958). Before any order was seen, `weight` orders of each age are
    supposed, of which the shares `before`, `at` and `after` the promised lead time came. An order
    of age a has not come in less than a periods, so it comes with 1 - (1 - h_a)(1 - h_a+1) ... .
    """

    before: float = 0.1
    at: float = 0.7
    after: float = 0.5
    weight: float = 2.0

    def chances(self, morning: Morning) -> Array:
        shares = self.shares(morning)
        stay_away = np.cumprod((1 - shares)[::-1], axis=0, dtype=np.float64)[::-1]
        return 1 - stay_away[1:]

    def shares(self, morning: Morning) -> Array:
        """(lead time, instance) estimates of h_0 to h_4."""
        came, open_for = self._counts(morning)
        lead_time = np.arange(AGES + 1)[:, None]
        prior = np.where(lead_time < morning.promised, self.before, self.at)
        prior = np.where(lead_time > morning.promised, self.after, prior)
        return (self.weight * prior + came) / (self.weight + open_for)

    def _counts(self, morning: Morning) -> tuple[Array, Array]:
        """(lead time, instance) orders that came after so long; that might have, or did."""
        periods = morning.period
        shape = (AGES + 1, len(morning.stock))
        came, open_for = np.zeros(shape), np.zeros(shape)
        if not periods:
            return came, open_for
        placed, after = morning.orders > 0, morning.arrived_after
        age = np.arange(periods, 0, -1)[:, None]  # an order of age 1 had its own period to come in
        for lead_time in range(AGES + 1):
            came[lead_time] = (after == lead_time).sum(axis=0)
            watched = placed & (age > lead_time) & (after >= lead_time)
            open_for[lead_time] = watched.sum(axis=0)
        return came, open_for
