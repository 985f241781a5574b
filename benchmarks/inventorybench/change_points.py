"""The level since its last change, whose time is not known (Adams and MacKay, 2007).

Demand is normal around a level that now and then jumps. For every period in which the last jump may
have been, a normal-inverse-gamma law of level and variance is kept (Murphy, 2007), and how probable
it is.
"""

import numpy as np
from scipy.special import gammaln

from inventory_env.frozen import Array

NEW_WEIGHT = 0.05  # observations that the mean of all demand counts for after a jump
VARIANCE_WEIGHT = 4.0  # observations that the told variance counts for


class ChangePoints:
    """Levels of many problems.

    Args:
        variance: (instance,) what the told demand says of it.
        hazard: probability of a jump in each period.
    """

    def __init__(self, variance: Array, hazard: float) -> None:
        self.hazard = hazard
        self._new_scale = VARIANCE_WEIGHT / 2 * variance
        self._sum, self._seen = np.zeros_like(variance), 0
        none = np.zeros((0, len(variance)))
        self._probability, self._level, self._scale = none, none, none  # (since, instance)
        self._weight = self._shape = np.zeros((0, 1))  # (since, 1)

    def mean(self) -> Array:
        """(instance,) level that is expected; something must be seen."""
        return (self._probability * self._level).sum(axis=0)

    def see(self, demand: Array) -> None:
        """Learn from the next period's (instance,) demand."""
        centre = self._sum / self._seen if self._seen else demand
        jump = self.hazard if self._seen else 1.0
        level = np.concatenate([self._level, centre[None]])
        scale = np.concatenate([self._scale, self._new_scale[None]])
        weight = np.concatenate([self._weight, [[NEW_WEIGHT]]])
        shape = np.concatenate([self._shape, [[VARIANCE_WEIGHT / 2]]])
        before = np.concatenate([(1 - jump) * self._probability, np.full((1, len(demand)), jump)])
        error = demand - level
        posterior = before * _density(error, shape, scale * (weight + 1) / weight)
        self._probability = posterior / np.maximum(posterior.sum(axis=0), np.finfo(float).tiny)
        self._scale = scale + 0.5 * weight / (weight + 1) * error**2
        self._level = level + error / (weight + 1)
        self._weight, self._shape = weight + 1, shape + 0.5
        self._sum, self._seen = self._sum + demand, self._seen + 1


def _density(error: Array, shape: Array, scale: Array) -> Array:
    """Student's t of a normal law with inverse-gamma variance, but for a constant factor."""
    log = gammaln(shape + 0.5) - gammaln(shape) - 0.5 * np.log(scale)
    return np.exp(log - (shape + 0.5) * np.log1p(error**2 / (2 * scale)))
