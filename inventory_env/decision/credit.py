"""Pays an order with what can be known of its worth when it is made, and with nothing else.

A store's stock in the period in which an order can arrive at the earliest depends on no later
decision: what was shipped until now and the demand until then, which is on the tape, settle it. So
the order is paid with the store's business in that period. The costs in between, which it could
not change, stay out. Where the period's own demand has a known distribution, its expected cost
takes the place of the cost on the tape: the same on average, with less luck in it.
"""

from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from inventory_env.decision.recipe import Credit
from inventory_env.description.population import Population
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.dynamics import meet_demand
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Tape

STORE_BUSINESS = ("demand", "served", "lost", "backorders", "closing")
QUANTILES = 20_000  # that stand for a distribution
CELLS = 400  # of the table where units are continuous

Number = TypeVar("Number", bound=np.generic)


class Creditor:
    """Turns a period's ledger into the one that pays the period's orders.

    Args:
        population: the chains, whose laws of demand are known to the trainer.
        credit: what pays an order.
    """

    def __init__(self, population: Population, credit: Credit) -> None:
        params = Params.of(population)
        delays = params.least_lead_time[:, : params.stores]
        self._delays = np.zeros_like(delays) if credit == "now" else delays
        self.shortage = ExpectedShortage(population) if credit == "expected" else None

    @property
    def periods(self) -> int:
        """How far a tape must reach beyond the period of an order."""
        return int(self._delays.max())

    def ledger(self, ledger: Ledger, after: Situation, tape: Tape) -> Ledger:
        """The period's ledger with the business that each store has some periods later.

        Where a cost is expected, all units short are in `lost`, those that wait too: they cost the
        same. Orders, and what upstream sites did, stay as they are.

        Args:
            ledger: of the period.
            after: the chain after the period.
            tape: of the episode; it reaches `periods` further.
        """
        if not self.periods:
            return ledger
        params, state = after.params, after.state
        stores = params.shape.columns("stores")
        on_hand, backorders = state.on_hand[:, stores], state.backorders[:, stores]
        business = {name: getattr(ledger, name).copy(order="K") for name in STORE_BUSINESS}
        delays = _of_worlds(self._delays, tape.member)
        for ahead in range(1, self.periods + 1):
            now = tape.at(after.period + ahead - 1)
            net = on_hand - backorders
            served, sold, lost, backorders = meet_demand(
                params, on_hand, backorders, now.demand, now.waiting
            )
            on_hand = on_hand - sold
            here = delays == ahead
            if here.any():
                found = (now.demand, served, lost, backorders, on_hand)
                if self.shortage is not None:
                    found = (now.demand, served, *self.shortage.business(net, tape.member))
                for name, values in zip(STORE_BUSINESS, found, strict=True):
                    np.copyto(business[name][:, stores], values, where=here)
            if ahead <= len(state.pipeline):
                on_hand = on_hand + state.pipeline[ahead - 1][:, stores]
        return replace(ledger, **business)


class ExpectedShortage:
    """E[(demand - stock)+] of a period, from a table for each chain's stores; linear between its
    points."""

    def __init__(self, population: Population) -> None:
        uniform = (np.arange(QUANTILES) + 0.5) / QUANTILES
        tables, steps = [], []
        for chain in population.members:
            for store in chain.stores:
                demand = np.sort(store.demand.quantile(uniform, np.ones(QUANTILES)))
                demand = np.rint(demand) if chain.whole else demand
                step = 1.0 if chain.whole else max(demand[-1] / CELLS, 1e-9)
                points = step * np.arange(int(demand[-1] / step) + 3)
                more = np.searchsorted(demand, points, side="right")
                units = np.append(demand[::-1].cumsum()[::-1], 0.0)[more]
                tables.append((units - points * (QUANTILES - more)) / QUANTILES)
                steps.append(step)
        shape = (len(population.members), -1)
        lengths = np.array([len(table) for table in tables])
        self._table = np.concatenate(tables)
        self._step = np.reshape(steps, shape)
        first = lengths.cumsum() - lengths
        self._first, self._last = first.reshape(shape), (lengths - 2).reshape(shape)
        self._mean = self._table[self._first]

    def __call__(self, stock: Array, member: Integers) -> Array:
        """(world, store) units short on average; `stock` is on hand less backorders."""
        place = np.maximum(stock / _of_worlds(self._step, member), 0.0)
        place = np.minimum(place, _of_worlds(self._last, member))
        cell = place.astype(np.int64)
        here = cell + _of_worlds(self._first, member)
        short = self._table.take(here)
        short += (place - cell) * (self._table.take(here + 1) - short)
        return short - np.minimum(stock, 0.0)

    def business(self, stock: Array, member: Integers) -> tuple[Array, Array, Array]:
        """Expected units short, none that are counted apart as waiting, and units left over."""
        short = self(stock, member)
        return short, np.zeros_like(short), stock - _of_worlds(self._mean, member) + short


def _of_worlds(values: npt.NDArray[Number], member: Integers) -> npt.NDArray[Number]:
    """The rows of the chains that worlds play; one row stays one."""
    return values if len(values) == 1 else values[member]
