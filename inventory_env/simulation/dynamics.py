"""The chain's sequence of events as one pure function over (world, store) arrays.

1. Arrivals. Shipments due now arrive at supplier, warehouse and stores.
2. Decisions. Every agent sees the state after arrivals; all orders are made at once.
3. Shipping, upstream first: the supplier ships what it can of orders plus owed, then the warehouse
   shares its stock among the stores. Lead time L means on hand in step 1 of period t + L; L = 0
   arrives at once, before demand. What could not be shipped stays owed, or is dropped.
4. Demand. Unmet demand is lost, backordered, or partly backordered.
5. Reconciliation. The ledger closes the period in units; `reconciliation` puts prices on it.

`step` takes the state of step 2 and carries on to step 1 of the next period.
"""

from dataclasses import dataclass

import numpy as np

from inventory_env.frozen import Array, Integers, over_stores
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.params import Params
from inventory_env.simulation.rationing import ration
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Exogenous


@dataclass(frozen=True)
class Orders:
    """What every tier asks for in one period, in units, after order constraints."""

    store: Array  # (world, store) to the warehouse
    warehouse: Array  # (world,) to the supplier
    supplier: Array  # (world,) production started


def step(params: Params, state: State, orders: Orders, now: Exogenous) -> tuple[State, Ledger]:
    """One period of every world.

    Args:
        params: the chain's numbers.
        state: stock at the moment of decision.
        orders: what was decided (step 2).
        now: this period's demand, lead times and disruptions.

    Returns:
        The state at the next period's decision, and this period's ledger. Both are new arrays;
        those of `state` are untouched.
    """
    limited = not params.warehouse_unlimited
    supplier_on_hand, supplier_received = state.supplier_on_hand, state.supplier_received
    supplier_pipeline = state.supplier_pipeline
    warehouse_on_hand, warehouse_received = state.warehouse_on_hand, state.warehouse_received
    warehouse_pipeline, warehouse_owed = state.warehouse_pipeline, state.warehouse_owed

    # 3. Shipping, upstream first.
    if limited:
        request = orders.warehouse + warehouse_owed
        limit: Array | float = params.capacity
        if not params.supplier_unlimited:
            supplier_pipeline, at_once = _send(
                supplier_pipeline, orders.supplier, now.supplier_lead_time, params.supplier_lead_max
            )
            supplier_on_hand = supplier_on_hand + at_once
            supplier_received = supplier_received + at_once
            limit = np.minimum(limit, supplier_on_hand)
        supplier_shipped = np.minimum(request, limit)
        if now.supplier_up is not None:
            supplier_shipped *= now.supplier_up
        if not params.supplier_unlimited:
            supplier_on_hand = supplier_on_hand - supplier_shipped
        warehouse_owed = request - supplier_shipped if params.owed else np.zeros(request.shape)
        warehouse_pipeline, at_once = _send(
            warehouse_pipeline,
            supplier_shipped,
            now.warehouse_lead_time,
            params.warehouse_lead_max,
        )
        warehouse_on_hand = warehouse_on_hand + at_once
        warehouse_received = warehouse_received + at_once
        store_shipped, requested = _share(params, state, orders.store, warehouse_on_hand, now)
        warehouse_shipped = over_stores(store_shipped)
        warehouse_on_hand = warehouse_on_hand - warehouse_shipped
        store_owed = requested - store_shipped if params.owed else np.zeros(requested.shape)
    else:
        warehouse_shipped = supplier_shipped = np.zeros(warehouse_on_hand.shape)
        store_shipped, store_owed = orders.store, state.store_owed
    store_on_hand, store_received = state.store_on_hand, state.store_received
    store_at_once: Array | None
    if now.store_lead_time is None:
        store_pipeline, store_at_once = _send_constant(params, state.store_pipeline, store_shipped)
    else:
        store_pipeline, store_at_once = _send(
            state.store_pipeline, store_shipped, now.store_lead_time, params.store_lead_max
        )
    if store_at_once is not None:
        store_on_hand = store_on_hand + store_at_once
        store_received = store_received + store_at_once

    # 4. Demand.
    served, sold, lost, backorders = meet_demand(
        params, store_on_hand, state.store_backorders, now.demand, now.waiting
    )
    closing = store_on_hand - sold

    # 5. Reconciliation.
    ledger = Ledger(
        store_opening=state.store_on_hand - state.store_received,
        store_received=store_received,
        store_ordered=orders.store,
        store_shipped=store_shipped,
        demand=now.demand,
        served=served,
        sold=sold,
        lost=lost,
        store_backorders=backorders,
        store_closing=closing,
        warehouse_opening=state.warehouse_on_hand - state.warehouse_received,
        warehouse_received=warehouse_received,
        warehouse_ordered=orders.warehouse,
        warehouse_shipped=warehouse_shipped,
        warehouse_closing=warehouse_on_hand,
        supplier_opening=state.supplier_on_hand - state.supplier_received,
        supplier_received=supplier_received,
        supplier_ordered=orders.supplier,
        supplier_shipped=supplier_shipped,
        supplier_closing=supplier_on_hand,
    )

    # 1. Arrivals of the next period.
    store_pipeline, store_received = _arrive(store_pipeline)
    if limited:
        warehouse_pipeline, warehouse_received = _arrive(warehouse_pipeline)
        warehouse_on_hand = warehouse_on_hand + warehouse_received
        if not params.supplier_unlimited:
            supplier_pipeline, supplier_received = _arrive(supplier_pipeline)
            supplier_on_hand = supplier_on_hand + supplier_received
    return (
        State(
            store_on_hand=closing + store_received,
            store_received=store_received,
            store_pipeline=store_pipeline,
            store_owed=store_owed,
            store_backorders=backorders,
            warehouse_on_hand=warehouse_on_hand,
            warehouse_received=warehouse_received,
            warehouse_pipeline=warehouse_pipeline,
            warehouse_owed=warehouse_owed,
            supplier_on_hand=supplier_on_hand,
            supplier_received=supplier_received,
            supplier_pipeline=supplier_pipeline,
        ),
        ledger,
    )


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
    if not params.backorder_share:
        served = np.minimum(on_hand, demand)
        return served, served, demand - served, backorders
    served_waiting = np.minimum(on_hand, backorders)
    served = np.minimum(on_hand - served_waiting, demand)
    unmet = demand - served
    waits = _waiting(params, unmet, waiting)
    return served, served_waiting + served, unmet - waits, backorders - served_waiting + waits


