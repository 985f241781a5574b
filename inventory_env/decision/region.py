"""Where a network was trained: the range of each number that makes a store's problem."""

from collections.abc import Mapping, Sequence

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.worlds import over_sites

WAITING = "share of customers who wait"
MOST_WAITING = 0.9
MOST_DEMANDS = 3.0  # a capacity or a cap of more periods' demand is as good as none
SLACK = 0.02  # of a range, on the scale it is measured on

Region = Mapping[str, tuple[float, float]]


def problem_numbers(params: Params) -> dict[str, Array]:
    """(world or 1, store) what makes a store's problem, by name; what training did not vary is 0.

    Costs are relative to holding, quantities to mean demand.
    """
    stores, limits = slice(0, params.stores), params.limits
    need = params.need.at(stores)
    nothing = np.zeros_like(need.mean)

    def limit(values: Array | None) -> Array:
        return nothing if values is None else values[:, stores] / need.mean

    def bounded(values: Array | None) -> Array:
        return nothing if values is None else np.isfinite(values[:, stores]) * 1.0

    holding = np.maximum(need.holding, 1e-9)
    return {
        "mean demand": need.mean if params.shape.whole else nothing + 40.0,
        "variation of demand": need.sd / need.mean,
        "shortage cost / holding cost": need.shortage / holding,
        "order cost / holding cost": params.order_cost[:, stores] / holding,
        "unit cost / holding cost": params.unit_cost[:, stores] / holding,
        "longest lead time": params.lead_time[:, stores].astype(np.float64),
        "spread of the lead time": need.lead_time_sd,
        "review": need.review,
        "pack / mean demand": limit(packs(params)),
        "minimum order / mean demand": limit(limits.minimum),
        "a largest order": bounded(limits.maximum),
        "a storage limit": bounded(limits.storage_limit),
        WAITING: need.waiting,
        "demand is learned": nothing + params.learns_demand,
        "a warehouse that can run out": nothing + bool(params.shape.upstream),
        **{name: nothing + number for name, number in chain_numbers(params).items()},
    }


def chain_numbers(params: Params) -> dict[str, Array | float]:
    """(world or 1, 1) what makes the chain behind a warehouse that can run out, by name; none
    without one."""
    if "warehouse" not in params.shape.tiers:
        return {}
    shape, need, stores = params.shape, params.need, slice(0, params.stores)
    column = shape.columns("warehouse")
    total, rule = need.mean[:, column], params.rules[0]
    level, cap = warehouse_levels(params)
    order_ups = rule.rule.kind in ("base-stock", "capped-base-stock") and rule.echelon
    weighted = over_sites(params.mean * params.holding_cost[:, stores])[:, None]
    return {
        "number of stores": float(shape.stores),
        "warehouse: longest lead time": params.lead_time[:, column].astype(np.float64),
        "warehouse: spread of the lead time": need.lead_time_sd[:, column],
        "warehouse: holding cost / a store's": params.holding_cost[:, column] * total / weighted,
        "warehouse: level": level,
        "warehouse: cap / demand": np.minimum(cap / total, MOST_DEMANDS),
        "warehouse: another rule than base-stock of the echelon": float(not order_ups),
        "warehouse: review": need.review[:, column],
        "warehouse: an order's cost": params.order_cost[:, column] + params.unit_cost[:, column],
        "warehouse: sharing by priority or at random": float(
            shape.rationing in ("priority", "random")
        ),
        "supplier: capacity / demand": np.minimum(params.capacity[:, None] / total, MOST_DEMANDS),
        "supplier: can run out": float("supplier" in shape.tiers),
    }


def packs(params: Params) -> Array | None:
    """(world or 1, site) units in a pack, 0 where any quantity is possible."""
    given = params.limits.pack_size
    return given if given is None or not params.shape.whole else np.where(given > 1, given, 0.0)


def region_of(params: Params) -> dict[str, tuple[float, float]]:
    """The range of every number over some chains.

    Where all customers wait, it is left: the rule that learning starts from is then the
    order-up-to rule, which is optimal (Clark & Scarf, 1960).
    """
    numbers = problem_numbers(params)
    found = {name: (float(v.min()), float(v.max())) for name, v in numbers.items()}
    least, most = found[WAITING]
    return {**found, WAITING: (least, min(most, MOST_WAITING))}


def joined_region(regions: Sequence[Region]) -> dict[str, tuple[float, float]]:
    """The range of every number over chains of several shapes."""
    return {
        name: (min(each[name][0] for each in regions), max(each[name][1] for each in regions))
        for name in regions[0]
    }


def outside(region: Region, params: Params) -> dict[str, Array]:
    """(world or 1, store) 1 where a number is not within its range, by name; one that training had
    no name for was 0."""
    found = {}
    for name, values in problem_numbers(params).items():
        low, high = region.get(name, (0.0, 0.0))
        slack = SLACK * (high - low)
        found[name] = (values < low * (1 - SLACK) - 1e-9) | (values > high + slack + 1e-9)
    return {name: np.asarray(each, dtype=np.float64) for name, each in found.items()}


def warehouse_levels(params: Params) -> tuple[Array, Array]:
    """(world or 1, 1) level of the warehouse's rule in sd of demand over its cover, and its cap in
    units; 0 and none for a rule without."""
    column = params.shape.columns("warehouse")
    own = next(rule for rule in params.rules if rule.tier == "warehouse")
    need = (params.echelon_need if own.echelon else params.need).at(column)
    level = getattr(own.rule, "level", need.mean * need.cover)
    cap = getattr(own.rule, "cap", np.full_like(need.mean, np.inf))
    return (level - need.mean * need.cover) / need.cover_sd, cap
