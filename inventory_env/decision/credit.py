"""Pays an order with what can be known of its worth when it is made, and with nothing else.

A store's stock in the period in which an order can arrive at the earliest depends on no later
decision: what was shipped until now and the demand until then, which is on the tape, settle it. So
the order is paid with the store's business in that period. The costs in between, which it could
not change, stay out. Where the period's own demand has a known distribution, its expected cost
takes the place of the cost on the tape: the same on average, with less luck in it.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from inventory_env.decision.recipe import Credit
from inventory_env.description.demand import WHOLE_LAWS, Demand
from inventory_env.description.population import Population
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.dynamics import meet_demand
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Tape
from inventory_env.simulation.worlds import of_worlds

STORE_BUSINESS = ("demand", "served", "lost", "backorders", "closing")
QUANTILES = 20_000  # that stand for a distribution
CELLS = 400  # of the table where units are continuous, or demand is large


@dataclass(frozen=True)
class Credited:
    """What pays a period's orders."""

    ledger: Ledger  # with the business that each store has when its order can arrive
    wanted: Array  # (world, store) chance that a unit more would be sold, or shorten a wait, then


class Creditor:
    """Finds what pays a period's orders.

    Args:
        population: the chains, whose laws of demand are known to the trainer.
        params: their numbers.
        credit: what pays an order.
    """

    def __init__(self, population: Population, params: Params, credit: Credit) -> None:
        delays = params.least_lead_time[:, : params.stores]
        self._delays = np.zeros_like(delays) if credit == "now" else delays
        self.shortage = ExpectedShortage(population) if credit == "expected" else None

    @property
    def periods(self) -> int:
        """How far a tape must reach beyond the period of an order."""
        return int(self._delays.max())

    def credited(self, ledger: Ledger, after: Situation, tape: Tape) -> Credited:
        """The period's ledger with the business that each store has some periods later.

        Where a cost is expected, all units short are in `lost`, those that wait too: they cost the
        same. Orders, and what upstream sites did, stay as they are.

        Args:
            ledger: of the period.
            after: the chain after the period.
            tape: of the episode; it reaches `periods` further.
        """
        params, state = after.params, after.state
        stores = params.shape.columns("stores")
        wanted = np.where(ledger.lost + ledger.backorders > 0, 1.0, 0.0)[:, stores]
        if not self.periods and self.shortage is None:
            return Credited(ledger, wanted)
        on_hand, backorders = state.on_hand[:, stores], state.backorders[:, stores]
        business = {name: getattr(ledger, name).copy(order="K") for name in STORE_BUSINESS}
        business["wanted"] = wanted
        delays = of_worlds(self._delays, tape.member)
        if self.shortage is not None and not delays.all():
            self._pay(business, stores, delays == 0, self._at_once(ledger, stores), tape)
        for ahead in range(1, self.periods + 1):
            now = tape.at(after.period + ahead - 1)
            net = on_hand - backorders
            served, sold, lost, backorders = meet_demand(
                params, on_hand, backorders, now.demand, now.waiting
            )
            on_hand = on_hand - sold
            here = delays == ahead
            if here.any():
                drawn = _Business(net, now.demand, served, lost, backorders, on_hand)
                self._pay(business, stores, here, drawn, tape)
            if ahead <= len(state.pipeline):
                on_hand = on_hand + state.pipeline[ahead - 1][:, stores]
        wanted = business.pop("wanted")
        return Credited(replace(ledger, **business), wanted)

    def _pay(
        self,
        business: dict[str, Array],
        stores: slice,
        here: npt.NDArray[np.bool_],
        drawn: "_Business",
        tape: Tape,
    ) -> None:
        """Put a period's business where `here` says, expected where the law is known."""
        worlds: Integers | slice = slice(None)
        member = tape.member
        if len(here) > 1:  # only in worlds that are paid now
            worlds = np.flatnonzero(here.any(axis=1))
            here, member = here[worlds], member[worlds]
            drawn = _Business(*(getattr(drawn, each.name)[worlds] for each in fields(drawn)))
        wanted = np.where(drawn.demand > drawn.net, 1.0, 0.0)
        found: tuple[Array, ...] = (drawn.lost, drawn.backorders, drawn.closing, wanted)
        if self.shortage is not None:
            known = self.shortage.known(member)
            expected = self.shortage.business(drawn.net, member)
            found = tuple(np.where(known, *each) for each in zip(expected, found, strict=True))
        paying = (drawn.demand, drawn.served, *found)
        for name, values in zip((*STORE_BUSINESS, "wanted"), paying, strict=True):
            of_stores = business[name][:, stores]
            of_stores[worlds] = np.where(here, values, of_stores[worlds])

    @staticmethod
    def _at_once(ledger: Ledger, stores: slice) -> "_Business":
        """The business of the period itself."""
        demand, served, sold, lost, backorders, closing = (
            getattr(ledger, name)[:, stores]
            for name in ("demand", "served", "sold", "lost", "backorders", "closing")
        )
        waited = backorders - (demand - served - lost) + (sold - served)
        return _Business(closing + sold - waited, demand, served, lost, backorders, closing)


