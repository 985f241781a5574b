"""The sites that learn, as the columns of (world, agent) arrays: stores, warehouse, supplier."""

from math import ceil
from typing import Literal, cast

import numpy as np

from inventory_env.description.rules import Need
from inventory_env.description.scenario import Scenario, Store, Supplier, Warehouse
from inventory_env.frozen import Array
from inventory_env.simulation.constraints import project
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.upstream import (
    UpstreamTier,
    forecast_excess,
    storage_position,
    upstream_position,
)


class Agents:
    """Who learns in a scenario.

    Sites are numbered downstream first: all stores, the warehouse, the supplier. Under shared
    information an upstream site looks at its echelon stock, else at its own.

    Raises:
        InputError: if a tier is to learn that has nothing to order.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.tiers = scenario.learning_tiers()
        self.stores = len(scenario.stores)
        self.echelon = scenario.information == "shared"
        self.upstream = cast(
            tuple[UpstreamTier, ...], tuple(tier for tier in self.tiers if tier != "stores")
        )
        self.stores_learn = "stores" in self.tiers
        sites: list[Store | Warehouse | Supplier] = []
        self.needs: list[Need] = []
        self.names: list[str] = []
        if self.stores_learn:
            sites += scenario.stores
            self.needs += scenario.store_needs()
            self.names += [store.name for store in scenario.stores]
        for tier in self.upstream:
            sites.append(scenario.warehouse if tier == "warehouse" else scenario.supplier)
            self.needs.append(scenario.upstream_need(tier, echelon=self.echelon))
            self.names.append(tier)
        self.count = len(sites)
        self.mean = np.array([need.mean for need in self.needs])
        self.sd = np.array([need.sd for need in self.needs])
        self.lead_times = [site.lead_time.maximum for site in sites]
        self.lumpy = any(site.order_cost or site.orders.minimum for site in sites)
        numbers = list(range(self.stores)) if self.stores_learn else []
        numbers += [self.site(tier) for tier in self.upstream]
        self.sites = np.array(numbers)  # (agent,) number of each agent's site
        self.least_sites = int(self.sites.max()) + 1  # columns of wishes that hold all agents
        first = self.count - len(self.upstream)
        self._covers = [ceil(need.cover) for need in self.needs[first:]]

    def site(self, tier: Literal["warehouse", "supplier"]) -> int:
        """Number of an upstream site."""
        return self.stores + (tier == "supplier")

    def of(self, wishes: Array) -> Array:
        """(world, agent) out of (world, site) wishes."""
        if self.stores_learn and wishes.shape[1] == self.count:
            return wishes
        return wishes[:, self.sites]

    def into(self, wishes: Array, decided: Array) -> Array:
        """(world, site) wishes in which the agents' are replaced by what they decided."""
        if self.stores_learn and wishes.shape[1] == self.count:
            return decided
        together = wishes.copy()
        together[:, self.sites] = decided
        return together

    def position(self, situation: Situation) -> Array:
        """(world, agent) position that levels are compared with: the forecast's excess is off."""
        if not self.upstream:
            return situation.adjusted_position
        columns = [situation.adjusted_position] if self.stores_learn else []
        for tier, cover in zip(self.upstream, self._covers, strict=True):
            position = upstream_position(situation.state, tier, echelon=self.echelon)
            columns.append((position - forecast_excess(situation, cover))[:, None])
        return np.concatenate(columns, axis=1)

    def orders(self, wishes: Array, situation: Situation) -> Array:
        """(world, agent) orders that come of the agents' wishes under their links' constraints."""
        params, state, period = situation.params, situation.state, situation.period
        columns = []
        if self.stores_learn:
            stock = situation.position + state.store_backorders
            columns.append(project(wishes[:, : self.stores], params.store_limits, stock, period))
        limits = {"warehouse": params.warehouse_limits, "supplier": params.supplier_limits}
        for place, tier in enumerate(self.upstream, start=len(columns) * self.stores):
            stock = storage_position(state, tier)[:, None]
            columns.append(project(wishes[:, place, None], limits[tier], stock, period))
        return np.concatenate(columns, axis=1)
