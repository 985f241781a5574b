"""Policies that follow rules: the baselines, and what learning starts from."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.situation import Situation
from policies.policy import Policy


@dataclass(frozen=True)
class RulePolicy:
    """Every store follows one kind of rule with its own levels."""

    name: str
    rule: OrderRule

    def wishes(self, situation: Situation) -> Array:
        """(world, store) units the rule orders, before order constraints."""
        return situation.store_orders(self.rule)


@dataclass(frozen=True)
class ChainPolicy:
    """A policy for the sites downstream, and rules for those above them."""

    name: str
    below: Policy
    rules: tuple[SiteRule, ...]

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units the sites want, before order constraints."""
        above = [situation.site_order(rule) for rule in self.rules]
        return np.concatenate([self.below.wishes(situation), *above], axis=1)


@dataclass(frozen=True)
class RandomOrders:
    """Orders drawn evenly from 0 to twice the mean demand: the floor of every comparison."""

    seed: int
    name: str = "random"

    def wishes(self, situation: Situation) -> Array:
        """(world, store) units; the same in every run with the same seed."""
        rng = np.random.default_rng([self.seed, situation.period])
        mean = situation.params.mean
        return 2 * mean * rng.random((situation.worlds, mean.shape[1]))
