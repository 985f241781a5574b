"""From a wish to an order that a link allows: one projection for rules and learners alike."""

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.params import Limits

ROUNDING = 1e-9  # a smaller wish is rounding error, units


def project(wish: Array, limits: Limits, stock: Array, period: int) -> Array:
    """The order that comes of a wish.

    Rounded to whole units where stock is whole; 0 outside a review; raised to the minimum and to
    full packs; cut to the maximum and to the free storage, again to full packs; 0 if less than the
    minimum is left. A possible order comes back unchanged.

    Args:
        wish: units wanted, shape (world, site).
        limits: the sites' order constraints.
        stock: units on hand, on the way and owed, same shape; counts against the storage limit.
        period: number of the period in the episode, for reviews.

    Packs of 6, at least 10, at most 40 units: 13 becomes three packs, 3 is raised to 10 and to two
    packs, 99 is cut to 40 and to six packs:

    >>> from inventory_env.description.rules import OrderConstraints
    >>> limits = Limits.of([[OrderConstraints(pack_size=6, minimum=10, maximum=40)]], whole=True)
    >>> project(np.array([[0.0], [3.0], [13.0], [99.0]]), limits, np.zeros((4, 1)), period=0)
    array([[ 0.],
           [12.],
           [18.],
           [36.]])
    """
    if limits.whole:
        order = wish + 0.5
        np.maximum(np.floor(order, out=order), 0.0, out=order)
    else:
        order = np.where(wish > ROUNDING, wish, 0.0)
    if limits.minimum is not None:
        order = np.where(order > 0, np.maximum(order, limits.minimum), 0.0)
    if limits.pack_size is not None:
        order = _packs(order, limits.pack_size, np.ceil, -ROUNDING)
    if limits.maximum is not None or limits.storage_limit is not None:
        most = np.inf if limits.maximum is None else limits.maximum
        if limits.storage_limit is not None:
            most = np.minimum(most, np.maximum(limits.storage_limit - stock, 0.0))
        if limits.whole:
            most = np.floor(most)
        if limits.pack_size is not None:
            most = _packs(most, limits.pack_size, np.floor, ROUNDING)
        order = np.minimum(order, most)
        least = 0.0 if limits.minimum is None else limits.minimum
        order = np.where(order >= np.maximum(least - ROUNDING, ROUNDING), order, 0.0)
    if limits.review is not None:
        order = np.where(period % limits.review == 0, order, 0.0)
    return order


def _packs(units: Array | float, size: Array, rounded: np.ufunc, more: float) -> Array:
    """Units in full packs where a site has packs."""
    full = np.where(size == 0, 1.0, size)
    return np.where(size == 0, units, rounded(units / full + more) * full)
