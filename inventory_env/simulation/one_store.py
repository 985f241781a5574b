"""What many candidate rules cost a store whose supplier never runs out: the periods of `dynamics`
with nothing in them that money does not need.

Candidates stand side by side where a chain has its sites, and face the same demand. Who is served,
what a link allows, what is left of a stock and what rules order are the simulator's own functions;
in whole units costs are equal to the simulator's, bit by bit.
"""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.population import Population, Shape, shape_of
from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array
from inventory_env.simulation.constraints import project
from inventory_env.simulation.dynamics import meet_demand
from inventory_env.simulation.params import Params
from inventory_env.simulation.projection import in_sequence, left_over, left_over_of_lost_sales
from inventory_env.simulation.tape import Tape
from inventory_env.simulation.worlds import empty, laid_out, zeros


def is_one_store(population: Population) -> bool:
    """Whether these chains can be judged here: one store, no end of supply, and a forecast that
    never differs from the mean."""
    shape = shape_of(population)
    alone = shape.stores == 1 and shape.tiers == ("stores",)
    return alone and not shape.recorded and not any(chain.seasonal for chain in population.members)


@dataclass(frozen=True)
class _Run:
    """Neighbouring worlds of one constant lead time."""

    periods: int
    worlds: slice


class OneStore:
    """Stores on a tape, ready for any candidates.

    Args:
        params: of the tape's worlds; worlds of like lead times side by side are quickest.
        tape: demand and lead times, from the chains' starting stock.
        exact: whether stock is projected as the simulator does, or within 1e-5 standard deviations.
    """

    def __init__(self, params: Params, tape: Tape, *, exact: bool = False) -> None:
        self._params, self._tape, self._exact = params, tape, exact
        self._longest = params.longest_lead_time
        lead_time = np.broadcast_to(params.lead_time[:, 0], tape.worlds)
        self._constant = bool((params.lead_time == params.least_lead_time).all())
        ends = np.flatnonzero(np.diff(lead_time, append=-1)) + 1
        firsts = np.append(0, ends[:-1])
        self._runs = [
            _Run(int(lead_time[first]), slice(int(first), int(end)))
            for first, end in zip(firsts, ends, strict=True)
        ]
        # For each period ahead, the worlds from the first in which an order may still be coming.
        self._first_waiting = [
            int(np.argmax(lead_time >= ahead)) for ahead in range(self._longest + 1)
        ]
        self._sd = params.need.sd[:, :1]

    def costs(self, rule: OrderRule, warm_up: int) -> Array:
        """(world, candidate) money per period after the warm-up of a rule with levels (world,
        candidate), laid out candidate by candidate."""
        params, tape, slots = self._params, self._tape, self._longest + 1
        shape, limits = params.shape, params.limits
        count = next(iter(vars(rule).values())).shape[1]
        zero = zeros(tape.worlds, count)
        on_hand = zero + tape.start.on_hand
        # Slot t mod slots arrives in period t.
        coming = np.zeros((slots, count, tape.worlds)).swapaxes(1, 2)
        coming[1 : len(tape.start.pipeline) + 1] = tape.start.pipeline[: slots - 1]
        position = zero + tape.start.position
        backorders, total = zero, zeros(tape.worlds, count)
        for period in range(tape.periods):
            # 2. Decisions.
            stock = position
            if rule.looks_at == "arrival":
                stock = self._at_arrival(on_hand - backorders, coming, period)
            held = position if limits.storage_limit is None else position + backorders
            orders = project(rule.order(stock, 1.0), limits, held, period)
            # 3. Shipping.
            on_hand = on_hand + self._send(coming, orders, period)
            # 4. Demand.
            now = tape.at(period)
            _, sold, lost, backorders = meet_demand(
                params, on_hand, backorders, now.demand, now.waiting
            )
            on_hand = on_hand - sold
            # 5. Money.
            if period >= warm_up:
                short = lost if shape.unmet_demand == "lost" else lost + backorders
                money = params.holding_cost * on_hand
                money += params.shortage_cost * short
                if params.orders_cost:
                    money += params.order_cost * (orders > 0) + params.unit_cost * orders
                total += money
            # 1. Arrivals of the next period.
            position = position + orders
            position -= now.demand
            position += lost
            on_hand += coming[(period + 1) % slots]
            coming[(period + 1) % slots] = 0.0
        return total / (tape.periods - warm_up)

    def _send(self, coming: Array, orders: Array, period: int) -> Array | float:
        """Put orders on the way; what arrives at once."""
        slots = len(coming)
        if self._constant:
            at_once: Array | float = 0.0
            for run in self._runs:
                if run.periods:
                    coming[(period + run.periods) % slots, run.worlds] = orders[run.worlds]
                else:
                    at_once = zeros(*orders.shape) if isinstance(at_once, float) else at_once
                    at_once[run.worlds] = orders[run.worlds]
            return at_once
        lead_time = self._tape.lead_time
        assert lead_time is not None
        takes = lead_time[period, :, 0]
        worlds = np.arange(len(takes))
        coming.swapaxes(1, 2)[(period + takes) % slots, :, worlds] += orders * (takes > 0)[:, None]
        return orders * (takes == 0)[:, None]

    def _at_arrival(self, now: Array, coming: Array, period: int) -> Array:
        """(world, candidate) stock expected when an order made now arrives."""
        params, slots = self._params, len(coming)
        chances = params.arrival_chances
        if params.in_sequence.any():
            ahead = np.arange(period + 1, period + slots) % slots
            chances = in_sequence(chances, params.in_sequence, coming[ahead])
        waiting, varies = params.waiting_of_short, self._sd**2
        lost = params.shape.unmet_demand == "lost"
        expected = empty(*now.shape)
        expected[:] = chances[0] * now
        mean, variance, first = now, zeros(*now.shape), 0
        for ahead in range(1, slots):
            more = self._first_waiting[ahead] - first
            first += more
            net, spread = mean[more:] - params.mean[first:], variance[more:] + varies[first:]
            if lost and not self._exact:
                mean, variance = left_over_of_lost_sales(net, spread)
            else:
                share = waiting if isinstance(waiting, float) else waiting[first:]
                mean, variance = left_over(net, spread, share)
            mean += coming[(period + ahead) % slots][first:]
            expected[first:] += chances[ahead][first:] * mean
        return expected
