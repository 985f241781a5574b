"""The whole chain in one row: what every site sees under shared information, or only the critic."""

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation

MOST_SINGLE = 10  # stores that are told apart; of more, mean and spread are given


class ChainFeatures:
    """Stock and position of every store, stock, pipeline and debts of warehouse and supplier.

    A store's are its position and its stock less what it expects to sell over its cover, in
    standard deviations; upstream, units are in periods of the chain's demand.
    """

    def __init__(self, scenario: Scenario) -> None:
        params, needs = Params.of(scenario), scenario.store_needs()
        self._expected = params.mean * np.array([[need.cover for need in needs]])
        self._sd = np.array([[max(need.cover_sd, 0.05 * need.mean) for need in needs]])
        self._total = float(params.mean.sum())
        self._warehouse = not scenario.warehouse.unlimited
        self._supplier = self._warehouse and not scenario.supplier.unlimited
        if len(needs) <= MOST_SINGLE:
            of_stores = [f"store_{i}" for i in range(len(needs))]
        else:
            of_stores = ["stores_mean", "stores_spread"]
        self.names = [f"{store}_{what}" for what in ("position", "stock") for store in of_stores]
        for tier, exists, slots in (
            ("warehouse", self._warehouse, params.warehouse_lead_max - 1),
            ("supplier", self._supplier, params.supplier_lead_max - 1),
        ):
            if exists:
                self.names += [f"chain_{tier}_stock", f"chain_{tier}_owes"]
                self.names += [f"chain_{tier}_pipeline_{k + 1}" for k in range(max(slots, 0))]

    def rows(self, situation: Situation) -> list[Array]:
        """(world,) values in the order of `names`."""
        state = situation.state
        stock = state.store_on_hand - state.store_backorders
        rows: list[Array] = []
        for units in (situation.adjusted_position, stock):
            values = (units - self._expected) / self._sd
            if values.shape[1] <= MOST_SINGLE:
                rows += list(values.T)
            else:
                rows += [values.mean(axis=1), values.std(axis=1)]
        total = self._total
        if self._warehouse:
            rows.append(state.warehouse_on_hand / total - 1.0)
            rows.append(state.store_owed.sum(axis=1) / total)
            rows += [slot / total - 1.0 for slot in state.warehouse_pipeline]
        if self._supplier:
            rows.append(state.supplier_on_hand / total - 1.0)
            rows.append(state.warehouse_owed / total)
            rows += [slot / total - 1.0 for slot in state.supplier_pipeline]
        return rows
