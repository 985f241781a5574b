"""Pays an order with what can be known of its worth when it is made, and with nothing else.

A store's stock in the period in which an order can arrive at the earliest depends on no later
decision: what was shipped until now and the demand until then, which is on the tape, settle it. So
the order is paid with the store's business in that period. The costs in between, which it could
not change, stay out. Where the period's own demand has a known distribution, its expected cost
takes the place of the cost on the tape: the same on average, with less luck in it.
"""

from dataclasses import replace

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.dynamics import meet_demand
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.situation import Situation

STORE_BUSINESS = ("demand", "served", "lost", "store_backorders", "store_closing")
QUANTILES = 20_000  # that stand for a distribution
CELLS = 400  # of the table where units are continuous


class Credit:
    """Turns a period's ledger into the one that pays the period's orders."""

    def __init__(self, scenario: Scenario) -> None:
        settings = scenario.training.reward
        at_once = settings.credit == "now" or scenario.history is not None
        lead_times = [store.lead_time.minimum for store in scenario.stores]
        self.delays = np.array([0 if at_once else lead_time for lead_time in lead_times])
        expected = self.periods and settings.preset == "cost" and not scenario.seasonal
        self.shortage = ExpectedShortage(scenario) if expected else None

    @property
    def periods(self) -> int:
        """How far a tape must reach beyond the period of an order."""
        return int(self.delays.max())

    def ledger(self, ledger: Ledger, after: Situation) -> Ledger:
        """The period's ledger with the business that each store has `delays` periods later.

        Where a cost is expected, all units short are in `lost`, those that wait too: they cost the
        same. Orders, and what upstream sites did, stay as they are.

        Args:
            ledger: of the period.
            after: the chain after the period; its tape reaches `periods` further.
        """
        if not self.periods:
            return ledger
        params, state, tape = after.params, after.state, after.tape
        on_hand, backorders = state.store_on_hand, state.store_backorders
        business = {name: getattr(ledger, name).copy() for name in STORE_BUSINESS}
        for ahead in range(1, self.periods + 1):
            now = tape.at(after.period + ahead - 1)
            net = on_hand - backorders
            served, sold, lost, backorders = meet_demand(
                params, on_hand, backorders, now.demand, now.waiting
            )
            on_hand = on_hand - sold
            stores = np.flatnonzero(self.delays == ahead)
            if stores.size:
                found = (now.demand, served, lost, backorders, on_hand)
                if self.shortage is not None:
                    found = (now.demand, served, *self.shortage.business(net))
                for name, values in zip(STORE_BUSINESS, found, strict=True):
                    business[name][:, stores] = values[:, stores]
            if ahead <= len(state.store_pipeline):
                on_hand = on_hand + state.store_pipeline[ahead - 1]
        return replace(ledger, **business)


class ExpectedShortage:
    """E[(demand - stock)+] of a period, from a table for each store; linear between its points."""

    def __init__(self, scenario: Scenario) -> None:
        uniform = (np.arange(QUANTILES) + 0.5) / QUANTILES
        tables, steps = [], []
        for store in scenario.stores:
            demand = np.sort(store.demand.quantile(uniform, np.ones(QUANTILES)))
            demand = np.rint(demand) if scenario.whole else demand
            step = 1.0 if scenario.whole else max(demand[-1] / CELLS, 1e-9)
            points = step * np.arange(int(demand[-1] / step) + 3)
            more = np.searchsorted(demand, points, side="right")
            units = np.append(demand[::-1].cumsum()[::-1], 0.0)[more]
            tables.append((units - points * (QUANTILES - more)) / QUANTILES)
            steps.append(step)
        lengths = np.array([len(table) for table in tables])
        self._table, self._step = np.concatenate(tables), np.array(steps)
        self._first, self._last = lengths.cumsum() - lengths, lengths - 2
        self._mean = self._table[self._first]

    def __call__(self, stock: Array) -> Array:
        """(world, store) units short on average; `stock` is on hand less backorders."""
        place = np.minimum(np.maximum(stock / self._step, 0.0), self._last)
        cell = place.astype(np.int64)
        here = cell + self._first
        short = self._table.take(here)
        short += (place - cell) * (self._table.take(here + 1) - short)
        return short - np.minimum(stock, 0.0)

    def business(self, stock: Array) -> tuple[Array, Array, Array]:
        """Expected units short, none that are counted apart as waiting, and units left over."""
        short = self(stock)
        return short, np.zeros_like(short), stock - self._mean + short
