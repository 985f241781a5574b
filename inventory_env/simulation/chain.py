"""Many worlds of one chain, run period by period: keeps time around `dynamics.step`."""

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.constraints import project
from inventory_env.simulation.dynamics import Orders, step
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import Limits, Params
from inventory_env.simulation.situation import Memory, Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Tape
from inventory_env.simulation.upstream import UpstreamRule, storage_position


class Chain:
    """The worlds of one tape. Sites that nobody decides for follow the scenario's rules."""

    def __init__(self, scenario: Scenario, params: Params | None = None) -> None:
        self.scenario = scenario
        self.params = self._given_params = Params.of(scenario) if params is None else params
        self._warehouse_rule = UpstreamRule.of(scenario, "warehouse")
        self._supplier_rule = UpstreamRule.of(scenario, "supplier")
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
        """One period; advances `situation`.

        Args:
            wishes: (world, site) units that the sites want, before order constraints: all stores,
                then the warehouse, then the supplier. Upstream sites may be left out at the end;
                they follow the scenario's rules.
        """
        situation, params = self.situation, self.params
        state, period, stores = situation.state, situation.period, params.stores
        stock = situation.position
        if params.store_limits.storage_limit is not None:
            stock = stock + state.store_backorders
        given = wishes.shape[1]
        no_supplier = params.warehouse_unlimited or params.supplier_unlimited
        orders = Orders(
            store=project(
                wishes if given == stores else wishes[:, :stores],
                params.store_limits,
                stock,
                period,
            ),
            warehouse=(
                np.zeros(len(wishes))
                if params.warehouse_unlimited
                else self._order(
                    wishes[:, stores] if given > stores else None,
                    self._warehouse_rule,
                    params.warehouse_limits,
                )
            ),
            supplier=(
                np.zeros(len(wishes))
                if no_supplier
                else self._order(
                    wishes[:, stores + 1] if given > stores + 1 else None,
                    self._supplier_rule,
                    params.supplier_limits,
                )
            ),
        )
        after, ledger = step(params, state, orders, situation.tape.at(period))
        memory = situation.memory.after(ledger, params)
        self.situation = Situation(params, after, memory, situation.tape, period + 1)
        return ledger

    def _order(self, wish: Array | None, rule: UpstreamRule, limits: Limits) -> Array:
        """(world,) order of a site upstream, by its rule where nobody wished."""
        wish = rule.wish(self.situation) if wish is None else wish
        stock = wish
        if limits.storage_limit is not None:
            stock = storage_position(self.situation.state, rule.tier)
        return project(wish, limits, stock, self.situation.period).reshape(-1)
