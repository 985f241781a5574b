"""Sharing a scarce stock among stores: who gets how much of what was asked."""

import numpy as np

from inventory_env.description.rules import Rationing
from inventory_env.frozen import Array
from inventory_env.simulation.worlds import over_sites

FEW = 6  # stores that are compared in pairs; more are sorted


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

    10 units for requests of 8, 4 and 8; covers are 0, 3 and 0.5 before and 1.5, 3 and 1.5 after a
    fair share:

    >>> def shared(rule):
    ...     return ration(
    ...         rule,
    ...         np.array([10.0]),
    ...         np.array([[8.0, 4.0, 8.0]]),
    ...         position=np.array([[0.0, 6.0, 2.0]]),
    ...         mean=np.array([[4.0, 2.0, 4.0]]),
    ...         priority=np.array([[2.0, 1.0, 3.0]]),
    ...         whole=True,
    ...     )
    >>> shared("proportional")
    array([[4., 2., 4.]])
    >>> shared("fair-share")
    array([[6., 0., 4.]])
    >>> shared("priority")
    array([[6., 4., 0.]])
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
        shipped = requests * (stock / np.maximum(over_sites(requests), 1e-300))[:, None]
    return _whole_shares(stock, shipped) if whole else shipped


def _equal_cover(stock: Array, requests: Array, position: Array, mean: Array) -> Array:
    """Water-filling: the cover c with sum of clip(c mean - position, 0, request) = stock.

    The left side is piecewise linear and rising in c; its kinks are the covers at which a store
    begins to get something, position / mean, and at which it has all it asked for,
    (position + request) / mean. Arrays are (store, world) inside, where numpy adds faster.
    """
    upper, position, mean = requests.T, position.T, mean.T
    kinks = np.empty((2, *upper.shape))
    kinks[0] = position
    np.add(position, upper, out=kinks[1])
    kinks /= mean
    solve = _by_pairs if len(upper) <= FEW else _by_bisection
    return solve(stock, upper, position, mean, kinks).T


def _units(cover: Array, upper: Array, position: Array, mean: Array) -> Array:
    """(..., store, world) units that bring every store to a cover, (..., 1 or store, world)."""
    units = cover * mean
    units -= position
    np.maximum(units, 0.0, out=units)
    return np.minimum(units, upper, out=units)


def _by_pairs(stock: Array, upper: Array, position: Array, mean: Array, kinks: Array) -> Array:
    """The sum at every kink tells who gets all, who gets nothing, and who shares the rest."""
    filled, part = np.zeros(kinks.shape), np.empty(kinks.shape)
    for begin, end, per_cover in zip(*kinks, mean, strict=True):
        np.maximum(kinks, begin, out=part)
        np.minimum(part, end, out=part)
        part *= per_cover
        filled += part
    target = stock + np.add.reduce(position)
    full = filled[1] <= target
    between = (filled[0] < target) > full
    fixed = full * upper
    fixed -= between * position
    weight = between * mean
    cover = stock - np.add.reduce(fixed)
    cover /= np.maximum(np.add.reduce(weight), 1e-300)
    weight *= cover
    weight += fixed
    return np.minimum(np.maximum(weight, 0.0, out=weight), upper, out=weight)


def _by_bisection(stock: Array, upper: Array, position: Array, mean: Array, kinks: Array) -> Array:
    """The sorted kinks on either side of the stock, and the line between them."""
    stores, worlds = upper.shape
    flat = np.sort(kinks.reshape(2 * stores, worlds).T).reshape(-1)
    low = np.arange(worlds) * 2 * stores
    high = low + 2 * stores - 1
    at_low, at_high = np.zeros(worlds), over_sites(upper.T)
    for _ in range((2 * stores - 1).bit_length()):
        middle = (low + high) >> 1
        at_middle = over_sites(_units(flat.take(middle), upper, position, mean).T)
        fits = at_middle <= stock
        low, at_low = np.where(fits, middle, low), np.where(fits, at_middle, at_low)
        high, at_high = np.where(fits, high, middle), np.where(fits, at_high, at_middle)
    below, above = flat.take(low), flat.take(high)
    share = (stock - at_low) / np.maximum(at_high - at_low, 1e-300)
    cover = below + (above - below) * np.minimum(share, 1.0)
    return _units(cover, upper, position, mean)


def _whole_shares(stock: Array, shares: Array) -> Array:
    """Round down, then one unit each to the largest fractions, ties to the first store."""
    shares = shares.T
    stores, worlds = shares.shape
    whole = np.floor(shares + 1e-9)
    left = stock - np.add.reduce(whole)
    place = whole - shares
    place *= 1e9
    np.rint(place, out=place)
    place *= stores
    place += np.arange(stores)[:, None]  # all different
    if stores <= FEW:
        before = np.add.reduce((place[:, None] < place).view(np.int8), dtype=np.int8)
        whole += before < left
        return whole.T
    last = np.arange(worlds) * stores + left.astype(np.int64)
    return (whole + (place < np.sort(place.T).reshape(-1).take(last))).T
