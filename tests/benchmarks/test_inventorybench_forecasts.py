"""Forecasts of InventoryBench's demand beside closed forms, brute force and plain demand."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from benchmarks.inventorybench.change_points import NEW_WEIGHT, VARIANCE_WEIGHT, ChangePoints
from benchmarks.inventorybench.forecasts import AHEAD, AllHistory, Forecast, Forecaster, Smoothing
from benchmarks.inventorybench.instances import TOLD
from benchmarks.inventorybench.mixture import Mixture
from benchmarks.inventorybench.regressions import LINE_LENGTH, PENALTY, Regressions, usual_bank
from inventory_env.frozen import Array


def after(forecaster: Forecaster, demand: Array) -> Forecast:
    """What is expected after (period, instance) demand."""
    forecaster.begin(demand[:TOLD])
    for period in demand[TOLD:]:
        forecaster.see(period)
    return forecaster.forecast()


def some_demand(periods: int, instances: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).gamma(9.0, 11.0, (periods, instances))


def test_smoothing_by_hand() -> None:
    """Level 10, 10, 13 -> +0.5 x error; variance of told 0, then 0.5 x squared errors."""
    demand = np.array([10.0] * 5 + [16.0, 9.0])[:, None]
    found = after(Smoothing(0.5, 0.5), demand)
    # level 13 after 16, error -4 after 9: level 11; variance 18 after 16, then 17
    assert found.total[:, 0] == pytest.approx(11 * np.arange(1, 6))
    assert found.spread[:, 0] == pytest.approx(np.sqrt(17 * np.arange(1, 6)))


def test_all_history_is_mean_and_deviation() -> None:
    demand = some_demand(20, 3)
    found = after(AllHistory(), demand)
    assert found.total[1] == pytest.approx(2 * demand.mean(axis=0))
    assert found.spread[3] == pytest.approx(2 * demand.std(axis=0, ddof=1))


def test_regressions_are_penalised_least_squares() -> None:
    bank, demand = usual_bank(), some_demand(17, 2)
    regressions = Regressions(bank, 2)
    for period in demand:
        regressions.see(period)
    means = regressions.means()
    for member in range(bank.size):
        time = np.arange(17 + AHEAD) - TOLD + bank.again[member] * TOLD * (np.arange(22) < TOLD)
        columns = [np.ones(22)]
        if bank.line[member]:
            columns.append(time / LINE_LENGTH)
        if bank.wave[member]:
            angle = 2 * np.pi * time / bank.wave[member]
            columns += [np.sin(angle), np.cos(angle)]
        basis = np.stack(columns, axis=1)
        weight = np.sqrt(bank.discount[member] ** np.arange(16, -1, -1))[:, None]
        ridge = np.sqrt(PENALTY) * np.eye(len(columns))[1:]
        left = np.vstack([weight * basis[:17], ridge])
        right = np.vstack([weight * demand, np.zeros((len(ridge), 2))])
        fit = basis @ np.linalg.lstsq(left, right, rcond=None)[0]
        carry = bank.carry[member] ** np.arange(1, AHEAD + 1)[:, None]
        expected = fit[17:] + carry * (demand[16] - fit[16])
        assert means[:, member] == pytest.approx(np.maximum(expected, 0), abs=1e-5)


def test_change_points_are_those_of_all_histories() -> None:
    """Every way in which seven periods may fall apart into runs, weighted by Bayes' rule."""
    demand, variance, hazard = some_demand(7, 1, seed=4)[:, 0] / 99, 0.1, 0.2
    points = ChangePoints(np.array([variance]), hazard)
    for each in demand:
        points.see(np.array([each]))
    total = weighted = 0.0
    for jumps in product([False, True], repeat=6):
        starts = [0, *(t for t in range(1, 7) if jumps[t - 1])]
        probability = np.prod([hazard if jump else 1 - hazard for jump in jumps])
        for start, end in zip(starts, [*starts[1:], 7], strict=True):
            level = demand[:start].mean() if start else demand[0]
            weight, shape = NEW_WEIGHT, VARIANCE_WEIGHT / 2
            scale = shape * variance
            for x in demand[start:end]:
                wide = np.sqrt(scale * (weight + 1) / (shape * weight))
                probability *= stats.t.pdf(x, 2 * shape, level, wide)
                scale += 0.5 * weight / (weight + 1) * (x - level) ** 2
                level += (x - level) / (weight + 1)
                weight, shape = weight + 1, shape + 0.5
        total, weighted = total + probability, weighted + probability * level
    assert points.mean() == pytest.approx([weighted / total])


def test_the_mixture_knows_what_it_sees() -> None:
    """Even demand, a line, a wave and a jump, almost without noise, 40 periods of each."""
    time = np.arange(-TOLD, 40 + AHEAD, dtype=np.float64)
    noise = np.random.default_rng(1).normal(0, 1.0, (len(time), 4))
    wave = 100 + 50 * np.sin(2 * np.pi * time / 10)
    jump = np.where(time < 30, 100.0, 220.0)
    clean = np.stack([np.full_like(time, 100.0), 100 + 3 * time, wave, jump], axis=1)
    found = after(Mixture(), (clean + noise)[:-AHEAD])
    ahead = clean[-AHEAD:].cumsum(axis=0)
    assert found.total == pytest.approx(ahead, rel=0.03)
    assert (found.spread[0] < [5, 8, 15, 35]).all()


def test_the_mixture_has_no_unit() -> None:
    demand = some_demand(30, 4)
    one, ten = after(Mixture(), demand), after(Mixture(), 10 * demand)
    assert ten.total == pytest.approx(10 * one.total)
    assert ten.spread == pytest.approx(10 * one.spread)


def test_the_mixture_tells_its_error() -> None:
    """Sums of the next h periods fall within their spread at least as often as normal ones would;
    somewhat more often where nothing ever changes, for it might.
    """
    demand = some_demand(50, 400)
    for h in range(AHEAD):
        found = after(Mixture(), demand[:40])
        error = demand[40 : 41 + h].sum(axis=0) - found.total[h]
        assert (np.abs(error) < found.spread[h]).mean() == pytest.approx(0.74, abs=0.09)
