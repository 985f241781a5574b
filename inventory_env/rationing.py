"""Sharing a scarce stock among stores: who gets how much of what was asked."""

from typing import Literal

import numpy as np

from inventory_env.frozen import Array, over_stores

Rationing = Literal["proportional", "fair-share", "priority", "random"]


def ration(
    rule: Rationing,
    stock: Array,
    requests: Array,
    *,
    position: Array,
    mean: Array,
    priority: Array,
    whole: bool,
) -> Array:
    """Units shipped to each store when the requests exceed the stock.

    Args:
        rule: proportional to requests; fair-share (equal cover, `position` / `mean`, after the
            shipment); priority (lowest `priority` number first); random (priority drawn anew).
        stock: (world,) units that can be shipped.
        requests: (world, store) units asked for; in every world their sum exceeds `stock`.
        position: (world, store) stock that each store already has or has on the way, units.
        mean: (world or 1, store) mean demand, units per period.
        priority: (world or 1, store) rank, lowest first; read by priority and random only.
        whole: ship whole units; what rounding down leaves goes to the largest fractions.

    Returns:
        (world, store) units, between 0 and the requests, summing to the stock.
    """
    if rule in ("priority", "random"):
        ranks = np.broadcast_to(priority, requests.shape)
        order = np.argsort(ranks, axis=1, kind="stable")
        sorted_requests = np.take_along_axis(requests, order, axis=1)
        before = np.cumsum(sorted_requests, axis=1) - sorted_requests
        shipped = np.empty_like(requests)
        given = np.clip(stock[:, None] - before, 0.0, sorted_requests)
        np.put_along_axis(shipped, order, given, axis=1)
        return shipped
    if rule == "fair-share":
        shipped = _equal_cover(stock, requests, position, mean)
    else:
        shipped = requests * (stock / np.maximum(over_stores(requests), 1e-300))[:, None]
    return _whole_shares(stock, shipped) if whole else shipped


def _equal_cover(stock: Array, requests: Array, position: Array, mean: Array) -> Array:
    """Water-filling: the cover c with sum of clip(c mean - position, 0, request) = stock.

    The left side is piecewise linear and rising in c, with kinks at position / mean and at
    (position + request) / mean. The kinks on either side of the stock are found by bisection, and
    the line between them is solved. Arrays are (store, world) inside, where numpy adds faster.
    """
    worlds, stores = requests.shape
    upper, position, mean = requests.T.copy(), position.T.copy(), mean.T
    kinks = np.concatenate([position / mean, (position + upper) / mean]).T.copy()
    kinks.sort(axis=1)
    flat = kinks.reshape(-1)

    def given(cover: Array) -> Array:
        units = cover * mean
        units -= position
        np.maximum(units, 0.0, out=units)
        return np.minimum(units, upper, out=units)

    low = np.arange(worlds) * 2 * stores
    high = low + 2 * stores - 1
    at_low, at_high = np.zeros(worlds), over_stores(requests)
    for _ in range((2 * stores - 1).bit_length()):
        middle = (low + high) >> 1
        at_middle = np.add.reduce(given(flat.take(middle)))
        fits = at_middle <= stock
        low, at_low = np.where(fits, middle, low), np.where(fits, at_middle, at_low)
        high, at_high = np.where(fits, high, middle), np.where(fits, at_high, at_middle)
    below, above = flat.take(low), flat.take(high)
    share = (stock - at_low) / np.maximum(at_high - at_low, 1e-300)
    return given(below + (above - below) * np.minimum(share, 1.0)).T


def _whole_shares(stock: Array, shares: Array) -> Array:
    """Round down, then one unit each to the largest fractions, ties to the first store."""
    floor = np.floor(shares + 1e-9)
    left = stock - over_stores(floor)
    order = np.round(floor - shares, 9).argsort(axis=1, kind="stable")
    rank = np.empty_like(order)
    rank[np.arange(len(stock))[:, None], order] = np.arange(order.shape[1])
    return floor + (rank < left[:, None])
