"""A start that needs no search: rules whose levels come from formulas."""

import numpy as np

from inventory_env.description.rules import BaseStock
from inventory_env.frozen import Array
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.situation import Situation


class FormulaStart:
    """Every site orders up to its `Need.level`, but a site upstream whose own rule looks at the
    stock it may see follows that.

    Args:
        shared: whether sites upstream may look at their echelon stock; its order can be seen.
    """

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units that the sites want, before order constraints."""
        params = situation.params
        stores, levels = params.stores, params.need.level()
        rule = BaseStock(np.rint(levels[:, :stores]) if params.shape.whole else levels[:, :stores])
        wishes = situation.of_stores(situation.store_orders(rule))
        for own in params.rules:
            if own.echelon and not self._shared:
                column = params.shape.columns(own.tier)
                local = SiteRule(own.tier, BaseStock(levels[:, column]), echelon=False)
                wishes[:, column] = situation.site_order(local)
        return wishes
