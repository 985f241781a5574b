"""Warehouse and supplier as sites that follow a rule: the stock it looks at, and what it orders."""

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from inventory_env.description.rules import OrderRule
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array, over_stores
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State

UpstreamTier = Literal["warehouse", "supplier"]


@dataclass(frozen=True)
class UpstreamRule:
    """A rule that orders for the warehouse, or starts the supplier's production."""

    tier: UpstreamTier
    rule: OrderRule  # levels of shape () or (world,)
    echelon: bool  # whether it looks at everything downstream too, or at its own stock
    cover: int  # periods whose forecast it follows

    @classmethod
    def of(cls, scenario: Scenario, tier: UpstreamTier) -> "UpstreamRule":
        """The scenario's own rule."""
        site = scenario.warehouse if tier == "warehouse" else scenario.supplier
        echelon = site.rule.position == "echelon"
        need = scenario.upstream_need(tier, echelon=echelon)
        return cls(tier, site.rule.build(need), echelon, ceil(need.cover))

    def wish(self, situation: Situation) -> Array:
        """(world,) units the rule wants, before order constraints."""
        position = upstream_position(situation.state, self.tier, echelon=self.echelon)
        return self.rule.order(position - forecast_excess(situation, self.cover), 1.0)


def upstream_position(state: State, tier: UpstreamTier, *, echelon: bool) -> Array:
    """(world,) inventory position, units."""
    if tier == "warehouse":
        return state.warehouse_echelon_position if echelon else state.warehouse_position
    return state.supplier_echelon_position if echelon else state.supplier_position


def storage_position(state: State, tier: UpstreamTier) -> Array:
    """(world,) units on hand, on the way and owed to the site: what needs room, now or soon."""
    if tier == "warehouse":
        return state.warehouse_position + over_stores(state.store_owed)
    return state.supplier_position + state.warehouse_owed


def forecast_excess(situation: Situation, cover: int) -> Array | float:
    """(world,) forecast demand of all stores over the cover, less its mean, units."""
    if not situation.forecast_varies:
        return 0.0
    swing = situation.forecast(cover) - situation.params.mean * cover
    return np.asarray(swing.sum(axis=1))
