"""What sites remember of their business when they decide."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.estimate import Estimate
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import MEMORY_WEIGHT, Params
from inventory_env.simulation.worlds import laid_out, zeros

RECENT = 7  # periods of demand that are remembered one by one where demand is learned
TINY = 1e-12  # units; without demand all of it was served


@dataclass(frozen=True)
class Memory:
    """(world, site); the demand of a site upstream is what was ordered from it."""

    WORLD_SECOND: ClassVar = ("recent_demand", "estimates")

    last_demand: Array  # units
    last_unmet: Array  # units of it not served at once
    last_ordered: Array  # units
    fill_rate: Array  # exponentially weighted share of demand served on time
    recent_demand: Array  # (slot, world, store) newest first; kept where demand is learned
    estimates: Array  # (number, world, store) of an `Estimate`; none where its law is known

    @classmethod
    def of_demand(
        cls,
        params: Params,
        worlds: int,
        demand: Array | None,
        factors: Array | None = None,
    ) -> Self:
        """After these periods, in which everything was served.

        Args:
            params: the chains' numbers.
            worlds: how many worlds.
            demand: (period, world, store) oldest first, units; None or none: the mean.
            factors: (period, world, store) of the season then; None: all are 1.
        """
        stores = params.stores
        mean = zeros(worlds, params.shape.sites) + params.need.mean
        nothing = np.zeros_like(mean)
        last = mean
        estimate = None
        if params.learns_demand:
            estimate = Estimate.of_nothing(params, worlds)
        recent = np.empty((0, stores, worlds)).swapaxes(1, 2)
        if demand is not None and len(demand):
            last = mean.copy(order="K")
            last[:, :stores] = demand[-1]
            if estimate is not None:
                for t, period in enumerate(demand):
                    estimate = estimate.after(period, 1.0 if factors is None else factors[t])
            recent = laid_out(demand[: -RECENT - 1 : -1])
        estimates = recent[:0] if estimate is None else estimate.kept
        return cls(last, nothing, mean, np.ones_like(mean), recent, estimates)

    def after(self, ledger: Ledger, params: Params, factor: Array | float = 1.0) -> Self:
        """With one more period seen, of such a season's factor."""
        return self.seen(ledger.demand, ledger.served, ledger.ordered, params, factor)

    def seen(
        self,
        demand: Array,
        served: Array,
        ordered: Array,
        params: Params,
        factor: Array | float = 1.0,
    ) -> Self:
        """With one more period's business.

        Args:
            demand: (world, site) units; upstream, what was ordered from the site.
            served: (world, site) of it, at once.
            ordered: (world, site) by the site, units.
            params: the chains' numbers.
            factor: (world, store) of the season in the period.
        """
        unmet = demand - served
        on_time = np.maximum(demand, TINY)
        np.subtract(1.0, np.divide(unmet, on_time, out=on_time), out=on_time)
        recent = self.recent_demand
        if len(recent):
            newest = demand[None, :, : params.stores]
            recent = laid_out(np.concatenate([newest, recent])[:RECENT])
        estimates = self.estimates
        if params.learns_demand:
            estimate = Estimate(params, estimates).after(demand[:, : params.stores], factor)
            estimates = estimate.kept
        return type(self)(
            last_demand=demand,
            last_unmet=unmet,
            last_ordered=ordered,
            fill_rate=_smoothed(self.fill_rate, on_time, MEMORY_WEIGHT),
            recent_demand=recent,
            estimates=estimates,
        )


def _smoothed(before: Array, now: Array, weight: Array | float) -> Array:
    """The value before, moved towards the one now."""
    moved = now - before
    moved *= weight
    moved += before
    return moved
