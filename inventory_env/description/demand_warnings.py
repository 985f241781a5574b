"""What to doubt before a chain is trained, judged or used: demand far from what training saw, and
limits that let less through than is asked for."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inventory_env.description.rules import OrderConstraints
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array

STRETCH = 28  # periods over which demand counts as its level
FAR = 1.645  # standard deviations of the drift's log level: nine episodes of ten lie within
CHANCE = 3.0  # standard errors of a mean that may be luck
MOST_TOLD = 5  # stores, one line each; more are told of in one


def demand_warnings(chain: Scenario, recent: Array | None = None) -> list[str]:
    """A line for each doubt.

    Args:
        chain: the chain.
        recent: (period, store) demand of late, units; None: the test dates are looked at.
    """
    history = chain.history
    stretches = {}
    if history is not None:
        first, end = history.bounds("train")
        stretches["on training dates"] = history.demand[first:end]
    if recent is not None:
        stretches["of late"] = recent[-STRETCH:]
    elif history is not None:
        first, end = history.bounds("test")
        stretches["on test dates"] = history.demand[first:end]
    return [*_far(chain, stretches), *_choked(chain, stretches)]


def drift_covers(chain: Scenario) -> float:
    """The factor up to which nine of ten episodes drift, up or down; 1: demand does not drift."""
    return 1.0 if chain.drift is None else float(np.exp(FAR * chain.drift.level))


def _far(chain: Scenario, stretches: dict[str, Array]) -> list[str]:
    """Stores whose level is beyond those of training's stretches, drift and luck allowed for."""
    before = stretches.get("on training dates")
    words, shares = [], []
    for when, demand in stretches.items():
        if before is None or demand is before or not len(demand):
            continue
        length = min(len(demand), max(len(before) // 2, 1))
        levels, covers = _levels(before, length), drift_covers(chain)
        luck = CHANCE * before.std(axis=0) / np.sqrt(length)
        low, high = levels.min(axis=0) / covers, levels.max(axis=0) * covers
        now, usual = demand.mean(axis=0), before.mean(axis=0)
        for i in np.flatnonzero((now > high + luck) | (now < low - luck)):
            share = now[i] / usual[i]
            shares.append(share)
            words.append(
                f"store {chain.stores[i].name}: mean demand {when} is {share:.2g} times that on "
                f"training dates ({now[i]:.3g} a {chain.period}, not {usual[i]:.3g}); training "
                f"covers {low[i] / usual[i]:.2g} to {high[i] / usual[i]:.2g} times"
            )
    if len(words) > MOST_TOLD:
        farthest = words[int(np.argmax(np.abs(np.log(np.maximum(shares, 1e-9)))))]
        words = [
            f"demand of {len(words)} of {len(chain.stores)} stores is beyond what training covers; "
            f"the farthest: {farthest}"
        ]
    return [f"warning: {line}" for line in words]


def _levels(demand: Array, length: int) -> Array:
    """(stretch, store) means of all stretches of so many periods."""
    total = np.concatenate([np.zeros((1, demand.shape[1])), np.cumsum(demand, axis=0)])
    return np.asarray((total[length:] - total[:-length]) / length)


@dataclass(frozen=True)
class _Limit:
    """What lets no more than so much through."""

    name: str
    through: float  # units per period
    stores: slice  # whose demand it must let through


def _choked(chain: Scenario, stretches: dict[str, Array]) -> list[str]:
    """Limits below the mean demand of a long stretch, or of drifted demand."""
    found = []
    for limit in _limits(chain):
        mean = float(chain.demand_mean[limit.stores].sum())
        whens = {
            f"of {min(STRETCH, len(demand))} {chain.period}s {when}": _levels(
                demand[:, limit.stores].sum(axis=1)[:, None], min(STRETCH, len(demand))
            ).max()
            for when, demand in stretches.items()
            if len(demand)
        } or {"of the law": mean}
        drifted = mean * drift_covers(chain)
        if drifted > mean:
            whens["after it has drifted"] = drifted
        over = {when: demand for when, demand in whens.items() if demand > limit.through + 1e-9}
        if over:
            told = "; ".join(f"{demand:.3g} {when}" for when, demand in over.items())
            found.append(
                f"warning: {limit.name} lets {limit.through:.3g} units a {chain.period} through, "
                f"less than mean demand at its highest: {told}"
            )
    return (
        found if len(found) <= MOST_TOLD else [f"{found[0]}; so do {len(found) - 1} other limits"]
    )


def _limits(chain: Scenario) -> Iterator[_Limit]:
    everywhere = slice(0, len(chain.stores))
    for i, store in enumerate(chain.stores):
        lead_time = store.lead_time.moments[0]
        yield from _of_orders(f"store {store.name}", store.orders, lead_time, slice(i, i + 1))
    if chain.warehouse.unlimited:
        return
    warehouse, supplier = chain.warehouse, chain.supplier
    yield from _of_orders("warehouse", warehouse.orders, warehouse.lead_time.moments[0], everywhere)
    if np.isfinite(chain.capacity):
        yield _Limit("capacity of the supplier", chain.capacity, everywhere)
    if not supplier.unlimited:
        yield from _of_orders(
            "supplier", supplier.orders, supplier.lead_time.moments[0], everywhere
        )


def _of_orders(
    site: str, orders: OrderConstraints, lead_time: float, stores: slice
) -> Iterator[_Limit]:
    """A site orders once in a review, and between order and next arrival it has what is stored."""
    if orders.maximum is not None:
        yield _Limit(f"orders.maximum of {site}", orders.maximum / orders.review, stores)
    if orders.storage_limit is not None:
        through = orders.storage_limit / (lead_time + orders.review)
        yield _Limit(f"orders.storage_limit of {site}", through, stores)
