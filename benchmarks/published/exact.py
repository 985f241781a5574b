"""The optimal cost of one store with lost sales, by value iteration: no table, no simulation."""

import numpy as np

from inventory_env.description.scenario import Scenario, Store
from inventory_env.errors import InputError
from inventory_env.frozen import Array

TOLERANCE = 1e-5  # money per period
FIRST_LARGEST_ORDER = 0.9  # quantile of one period's demand


def optimal_cost(scenario: Scenario) -> float:
    """Lowest long-run average cost per period of a store with lost sales and unlimited supply.

    Relative value iteration over stock on hand and every order on the way; Puterman (1994),
    "Markov Decision Processes", section 8.5. The stock of a period is what is on hand when it
    orders. Inventory positions are cut off at the newsvendor's level for the demand of lead time
    and review, and orders at a quantile of one period's demand. Both are raised until no optimal
    order of an inner state touches them.

    Raises:
        InputError: if the scenario is not of that kind.

    >>> from inventory_env.description.scenario_files import load_scenario
    >>> round(optimal_cost(load_scenario("single-store")), 2)
    4.73
    """
    store = _only_store(scenario)
    distribution = store.demand.distribution(1.0)
    probability = store.shortage_cost / (store.shortage_cost + store.holding_cost)
    cover = round(store.lead_time.moments[0]) + store.orders.review
    over_cover = demand_pmf(store, cover).cumsum()
    most = int(np.searchsorted(over_cover, probability)) + 1
    largest = int(distribution.ppf(FIRST_LARGEST_ORDER))
    while True:
        cost, order, position = _solve(store, most, min(largest, most))
        inner = (position <= most) & (order > 0)
        passes = (position + order)[inner].max() > most
        if not passes and (order[inner].max() < largest or largest >= most):
            return cost
        most, largest = (round(1.3 * most), largest) if passes else (most, round(1.3 * largest) + 1)


def demand_pmf(store: Store, periods: int) -> Array:
    """P(demand of so many periods = 0, 1, 2, ...), as far as probabilities of 1e-12 go.

    >>> from inventory_env.description.scenario_files import load_scenario
    >>> store = load_scenario("single-store").stores[0]  # Poisson(5)
    >>> round(float(demand_pmf(store, 2)[10]), 4)  # Poisson(10)
    0.1251
    """
    distribution = store.demand.distribution(1.0)
    one = np.asarray(distribution.pmf(np.arange(int(distribution.isf(1e-12)) + 2)))
    total = one
    for _ in range(periods - 1):
        total = np.convolve(total, one)
    return total


def _solve(store: Store, most: int, largest: int) -> tuple[float, Array, Array]:
    """Average cost, and for every state the best order and the inventory position.

    A state is (on hand 0 ... most, next arrival 0 ... largest, ..., last order's arrival).
    """
    lead_time = store.lead_time.maximum
    left, costs = _one_period(store, most)
    shape = (most + 1, *[largest + 1] * (lead_time - 1))
    cost_now = costs.reshape(-1, *[1] * (lead_time - 1))
    remaining = np.arange(most + 1)
    value, order = np.zeros(shape), np.zeros(shape)
    while True:
        better = np.empty(shape)
        if lead_time == 1:
            ordered = np.minimum(remaining[:, None] + np.arange(largest + 1), most)
            future = left @ value[ordered]
            order, better = future.argmin(axis=1), future.min(axis=1)
        else:
            for arriving in range(largest + 1):
                after = value[np.minimum(remaining + arriving, most)]
                future = np.tensordot(left, after, axes=1)
                better[:, arriving] = future.min(axis=-1)
                order[:, arriving] = future.argmin(axis=-1)
        better += cost_now
        change = better - value
        low, high = float(change.min()), float(change.max())
        value = better - better.flat[0]
        if high - low < TOLERANCE:
            position = sum(np.ogrid[tuple(slice(n) for n in shape)])
            return (low + high) / 2, order, np.asarray(position)


def _one_period(store: Store, most: int) -> tuple[Array, Array]:
    """P(left-over | stock) and the expected cost, for stock 0 ... most."""
    pmf = demand_pmf(store, 1)
    pmf = np.concatenate([pmf, np.zeros(max(most + 1 - len(pmf), 0))])
    left = np.zeros((most + 1, most + 1))
    for stock in range(most + 1):
        left[stock, 1 : stock + 1] = pmf[:stock][::-1]
        left[stock, 0] = 1.0 - left[stock].sum()
    held = np.arange(most + 1)
    over = left @ held
    short = store.demand.moments[0] - held + over
    return left, store.holding_cost * over + store.shortage_cost * short


def _only_store(scenario: Scenario) -> Store:
    """The store of a scenario that `optimal_cost` can solve."""
    store = scenario.stores[0]
    kinds = ("poisson", "negative-binomial", "geometric")
    needed = {
        "one store": len(scenario.stores) == 1,
        "an unlimited warehouse": scenario.warehouse.unlimited,
        "lost sales": scenario.unmet_demand == "lost",
        "whole units": scenario.whole,
        f"demand of kind {', '.join(kinds)} without a season": store.demand.kind in kinds
        and store.demand.season is None,
        "a constant lead time of at least 1": store.lead_time.kind == "constant"
        and store.lead_time.maximum >= 1,
        "no ordering costs": not (store.order_cost or store.unit_cost),
        "no limits on orders": store.orders == type(store.orders)(),
    }
    for what, given in needed.items():
        if not given:
            raise InputError(f"scenario {scenario.name}: value iteration needs {what}")
    return store
