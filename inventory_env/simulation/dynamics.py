"""The chain's sequence of events as one pure function over (world, site) arrays.

1. Arrivals. Shipments due now arrive at supplier, warehouse and stores.
2. Decisions. Every agent sees the state after arrivals; all orders are made at once.
3. Shipping, upstream first: the supplier ships what it can of orders plus owed, then the warehouse
   shares its stock among the stores. Lead time L means on hand in step 1 of period t + L; L = 0
   arrives at once, before demand. What could not be shipped stays owed, or is dropped.
4. Demand. Unmet demand is lost, backordered, or partly backordered.
5. Reconciliation. The ledger closes the period in units; `Money` puts prices on it.

`step` takes the state of step 2 and carries on to step 1 of the next period.
"""

import numpy as np

from inventory_env.frozen import Array, Integers
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import Params
from inventory_env.simulation.rationing import ration
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Exogenous
from inventory_env.simulation.worlds import empty, over_sites, pick, zeros


def step(params: Params, state: State, orders: Array, now: Exogenous) -> tuple[State, Ledger]:
    """One period of every world.

    Args:
        params: the chains' numbers.
        state: stock at the moment of decision.
        orders: (world, site) what was decided (step 2), after order constraints, units.
        now: this period's demand, lead times and disruptions.

    Returns:
        The state at the next period's decision, and this period's ledger. Both are new arrays;
        those of `state` are untouched.
    """
    shape = params.shape
    stores = shape.columns("stores")
    requested = orders + state.owed if shape.owed else orders
    shipped = requested.copy(order="K")
    on_hand, received = state.on_hand.copy(order="K"), state.received
    demand, sold = empty(*orders.shape), empty(*orders.shape)
    demand[:, stores] = now.demand

    # 3. Shipping, upstream first.
    for tier in reversed(shape.tiers):
        sites, source = shape.columns(tier), shape.source(tier)
        if tier == "warehouse":
            shipped[:, sites] = _from_supplier(params, requested[:, sites], on_hand, now)
        elif tier == "stores" and source is not None:
            _share(params, state, shipped, on_hand[:, source], now)
        if params.may_arrive_at_once:
            at_once = shipped[:, sites] * (_lead_time(params, now)[:, sites] == 0)
            on_hand[:, sites] += at_once
            received = received.copy(order="K")
            received[:, sites] += at_once
        if source is not None:
            demand[:, source] = _sum(orders[:, sites])
            sold[:, source] = _sum(shipped[:, sites])
            on_hand[:, source] -= sold[:, source]

    # 4. Demand.
    owed = requested - shipped if shape.owed else np.zeros_like(requested)
    backorders, lost = zeros(*orders.shape), zeros(*orders.shape)
    for tier in shape.tiers[:-1]:
        source = shape.source(tier)
        backorders[:, source] = _sum(owed[:, shape.columns(tier)])
        if not shape.owed:
            lost[:, source] = demand[:, source] - sold[:, source]
    on_time, gone, lost[:, stores], backorders[:, stores] = meet_demand(
        params, on_hand[:, stores], state.backorders[:, stores], now.demand, now.waiting
    )
    sold[:, stores] = gone
    on_hand[:, stores] -= gone
    served = np.minimum(demand, sold)
    served[:, stores] = on_time

    # 5. Reconciliation.
    ledger = Ledger(
        opening=state.on_hand - state.received,
        received=received,
        ordered=orders,
        shipped=shipped,
        demand=demand,
        served=served,
        sold=sold,
        lost=lost,
        backorders=backorders,
        closing=on_hand,
    )

    # 1. Arrivals of the next period.
    arrived, pipeline = _send(params, state.pipeline, shipped, now)
    after = State(
        on_hand=on_hand + arrived,
        received=arrived,
        pipeline=pipeline,
        owed=owed,
        backorders=backorders,
    )
    return after, ledger


