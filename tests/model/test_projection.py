"""Stock ahead, against plain simulation, and where it is known exactly."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inventory_env.description.population import Mixture
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.projection import arrival_chances
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape

WORLDS = 40_000


def chain(unmet: str = "lost", **store: Any) -> Scenario:
    """One store; normal demand, so that one step is exact, and little of it clipped."""
    given = {"demand": {"kind": "normal", "mean": 10.0, "sd": 3.0}, "lead_time": 3, **store}
    return Scenario.model_validate(
        {
            "name": "ahead",
            "periods": 60,
            "units": "continuous",
            "unmet_demand": unmet,
            "stores": [{"name": "shop", "holding_cost": 1.0, "shortage_cost": 9.0, **given}],
            "warehouse": {"unlimited": True},
        }
    )


def at(scenario: Scenario, on_hand: float, coming: list[float], **state: Any) -> Situation:
    """One world with this stock."""
    run = Chain(scenario)
    first = run.reset(draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=1))
    pipeline = np.array(coming, dtype=np.float64).reshape(-1, 1, 1)
    now = replace(first.state, on_hand=np.array([[on_hand]]), pipeline=pipeline, **state)
    return replace(first, state=now)


@pytest.mark.parametrize(("unmet", "share"), [("lost", 0.0), ("partial", 0.5), ("backorder", 1.0)])
def test_expected_stock_is_that_of_plain_simulation(unmet: str, share: float) -> None:
    """Stock 14 and 8 and 6 on their way, three periods of normal(10, 3) demand."""
    found = at(chain(unmet), 14.0, [8.0, 6.0]).projection
    rng = np.random.default_rng(1)
    stock = np.full(WORLDS, 14.0)
    for ahead, arriving in enumerate((8.0, 6.0, 0.0), start=1):
        stock = stock - rng.normal(10.0, 3.0, WORLDS)
        stock = np.where(stock > 0, stock, share * stock) + arriving
        # The first step is exact, the next ones take what is left over for normal.
        near = 0.06 if ahead == 1 else 0.1
        assert found.mean[ahead, 0, 0] == pytest.approx(stock.mean(), abs=near)
        assert found.sd[ahead, 0, 0] == pytest.approx(stock.std(), abs=4 * near)
    assert found.arrival_mean[0, 0] == found.mean[3, 0, 0]


def test_with_backorders_it_is_the_position_less_the_demand_until_then() -> None:
    situation = at(chain("backorder"), 14.0, [8.0, 6.0], owed=np.array([[5.0]]))
    np.testing.assert_allclose(situation.stock_at_arrival, situation.position - 3 * 10)
    assert situation.projection.arrival_sd[0, 0] == pytest.approx(3 * 3**0.5)


def test_random_lead_times_weigh_the_periods_of_arrival() -> None:
    free = {"kind": "discrete", "periods": [1, 3], "weights": [0.25, 0.75]}
    found = at(chain(lead_time=free), 14.0, [8.0, 6.0]).projection
    expected = 0.25 * found.mean[1] + 0.75 * found.mean[3]
    np.testing.assert_allclose(found.arrival_mean, expected)


def test_in_sequence_nothing_arrives_before_what_is_on_its_way() -> None:
    """Lead times 0, 1, 2 alike; the last shipment comes in two periods, or nothing is coming."""
    lead_time = {"kind": "uniform", "low": 0, "high": 2, "crossing": False}
    scenario = chain(lead_time=lead_time)
    late = at(scenario, 14.0, [0.0, 6.0])
    assert arrival_chances(late.params, late.state).ravel().tolist() == [0.0, 0.0, 1.0]
    soon = at(scenario, 14.0, [6.0, 0.0])
    chances = arrival_chances(soon.params, soon.state).ravel()
    np.testing.assert_allclose(chances, [0, 2 / 3, 1 / 3])
    np.testing.assert_allclose(
        arrival_chances(late.params, at(scenario, 14.0, [0.0, 0.0]).state).ravel(), [1 / 3] * 3
    )


def test_a_chain_expects_the_same_in_any_company() -> None:
    """Long and short lead times side by side, in and out of sequence."""
    lead_times: list[Any] = [
        1,
        9,
        0,
        {"kind": "uniform", "low": 1, "high": 4, "crossing": False},
        {"kind": "uniform", "low": 0, "high": 5},
    ]
    chains = tuple(
        chain(lead_time=lead_time).model_copy(update={"name": f"c{number}"})
        for number, lead_time in enumerate(lead_times)
    )
    together = Chain(Mixture(chains))
    together.reset(draw_tape(Mixture(chains), seed=0, purpose=Purpose.TEST, worlds=10))
    wishes = np.random.default_rng(2).uniform(0, 25, (20, 10, 1))
    for wish in wishes:
        together.step(wish)
    for number, each in enumerate(chains):
        alone = Chain(Mixture((each,)))
        alone.reset(draw_tape(Mixture((each,)), seed=0, purpose=Purpose.TEST, worlds=2))
        mine = slice(2 * number, 2 * number + 2)
        for wish in wishes:
            alone.step(wish[mine])
        np.testing.assert_allclose(
            alone.situation.stock_at_arrival, together.situation.stock_at_arrival[mine]
        )


def test_one_level_serves_all_seasons() -> None:
    """The stock that is asked for follows the mean of the period after the arrival."""
    season = {"weekday": [0.4, 0.7, 1.0, 1.0, 1.2, 1.3, 1.4]}
    demand = {"kind": "normal", "mean": 10.0, "sd": 1.0, "season": season}
    run = Chain(chain("backorder", demand=demand, lead_time=2))
    run.reset(
        draw_tape(
            chain("backorder", demand=demand, lead_time=2), seed=0, purpose=Purpose.TEST, worlds=3
        )
    )
    for _ in range(7):
        situation = run.situation
        ahead = sum(10 * situation.factor(k) for k in range(2))
        excess = 10 * (situation.factor(2) - 1)
        expected = situation.position - ahead - excess
        np.testing.assert_allclose(situation.stock_at_arrival, expected)
        run.step(np.full((3, 1), 9.0))
