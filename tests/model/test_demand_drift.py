"""Paths of a demand that drifts have the moments of their keys, and whole units their law."""

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import stats

from inventory_env.description.demand_drift import OF_RECORDED_DEMAND, DemandDrift
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import parse_scenario, scenario_text
from inventory_env.errors import InputError
from inventory_env.simulation.drift_path import DriftPath
from inventory_env.simulation.drifted_demand import Law, drifted, local_mean
from inventory_env.simulation.tape import Purpose, draw_tape

FADE = np.exp(-1 / 250)
STORE = {"lead_time": 1, "holding_cost": 1, "shortage_cost": 1}


def chain(drift, stores=1, periods=400, **demand):
    demand = demand or {"kind": "deterministic", "mean": 1.0}
    return Scenario.model_validate(
        {
            "name": "drifting",
            "periods": periods,
            "units": "continuous",
            "demand_drift": drift,
            "stores": [{"name": f"s{i}", "demand": demand, **STORE} for i in range(stores)],
        }
    )


def factors(drift, worlds=3000, **changes):
    """(period, world, store) the path itself: certain demand of one unit, times its factor."""
    return draw_tape(chain(drift, **changes), seed=3, purpose=Purpose.TEST, worlds=worlds).demand


def shocks(drift, **changes):
    """(period, world) what the log level gains in a period beside what it forgets."""
    log = np.log(factors(drift, **changes)[:, :, 0])
    return log[1:] - FADE * log[:-1]


def test_a_level_is_drawn_once_for_each_episode_and_store():
    log = np.log(factors({"level": 0.4}, periods=20, stores=2))
    np.testing.assert_allclose(log, np.broadcast_to(log[0], log.shape), atol=1e-12)
    first, second = log[0].T
    assert first.mean() == pytest.approx(0, abs=4 * 0.4 / 3000**0.5)
    assert first.std() == pytest.approx(0.4, rel=4 / 6000**0.5)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / 3000**0.5


def test_a_walk_spreads_until_what_is_forgotten_balances_its_steps():
    """Variance walk^2 (1 - fade^(2 (t + 1))) / (1 - fade^2): 0.02^2 in the first period, and in the
    end 0.02^2 / (1 - exp(-2 / 250)) = 0.2241^2."""
    log = np.log(factors({"walk": 0.02}, periods=1200, worlds=2000)[:, :, 0])
    assert log[0].std() == pytest.approx(0.02, rel=4 / 4000**0.5)
    assert log[99].std() == pytest.approx(0.02 * (0.550671 / 0.00796809) ** 0.5, rel=0.07)
    assert log[-1].std() == pytest.approx(0.2241, rel=4 / 4000**0.5)
    assert abs(log[-1].mean()) < 4 * 0.2241 / 2000**0.5


def test_jumps_come_as_often_and_are_as_large_as_asked():
    shock = shocks({"jumps": 3, "jump_size": 0.2})
    jumps = shock[np.abs(shock) > 1e-9]
    assert jumps.size / shock.size == pytest.approx(0.03, abs=4 * (0.03 / shock.size) ** 0.5)
    assert jumps.mean() == pytest.approx(0, abs=4 * 0.2 / jumps.size**0.5)
    assert jumps.std() == pytest.approx(0.2, rel=4 / (2 * jumps.size) ** 0.5)
    assert stats.kstest(jumps / 0.2, "norm").pvalue > 1e-3


def test_a_trend_grows_and_bends_once_in_100_periods():
    growth = shocks({"trend": 0.5}, periods=800, worlds=1500)
    assert growth.std() == pytest.approx(0.005, rel=0.05)
    bends = np.abs(np.diff(growth, axis=0)) > 1e-9
    assert bends.mean() == pytest.approx(0.01, abs=4 * (0.01 / bends.size) ** 0.5)


def test_noise_has_mean_1_and_its_autocorrelation():
    factor = factors({"noise": 0.3, "autocorrelation": 0.6})[:, :, 0]
    log = np.log(factor)
    assert factor.mean() == pytest.approx(1, abs=0.003)
    assert log.mean() == pytest.approx(-0.045, abs=0.003)
    for period in (0, 1, 399):
        assert log[period].std() == pytest.approx(0.3, rel=0.06)
    for lag, expected in ((1, 0.6), (2, 0.36)):
        found = np.corrcoef(log[:-lag].ravel(), log[lag:].ravel())[0, 1]
        assert found == pytest.approx(expected, abs=0.01)


