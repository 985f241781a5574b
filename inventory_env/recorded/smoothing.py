"""How fast the level of recorded demand is followed."""

import numpy as np

from inventory_env.frozen import Array


def fitted_smoothing(demand: Array) -> float:
    """Weight of the newest period that minimises the squared one-step errors, 0.01 to 0.9.

    Simple exponential smoothing, started at the mean: F(t + 1) = F(t) + a (d(t) - F(t)).

    Args:
        demand: (date,) units.
    """
    from scipy.optimize import minimize_scalar
    from scipy.signal import lfilter

    mean = demand.mean()

    def squared_error(weight: float) -> float:
        forecast, _ = lfilter([weight], [1, weight - 1], demand, zi=[(1 - weight) * mean])
        return float(np.square(demand[1:] - forecast[:-1]).sum())

    found = minimize_scalar(squared_error, bounds=(0.01, 0.9), method="bounded")
    return round(float(found.x), 3)
