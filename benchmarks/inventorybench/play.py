"""InventoryBench's periods, many problems side by side, and what a policy may see of them.

A period of the benchmark (Baek, Fu, Ma and Peng, arXiv 2602.12631):

1. The policy sees the morning and orders whole units.
2. What is due arrives: an order of period t in period t + its lead time; with lead time 0 at once.
3. Demand comes and is seen in full; what stock cannot serve is lost.
4. Reward: profit x units sold - holding cost x units left.

Nothing is in stock or on the way at the start. Which orders have come is seen the next morning;
that an order never comes is never told.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.inventorybench.instances import TOLD, Instances
from inventory_env.frozen import Array


@dataclass(frozen=True)
class Morning:
    """All that a policy may know when it orders; arrays have a column for each problem."""

    period: int  # 0 first
    periods_left: int  # this one included
    promised: int  # lead time, periods
    profit: Array  # (instance,) per unit sold
    holding: Array  # (instance,) per unit left
    stock: Array  # (instance,) units on hand
    demand: Array  # (told + period, instance) units, all that was seen, oldest first
    orders: Array  # (period, instance) units ordered so far
    arrived_after: Array  # (period, instance) lead time of orders that came; inf: not yet seen

    def open_orders(self, oldest: int) -> Array:
        """(age, instance) units ordered 1, 2, ..., `oldest` periods ago and not yet seen to arrive.

        An order of age a has had a periods to come; the longer, the likelier it never does.
        """
        ages = np.zeros((oldest, len(self.stock)))
        known = min(oldest, self.period)
        if known:
            waiting = np.where(np.isinf(self.arrived_after), self.orders, 0.0)
            ages[:known] = waiting[::-1][:known]
        return ages


class OrderPolicy(Protocol):
    """Decides for all problems at once. A policy that remembers starts anew at period 0."""

    def orders(self, morning: Morning) -> Array:
        """(instance,) units to order, at least 0; rounded to whole units when they are placed."""
        ...


def play(instances: Instances, policy: OrderPolicy) -> Array:
    """(instance,) the total reward of each problem under a policy."""
    game = Game(instances)
    while not game.over:
        game.step(policy.orders(game.morning))
    return game.reward.sum(axis=0)


class Game:
    """The problems as they stand; `step` plays a period of all of them.

    Attributes:
        reward: (period, instance) of the periods played, zero for those to come.
    """

    def __init__(self, instances: Instances) -> None:
        self.instances = instances
        periods, count = instances.demand.shape
        self.reward = np.zeros((periods, count))
        self._seen = np.concatenate([instances.history, instances.demand])
        self._due = np.arange(periods)[:, None] + instances.lead_time
        self._period = 0
        self._stock = np.zeros(count)
        self._orders = np.zeros((periods, count))

    @property
    def over(self) -> bool:
        """No period is left."""
        return self._period == len(self.reward)

    @property
    def morning(self) -> Morning:
        """What is known before the next order."""
        now, instances = self._period, self.instances
        came = (self._due[:now] < now) & (self._orders[:now] > 0)
        return Morning(
            period=now,
            periods_left=len(self.reward) - now,
            promised=instances.promised,
            profit=instances.profit,
            holding=instances.holding,
            stock=self._stock,
            demand=self._seen[: TOLD + now],
            orders=self._orders[:now],
            arrived_after=np.where(came, instances.lead_time[:now], np.inf),
        )

    def step(self, orders: Array) -> None:
        """Play a period.

        Args:
            orders: (instance,) units, at least 0.
        """
        now, instances = self._period, self.instances
        self._orders[now] = np.rint(orders)  # 1
        due = self._due[: now + 1] == now
        stock = self._stock + (self._orders[: now + 1] * due).sum(axis=0)  # 2
        sold = np.minimum(stock, instances.demand[now])  # 3
        self._stock = stock - sold
        self.reward[now] = instances.profit * sold - instances.holding * self._stock  # 4
        self._period = now + 1
