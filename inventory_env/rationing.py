"""Sharing a scarce stock among stores: who gets how much of what was asked."""

from typing import Literal

import numpy as np

from inventory_env.frozen import Array

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
        requests: (world, store) units asked for; in every world their sum is at least `stock`.
        position: (world, store) stock that each store already has or has on the way, units.
        mean: (world, store) mean demand, units per period.
        priority: (world, store) rank, lowest first; read by priority and random only.
        whole: ship whole units; what rounding down leaves goes to the largest fractions.

    Returns:
        (world, store) units, between 0 and the requests, summing to the stock.
    """
    if rule in ("priority", "random"):
        order = np.argsort(priority, axis=1, kind="stable")
        sorted_requests = np.take_along_axis(requests, order, axis=1)
        before = np.cumsum(sorted_requests, axis=1) - sorted_requests
        shipped = np.empty_like(requests)
        given = np.clip(stock[:, None] - before, 0.0, sorted_requests)
        np.put_along_axis(shipped, order, given, axis=1)
        return shipped
    if rule == "fair-share":
        shipped = _equal_cover(stock, requests, position, mean)
    else:
        shipped = requests * (stock / np.maximum(requests.sum(axis=1), 1e-300))[:, None]
    return _whole_shares(stock, shipped, requests) if whole else shipped


def _equal_cover(stock: Array, requests: Array, position: Array, mean: Array) -> Array:
    """Water-filling: the cover c with sum of clip(c mean - position, 0, request) = stock.

    The left side is piecewise linear and rising in c: each store adds its mean to the slope from
    position / mean to (position + request) / mean. The kinks are sorted and the right piece solved.
    """
    kinks = np.concatenate([position / mean, (position + requests) / mean], axis=1)
    order = np.argsort(kinks, axis=1)
    kinks = np.take_along_axis(kinks, order, axis=1)
    slopes = np.take_along_axis(np.concatenate([mean, -mean], axis=1), order, axis=1).cumsum(axis=1)
    given = np.zeros_like(kinks)
    np.cumsum(slopes[:, :-1] * np.diff(kinks, axis=1), axis=1, out=given[:, 1:])
    last = np.maximum((given <= stock[:, None] + 1e-9).sum(axis=1) - 1, 0)
    rows = np.arange(len(stock))
    slope, left = slopes[rows, last], stock - given[rows, last]
    rise = np.divide(left, slope, out=np.zeros_like(left), where=slope > 1e-9)
    cover = kinks[rows, last] + rise
    return np.clip(cover[:, None] * mean - position, 0.0, requests)


def _whole_shares(stock: Array, shares: Array, requests: Array) -> Array:
    """Round down, then one unit each to the largest fractions, ties to the first store."""
    floor = np.floor(shares + 1e-9)
    fraction = np.where(floor < requests, np.round(shares - floor, 9), -1.0)
    left = stock - floor.sum(axis=1)
    rank = np.argsort(np.argsort(-fraction, axis=1, kind="stable"), axis=1)
    return floor + (rank < left[:, None])
