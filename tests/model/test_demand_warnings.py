"""Doubts about hand-made records: levels that training never had, and limits that choke."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from inventory_env.description.demand_warnings import demand_warnings
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.frozen import Array
from inventory_env.recorded.history import History

SHAPE = np.tile([8.0, 12.0], 30)[:, None]  # sixty days of mean 10


def recorded(
    test: Array, *, stores: int = 1, orders: dict[str, Any] | None = None, **changes: Any
) -> Scenario:
    """A record whose first sixty days are for training, the next sixty for validation."""
    demand = np.concatenate([SHAPE, SHAPE, test]) * np.ones(stores)
    names = tuple(f"store-{i}" for i in range(stores))
    table: dict[str, Any] = {
        "name": "recorded",
        "periods": 20,
        "warm_up": 5,
        "stores": [
            {
                "name": name,
                "demand": {"kind": "trace", "mean": 10.0, "sd": 2.0},
                "lead_time": 2,
                "holding_cost": 1.0,
                "shortage_cost": 9.0,
                "orders": orders or {},
            }
            for name in names
        ],
        "history": History(
            dates=tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(len(demand))),
            stores=names,
            demand=demand,
            validate_from=60,
            test_from=120,
        ),
    }
    return Scenario.model_validate(table | changes)


@pytest.mark.parametrize(("times", "doubted"), [(0.3, True), (0.6, False), (1.9, False), (3, True)])
def test_a_level_that_drift_does_not_cover_is_told(times: float, doubted: bool) -> None:
    """By default nine episodes of ten drift within a factor of exp(1.645 x 0.4) = 1.93."""
    found = demand_warnings(recorded(times * SHAPE))
    assert len(found) == doubted
    if doubted:
        assert f"mean demand on test dates is {times:.2g} times that on training dates" in found[0]
        assert "training covers 0.52 to 1.9 times" in found[0]


def test_without_drift_only_the_records_own_levels_and_luck_are_covered() -> None:
    """Three standard errors of a mean of 30 days (half the training dates) of sd 2 are 1.1."""
    plain = {"demand_drift": {}}
    assert demand_warnings(recorded(1.08 * SHAPE, **plain)) == []
    (told,) = demand_warnings(recorded(1.3 * SHAPE, **plain))
    assert "1.3 times" in told


def test_a_level_that_training_once_had_is_no_news() -> None:
    own = recorded(3 * SHAPE, demand_drift={})
    history = own.history
    assert history is not None
    demand = history.demand.copy()
    demand[:30] *= 3
    again = own.model_copy(
        update={
            "history": History(
                history.dates, history.stores, demand, history.validate_from, history.test_from
            )
        }
    )
    assert demand_warnings(again) == []


def test_recent_demand_takes_the_place_of_the_test_dates() -> None:
    (told,) = demand_warnings(recorded(SHAPE), recent=np.full((40, 1), 45.0))
    assert "mean demand of late is 4.5 times" in told
    assert demand_warnings(recorded(3 * SHAPE), recent=np.full((40, 1), 11.0)) == []


def test_many_stores_are_told_in_one_line() -> None:
    assert len(demand_warnings(recorded(3 * SHAPE, stores=5))) == 5
    (told,) = demand_warnings(recorded(3 * SHAPE, stores=6))
    assert "demand of 6 of 6 stores" in told


@pytest.mark.parametrize(
    ("orders", "through"),
    [
        ({"maximum": 30, "review": 2}, "orders.maximum of store store-0 lets 15"),
        ({"storage_limit": 45}, "orders.storage_limit of store store-0 lets 15"),
    ],
)
def test_a_limit_below_demand_is_told(orders: dict[str, float], through: str) -> None:
    """15 a day are enough for 10, not for 18, nor for 10 x 1.93; storage of 45 over 2 + 1 days."""
    (told,) = demand_warnings(recorded(1.8 * SHAPE, orders=orders))
    assert through in told
    assert "18 of 28 days on test dates" in told
    assert "19.3 after it has drifted" in told
    assert "on training dates" not in told
    assert demand_warnings(recorded(SHAPE, orders=orders, demand_drift={})) == []


@pytest.mark.parametrize(("capacity", "doubted"), [(19, True), (21, False)])
def test_a_supplier_must_ship_what_all_stores_sell(capacity: int, doubted: bool) -> None:
    """Two stores of mean 10: 20 a day."""
    supplier = {"capacity": capacity}
    found = demand_warnings(recorded(SHAPE, stores=2, supplier=supplier, demand_drift={}))
    assert [f"capacity of the supplier lets {capacity}" in line for line in found] == [
        True
    ] * doubted
    ignored = {"warehouse": {"unlimited": True}, "supplier": supplier, "demand_drift": {}}
    assert demand_warnings(recorded(SHAPE, stores=2, **ignored)) == []


def test_a_law_of_demand_has_a_mean_too() -> None:
    chain = load_scenario("three-stores")
    assert demand_warnings(chain) == []
    mean = float(chain.demand_mean.sum())
    limits = {"capacity": int(mean) - 1, "capacity_ratio": None}
    tight = chain.model_copy(update={"supplier": chain.supplier.model_copy(update=limits)})
    (told,) = demand_warnings(tight)
    assert "of the law" in told
