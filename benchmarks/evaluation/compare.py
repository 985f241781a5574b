"""Is one policy better than another? Paired differences on shared tapes, intervals, and words."""

from dataclasses import dataclass

import numpy as np

from inventory_env.errors import InputError
from inventory_env.frozen import Array
from policies.intervals import Interval, bootstrap_interval

NO_DIFFERENCE = "no difference that these episodes can tell"
IDENTICAL = "no difference: the same in every episode"


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