def test_spikes_go_up_by_their_size_or_down_to_0_and_last():
    """Of two states, 0.02 begin and 1/3 end in a period: 0.02 / (0.02 + 1/3) are in a spike. Sizes
    are exponential of mean 2, so that of those that go down exp(-1/2) end at 0."""
    factor = factors({"spikes": 2, "spike_size": 2, "spike_length": 3})[100:, :, 0]
    inside = factor != 1
    assert inside.mean() == pytest.approx(0.02 / (0.02 + 1 / 3), rel=0.03)
    assert (factor[inside] > 1).mean() == pytest.approx(0.5, abs=0.02)
    assert factor[factor > 1].mean() - 1 == pytest.approx(2, rel=0.05)
    assert (factor[factor < 1] == 0).mean() == pytest.approx(np.exp(-0.5), abs=0.03)
    alone = factors({"spikes": 2, "spike_length": 1})[:, :, 0] != 1
    assert alone.mean() == pytest.approx(0.02, rel=0.03)


def test_a_cycle_comes_and_goes_around_1():
    swing = factors({"season": 0.6}, periods=1200, worlds=1500)[:, :, 0] - 1
    assert swing.min() > -0.6
    assert swing.max() < 0.6
    assert swing.mean() == pytest.approx(0, abs=0.005)
    # E[(0.6 U)^2] for even amplitudes, half of it for a sine, 3/8 for (1 + cos)^2 / 4
    assert (swing**2).mean() == pytest.approx(0.12 / 2 * 3 / 8, rel=0.1)
    turns = (np.diff(np.sign(swing), axis=0) != 0).sum(axis=0)
    assert turns.min() >= 2 * 1200 / 60 - 2
    assert turns.max() <= 2 * 1200 / 4 + 12  # the envelope touches 0 six times at most


def test_the_level_stays_within_its_bounds_for_thousands_of_periods():
    drift = {"level": 1, "walk": 0.1, "jumps": 5, "trend": 2}
    log = np.log(factors(drift, periods=3000, worlds=200))
    assert (np.abs(log).max(), np.isfinite(log).all()) == (pytest.approx(2.5), True)
    assert log[-500:].mean() == pytest.approx(log[300:800].mean(), abs=0.6)


@pytest.mark.parametrize("common", [0.4, 1.0])
def test_stores_have_a_share_in_common(common):
    log = np.log(factors({"level": 0.3, "walk": 0.01, "common": common}, periods=40, stores=2))
    for period in (0, 39):
        found = np.corrcoef(log[period].T)[0, 1]
        assert found == pytest.approx(common, abs=4 / 3000**0.5)


def test_a_part_that_is_switched_on_moves_no_other():
    quiet = factors({"level": 0.4, "walk": 0.02}, worlds=50)
    both = factors({"level": 0.4, "walk": 0.02, "spikes": 2, "spike_size": 3}, worlds=50)
    same = both == quiet
    assert 0.9 < same.mean() < 0.98


# --- what becomes of a demand -----------------------------------------------------------------


def generators(source, site=0):
    return np.random.default_rng(np.random.SeedSequence(7, spawn_key=(int(source), site)))


def at_factor(demand, factor, mean, sd, *, whole, spread=1.0):
    """(sample,) demand under a constant factor and spread."""
    values = demand[None, :, None].astype(float)
    path = DriftPath(np.full(values.shape, factor), np.full(values.shape[1:], spread))
    law = Law.of(np.full(values.shape, mean), np.array([mean]), np.array([sd]), whole=whole)
    return drifted(values, path, law, generators)[0, :, 0]


@pytest.mark.parametrize("factor", [0.08, 0.5, 1.3, 4.0])
@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 0.5), (6.0, 1 / 12), (40.0, 1.0)])
def test_negative_binomial_customers_stay_negative_binomial(mean, dispersion, factor):
    r = 1 / dispersion
    drawn = stats.nbinom(r, r / (r + mean)).rvs(40_000, random_state=1)
    sd = (mean + dispersion * mean**2) ** 0.5
    found = at_factor(drawn, factor, mean, sd, whole=True)
    assert_law(found, stats.nbinom(r, r / (r + factor * mean)))


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_poisson_customers_stay_poisson(factor):
    drawn = stats.poisson(1.5).rvs(40_000, random_state=1)
    assert_law(at_factor(drawn, factor, 1.5, 1.5**0.5, whole=True), stats.poisson(1.5 * factor))


