"""What many candidate rules cost a store whose supplier never runs out: the periods of `dynamics`
with nothing in them that money does not need.

Candidates stand side by side where a chain has its sites, and face the same demand. Who is served,
what a link allows, what is left of a stock and what rules order are the simulator's own functions;
in whole units costs are equal to the simulator's, bit by bit.
"""

from itertools import pairwise

import numpy as np

from inventory_env.description.population import Population, shape_of
from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array
from inventory_env.simulation.constraints import project
from inventory_env.simulation.dynamics import meet_demand
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.params import Params
from inventory_env.simulation.projection import in_sequence, left_over, nearly_left_over
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Tape
from inventory_env.simulation.worlds import empty, zeros


def is_one_store(population: Population) -> bool:
    """Whether these chains can be judged here: one store, no end of supply, demand whose law
    is known."""
    shape = shape_of(population)
    return shape.stores == 1 and shape.tiers == ("stores",) and not shape.learns_demand


class OneStore:
    """Stores on a tape, ready for any candidates.

    Args:
        params: of the tape's worlds; quickest where lead times grow from world to world.
        tape: demand and lead times, from the chains' starting stock.
        exact: whether stock is projected as the simulator does, or within 1e-5 standard deviations.
    """

    def __init__(self, params: Params, tape: Tape, *, exact: bool = False) -> None:
        self._params, self._tape = params, tape
        self._left_over = left_over if exact else nearly_left_over
        self._memory = Memory.of_demand(params, tape.worlds, None)
        longest = np.broadcast_to(params.longest_waits, tape.worlds)
        self._slots = int(longest.max()) + 1
        # The first world in which an order may still be coming after so many periods.
        first = [int(np.argmax(longest >= ahead)) for ahead in range(self._slots)]
        self._waiting_from = first
        same = bool((params.lead_time == params.least_lead_time).all())
        self._in_order = same and bool((np.diff(longest) >= 0).all())
        self._worlds_of = [slice(*ends) for ends in pairwise([*first, tape.worlds])]

    def costs(self, rule: OrderRule, warm_up: int) -> Array:
        """(world, candidate) money per period after the warm-up.

        Args:
            rule: levels (world, candidate), each candidate's worlds side by side.
            warm_up: periods that do not count.
        """
        params, tape = self._params, self._tape
        count = next(iter(vars(rule).values())).shape[1]
        backorders, total = zeros(tape.worlds, count), zeros(tape.worlds, count)
        on_hand, position = backorders + tape.start.on_hand, backorders + tape.start.position
        # What arrives in period t is in slot t mod slots.
        coming = np.zeros((self._slots, count, tape.worlds)).swapaxes(1, 2)
        coming[1 : len(tape.start.pipeline) + 1] = tape.start.pipeline[: self._slots - 1]
        for period in range(tape.periods):
            # 2. Decisions.
            seen = Situation(params, tape.start, self._memory, tape.outlook(period), period)
            wishes = self._wishes(rule, seen, position, on_hand - backorders, coming)
            held = position if params.limits.storage_limit is None else position + backorders
            orders = project(wishes, params.limits, held, period)
            # 3. Shipping.
            on_hand = on_hand + self._send(coming, orders, period)
            # 4. Demand.
            now = tape.at(period)
            _, sold, lost, backorders = meet_demand(
                params, on_hand, backorders, now.demand, now.waiting
            )
            on_hand = on_hand - sold
            # 5. Reconciliation: money.
            if period >= warm_up:
                total += self._money(on_hand, lost, backorders, orders)
            # 1. Arrivals of the next period.
            position = position + orders
            position -= now.demand
            position += lost
            arrived = coming[(period + 1) % self._slots]
            on_hand += arrived
            arrived[:] = 0.0
        return total / (tape.periods - warm_up)

    def _wishes(
        self, rule: OrderRule, seen: Situation, position: Array, net: Array, coming: Array
    ) -> Array:
        """What the rule wants, as `Situation.store_orders` has it."""
        varies = seen.forecast_varies
        factor = seen.arrival_factor if varies else 1.0
        stock = position - seen.cover_excess if varies else position
        if rule.looks_at == "arrival":
            expected = self._at_arrival(seen, net, coming)
            stock = expected + (stock - position) + seen.lead_time_excess if varies else expected
        return rule.order(stock, factor)

    def _money(self, closing: Array, lost: Array, backorders: Array, orders: Array) -> Array:
        """As `Money` has it."""
        params = self._params
        short = lost if params.shape.unmet_demand == "lost" else lost + backorders
        money = params.holding_cost * closing
        money += params.shortage_cost * short
        if params.orders_cost:
            money += params.order_cost * (orders > 0) + params.unit_cost * orders
        return money

    def _send(self, coming: Array, orders: Array, period: int) -> Array:
        """Put orders on the way; what arrives at once."""
        slots, worlds = self._slots, len(orders)
        if self._in_order:
            at_once = zeros(*orders.shape)
            for ahead, here in enumerate(self._worlds_of):
                place = at_once if not ahead else coming[(period + ahead) % slots]
                if here.start < here.stop:
                    place[here] = orders[here]
            return at_once
        drawn = self._tape.lead_time
        takes = self._params.lead_time[:, 0] if drawn is None else drawn[period, :, 0]
        takes = np.broadcast_to(takes, worlds)
        at_once = orders * (takes == 0)[:, None]
        memory = coming.swapaxes(1, 2).reshape(slots, -1)
        place = (period + takes) % slots * memory.shape[1] + np.arange(worlds)
        every = place + worlds * np.arange(orders.shape[1])[:, None]
        memory.reshape(-1)[every] += (orders - at_once).T
        return at_once

    def _at_arrival(self, seen: Situation, now: Array, coming: Array) -> Array:
        """(world, candidate) stock expected when an order made now arrives; `Projection` says how
        it is found."""
        params, slots = self._params, self._slots
        places = (seen.period + np.arange(slots)) % slots
        waiting, chances = params.waiting_of_short, params.arrival_chances
        if params.in_sequence.any():
            chances = in_sequence(chances, params.in_sequence, coming[places[1:]])
        expected = empty(*now.shape)
        expected[:] = now if self._in_order else chances[0] * now
        mean, variance, first = now, zeros(*now.shape), 0
        for ahead in range(1, slots):
            gone = self._waiting_from[ahead] - first
            first += gone
            demand, sd = seen.demand_ahead(ahead - 1)
            mean, variance = self._left_over(
                mean[gone:] - demand[first:],
                variance[gone:] + (sd**2)[first:],
                waiting if isinstance(waiting, float) else waiting[first:],
            )
            mean += coming[places[ahead]][first:]
            if self._in_order:
                here = self._worlds_of[ahead]
                expected[here] = mean[: len(expected[here])]
            else:
                expected[first:] += chances[ahead][first:] * mean
        return expected
