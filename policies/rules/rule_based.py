"""Policies that follow a rule: the baselines, and the start of what is learned."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation


@dataclass(frozen=True)
class RulePolicy:
    """Every store follows one kind of rule with its own levels."""

    name: str
    rule: OrderRule

    def wishes(self, situation: Situation) -> Array:
        """(world, store) units the rule orders, before order constraints."""
        return situation.rule_order(self.rule)


@dataclass(frozen=True)
class RandomOrders:
    """Orders drawn evenly from 0 to twice the mean demand: the floor of every comparison."""

    seed: int
    name: str = "random"

    def wishes(self, situation: Situation) -> Array:
        """(world, store) units; the same in every run with the same seed."""
        rng = np.random.default_rng([self.seed, situation.period])
        return 2 * situation.params.mean * rng.random(situation.position.shape)
