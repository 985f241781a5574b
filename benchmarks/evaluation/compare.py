"""Is one policy better than another? Paired differences on shared tapes, intervals, and words."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import bootstrap, t

from inventory_env.errors import InputError
from inventory_env.frozen import Array

RESAMPLES = 4999
NO_DIFFERENCE = "no difference that these episodes can tell"
IDENTICAL = "no difference: the same in every episode"
Interval = tuple[float, float]


@dataclass(frozen=True)
class Metric:
    """A KPI that policies are compared on, and how people say that one is better."""

    name: str
    label: str
    higher_is_better: bool
    better: str
    worse: str


METRICS = (
    Metric("cost_per_period", "cost per period", False, "is cheaper", "costs more"),
    Metric("fill_rate", "fill rate", True, "gives better service", "gives worse service"),
    Metric(
        "cycle_service_level",
        "cycle service level",
        True,
        "gives better service",
        "gives worse service",
    ),
    Metric("ready_rate", "ready rate", True, "is in stock more often", "is in stock less often"),
    Metric(
        "stockouts_per_period",
        "stockouts per period",
        False,
        "has fewer stockouts",
        "has more stockouts",
    ),
    Metric("reward_per_episode", "reward per episode", True, "earns more", "earns less"),
)


@dataclass(frozen=True)
class Comparison:
    """A policy against a baseline on one metric, episode by episode."""

    policy: str
    baseline: str
    metric: str
    difference: float  # mean of policy - baseline, in the metric's unit
    percent: float  # of the baseline's mean; NaN where that is 0
    ci95: Interval  # of the difference, in the metric's unit
    percent_ci95: Interval  # of the difference, in percent of the baseline's mean
    verdict: str

    @property
    def clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.ci95[0] > 0 or self.ci95[1] < 0


def bootstrap_interval(values: Array, seed: int) -> Interval:
    """95 % interval of the mean of independent values: bootstrap, bias-corrected and accelerated.

    Values that are all alike give an interval of no width. Efron (1987), "Better bootstrap
    confidence intervals", JASA 82.

    Args:
        values: (episode,) at least two.
        seed: of the resampling.
    """
    spread = float(np.ptp(values))
    if spread <= 1e-12 * max(1.0, float(np.abs(values).max())):
        middle = float(values.mean())
        return middle, middle
    interval = bootstrap(
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
    mean, sd = float(known.mean()), float(known.std(ddof=1))
    half = float(t.ppf(0.975, len(known) - 1)) * sd / len(known) ** 0.5
    return mean, sd, mean - half, mean + half


def compare(
    policy: str, baseline: str, metric: Metric, ours: Array, theirs: Array, *, seed: int
) -> Comparison:
    """Compare two policies that ran on the same tapes.

    Args:
        policy: name of the one judged.
        baseline: name of the one it is judged against.
        metric: what is compared.
        ours: (episode,) the policy's values.
        theirs: (episode,) the baseline's, in the same order.
        seed: of the resampling.

    Raises:
        InputError: with fewer than two episodes.
    """
    if len(ours) < 2:
        raise InputError(f"episodes must be at least 2 to compare policies, got {len(ours)}")
    known = ~(np.isnan(ours) | np.isnan(theirs))
    if known.sum() < 2:
        nothing = (np.nan, np.nan)
        return Comparison(
            policy, baseline, metric.name, np.nan, np.nan, nothing, nothing, NO_DIFFERENCE
        )
    differences = ours[known] - theirs[known]
    difference = float(differences.mean())
    interval = bootstrap_interval(differences, seed)
    reference = abs(float(theirs[known].mean())) or np.nan
    low, high = (100 * end / reference for end in interval)
    verdict = IDENTICAL if not differences.any() else _verdict(policy, metric, interval)
    return Comparison(
        policy=policy,
        baseline=baseline,
        metric=metric.name,
        difference=difference,
        percent=100 * difference / reference,
        ci95=interval,
        percent_ci95=(low, high),
        verdict=verdict,
    )


def _verdict(policy: str, metric: Metric, interval: Interval) -> str:
    if interval[0] <= 0 <= interval[1]:
        return NO_DIFFERENCE
    better = (interval[0] > 0) == metric.higher_is_better
    return f"{policy} {metric.better if better else metric.worse}"
