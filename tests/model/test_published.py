"""Costs that others published, found again by simulation."""

import numpy as np
import pytest

from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, draw_tape

# Cost of the best base-stock policy at holding cost 1 and demand with mean 5: P. Zipkin, "Old and
# new methods for lost-sales inventory systems", Operations Research 56(5), 2008, tables 3 and 4.
# (demand, shortage cost, lead time, cost of the best base-stock policy)
ZIPKIN = [
    ("poisson", 4, 1, 4.16),
    ("poisson", 4, 2, 4.64),
    ("poisson", 4, 4, 5.20),
    ("poisson", 9, 1, 5.55),
    ("poisson", 9, 3, 6.86),
    ("poisson", 19, 3, 8.60),
    ("poisson", 39, 1, 7.86),
    ("poisson", 39, 3, 10.22),
    ("geometric", 4, 1, 10.04),
    ("geometric", 4, 4, 11.44),
    ("geometric", 19, 2, 21.31),
    ("geometric", 19, 4, 23.85),
    ("geometric", 39, 3, 28.51),
]


def _mean_cost(chain: Chain, tape, levels, warm_up):
    """Chain cost per period under a base-stock rule, and its standard error."""
    rule = BaseStock(np.asarray(levels, dtype=np.float64))
    chain.reset(tape)
    costs = np.zeros(tape.worlds)
    while not chain.ended:
        counted = chain.situation.period >= warm_up
        ledger = chain.step(chain.situation.of_stores(chain.situation.store_orders(rule)))
        if counted:
            costs += Money.of(chain.params, ledger).chain
    costs /= tape.periods - warm_up
    return costs.mean(), costs.std() / np.sqrt(len(costs))


@pytest.mark.parametrize(("kind", "shortage", "lead_time", "published"), ZIPKIN)
def test_best_base_stock_cost_of_lost_sales(kind, shortage, lead_time, published):
    """The standard error of a cost is below 0.25 %, the table's rounding within 0.12 %."""
    scenario = Scenario.model_validate(
        {
            "name": "zipkin",
            "periods": 330,
            "stores": [
                {
                    "name": "store",
                    "demand": {"kind": kind, "mean": 5.0},
                    "lead_time": lead_time,
                    "holding_cost": 1.0,
                    "shortage_cost": shortage,
                }
            ],
            "warehouse": {"unlimited": True},
        }
    )
    chain = Chain(scenario)
    tape = draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=3000)
    best, error = np.inf, 0.0
    first = round(5 * (lead_time + 1)) - 2
    for level in range(first, first + 60):
        cost, spread = _mean_cost(chain, tape, level, warm_up=30)
        if cost > best:
            break
        best, error = cost, spread
    assert error < 0.0025 * published
    assert best == pytest.approx(published, rel=0.007)


def test_clark_scarf_optimum_of_a_serial_chain():
    """Snyder & Shen, "Fundamentals of Supply Chain Theory", 2nd ed. (2019), Example 6.1.

    Optimal cost 47.65 (converged 47.66), of which (2 + 4) x 5 = 30 is their charge for goods on the
    way between the stages, which no policy changes and this model does not make. Their orders are
    placed after demand, so the store's lead time is shorter by one period here. Local order-up-to
    levels 10.69, 5.53, 6.49 make echelon levels 22.71, 12.02, 6.49.
    """
    scenario = _serial(supplier=22.71, warehouse=12.02)
    tape = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=2000)
    cost, error = _mean_cost(Chain(scenario), tape, 6.49, warm_up=30)
    assert error < 0.03
    assert cost == pytest.approx(17.66, abs=0.005 * 17.66)
    for supplier, warehouse, store in ((24.2, 12.02, 6.49), (22.71, 13.0, 6.49), (22.71, 12.02, 7)):
        other = _serial(supplier=supplier, warehouse=warehouse)
        assert _mean_cost(Chain(other), tape, store, warm_up=30)[0] > cost


def _serial(supplier: float, warehouse: float) -> Scenario:
    rule = {"kind": "base-stock", "position": "echelon"}
    return Scenario.model_validate(
        {
            "name": "serial",
            "periods": 330,
            "units": "continuous",
            "unmet_demand": "backorder",
            "stores": [
                {
                    "name": "store",
                    "demand": {"kind": "normal", "mean": 5.0, "sd": 1.0},
                    "lead_time": 0,
                    "holding_cost": 7.0,
                    "shortage_cost": 37.12,
                }
            ],
            "warehouse": {
                "lead_time": 1,
                "holding_cost": 4.0,
                "rule": {**rule, "level": warehouse},
            },
            "supplier": {
                "unlimited": False,
                "lead_time": 2,
                "holding_cost": 2.0,
                "rule": {**rule, "level": supplier},
            },
        }
    )


def test_one_warehouse_three_stores_with_lost_sales():
    """Echelon base-stock of Alvo, Russo & Kanoria (arXiv 2306.11246): 5.690 a store and period.

    Orders and allocations are chosen anew each period, so what is not shipped is dropped.
    """
    stores = [(3.743, 1.765, 1.0856, 10.2367, 2), (4.750, 2.124, 1.0232, 9.3307, 3)]
    stores.append((4.555, 1.622, 1.0071, 6.9748, 2))
    scenario = Scenario.model_validate(
        {
            "name": "one-warehouse",
            "periods": 600,
            "units": "continuous",
            "unshipped_orders": "dropped",
            "demand_correlation": 0.5,
            "stores": [
                {
                    "name": f"store-{i}",
                    "demand": {"kind": "normal", "mean": mean, "sd": sd},
                    "lead_time": lead_time,
                    "holding_cost": holding,
                    "shortage_cost": shortage,
                }
                for i, (mean, sd, holding, shortage, lead_time) in enumerate(stores)
            ],
            "warehouse": {
                "lead_time": 3,
                "holding_cost": 0.3,
                "rationing": "proportional",
                "rule": {"kind": "base-stock", "position": "echelon", "level": 91.68},
            },
        }
    )
    tape = draw_tape(scenario, seed=2, purpose=Purpose.TEST, worlds=800)
    cost, error = _mean_cost(Chain(scenario), tape, [14.74, 23.10, 16.50], warm_up=100)
    assert error / 3 < 0.01
    assert cost / 3 == pytest.approx(5.690, rel=0.005)
