"""What a decision may be based on: stock, forecasts, recent business; computed when asked for."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array, over_stores
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import Params
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Tape

MEMORY_WEIGHT = 0.1
RECENT = 7  # periods of demand that are remembered one by one where demand is recorded
TINY = 1e-12  # units; without demand all of it was served


@dataclass(frozen=True)
class Memory:
    """What sites remember of their business; (world, store), or (world, site) upstream."""

    last_demand: Array  # units
    last_unmet: Array  # units
    smoothed_demand: Array  # units per period, exponentially weighted
    fill_rate: Array  # exponentially weighted share of demand served on time
    recent_demand: Array  # (slot, world, store) units, newest first; kept for recorded demand only
    # Where a site upstream learns; else of no length. Upstream sites: warehouse, supplier.
    last_orders: Array  # (world, store) units ordered last period
    asked: Array  # (world, site) units ordered last period from each upstream site
    unshipped: Array  # (world, site) units of these that were not shipped
    shipped_share: Array  # (world, site) exponentially weighted share that was shipped at once

    @classmethod
    def at_start(cls, params: Params, tape: Tape) -> "Memory":
        """Mean demand, all served; where demand is recorded, what came before the episode."""
        mean = np.broadcast_to(params.mean, (tape.worlds, params.stores)).copy()
        nothing, all_served = np.zeros_like(mean), np.ones_like(mean)
        orders = (np.empty(0),) * 4
        if params.remembers_orders:
            asked = np.tile(mean.sum(axis=1, keepdims=True), 2)
            orders = (mean, asked, np.zeros_like(asked), np.ones_like(asked))
        if tape.preceding is None:
            return cls(mean, nothing, mean, all_served, np.empty((0, *mean.shape)), *orders)
        smoothed = mean
        for demand in tape.preceding:
            smoothed = smoothed + params.smoothing * (demand - smoothed)
        last = tape.preceding[-1]
        recent = tape.preceding[: -RECENT - 1 : -1].copy()
        return cls(last, nothing, smoothed, all_served, recent, *orders)

    def after(self, ledger: Ledger, params: Params) -> "Memory":
        """With one more period seen."""
        weight: Array | float = MEMORY_WEIGHT
        if params.learns_level:
            weight = np.where(params.smoothing > 0, params.smoothing, MEMORY_WEIGHT)
        unmet = ledger.demand - ledger.served if params.backorder_share else ledger.lost
        served = 1.0 - unmet / np.maximum(ledger.demand, TINY)
        orders = (self.last_orders, self.asked, self.unshipped, self.shipped_share)
        if params.remembers_orders:
            orders = self._orders_after(ledger)
        return Memory(
            last_demand=ledger.demand,
            last_unmet=unmet,
            smoothed_demand=_smoothed(self.smoothed_demand, ledger.demand, weight),
            fill_rate=_smoothed(self.fill_rate, served, MEMORY_WEIGHT),
            recent_demand=(
                np.concatenate([ledger.demand[None], self.recent_demand[:-1]])
                if len(self.recent_demand)
                else self.recent_demand
            ),
            last_orders=orders[0],
            asked=orders[1],
            unshipped=orders[2],
            shipped_share=orders[3],
        )

    def _orders_after(self, ledger: Ledger) -> tuple[Array, Array, Array, Array]:
        asked = np.stack([over_stores(ledger.store_ordered), ledger.warehouse_ordered], axis=1)
        shipped = np.stack([ledger.warehouse_shipped, ledger.supplier_shipped], axis=1)
        unshipped = np.maximum(asked - shipped, 0.0)
        share = 1.0 - unshipped / np.maximum(asked, TINY)
        return (
            ledger.store_ordered,
            asked,
            unshipped,
            _smoothed(self.shipped_share, share, MEMORY_WEIGHT),
        )


def _smoothed(before: Array, now: Array, weight: Array | float) -> Array:
    """The value before, moved towards the one now."""
    moved = now - before
    moved *= weight
    moved += before
    return moved


@dataclass(frozen=True)
class Situation:
    """The chain as its agents see it in step 2 of a period."""

    params: Params
    state: State
    memory: Memory
    tape: Tape
    period: int  # number of the period in the episode, 0 first

    @cached_property
    def position(self) -> Array:
        """(world, store) inventory position, units."""
        return self.state.store_position

    @cached_property
    def level(self) -> Array | float:
        """Mean demand as now believed, in long-run means: 1, or (world, store) where it is learned
        from recent demand."""
        if not self.params.learns_level:
            return 1.0
        recent = np.maximum(self.memory.smoothed_demand / self.params.mean, 0.05)
        return np.where(self.params.smoothing > 0, recent, 1.0)

    def factor(self, ahead: int) -> Array | float:
        """Season's factor, (world, store), of the period that is `ahead` periods from now."""
        if self.tape.cumulative_factor is None:
            return 1.0
        cumulative = self.tape.cumulative_factor
        at = self.period + ahead
        return cumulative[at + 1] - cumulative[at]

    def forecast(self, periods: int) -> Array:
        """(world or 1, store) expected demand of this and the next `periods` - 1 periods, units."""
        if self.tape.cumulative_factor is None:
            return self.params.mean * self.level * periods
        cumulative = self.tape.cumulative_factor
        return (
            self.params.mean
            * self.level
            * (cumulative[self.period + periods] - cumulative[self.period])
        )

    def rule_order(self, rule: OrderRule) -> Array:
        """(world, store) what a rule wants, before order constraints, units.

        Where the forecast varies, the rule sees the position less the excess of the forecast over
        the cover, so that its levels follow the forecast, and its rates follow the factor at the
        order's arrival.
        """
        factor = self._arrival_factor if self.forecast_varies else 1.0
        return rule.order(self.adjusted_position, factor)

    @cached_property
    def adjusted_position(self) -> Array:
        """(world, store) inventory position less the forecast's excess over the cover, units."""
        return self.position - self._excess if self.forecast_varies else self.position

    @cached_property
    def _excess(self) -> Array:
        """(world, store) forecast demand over the cover less its long-run mean, units."""
        excess = np.empty_like(self.position)
        for cover in set(self.params.cover):
            here = np.array(self.params.cover) == cover
            swing = self.forecast(cover) - self.params.mean * cover
            excess[:, here] = np.broadcast_to(swing, excess.shape)[:, here]
        return excess

    @cached_property
    def _arrival_factor(self) -> Array:
        """(world, store) forecast of the last period of the cover, in long-run means."""
        factor = np.empty_like(self.position)
        for cover in set(self.params.cover):
            here = np.array(self.params.cover) == cover
            ratio = self.level * self.factor(cover - 1)
            factor[:, here] = np.broadcast_to(ratio, factor.shape)[:, here]
        return factor

    @property
    def forecast_varies(self) -> bool:
        """Whether a forecast ever differs from the mean."""
        return self.tape.cumulative_factor is not None or self.params.learns_level
