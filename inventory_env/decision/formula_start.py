"""A start that needs no search: rules whose levels come from formulas."""

import numpy as np

from inventory_env.description.rules import BaseStock, BaseStockConfig
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.upstream import UpstreamRule, UpstreamTier


class FormulaStart:
    """Stores order up to `Need.level`; sites upstream follow the scenario's own rules.

    Under local information a site upstream whose rule looks at its echelon stock orders up to the
    formula's level of its own stock instead, for the order of a start can be seen.
    """

    def __init__(self, scenario: Scenario) -> None:
        levels = np.array([need.level() for need in scenario.store_needs()])
        self._stores = BaseStock(np.rint(levels) if scenario.whole else levels)
        tiers = scenario.deciding_tiers()
        self._upstream = [_rule(scenario, tier) for tier in tiers if tier != "stores"]

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units that the sites want, before order constraints."""
        above = [rule.wish(situation)[:, None] for rule in self._upstream]
        return np.concatenate([situation.rule_order(self._stores), *above], axis=1)


def _rule(scenario: Scenario, tier: UpstreamTier) -> UpstreamRule:
    site = scenario.warehouse if tier == "warehouse" else scenario.supplier
    if scenario.information == "local" and site.rule.position == "echelon":
        local = site.model_copy(update={"rule": BaseStockConfig(kind="base-stock")})
        scenario = scenario.model_copy(update={tier: local})
    return UpstreamRule.of(scenario, tier)
