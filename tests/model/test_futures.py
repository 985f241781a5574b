"""Futures begin on a real morning: its date, its season, its announced disruptions, its level."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.estimate import Estimate
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.today import Today

PLAN = 9  # periods that are over


def seasonal() -> Scenario:
    """A shop whose demand is its season, certain; its supplier is announced to be down."""
    table = {
        "name": "seasonal",
        "period": "day",
        "periods": 40,
        "warm_up": 5,
        "units": "continuous",
        "stores": [
            {
                "name": "shop",
                "demand": {
                    "kind": "deterministic",
                    "mean": 10.0,
                    "season": {
                        "weekday": [0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6],
                        "trend_per_year": 2.0,
                    },
                },
                "lead_time": 2,
                "holding_cost": 1.0,
                "shortage_cost": 9.0,
            }
        ],
        "warehouse": {"lead_time": 3, "holding_cost": 0.2},
        "supplier": {"disruptions": {"kind": "calendar", "down": [[10, 12]]}},
    }
    return Scenario.model_validate(table)


def test_season_trend_and_disruptions_go_on_from_today() -> None:
    today = Today(day=1000, period=PLAN, recorded=None, level=np.array([10.0]))
    tape = draw_tape(seasonal(), seed=1, purpose=Purpose.FUTURE, worlds=2, periods=6, today=today)
    weekday = np.array([0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6])
    days = 1000 + np.arange(6)
    trend = 1 + 2.0 * (PLAN + np.arange(6)) / 365.25
    np.testing.assert_allclose(tape.demand[:, 0, 0], 10 * weekday[days % 7] * trend)
    outlook = tape.outlook(PLAN + 2)
    np.testing.assert_allclose(outlook.day, [1002.0, 1002.0])
    factors = outlook.cumulative_factors
    assert factors is not None
    np.testing.assert_allclose(
        factors[1, :, 0] - factors[0, :, 0], 2 * [weekday[1002 % 7] * trend[2]]
    )
    # Today is the plan's day 9, announced down on days 10 to 12: tomorrow and two days more.
    assert outlook.down is not None and tape.supplier_up is not None
    assert outlook.down[:3, 0].tolist() == [1.0, 1.0, 0.0]
    assert tape.supplier_up[:, 0].tolist() == [1.0, 0.0, 0.0, 0.0, 1.0, 1.0]


def test_a_chain_plays_a_future_to_its_end() -> None:
    today = Today(day=3, period=PLAN, recorded=None, level=np.array([10.0]))
    scenario = seasonal()
    tape = draw_tape(scenario, seed=1, purpose=Purpose.FUTURE, worlds=2, periods=6, today=today)
    chain = Chain(scenario)
    assert chain.reset(tape).period == PLAN
    periods = 0
    while not chain.ended:
        ledger = chain.place(np.zeros((2, 2)))
        np.testing.assert_array_equal(ledger.demand[:, :1], tape.demand[periods])
        periods += 1
    assert periods == 6


@pytest.mark.parametrize("level", [0.5, 1.0, 2.0])
def test_recorded_demand_comes_again_at_todays_level(tmp_path: Path, level: float) -> None:
    """Weekdays keep their place, and the mean is the record's times today's level; what is believed
    of a level swings a little with the week."""
    first, week = date(2024, 1, 1), [2, 4, 6, 8, 10, 12, 28]
    rows = [
        [(first + timedelta(days=day)).isoformat(), "shop", week[day % 7]] for day in range(420)
    ]
    file = tmp_path / "sales.csv"
    pd.DataFrame(rows, columns=["date", "store", "demand"]).to_csv(file, index=False)
    base = load_scenario("three-stores").model_copy(update={"units": "continuous"})
    scenario = scenario_with_demand(base, DemandFile(path=file))[0]
    assert scenario.history is not None
    demand = scenario.history.demand
    believed = Estimate.of_nothing(Params.of(scenario), 1)
    for units in demand:
        believed = believed.after(units[None], 1.0)
    smoothed = believed.mean[0]
    today = Today(day=420, period=0, recorded=demand, level=level * smoothed)
    tape = draw_tape(scenario, seed=2, purpose=Purpose.FUTURE, worlds=50, periods=14, today=today)
    expected = np.array([week[(420 + day) % 7] for day in range(14)]) * level
    np.testing.assert_allclose(tape.demand[:, :, 0], np.tile(expected, (50, 1)).T, rtol=0.08)
    # Three days later, of which nothing is known yet: weekdays are those of the calendar.
    later = Today(day=423, period=0, recorded=demand, level=level * smoothed, behind=3)
    tape = draw_tape(scenario, seed=2, purpose=Purpose.FUTURE, worlds=50, periods=4, today=later)
    expected = np.array([week[(423 + day) % 7] for day in range(4)]) * level
    np.testing.assert_allclose(tape.demand[:, :, 0], np.tile(expected, (50, 1)).T, rtol=0.08)
