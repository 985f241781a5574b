"""Many worlds of one chain, run period by period: keeps time around `dynamics.step`."""

from math import ceil

import numpy as np

from inventory_env.constraints import project
from inventory_env.dynamics import Orders, step
from inventory_env.frozen import Array, over_stores
from inventory_env.params import Params
from inventory_env.reconciliation import Ledger
from inventory_env.scenario import Scenario
from inventory_env.situation import Memory, Situation
from inventory_env.state import State
from inventory_env.tape import Tape


class Chain:
    """The worlds of one tape. Warehouse and supplier follow the scenario's rules."""

    def __init__(self, scenario: Scenario, params: Params | None = None) -> None:
        self.scenario = scenario
        self.params = self._given_params = Params.of(scenario) if params is None else params
        self._warehouse_rule = scenario.warehouse_rule
        self._supplier_rule = scenario.supplier_rule
        self._warehouse_cover = ceil(scenario.warehouse_need().cover)
        self._supplier_cover = ceil(scenario.supplier_need().cover)
        self.situation: Situation

    def reset(
        self,
        tape: Tape,
        state: State | None = None,
        memory: Memory | None = None,
        period: int = 0,
    ) -> Situation:
        """Start an episode: from the tape's starting stock, or carry on from a state."""
        if len(self.params.holding_cost) != tape.worlds:
            self.params = self._given_params.spread(tape.worlds)
        self.situation = Situation(
            params=self.params,
            state=tape.start if state is None else state,
            memory=Memory.at_start(self.params, tape) if memory is None else memory,
            tape=tape,
            period=period,
        )
        return self.situation

    @property
    def ended(self) -> bool:
        """Whether the episode is over."""
        return self.situation.period >= self.situation.tape.periods

    def step(self, wishes: Array) -> Ledger:
        """One period in which the stores wish for (world, store) units; advances `situation`."""
        situation, params = self.situation, self.params
        state, period = situation.state, situation.period
        stock = situation.position
        if params.store_limits.storage_limit is not None:
            stock = stock + state.store_backorders
        orders = Orders(
            store=project(wishes, params.store_limits, stock, period),
            warehouse=self._warehouse_order(),
            supplier=self._supplier_order(),
        )
        after, ledger = step(params, state, orders, situation.tape.at(period))
        memory = situation.memory.after(ledger, params)
        self.situation = Situation(params, after, memory, situation.tape, period + 1)
        return ledger

    def _excess(self, cover: int) -> Array | float:
        """(world,) forecast demand of all stores over the cover, less its mean, units."""
        if not self.situation.forecast_varies:
            return 0.0
        swing = self.situation.forecast(cover) - self.params.mean * cover
        return np.asarray(swing.sum(axis=1))

    def _warehouse_order(self) -> Array:
        state, params = self.situation.state, self.params
        if params.warehouse_unlimited:
            return np.zeros(state.warehouse_on_hand.shape)
        echelon = self.scenario.warehouse.rule.position == "echelon"
        position = state.warehouse_echelon_position if echelon else state.warehouse_position
        wish = self._warehouse_rule.order(position - self._excess(self._warehouse_cover), 1.0)
        stock = position
        if params.warehouse_limits.storage_limit is not None:
            stock = state.warehouse_position + over_stores(state.store_owed)
        return project(wish, params.warehouse_limits, stock, self.situation.period).reshape(-1)

    def _supplier_order(self) -> Array:
        state, params = self.situation.state, self.params
        if params.warehouse_unlimited or params.supplier_unlimited:
            return np.zeros(state.supplier_on_hand.shape)
        echelon = self.scenario.supplier.rule.position == "echelon"
        position = state.supplier_echelon_position if echelon else state.supplier_position
        wish = self._supplier_rule.order(position - self._excess(self._supplier_cover), 1.0)
        stock = position
        if params.supplier_limits.storage_limit is not None:
            stock = state.supplier_position + state.warehouse_owed
        return project(wish, params.supplier_limits, stock, self.situation.period).reshape(-1)
