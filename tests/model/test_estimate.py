"""What stores believe of their demand: laws that must hold whatever the numbers are.

Every number is held to a scalar reference too (`reference.py`), through the orders of rules.
"""

from datetime import date, timedelta

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.recorded.history import History
from inventory_env.simulation.estimate import WEIGHTS, Estimate
from inventory_env.simulation.params import Params


def recorded_shop(mean: float, sd: float) -> Scenario:
    """A store whose demand is recorded; the training dates have this mean and deviation."""
    days = tuple(date(2024, 1, 1) + timedelta(k) for k in range(200))
    history = History(days, ("shop",), np.ones((200, 1)), validate_from=100, test_from=150)
    store = {"name": "shop", "lead_time": 1, "holding_cost": 1.0, "shortage_cost": 9.0}
    table = {"kind": "trace", "mean": mean, "sd": sd}
    drawn = Scenario.model_validate(
        {
            "name": "shop",
            "periods": 20,
            "stores": [{**store, "demand": {"kind": "poisson", "mean": mean}}],
            "warehouse": {"unlimited": True},
        }
    )
    values = {**drawn.stores[0].model_dump(), "demand": table}
    return drawn.with_history(history, [type(drawn.stores[0]).model_validate(values)])


def believed(params: Params, demand: Array) -> Estimate:
    """After (period, world, store) demand."""
    found = Estimate.of_nothing(params, demand.shape[1])
    for units in demand:
        found = found.after(units, 1.0)
    return found


def test_luck_is_smoothed_away() -> None:
    """On steady demand the belief errs little more than the slowest average, far less than the
    fastest."""
    params = Params.of(recorded_shop(mean=20.0, sd=20.0**0.5))
    demand = np.random.default_rng(1).poisson(20.0, (200, 2000, 1)).astype(np.float64)
    found = believed(params, demand)
    error = np.sqrt(np.square(found.mean - 20).mean())
    of_averages = [np.sqrt(20 * weight / (2 - weight)) for weight in WEIGHTS]
    assert of_averages[0] < error < 1.5 * of_averages[0] < of_averages[2]
    np.testing.assert_allclose(found.sd.mean(), np.sqrt(20), rtol=0.03)


def test_a_shift_is_followed() -> None:
    """Ten periods after demand doubled, most of the shift is believed; a slow average has seen a
    fifth of it."""
    params = Params.of(recorded_shop(mean=20.0, sd=20.0**0.5))
    rng = np.random.default_rng(2)
    before, after = rng.poisson(20.0, (100, 500, 1)), rng.poisson(40.0, (10, 500, 1))
    found = believed(params, np.concatenate([before, after]).astype(np.float64))
    assert 33 < found.mean.mean() < 40
    assert found.averages[0].mean() < 24
    assert found.sd.mean() > np.sqrt(found.mean.mean())  # not sure of it yet


def test_the_spread_follows_the_level_and_then_what_is_seen() -> None:
    """Of demand of mean 40 that varies twice as widely as the training dates said."""
    params = Params.of(recorded_shop(mean=20.0, sd=5.0))
    rng = np.random.default_rng(3)
    first = believed(params, np.full((1, 1, 1), 40.0))
    expected = 40 + (25 - 20) / 400 * 40**2
    np.testing.assert_allclose(first.sd, np.sqrt(expected))
    wide = rng.normal(40, 2 * np.sqrt(expected), (300, 400, 1)).clip(0)
    seen = believed(params, wide)
    np.testing.assert_allclose(seen.sd.mean(), wide.std(), rtol=0.12)


def test_a_season_is_taken_off() -> None:
    params = Params.of(recorded_shop(mean=20.0, sd=5.0))
    found = Estimate.of_nothing(params, 1)
    for period in range(60):
        factor = np.full((1, 1), 0.5 + (period % 4) / 3)
        found = found.after(20 * factor, factor)
    np.testing.assert_allclose(found.mean, 20)


def test_demand_is_never_believed_to_have_ended() -> None:
    params = Params.of(recorded_shop(mean=20.0, sd=5.0))
    never = believed(params, np.zeros((49, 1, 1)))
    np.testing.assert_allclose(never.mean, 0.5 / 50)
    assert never.zeros.item() == 1 and never.since.item() == 49
