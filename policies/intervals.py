"""How sure a mean is: every confidence interval of the project is computed here."""

import numpy as np
from scipy import stats

from inventory_env.frozen import Array

RESAMPLES = 4999
NORMAL_95 = 1.96  # standard errors on either side
Interval = tuple[float, float]


def student_interval(values: Array, level: float = 0.95) -> Interval:
    """Student's interval of the mean of independent values; of no width where all are alike.

    Args:
        values: (value,) at least two, all known.
        level: probability that it covers the true mean, for normal values.

    >>> low, high = student_interval(np.array([1.0, 2.0, 3.0]))
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    if _alike(values):
        return _no_width(values)
    interval = stats.ttest_1samp(values, 0.0).confidence_interval(level)
    return float(interval.low), float(interval.high)


def crossed_interval(values: Array, level: float = 0.95) -> Interval:
    """Student's interval of the mean where rows and columns are both draws, such as training seeds
    and chains: the variances of the rows' and of the columns' mean add up (their common noise
    counts twice), with Satterthwaite's degrees of freedom.

    Args:
        values: (row, column) at least two of each, all known.
        level: probability that it covers the true mean.

    Where rows are alike, it is Student's interval over the columns:

    >>> low, high = crossed_interval(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]))
    >>> round(low, 3), round(high, 3)
    (-0.484, 4.484)
    """
    if _alike(values):
        return _no_width(values)
    means = values.mean(axis=1), values.mean(axis=0)
    parts = np.array([each.var(ddof=1) / len(each) for each in means])
    freedom = parts.sum() ** 2 / sum(v**2 / (len(m) - 1) for v, m in zip(parts, means, strict=True))
    half = float(stats.t.ppf((1 + level) / 2, freedom) * parts.sum() ** 0.5)
    middle = float(values.mean())
    return middle - half, middle + half


def welch_interval(ours: Array, theirs: Array) -> Interval:
    """Welch's 95 % interval of the difference of two means, ours less theirs.

    Args:
        ours: (value,) at least two independent values.
        theirs: (value,) as many or not, with a spread of their own.
    """
    interval = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval()
    return float(interval.low), float(interval.high)


def normal_interval(mean: float, error: float) -> Interval:
    """95 % interval of a mean whose standard error is known well, as from very many values."""
    return mean - NORMAL_95 * error, mean + NORMAL_95 * error


def bootstrap_interval(values: Array, seed: int) -> Interval:
    """95 % interval of the mean of independent values: bootstrap, bias-corrected and accelerated.

    Values that are all alike give an interval of no width. Efron (1987), "Better bootstrap
    confidence intervals", JASA 82.

    Args:
        values: (episode,) at least two.
        seed: of the resampling.
    """
    if _alike(values):
        return _no_width(values)
    interval = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=max(1, 2_000_000 // len(values)),
        method="BCa",
        rng=np.random.default_rng(np.random.SeedSequence(seed)),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def mean_interval(values: Array) -> tuple[float, float, float, float]:
    """Mean, standard deviation, and the ends of Student's 95 % interval of the mean.

    Episodes without a value (NaN) are left out; what fewer than two cannot tell is NaN.
    """
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return (float(known[0]) if len(known) else np.nan), np.nan, np.nan, np.nan
    return float(known.mean()), float(known.std(ddof=1)), *student_interval(known)


def _alike(values: Array) -> bool:
    """Whether values differ by rounding at most."""
    spread = float(np.ptp(values))
    return spread <= 1e-12 * max(1.0, float(np.abs(values).max()))


def _no_width(values: Array) -> Interval:
    middle = float(values.mean())
    return middle, middle
