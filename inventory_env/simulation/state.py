"""What a chain holds at the moment of decision: after arrivals, before orders."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from inventory_env.description.population import Shape
from inventory_env.frozen import Array
from inventory_env.simulation.worlds import over_sites


@dataclass(frozen=True)
class State:
    """Stock everywhere in the chain, in units. Slot k of a pipeline arrives in k + 1 periods."""

    WORLD_SECOND: ClassVar = ("pipeline",)

    on_hand: Array  # (world, site) arrivals of this period included
    received: Array  # (world, site) what arrived in step 1 of this period
    pipeline: Array  # (slot, world, site) on the way to the site
    owed: Array  # (world, site) ordered and not yet shipped by the site upstream
    backorders: Array  # (world, site) customers' or downstream sites' orders that wait

    @cached_property
    def holdings(self) -> Array:
        """(world, site) on hand and on the way."""
        return self.on_hand + self.pipeline.sum(axis=0)

    @cached_property
    def stock(self) -> Array:
        """(world, site) on hand and on the way, less backorders."""
        return self.holdings - self.backorders

    @cached_property
    def position(self) -> Array:
        """(world, site) inventory position: on hand + pipeline + owed - backorders."""
        return self.stock + self.owed

    def echelon_position(self, shape: Shape) -> Array:
        """(world, site) inventory position of a site and everything downstream of it: what sites
        on the way down owe each other cancels."""
        echelon = self.holdings.copy(order="K")
        below = shape.columns("stores")
        echelon[:, below] = self.stock[:, below]
        for tier in shape.upstream:
            column = shape.columns(tier)
            echelon[:, column] += over_sites(echelon[:, below])[:, None]
            below = column
        echelon += self.owed
        return echelon
