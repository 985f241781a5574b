"""Every KPI of a three-period example worked by hand."""

import numpy as np
import pytest

from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.kpis import KPIS, Tally
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, draw_tape


def _run(wishes, demand, **changes):
    """KPIs of one world in which one store faces the given demand."""
    table = {
        "name": "by-hand",
        "periods": len(demand),
        "stores": [
            {
                "name": "store",
                "demand": {"kind": "poisson", "mean": 4.0},
                "lead_time": 1,
                "holding_cost": 1.0,
                "shortage_cost": 5.0,
                "order_cost": 2.0,
                "unit_cost": 0.5,
                "starting_stock": 6,
            }
        ],
        "warehouse": {
            "lead_time": 1,
            "holding_cost": 0.25,
            "order_cost": 3.0,
            "rule": {"kind": "base-stock", "level": 10},
            "starting_stock": 10,
        },
    } | changes
    scenario = Scenario.model_validate(table)
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=1)
    tape.demand[:, 0, 0] = demand
    chain = Chain(scenario)
    chain.reset(tape)
    tally = Tally(shape_of(scenario), 1)
    for wish in wishes:
        ledger = chain.step(chain.situation.of_stores(np.array([[float(wish)]])))
        tally.add(ledger, Money.of(chain.params, ledger), np.full((1, 1), 0.5))
    return tally


def test_kpis_by_hand():
    """Store: 6 on hand; demand 4, 5, 3; it orders 5, 0, 7.

    | period | received | demand | served | lost | closing | warehouse order, shipped, closing |
    |---|---|---|---|---|---|---|
    | 0 | 0 | 4 | 4 | 0 | 2 | 0, 5, 5 |
    | 1 | 5 | 5 | 5 | 0 | 2 | 5, 0, 5 |
    | 2 | 0 | 3 | 2 | 1 | 0 | 0, 7, 3 (5 arrived) |
    """
    tally = _run([5, 0, 7], [4, 5, 3])
    kpis = {name: value[0] for name, value in tally.kpis().items()}
    holding = 1.0 * (2 + 2 + 0) + 0.25 * (5 + 5 + 3)
    store_ordering, warehouse_ordering = 2 * 2.0 + 0.5 * 12, 3.0
    expected = {
        "cost_per_period": (holding + 5.0 + store_ordering + warehouse_ordering) / 3,
        "holding_cost_per_period": holding / 3,
        "shortage_cost_per_period": 5.0 / 3,
        "ordering_cost_per_period": (store_ordering + warehouse_ordering) / 3,
        "store_cost_per_period": (4.0 + 5.0 + store_ordering) / 3,
        "warehouse_cost_per_period": (0.25 * 13 + warehouse_ordering) / 3,
        "supplier_cost_per_period": 0.0,
        "fill_rate": 11 / 12,
        "cycle_service_level": np.nan,  # one receipt, so no cycle was completed
        "ready_rate": 2 / 3,
        "stockouts_per_period": 1 / 3,
        "days_of_cover": (4 / 3) / 4,
        "turns": (11 / 3) * 365.25 / (4 / 3),
        "bullwhip": np.var([5, 0, 7]) / np.var([4, 5, 3]),
        "warehouse_bullwhip": np.var([0, 5, 0]) / np.var([4, 5, 3]),
        "supplier_bullwhip": np.nan,  # an unlimited supplier produces nothing
        "reward_per_episode": 1.5,
        "share_of_rule": np.nan,  # nothing was learned
    }
    assert tuple(kpis) == tuple(KPIS)
    assert kpis == pytest.approx(expected, nan_ok=True)


def test_cycle_service_level_counts_completed_cycles():
    """Receipts in periods 1, 2 and 4; the cycle from 1 is good, the one from 2 has a stock-out."""
    tally = _run([2, 2, 0, 2, 0], [6, 1, 2, 2, 1])
    assert tally.kpis()["cycle_service_level"][0] == 0.5


def test_statement_balances():
    tally = _run([5, 0, 7], [4, 5, 3])
    sums = tally.statement()
    assert (sums["opening"][0], sums["received"][0], sums["sold"][0]) == (6, 5, 11)
    assert sums["closing"][0] == 0
    assert sums["opening"][1] + sums["received"][1] == sums["sold"][1] + sums["closing"][1]


def test_units_waiting_are_charged_each_period_and_count_once_as_stockouts():
    """On hand 6, demand 8, 0, 1, nothing ordered: 2 wait, 2 wait, 3 wait."""
    tally = _run([0, 0, 0], [8, 0, 1], unmet_demand="backorder")
    kpis = tally.kpis()
    assert kpis["shortage_cost_per_period"][0] == 5.0 * (2 + 2 + 3) / 3
    assert kpis["stockouts_per_period"][0] == 3 / 3
    assert kpis["fill_rate"][0] == 6 / 9
    assert np.isnan(kpis["bullwhip"][0])


def test_no_tier_without_orders_has_a_bullwhip():
    tally = _run([1, 2, 3], [4, 5, 3], warehouse={"unlimited": True})
    kpis = tally.kpis()
    assert kpis["bullwhip"][0] == pytest.approx(1.0)
    assert np.isnan(kpis["warehouse_bullwhip"][0])
    assert np.isnan(kpis["supplier_bullwhip"][0])