def _share(
    params: Params, state: State, orders: Array, stock: Array, now: Exogenous
) -> tuple[Array, Array]:
    """What the warehouse ships to each store, and what was requested, orders plus owed."""
    requested = orders + state.store_owed if params.owed else orders
    (short,) = (over_stores(requested) > stock).nonzero()
    if not short.size:
        return requested, requested

    asked = requested.take(short, axis=0)
    shipped = requested.copy()
    shipped[short] = ration(
        params.rationing,
        stock.take(short),
        asked,
        position=(
            state.store_stock.take(short, axis=0) if params.rationing == "fair-share" else asked
        ),
        mean=_rows(params.mean, short),
        priority=_rows(params.priority if now.rationing is None else now.rationing, short),
        whole=params.whole,
    )
    return shipped, requested


def _rows(values: Array, worlds: Integers) -> Array:
    """Those worlds' rows of an array that may have one row for all."""
    return values if len(values) == 1 else values.take(worlds, axis=0)


def _send(
    pipeline: Array, shipped: Array, lead_time: Integers, longest: int
) -> tuple[Array, Array]:
    """Put shipments with their own lead times on the way.

    Returns:
        (longest, ...) units that arrive in 1, 2, ... periods, and those that arrive at once.
    """
    ahead = np.zeros((max(longest, 1) + 1, *shipped.shape))
    flat = ahead.reshape(-1)
    flat[lead_time.reshape(-1) * shipped.size + np.arange(shipped.size)] = shipped.reshape(-1)
    ahead[1:-1] += pipeline
    return ahead[1:], ahead[0]


def _send_constant(params: Params, pipeline: Array, shipped: Array) -> tuple[Array, Array | None]:
    """`_send` where every store's lead time is constant; None where nothing arrives at once."""
    ahead = np.zeros((max(params.store_lead_max, 1), *shipped.shape))
    ahead[: len(pipeline)] = pipeline
    at_once = None
    for lead_time, stores in params.store_lead_groups:
        everywhere = len(stores) == shipped.shape[1]
        where = slice(None) if everywhere else stores
        if lead_time:
            ahead[lead_time - 1][:, where] += shipped[:, where]
        else:
            at_once = np.zeros_like(shipped)
            at_once[:, where] = shipped[:, where]
    return ahead, at_once


def _arrive(ahead: Array) -> tuple[Array, Array]:
    """The pipeline one period on, and what arrives."""
    return ahead[1:], ahead[0]


def _waiting(params: Params, unmet: Array, waiting: Array | None) -> Array:
    """Unmet demand that waits; in whole units the share is rounded at random, right on average."""
    if params.backorder_share == 1.0:
        return unmet
    share = params.backorder_share * unmet
    return share if waiting is None else np.floor(share + waiting)
