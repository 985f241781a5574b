"""Policies that follow rules: the baselines, and what learning starts from."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.levels import rule_at
from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.worlds import of_worlds
from policies.policy import Policy
from policies.rules.fitted_levels import fitted_levels


@dataclass(frozen=True)
class RulePolicy:
    """Every store follows one kind of rule with its own levels; sites above them their chain's."""

    name: str
    rule: OrderRule

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units the sites want, before order constraints."""
        return situation.of_stores(situation.store_orders(self.rule))


class FittedRulePolicy:
    """Every store follows a kind of rule with the levels that a fitted formula gives for its own
    numbers (`fitted_levels`), whatever chain a world plays; sites above them their chain's own.

    Args:
        kind: of rule.
        points: (chain, store, level) in standard units instead of the formula's, for the chains of
            one population.
    """

    def __init__(self, kind: str, points: Array | None = None) -> None:
        self.name = self.kind = kind
        self._points = points
        self._of: tuple[Params | Situation, OrderRule] | None = None

    def rule(self, situation: Situation) -> OrderRule:
        """The rule of the stores as they see their demand now, levels (world or 1, store)."""
        params = situation.params
        of = situation if params.learns_demand else params
        if self._of is None or self._of[0] is not of:
            need = situation.needs(echelon=False).at(slice(0, params.stores))
            if self._points is None:
                point = fitted_levels(self.kind, need)
            else:
                point = of_worlds(self._points, params.number)
            self._of = of, rule_at(self.kind, need, point, whole=params.shape.whole)
        return self._of[1]

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units the sites want, before order constraints."""
        return situation.of_stores(situation.store_orders(self.rule(situation)))


@dataclass(frozen=True)
class ChainPolicy:
    """A policy, and other rules than its own for some sites above the stores."""

    name: str
    below: Policy
    rules: tuple[SiteRule, ...]

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units the sites want, before order constraints."""
        wishes = self.below.wishes(situation).copy(order="K")
        for rule in self.rules:
            column = situation.params.shape.columns(rule.tier)
            wishes[:, column] = situation.site_order(rule)
        return wishes


@dataclass(frozen=True)
class RandomOrders:
    """Stores' orders drawn evenly from 0 to twice the mean demand: the floor of every
    comparison."""

    seed: int
    name: str = "random"

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units; the same in every run with the same seed."""
        rng = np.random.default_rng([self.seed, situation.period])
        mean = situation.mean
        drawn = 2 * mean * rng.random((situation.worlds, mean.shape[1]))
        return situation.of_stores(drawn)
