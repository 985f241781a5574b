"""Demand and lead times against their own formulas, on large samples."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from inventory_env.description.demand import Demand, Season
from inventory_env.description.lead_time import LeadTime
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.tape import Purpose, draw_tape

SAMPLES = 200_000
KINDS = [
    {"kind": "poisson", "mean": 5.3},
    {"kind": "negative-binomial", "mean": 6.0, "sd": 5.0},
    {"kind": "geometric", "mean": 5.0},
    {"kind": "normal", "mean": 20.0, "sd": 4.0},
    {"kind": "gamma", "mean": 3.0, "sd": 4.0},
    {"kind": "uniform", "low": 2.0, "high": 9.0},
    {"kind": "discrete-uniform", "low": 1, "high": 6},
    {"kind": "deterministic", "mean": 4.0},
    {"kind": "intermittent", "probability": 0.2, "mean_size": 6.0},
    {"kind": "intermittent", "probability": 0.3, "mean_size": 1.0},
]
WHOLE = {"poisson", "negative-binomial", "geometric", "discrete-uniform", "intermittent"}


def _samples(demand, how, factor):
    rng = np.random.default_rng(11)
    factors = np.full((SAMPLES // 100, 100), factor)
    if how == "draw":
        return demand.draw(rng, factors)
    return demand.from_normal_score(rng.standard_normal(factors.shape), factors)


@pytest.mark.parametrize("how", ["draw", "from_normal_score"])
@pytest.mark.parametrize("table", KINDS, ids=lambda table: table["kind"])
def test_moments_of_large_samples(table, how):
    demand = TypeAdapter(Demand).validate_python(table)
    mean, sd = demand.moments
    drawn = _samples(demand, how, 1.0)
    assert (drawn >= 0).all()
    if table["kind"] in WHOLE:
        assert (drawn % 1 == 0).all()
    assert drawn.mean() == pytest.approx(mean, abs=4 * sd / SAMPLES**0.5 + 1e-9)
    assert drawn.std() == pytest.approx(sd, rel=0.025, abs=1e-9)


@pytest.mark.parametrize("factor", [0.0, 0.4, 1.7])
@pytest.mark.parametrize("table", KINDS, ids=lambda table: table["kind"])
def test_a_season_scales_the_mean_and_both_ways_to_draw_agree(table, factor):
    demand = TypeAdapter(Demand).validate_python(table)
    mean, sd = demand.moments
    drawn, scored = (_samples(demand, how, factor) for how in ("draw", "from_normal_score"))
    error = 5 * max(sd, 0.1) * max(factor, 1.0) / SAMPLES**0.5
    assert drawn.mean() == pytest.approx(mean * factor, abs=error)
    assert scored.mean() == pytest.approx(mean * factor, abs=error)
    assert scored.std() == pytest.approx(drawn.std(), rel=0.03, abs=1e-9)


def test_geometric_probabilities_are_those_of_the_literature():
    """P(d = k) = (1/6)(5/6)^k at mean 5, Zipkin (2008)."""
    demand = TypeAdapter(Demand).validate_python({"kind": "geometric", "mean": 5.0})
    for how in ("draw", "from_normal_score"):
        drawn = _samples(demand, how, 1.0)
        for k in range(6):
            assert (drawn == k).mean() == pytest.approx(5**k / 6 ** (k + 1), abs=0.004)


def test_normal_demand_is_clipped_at_zero():
    demand = TypeAdapter(Demand).validate_python({"kind": "normal", "mean": 1.0, "sd": 1.0})
    drawn = _samples(demand, "draw", 1.0)
    assert (drawn == 0).mean() == pytest.approx(0.1587, abs=0.004)
    assert drawn.min() == 0


def test_season_factors_by_hand():
    season = Season(
        weekday=(0.5, 1, 1, 1, 1, 1, 1.5),
        yearly_amplitude=0.2,
        yearly_peak=0.25,
        trend_per_year=0.1,
    )
    day = np.array([0, 6, 7 * 13, 100])
    elapsed = np.array([0, 6, 0, 365])
    expected = [
        0.5 * (1 + 0.2 * np.cos(2 * np.pi * (0 - 0.25))),
        1.5 * (1 + 0.2 * np.cos(2 * np.pi * (6 / 365 - 0.25))) * (1 + 0.1 * 6 / 365),
        0.5 * (1 + 0.2 * np.cos(2 * np.pi * (91 / 365 - 0.25))),
        1.0 * (1 + 0.2 * np.cos(2 * np.pi * (100 / 365 - 0.25))) * 1.1,
    ]
    np.testing.assert_allclose(season.factors(day, elapsed, 365.0), expected)


def _correlated(kind_a, kind_b, correlation, units):
    return Scenario.model_validate(
        {
            "name": "two",
            "periods": 100,
            "units": units,
            "demand_correlation": correlation,
            "stores": [
                {
                    "name": name,
                    "demand": demand,
                    "lead_time": 1,
                    "holding_cost": 1,
                    "shortage_cost": 1,
                }
                for name, demand in (("a", kind_a), ("b", kind_b))
            ],
        }
    )


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.8])
def test_correlation_of_normal_demand_is_exact_and_of_counts_near(correlation):
    normal = {"kind": "normal", "mean": 50.0, "sd": 5.0}
    scenario = _correlated(normal, normal, correlation, "continuous")
    demand = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=1000).demand.reshape(-1, 2)
    assert np.corrcoef(demand.T)[0, 1] == pytest.approx(correlation, abs=0.012)
    busy = {"kind": "negative-binomial", "mean": 24.0, "sd": 10.0}
    scenario = _correlated(busy, {"kind": "poisson", "mean": 9.0}, correlation, "whole")
    demand = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=1000).demand.reshape(-1, 2)
    assert np.corrcoef(demand.T)[0, 1] == pytest.approx(correlation, abs=0.03)


def test_normal_demand_rounds_in_whole_units():
    normal = {"kind": "normal", "mean": 7.3, "sd": 2.0}
    scenario = _correlated(normal, {"kind": "gamma", "mean": 7.3, "sd": 2.0}, 0.0, "whole")
    demand = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=1000).demand
    assert (demand % 1 == 0).all()
    np.testing.assert_allclose(demand.mean(axis=(0, 1)), 7.3, atol=0.03)


@pytest.mark.parametrize(
    ("table", "probabilities"),
    [
        (3, [0, 0, 0, 1]),
        (0, [1]),
        ({"kind": "uniform", "low": 1, "high": 3}, [0, 1 / 3, 1 / 3, 1 / 3]),
        ({"kind": "discrete", "periods": [4, 0], "weights": [0.25, 0.75]}, [0.75, 0, 0, 0, 0.25]),
    ],
)
def test_lead_times_have_their_probabilities(table, probabilities):
    lead_time = TypeAdapter(LeadTime).validate_python(table)
    np.testing.assert_allclose(lead_time.probabilities, probabilities)
    drawn = lead_time.draw(np.random.default_rng(3), (300, 300))
    shares = np.bincount(drawn.ravel(), minlength=len(probabilities)) / drawn.size
    np.testing.assert_allclose(shares, probabilities, atol=0.006)
    assert lead_time.moments == pytest.approx((drawn.mean(), drawn.std()), rel=0.01, abs=1e-12)
