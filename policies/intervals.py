"""Confidence intervals of means, all by scipy."""

import numpy as np
from scipy.stats import ttest_1samp

from inventory_env.frozen import Array

Interval = tuple[float, float]


def student_interval(values: Array) -> Interval:
    """Student's 95 % interval of the mean of independent values; of no width if all are alike.

    >>> low, high = student_interval(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> round(low, 3), round(high, 3)  # 2.5 +- 3.182 x 1.291 / 2
    (0.446, 4.554)
    """
    if np.ptp(values) == 0:
        return float(values[0]), float(values[0])
    found = ttest_1samp(values, 0.0).confidence_interval(0.95)
    return float(found.low), float(found.high)