def meet_demand(
    params: Params, on_hand: Array, backorders: Array, demand: Array, waiting: Array | None
) -> tuple[Array, Array, Array, Array]:
    """A period's customers, all (world, store), units; who waits already is served first.

    Args:
        params: says who waits.
        on_hand: stock that can be sold.
        backorders: demand that waits.
        demand: of the period.
        waiting: uniform, rounds the share that waits.

    Returns:
        What was served of the demand; what left the store; what was lost; what now waits.
    """
    if params.shape.unmet_demand == "lost":
        served = np.minimum(on_hand, demand)
        return served, served, demand - served, backorders
    served_waiting = np.minimum(on_hand, backorders)
    served = np.minimum(on_hand - served_waiting, demand)
    unmet = demand - served
    waits = _waiting(params, unmet, waiting)
    return served, served_waiting + served, unmet - waits, backorders - served_waiting + waits


def _waiting(params: Params, unmet: Array, waiting: Array | None) -> Array:
    """Unmet demand that waits; in whole units the share is rounded at random, right on average."""
    if params.shape.unmet_demand == "backorder":
        return unmet
    share = params.waiting_share * unmet
    return share if waiting is None else np.floor(share + waiting)


def _sum(values: Array) -> Array:
    """(world, 1) sum over sites."""
    return values if values.shape[1] == 1 else over_sites(values)[:, None]


def _from_supplier(params: Params, requested: Array, on_hand: Array, now: Exogenous) -> Array:
    """(world, 1) what the supplier ships: within its capacity, its stock, and if it is up."""
    most = params.capacity[:, None]
    source = params.shape.source("warehouse")
    if source is not None:
        most = np.minimum(most, on_hand[:, source])
    shipped = np.minimum(requested, most)
    return shipped if now.supplier_up is None else shipped * now.supplier_up[:, None]


def _share(params: Params, state: State, shipped: Array, stock: Array, now: Exogenous) -> None:
    """Cut what is shipped to the stores where the warehouse's stock is too short for all."""
    stores = params.shape.columns("stores")
    requested = shipped[:, stores]
    (short,) = (over_sites(requested) > stock[:, 0]).nonzero()
    if not short.size:
        return
    fair = params.shape.rationing == "fair-share"
    asked = pick(requested, short)
    given = ration(
        params.shape.rationing,
        stock[:, 0].take(short),
        asked,
        position=pick(state.stock[:, stores], short) if fair else asked,
        mean=pick(params.mean, short),
        priority=pick(params.priority if now.rationing is None else now.rationing, short),
        whole=params.shape.whole,
    )
    for site, units in zip(shipped.T[stores], given.T, strict=True):
        site[short] = units


def _lead_time(params: Params, now: Exogenous) -> Integers:
    """(world or 1, site) periods that shipments leaving now take."""
    return params.lead_time if now.lead_time is None else now.lead_time


def _send(params: Params, pipeline: Array, shipped: Array, now: Exogenous) -> tuple[Array, Array]:
    """Put shipments on the way, but for those that arrived at once.

    Returns:
        (world, site) what arrives next period, and the pipeline behind it.
    """
    by_site = shipped.T
    slots = max(params.longest_lead_time, len(pipeline), 1)
    ahead = np.zeros((slots + 1, *by_site.shape))
    for periods, sites in params.same_lead_times:
        ahead[periods, sites] = by_site[sites]
    others = params.other_lead_times
    if others is not None:
        lead_time = now.lead_time
        if lead_time is None:
            lead_time = np.broadcast_to(params.lead_time, shipped.shape)
        place = lead_time.T[others] * by_site.size
        place += np.arange(by_site.size).reshape(by_site.shape)[others]
        ahead.reshape(-1)[place] = by_site[others]
    ahead[1 : len(pipeline) + 1] += pipeline.swapaxes(1, 2)
    return ahead[1].T, ahead[2:].swapaxes(1, 2)