@dataclass(frozen=True)
class _Business:
    """What a period did to the stores; (world, store), units."""

    net: Array  # on hand less backorders, before demand
    demand: Array
    served: Array
    lost: Array
    backorders: Array
    closing: Array


class ExpectedShortage:
    """E[(demand - stock)+] of a period, from a table for each chain's stores; linear between its
    points."""

    def __init__(self, population: Population) -> None:
        tables, steps = [], []
        for chain in population.members:
            for store in chain.stores:
                table, step = _shortage_table(store.demand, whole=chain.whole)
                tables.append(table)
                steps.append(step)
        shape = (len(population.members), -1)
        lengths = np.array([len(table) for table in tables])
        self._table = np.concatenate(tables)
        self._step = np.reshape(steps, shape)
        first = lengths.cumsum() - lengths
        self._first, self._last = first.reshape(shape), (lengths - 2).reshape(shape)
        self._mean = self._table[self._first]
        self._known = np.array([[not chain.seasonal] for chain in population.members])

    def known(self, member: Integers) -> npt.NDArray[np.bool_]:
        """(world or 1, 1) whether the law of demand is the same in all periods."""
        return of_worlds(self._known, member)

    def __call__(self, stock: Array, member: Integers) -> tuple[Array, Array]:
        """(world, store) units short on average, and how many fewer there were with a unit more;
        `stock` is on hand less backorders."""
        step = of_worlds(self._step, member)
        place = np.maximum(stock / step, 0.0)
        place = np.minimum(place, of_worlds(self._last, member))
        cell = place.astype(np.int64)
        here = cell + of_worlds(self._first, member)
        short = self._table.take(here)
        fewer = short - self._table.take(here + 1)
        short -= (place - cell) * fewer
        fewer /= step
        return short - np.minimum(stock, 0.0), np.where(stock < 0, 1.0, fewer)

    def business(self, stock: Array, member: Integers) -> tuple[Array, Array, Array, Array]:
        """Expected units short, none that are counted apart as waiting, units left over, and the
        chance that a unit more is wanted."""
        short, wanted = self(stock, member)
        left = stock - of_worlds(self._mean, member) + short
        return short, np.zeros_like(short), left, wanted


def _shortage_table(demand: Demand, *, whole: bool) -> tuple[Array, float]:
    """E[(demand - stock)+] at stock 0, step, 2 step, ..., and the step, units.

    The sum of all chances of a larger demand, where they are known; else from many quantiles.
    """
    if whole and isinstance(demand, WHOLE_LAWS):
        law = demand.distribution(1.0)
        last = int(law.ppf(1 - 1e-10)) + 2
        cell = max(last // CELLS, 1) | 1  # odd, so that it has a middle
        chances = cell * law.sf(np.arange(0, last + 2 * cell, cell) + cell // 2)
        return np.append(chances[::-1].cumsum()[::-1], 0.0), float(cell)
    uniform = (np.arange(QUANTILES) + 0.5) / QUANTILES
    values = np.sort(demand.quantile(uniform, np.ones(QUANTILES)))
    values = np.rint(values) if whole else values
    step = 1.0 if whole else max(float(values[-1]) / CELLS, 1e-9)
    points = step * np.arange(int(values[-1] / step) + 3)
    more = np.searchsorted(values, points, side="right")
    units = np.append(values[::-1].cumsum()[::-1], 0.0)[more]
    return (units - points * (QUANTILES - more)) / QUANTILES, step
