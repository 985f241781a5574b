"""The protocol of everything that decides what sites order."""

from typing import Protocol, runtime_checkable

from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation


class Policy(Protocol):
    """Decides for all sites of many worlds at once.

    A policy may keep state within an episode; a situation whose period is 0 starts a new one. It
    may keep nothing else, and a situation holds nothing of the future but its outlook.
    """

    @property
    def name(self) -> str:
        """What people call it, unique in a comparison."""

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units that all sites want to order, before order constraints; of a site for
        which a policy has no mind of its own, what its chain's rule wants (`Situation.of_stores`).
        """


@runtime_checkable
class OfNetwork(Policy, Protocol):
    """A policy of a network, which follows a rule where the network does not know its way."""

    def share_of_rule(self, situation: Situation) -> Array:
        """(world, agent) how much of a decision is the rule's, 0 to 1."""

    def clipped(self, situation: Situation) -> dict[str, float]:
        """Share of the agents for which a value is cut off at the bounds of what the network sees,
        by the value's name."""
