"""What drift makes of a demand that was drawn or recorded.

Deviations from the local mean are stretched by the spread first; then all of it is multiplied by
the path's factor. Whole units are customers, of whom some stay away or others come: a factor f
below 1 keeps each with probability f; one above 1 adds, to a demand d of local mean m,

    Poisson((f - 1) rate)    with rate ~ Gamma(shape r + d, scale m / (r + m)),

the rate that the customers of the period may have had, seen what came; 1 / r is the dispersion. So
demand that is negative binomial with mean m and dispersion 1 / r (Poisson for 1 / r = 0) then is
negative binomial with mean f m and the same dispersion, which is what a season makes of it, and
whatever the law, the mean is multiplied by f.
"""

from dataclasses import dataclass

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.drift_path import DriftPath
from inventory_env.simulation.sources import Generators, Source
from inventory_env.simulation.worlds import world_last

AROUND = 14  # periods on either side that make the local mean of recorded demand
LEAST_DISPERSION = 1e-9
LEAST_MEAN = 1e-9  # units


@dataclass(frozen=True)
class Law:
    """What the drift of a demand must know of it."""

    mean: Array  # (period, world, store) expected without the drift, units
    dispersion: Array  # (store,) (variance - mean) / mean^2, above 0
    whole: bool  # in units

    @classmethod
    def of(cls, expected: Array, mean: Array, sd: Array, *, whole: bool) -> "Law":
        """By the (store,) mean and standard deviation of one period's demand, units."""
        dispersion = (sd**2 - mean) / mean**2
        return cls(expected, np.maximum(dispersion, LEAST_DISPERSION), whole)


def drifted(demand: Array, path: DriftPath, law: Law, generator: Generators) -> Array:
    """(period, world, store) the demand that has drifted, units.

    Args:
        demand: as it would be, units. Fractions among whole units stay fractions.
        path: of the same periods.
        law: of the demand.
        generator: of the chain.
    """
    spreads = bool((path.spread != 1).any())
    if spreads:
        demand = _stretched(demand, law.mean, path.spread)
    if not law.whole:
        return demand * path.factor
    columns = []
    for store, dispersion in enumerate(law.dispersion):
        units, mean, factor = (
            np.ascontiguousarray(values[:, :, store].T)
            for values in (demand, law.mean, path.factor)
        )
        if spreads:
            units = np.floor(units + generator(Source.ROUNDING, store).random(units.shape))
        customers = np.floor(units)
        found = (units - customers) * factor
        fewer, more = factor < 1, factor >= 1
        found[fewer] += generator(Source.STAYING_AWAY, store).binomial(
            customers[fewer].astype(np.int64), factor[fewer]
        )
        found[more] += customers[more] + _others(
            generator(Source.COMING, store), customers[more], mean[more], factor[more], dispersion
        )
        columns.append(found.T)
    return world_last(np.stack(columns, axis=1))


def _others(
    rng: np.random.Generator, customers: Array, mean: Array, factor: Array, dispersion: float
) -> Array:
    """Customers who come beside those who came."""
    per_scale = 1 + 1 / (dispersion * np.maximum(mean, LEAST_MEAN))
    odds = per_scale / (per_scale + factor - 1)
    return rng.negative_binomial(1 / dispersion + customers, odds).astype(np.float64)


def _stretched(demand: Array, mean: Array, spread: Array) -> Array:
    """Deviations from the mean multiplied, at least 0 in all; the sum over the periods stays."""
    found = np.maximum(mean + spread * (demand - mean), 0.0)
    total, now = demand.sum(axis=0), found.sum(axis=0)
    found *= np.divide(total, now, out=np.ones_like(total), where=now > 0)
    return np.where(spread == 1, demand, found)


def local_mean(demand: Array) -> Array:
    """(period, world, store) mean of the periods around each, units."""
    total = np.concatenate([np.zeros_like(demand[:1]), np.add.accumulate(demand, axis=0)])
    period = np.arange(len(demand))
    first = np.maximum(period - AROUND, 0)
    end = np.minimum(period + AROUND + 1, len(demand))
    return np.asarray((total[end] - total[first]) / (end - first)[:, None, None])
