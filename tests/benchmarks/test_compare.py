"""Paired comparison: intervals against theory, words, and what cannot be compared."""

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from benchmarks.evaluation.compare import (
    IDENTICAL,
    METRICS,
    NO_DIFFERENCE,
    Comparison,
    Metric,
    compare,
)
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from policies.intervals import (
    bootstrap_interval,
    mean_interval,
    student_interval,
    welch_interval,
)

BY_NAME = {metric.name: metric for metric in METRICS}


def judged(ours: Array, theirs: Array, metric: str = "cost_per_period") -> Comparison:
    return compare("ppo", "rule", BY_NAME[metric], ours, theirs, seed=1)


def test_interval_agrees_with_student_on_normal_values() -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, 400)
    expected = ttest_1samp(values, 0.0).confidence_interval(0.95)
    low, high = bootstrap_interval(values, seed=5)
    assert low == pytest.approx(expected.low, abs=0.02)
    assert high == pytest.approx(expected.high, abs=0.02)


def test_interval_covers_the_true_mean_of_skewed_values_as_often_as_it_says() -> None:
    """Exponential differences, true mean 1; 3 standard deviations of a binomial around 0.95."""
    rng = np.random.default_rng(2)
    samples = rng.exponential(1.0, (200, 80))
    hits = [low <= 1.0 <= high for low, high in (bootstrap_interval(s, 0) for s in samples)]
    assert 0.95 - 0.02 - 3 * np.sqrt(0.95 * 0.05 / 200) < np.mean(hits) < 0.9999


def test_interval_is_the_same_with_the_same_seed_only() -> None:
    values = np.random.default_rng(3).normal(0.0, 1.0, 50)
    assert bootstrap_interval(values, 1) == bootstrap_interval(values, 1)
    assert bootstrap_interval(values, 1) != bootstrap_interval(values, 2)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(10),
        np.full(10, 0.1),
        np.full(100, 1e6) + 1e-8 * np.arange(100),
        np.eye(1, 50)[0],
        np.array([1.0, 2.0]),
        np.array([0.0, 0.0, 1e-9]),
    ],
)
def test_interval_is_finite_and_holds_the_mean_even_of_odd_values(values: Array) -> None:
    low, high = bootstrap_interval(values, 0)
    slack = 1e-9 * max(1.0, float(np.abs(values).max()))
    assert low - slack <= values.mean() <= high + slack


def test_identical_policies_differ_by_nothing() -> None:
    cost = np.random.default_rng(4).normal(100.0, 10.0, 50)
    found = judged(cost, cost.copy())
    assert (found.difference, found.percent, found.ci95) == (0.0, 0.0, (0.0, 0.0))
    assert found.verdict == IDENTICAL
    assert found.verdict.startswith("no difference")
    assert not found.clear


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_swapping_the_policies_mirrors_everything(metric: Metric) -> None:
    rng = np.random.default_rng(5)
    one, other = rng.gamma(2.0, 5.0, 60), rng.gamma(2.0, 5.0, 60) + 8.0
    there = compare("a", "b", metric, one, other, seed=7)
    back = compare("b", "a", metric, other, one, seed=7)
    assert there.difference == pytest.approx(-back.difference)
    assert there.ci95 == pytest.approx((-back.ci95[1], -back.ci95[0]))
    assert {there.verdict, back.verdict} in (
        {f"a {metric.better}", f"b {metric.worse}"},
        {f"a {metric.worse}", f"b {metric.better}"},
    )


