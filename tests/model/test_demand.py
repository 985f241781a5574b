"""Demand of the literature, seasons and correlation, on large samples; what each kind owes is in
tests/contracts."""

import numpy as np
import pytest

from inventory_env.description.demand import Geometric, Season
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.tape import Purpose, draw_tape


def test_geometric_probabilities_are_those_of_the_literature():
    """P(d = k) = (1/6)(5/6)^k at mean 5, Zipkin (2008)."""
    demand, factor = Geometric(kind="geometric", mean=5.0), np.ones(200_000)
    rng = np.random.default_rng(11)
    scores = rng.standard_normal(factor.shape)
    for drawn in (demand.draw(rng, factor), demand.from_normal_score(scores, factor)):
        for k in range(6):
            assert (drawn == k).mean() == pytest.approx(5**k / 6 ** (k + 1), abs=0.004)


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
