"""Stock ahead: what stores are expected to hold in each coming period if they order nothing more.

Two moments run through the pipeline. With X the stock at the start of a period, D its demand and
Z = X - D taken as normal with mean m and standard deviation s, r = m / s,

    E[Z+] = m Phi(r) + s phi(r)        E[(Z+)^2] = (m^2 + s^2) Phi(r) + m s phi(r)

(Winkler, Roodman & Britney, 1972, "The determination of partial moments", Management Science
19(3)). What is left over is Z+ less the share of what is short that waits; then the next arrivals
come. Demand enters by its mean and standard deviation alone, so that any law, a season, and
recorded demand with a forecast are all served; one period ahead of a law that is not normal the
expectation is off by a few percent of its standard deviation, which a tuned level makes up for.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from inventory_env.frozen import Array, Integers
from inventory_env.simulation.params import Params
from inventory_env.simulation.state import State

if TYPE_CHECKING:
    from inventory_env.simulation.situation import Situation

FEW = 0.7  # of the worlds that are still looked at; then the others are left out
TINY = 1e-9  # units; demand that does not vary
DENSITY = 1 / np.sqrt(2 * np.pi)
FARTHEST, CELLS = 8, 128  # standard deviations that tables reach; their cells in each


@dataclass(frozen=True)
class Projection:
    """Stock of the stores before the order of this period comes in, units; negative: it is owed."""

    mean: Array  # (ahead, world, store) expected at the start of the period so far ahead, 0: now
    sd: Array  # (ahead, world, store) its standard deviation
    arrival_mean: Array  # (world, store) in the period in which an order made now arrives
    arrival_sd: Array  # (world, store)

    @classmethod
    def of(cls, situation: "Situation") -> "Projection":
        """The projection from the moment of decision; what is owed counts as on its way with the
        order."""
        params, state = situation.params, situation.state
        stores = params.shape.columns("stores")
        chances, waiting = arrival_chances(params, state), params.waiting_of_short
        now = state.on_hand[:, stores] - state.backorders[:, stores]
        means = np.zeros((len(chances), *now.shape[::-1])).swapaxes(1, 2)
        variances = np.zeros_like(means)
        means[0] = now
        mean, variance, worlds = now, variances[0], None  # None: all worlds
        for ahead in range(1, len(chances)):
            waits = params.longest_waits >= ahead  # worlds in which an order may still be coming
            if worlds is None and not waits.all() and waits.mean() < FEW and len(waits) > 1:
                worlds = np.flatnonzero(waits)
                mean, variance = mean[worlds], variance[worlds]
            elif worlds is not None and len(worlds) and waits[worlds].mean() < FEW:
                kept = waits[worlds]
                worlds, mean, variance = worlds[kept], mean[kept], variance[kept]
            demand, spread = (_of(each, worlds) for each in situation.demand_ahead(ahead - 1))
            mean, variance = left_over(mean - demand, variance + spread**2, _of(waiting, worlds))
            if ahead <= len(state.pipeline):
                mean = mean + _of(state.pipeline[ahead - 1][:, stores], worlds)
            here = slice(None) if worlds is None else worlds
            means[ahead, here], variances[ahead, here] = mean, variance
        arrival_mean = (chances * means).sum(axis=0)
        second = (chances * (means**2 + variances)).sum(axis=0)
        return cls(
            mean=means,
            sd=np.sqrt(variances),
            arrival_mean=arrival_mean,
            arrival_sd=np.sqrt(np.maximum(second - arrival_mean**2, 0.0)),
        )


def arrival_chances(params: Params, state: State) -> Array:
    """(periods, world or 1, store) that an order made now arrives after so many periods; in
    sequence, not before what is on its way."""
    coming = state.pipeline[:, :, : params.stores]
    return in_sequence(params.arrival_chances, params.in_sequence, coming)


def in_sequence(free: Array, waits: Array, coming: Array) -> Array:
    """Chances of each lead time where shipments may not overtake what is on its way.

    Args:
        free: (periods, world or 1, store) chances of each lead time.
        waits: (world or 1, store) 1 where a shipment waits for those before it.
        coming: (slot, world, site) units on the way; slot k arrives in k + 1 periods.
    """
    if not waits.any():
        return free
    here = np.flatnonzero(waits.any(axis=1))
    one = len(waits) == 1
    coming = coming if one else coming[:, here]
    waits = waits[here]
    slots = np.arange(1, len(coming) + 1)[:, None, None]
    last = (slots * (coming > 0)).max(axis=0, initial=0) * waits
    last = np.minimum(last, len(free) - 1)
    periods = np.arange(len(free))[:, None, None]
    own = free[:, here]
    waited = np.where(periods == last, own.cumsum(axis=0), np.where(periods > last, own, 0.0))
    waited = np.where(waits > 0, waited, own)
    if one:
        return np.asarray(waited)
    chances = np.array(np.broadcast_to(free, (*free.shape[:2], waited.shape[2])))
    chances[:, here] = waited
    return chances


def _of(values: Array | float, worlds: Integers | None) -> Array | float:
    """Values of some worlds; one row or number for all worlds stays as it is."""
    if worlds is None or not isinstance(values, np.ndarray) or len(values) == 1:
        return values
    return np.asarray(values[worlds])


def left_over(net: Array, variance: Array, waiting: Array | float) -> tuple[Array, Array]:
    """Mean and variance of what is left of a stock after a period's demand.

    Args:
        net: expected stock less demand, units.
        variance: of stock less demand.
        waiting: share of what is short that waits; the rest is lost.

    The standard normal case E[Z+] = 1 / sqrt(2 pi), E[(Z+)^2] = 1 / 2:

    >>> mean, variance = left_over(np.array([0.0]), np.array([1.0]), 0.0)
    >>> mean.round(4), variance.round(4)
    (array([0.3989]), array([0.3408]))
    """
    sd = np.maximum(variance, TINY**2)
    np.sqrt(sd, out=sd)
    ratio = net / sd
    chance = ndtr(ratio)
    density = -0.5 * ratio
    density *= ratio
    np.exp(density, out=density)
    np.multiply(DENSITY, sd, out=ratio)
    density *= ratio
    over = net * chance
    over += density
    total = net * net
    sd *= sd
    total += sd
    density *= net
    if np.any(waiting):
        second = total * chance
        second += density
        mean = over - waiting * (over - net)
        second = second + waiting**2 * (total - second)
    else:
        mean, second = over, np.multiply(total, chance, out=chance)
        second += density
    second -= mean * mean
    return mean, np.maximum(second, 0.0, out=second)


class _Table:
    """A function of r from -8 to 8, linear between 128 points for each 1."""

    def __init__(self, values: Array) -> None:
        self._values, self._growth = values, np.append(np.diff(values), 0.0)

    def at(self, cell: Integers, part: Array) -> Array:
        """Its values so far behind the left ends of cells."""
        found = self._growth.take(cell)
        found *= part
        found += self._values.take(cell)
        return found


def _tables() -> tuple[_Table, _Table]:
    """E[(Z / s)+] - r+ and the variance of (Z / s)+ by r."""
    ratio = np.linspace(-FARTHEST, FARTHEST, 2 * FARTHEST * CELLS + 1)
    density, chance = DENSITY * np.exp(-0.5 * ratio**2), ndtr(ratio)
    over = ratio * chance + density
    second = (ratio**2 + 1) * chance + ratio * density
    return _Table(over - np.maximum(ratio, 0.0)), _Table(second - over**2)


_OVER, _VARIANCE = _tables()


def nearly_left_over(net: Array, variance: Array, waiting: Array | float) -> tuple[Array, Array]:
    """`left_over` from tables of r = m / s: within 1e-5 standard deviations, in half the time.

    >>> mean, variance = nearly_left_over(np.array([0.0]), np.array([1.0]), 0.0)
    >>> mean.round(4), variance.round(4)
    (array([0.3989]), array([0.3408]))
    """
    sd = np.maximum(variance, TINY**2)
    np.sqrt(sd, out=sd)
    place = net / sd
    place *= CELLS
    place += FARTHEST * CELLS
    np.clip(place, 0.0, 2 * FARTHEST * CELLS, out=place)
    cell = place.astype(np.intp)
    part = place - cell
    mean = _OVER.at(cell, part)
    mean *= sd
    mean += np.maximum(net, 0.0)
    left = _VARIANCE.at(cell, part)
    if np.any(waiting):
        short = mean - net
        cell = np.subtract(2 * FARTHEST * CELLS - 1, cell, out=cell)
        np.maximum(cell, 0, out=cell)
        below = _VARIANCE.at(cell, np.subtract(1.0, part, out=part))
        left += waiting**2 * below
        left *= sd
        left *= sd
        left += 2 * waiting * mean * short
        mean -= waiting * short
        return mean, left
    left *= sd
    left *= sd
    return mean, left
