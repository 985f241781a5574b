"""The sites that learn, as the columns of (world, agent) arrays: stores, warehouse, supplier."""

from typing import Literal

import numpy as np

from inventory_env.description.population import Shape
from inventory_env.description.settings import Tier
from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.worlds import empty


def learning_tiers(
    learn: tuple[Tier, ...] | Literal["all"], shape: Shape, name: str
) -> tuple[Tier, ...]:
    """Tiers that learn, downstream first.

    Args:
        learn: the setting.
        shape: of the chains.
        name: of the chain, for the message.

    Raises:
        InputError: if one of them has nothing to order.
    """
    if learn == "all":
        return shape.tiers
    for tier in learn:
        if tier not in shape.tiers:
            raise InputError(
                f"learn: the {tier} of {name} has nothing to order (unlimited); "
                f"allowed: {', '.join(shape.tiers)}"
            )
    return tuple(tier for tier in shape.tiers if tier in learn)


class Agents:
    """Who learns among the sites of a chain.

    Args:
        shape: of the chains.
        tiers: that learn, downstream first.
    """

    def __init__(self, shape: Shape, tiers: tuple[Tier, ...]) -> None:
        self.shape, self.tiers = shape, tiers
        numbers = np.arange(shape.sites)
        self.sites: Integers = np.concatenate([numbers[shape.columns(tier)] for tier in tiers])
        self.count = len(self.sites)
        first, last = int(self.sites[0]), int(self.sites[-1])
        together = last - first + 1 == self.count
        self.columns = slice(first, last + 1) if together else self.sites

    @property
    def upstream(self) -> tuple[Tier, ...]:
        """Tiers above the stores that learn."""
        return tuple(tier for tier in self.tiers if tier != "stores")

    def of(self, values: Array) -> Array:
        """(world, agent) out of (world, site)."""
        return values if values.shape[1] == self.count else values[:, self.columns]

    def into(self, wishes: Array, decided: Array) -> Array:
        """(world, site) wishes in which the agents' are replaced by what they decided."""
        together = empty(*wishes.shape)
        together[:] = wishes
        together[:, self.columns] = decided
        return together