def assert_law(found, law):
    """Chi-square on values whose expected count is at least 20; the rest together."""
    assert (found % 1 == 0).all()
    values = np.arange(int(found.max()) + 1)
    expected = law.pmf(values) * found.size
    counts = np.bincount(found.astype(int), minlength=values.size)
    often = expected >= 20
    observed = [*counts[often], counts[~often].sum()]
    chances = [*expected[often], found.size - expected[often].sum()]
    if chances[-1] < 20:
        observed, chances = observed[:-1], chances[:-1]
        chances = list(np.array(chances) * sum(observed) / sum(chances))
    assert stats.chisquare(observed, chances).pvalue > 1e-4


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.5])
def test_whole_units_of_any_law_have_the_right_mean(factor):
    """Batches of 12 in one period of ten: mean 1.2, variance 0.09 x 144 = 3.6^2."""
    drawn = 12 * (np.random.default_rng(1).random(60_000) < 0.1)
    found = at_factor(drawn, factor, 1.2, 3.6, whole=True)
    assert (found % 1 == 0).all()
    assert found.mean() == pytest.approx(drawn.mean() * factor, abs=4 * 4 * factor / 60_000**0.5)
    if factor == 1:
        np.testing.assert_array_equal(found, drawn)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("spread", [0.6, 1.5])
def test_a_spread_changes_the_deviations_and_not_the_mean(whole, spread):
    """Negative binomial demand of mean 20 and sd 10; rounding adds a variance of 1/4 at most."""
    r = 400 / 80
    drawn = stats.nbinom(r, r / (r + 20)).rvs(80_000, random_state=1)
    found = at_factor(drawn, 1.0, 20.0, 10.0, whole=whole, spread=spread)
    assert (found >= 0).all()
    assert not whole or (found % 1 == 0).all()
    assert found.mean() == pytest.approx(20, abs=4 * 15 / 80_000**0.5)
    assert found.std() == pytest.approx(10 * spread, rel=0.03)


def test_continuous_units_are_multiplied():
    demand = np.array([0.0, 1.5, 8.25])
    np.testing.assert_array_equal(
        at_factor(demand, 1.5, 3.0, 2.0, whole=False), [0.0, 2.25, 12.375]
    )


def test_a_local_mean_is_that_of_14_periods_on_either_side():
    demand = np.arange(60.0)[:, None, None] ** 2
    mean = local_mean(demand)[:, 0, 0]
    assert mean[30] == pytest.approx((np.arange(16, 45) ** 2).mean())
    assert mean[0] == pytest.approx((np.arange(15) ** 2).mean())
    assert mean[59] == pytest.approx((np.arange(45, 60) ** 2).mean())


# --- as users write it ------------------------------------------------------------------------

TEXT = """
name = "any"
periods = 30
demand_drift = DRIFT
[warehouse]
unlimited = true
[[stores]]
name = "s"
demand = { kind = "poisson", mean = 4 }
holding_cost = 1
shortage_cost = 9
lead_time = 2
"""
JUMPS = "{ choice = [0, { low = 1, high = 9, log = true }] }"


def test_ranges_and_choices_stand_in_a_problem_distribution():
    text = TEXT.replace("DRIFT", f"{{ level = {{ low = 0.1, high = 0.5 }}, jumps = {JUMPS} }}")
    drifts = [c.drift for c in ProblemDistribution(text, "any").chains(200, stream=1)]
    levels = np.array([drift.level for drift in drifts])
    jumps = np.array([drift.jumps for drift in drifts])
    assert (levels.min() >= 0.1, levels.max() <= 0.5) == (True, True)
    assert np.ptp(levels) > 0.35
    assert (jumps == 0).mean() == pytest.approx(0.5, abs=0.15)
    assert (jumps[jumps > 0].min() >= 1, jumps.max() <= 9) == (True, True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("{ levle = 1 }", "demand_drift.levle: unknown key"),
        ("{ level = -0.1 }", "demand_drift.level: .* greater than or equal to 0, got -0.1"),
        ("{ spikes = 50 }", "demand_drift.spikes: .* less than or equal to 40, got 50"),
        ("{ autocorrelation = 1 }", "demand_drift.autocorrelation: .* less than 1, got 1"),
    ],
)
def test_mistakes_are_named(wrong, message, tmp_path):
    with pytest.raises(InputError, match=message):
        parse_scenario(TEXT.replace("DRIFT", wrong), source="file", base=tmp_path)


def test_it_reads_back_as_written(tmp_path):
    for drift in (None, {}, {"level": 0.3, "common": 1}):
        written = chain(drift)
        read = parse_scenario(scenario_text(written), source="file", base=tmp_path)
        assert read == written
    assert chain({}).drift is None
    assert chain(None).drift is None
    assert OF_RECORDED_DEMAND.parts.keys() >= {"level", "jumps", "trend", "spikes", "spread"}
    with pytest.raises(ValidationError):
        DemandDrift(common=1.1)


def test_worlds_that_drift_do_end():
    assert chain(None).homogeneous
    assert not chain({"walk": 0.01}).homogeneous