@pytest.mark.parametrize(
    ("metric", "shift", "verdict"),
    [
        ("cost_per_period", -5.0, "ppo is cheaper"),
        ("cost_per_period", 5.0, "ppo costs more"),
        ("fill_rate", 0.05, "ppo gives better service"),
        ("fill_rate", -0.05, "ppo gives worse service"),
        ("stockouts_per_period", -5.0, "ppo has fewer stockouts"),
        ("stockouts_per_period", 5.0, "ppo has more stockouts"),
        ("reward_per_episode", 5.0, "ppo earns more"),
        ("reward_per_episode", -5.0, "ppo earns less"),
    ],
)
def test_verdict_says_who_is_better(metric: str, shift: float, verdict: str) -> None:
    rng = np.random.default_rng(6)
    base = rng.normal(50.0, 5.0, 40)
    noise = 0.1 * abs(shift) * rng.standard_normal(40)
    assert judged(base + shift + noise, base, metric).verdict == verdict


def test_noise_is_called_no_difference() -> None:
    rng = np.random.default_rng(8)
    base = rng.normal(50.0, 5.0, 40)
    noise = rng.standard_normal(40)
    assert judged(base + noise - noise.mean(), base).verdict == NO_DIFFERENCE


def test_percent_is_negative_where_the_policy_is_cheaper() -> None:
    found = judged(np.array([90.0, 90.5, 89.5]), np.full(3, 100.0))
    assert found.percent == pytest.approx(-10.0)
    assert found.percent_ci95 == pytest.approx((found.ci95[0], found.ci95[1]))


def test_percent_keeps_the_sign_of_the_difference_under_negative_rewards() -> None:
    found = judged(np.array([-90.0, -90.5, -89.5]), np.full(3, -100.0), "reward_per_episode")
    assert found.percent == pytest.approx(10.0)


def test_a_percentage_of_nothing_does_not_exist() -> None:
    assert np.isnan(judged(np.array([1.0, 2.0]), np.zeros(2)).percent)


def test_episodes_without_a_value_are_left_out_in_pairs() -> None:
    ours = np.array([1.0, np.nan, 3.0, 4.0])
    theirs = np.array([2.0, 9.0, np.nan, 6.0])
    assert judged(ours, theirs).difference == pytest.approx(-1.5)
    nothing = judged(np.full(3, np.nan), np.ones(3))
    assert np.isnan(nothing.difference)
    assert nothing.verdict == NO_DIFFERENCE


def test_one_episode_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="episodes must be at least 2"):
        judged(np.ones(1), np.ones(1))


def test_mean_interval_agrees_with_scipy_and_leaves_out_what_is_missing() -> None:
    values = np.random.default_rng(9).normal(5.0, 1.0, 30)
    expected = ttest_1samp(values, 0.0).confidence_interval(0.95)
    mean, sd, low, high = mean_interval(np.append(values, np.nan))
    assert (mean, sd) == (pytest.approx(values.mean()), pytest.approx(values.std(ddof=1)))
    assert (low, high) == (pytest.approx(expected.low), pytest.approx(expected.high))
    assert np.isnan(mean_interval(np.array([np.nan]))[0])


def test_student_interval_of_equal_values_has_no_width() -> None:
    assert student_interval(np.full(5, 0.1)) == (pytest.approx(0.1), pytest.approx(0.1))
    assert student_interval(np.zeros(2)) == (0.0, 0.0)


def test_student_interval_is_wider_at_a_higher_level() -> None:
    """By hand: quantiles 2.776 and 4.604 of Student's t, 4 degrees of freedom."""
    values = np.array([0.5, 0.3, 0.4, 0.6, 0.2])
    error = values.std(ddof=1) / 5**0.5
    for level, quantile in ((0.95, 2.776), (0.99, 4.604)):
        low, high = student_interval(values, level)
        assert (low, high) == pytest.approx((0.4 - quantile * error, 0.4 + quantile * error), 1e-3)


def test_welch_interval_of_unequal_spreads() -> None:
    """By hand: difference -2, error sqrt(1/3 + 4/3), 2.94 degrees of freedom."""
    low, high = welch_interval(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
    degrees = (5 / 3) ** 2 / ((1 / 3) ** 2 / 2 + (4 / 3) ** 2 / 2)
    half = t.ppf(0.975, degrees) * (5 / 3) ** 0.5
    assert (low, high) == pytest.approx((-2.0 - half, -2.0 + half))
