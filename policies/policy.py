"""The protocol of everything that decides what stores order."""

from typing import Protocol

from inventory_env.frozen import Array
from inventory_env.situation import Situation


class Policy(Protocol):
    """Decides for all stores of many worlds at once.

    A policy may keep state within an episode; a situation whose period is 0 starts a new one. It
    must not look at anything of a situation's tape beyond the season's factors.
    """

    @property
    def name(self) -> str:
        """What people call it, unique in a comparison."""

    def wishes(self, situation: Situation) -> Array:
        """(world, store) units each store wants to order, before order constraints."""
