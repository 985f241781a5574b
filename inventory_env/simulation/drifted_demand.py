"""What drift makes of a demand that was drawn or recorded.

The path's factor f multiplies demand. Whole units are customers, of whom some stay away or others
come: a factor below 1 keeps each with probability f; one above 1 adds, to a demand d of mean m,

    Poisson((f - 1) rate)    with rate ~ Gamma(shape r + d, scale m / (r + m)),

the rate that the customers of the period may have had, seen what came; 1 / r is the dispersion. So
demand that is negative binomial with mean m and dispersion 1 / r (Poisson for 1 / r = 0) then is
negative binomial with mean f m and the same dispersion, which is what a season makes of it, and
whatever the law, the mean is multiplied by f.

The path's spread s multiplies the standard deviation, and leaves the mean: below 1 demand is drawn
towards its mean, m + s (d - m); above 1 the factor is multiplied by a lognormal one of mean 1 and
variance (s^2 - 1) cv^2 / (1 + dispersion), where in continuous units the dispersion is cv^2.
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
    variation: Array  # (store,) variance / mean^2 of one period
    dispersion: Array  # (store,) the same without what whole units make by themselves; above 0
    whole: bool  # in units

    @classmethod
    def of(cls, expected: Array, mean: Array, sd: Array, *, whole: bool) -> "Law":
        """By the (store,) mean and standard deviation of one period's demand, units."""
        variation = (sd / mean) ** 2
        dispersion = variation - 1 / mean if whole else variation
        return cls(expected, variation, np.maximum(dispersion, LEAST_DISPERSION), whole)


def drifted(demand: Array, path: DriftPath, law: Law, generator: Generators) -> Array:
    """(period, world, store) the demand that has drifted, units.

    Args:
        demand: as it would be, units. Fractions among whole units stay fractions.
        path: of the same periods.
        law: of the demand.
        generator: of the chain.
    """
    columns = []
    for store in range(demand.shape[2]):
        units, mean, factor = (
            np.array(values[:, :, store].T, order="C") for values in (demand, law.mean, path.factor)
        )
        spread = path.spread[:, [store]]
        if (spread != 1).any():
            excess = np.maximum(spread, 1) ** 2 - 1
            sd = np.sqrt(np.log1p(excess * law.variation[store] / (1 + law.dispersion[store])))
            score = generator(Source.SPREAD, store).standard_normal(units.shape)
            factor *= np.exp(sd * score - sd**2 / 2)
            units = np.where(spread < 1, mean + spread * (units - mean), units)
            if law.whole:
                units = np.floor(units + generator(Source.ROUNDING, store).random(units.shape))
        if law.whole:
            units = _customers(
                units,
                mean,
                factor,
                law.dispersion[store],
                away=generator(Source.STAYING_AWAY, store),
                coming=generator(Source.COMING, store),
            )
        else:
            units *= factor
        columns.append(units.T)
    return world_last(np.stack(columns, axis=1))


def _customers(
    units: Array,
    mean: Array,
    factor: Array,
    dispersion: float,
    *,
    away: np.random.Generator,
    coming: np.random.Generator,
) -> Array:
    """(world, period) whole units times a factor, each argument's own."""
    customers = np.floor(units)
    found = (units - customers) * factor
    fewer, more = factor < 1, factor >= 1
    found[fewer] += away.binomial(customers[fewer].astype(np.int64), factor[fewer])
    came = customers[more]
    per_scale = 1 + 1 / (dispersion * np.maximum(mean[more], LEAST_MEAN))
    odds = per_scale / (per_scale + (factor[more] - 1))
    found[more] += came + coming.negative_binomial(1 / dispersion + came, odds)
    return found


def local_mean(demand: Array) -> Array:
    """(period, world, store) mean of the periods around each, units."""
    total = np.concatenate([np.zeros_like(demand[:1]), np.add.accumulate(demand, axis=0)])
    period = np.arange(len(demand))
    first = np.maximum(period - AROUND, 0)
    end = np.minimum(period + AROUND + 1, len(demand))
    return np.asarray((total[end] - total[first]) / (end - first)[:, None, None])
