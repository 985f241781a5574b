"""What rules order by hand, and what sites remember and know; see docs/model.md, Rules.

The position at `near` is 35 units, its forecast over the cover of 4 periods 42, 2 above the mean;
at `far` 14 units, without a season. The last period of the cover is 3 periods from now, factor 0.8.
"""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hand_made import FACTORS, chain, moment, recorded_chain, row, with_state
from scipy.stats import norm

from inventory_env.decision.formula_start import FormulaStart
from inventory_env.description.levels import StandardRule
from inventory_env.description.rules import (
    BaseStock,
    CappedBaseStock,
    ConstantOrder,
    MinMax,
    OrderRule,
    ReorderPoint,
)
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.tape import Purpose, draw_tape


def of(*levels: float) -> np.ndarray:
    """(1, store) near, far."""
    return np.array([levels], dtype=np.float64)


RULES: list[tuple[OrderRule, list[float]]] = [
    (BaseStock(of(60, 30)), [60 - (35 - 2), 30 - 14]),
    (CappedBaseStock(of(60, 30), of(50, 50)), [60 - (35 - 2), 30 - 14]),
    (CappedBaseStock(of(60, 30), of(15, 9)), [15 * 0.8, 9]),
    (ReorderPoint(of(34, 13), of(5, 7)), [5, 0]),
    (MinMax(of(33, 14), of(40, 20), of(99, 99)), [40, 20]),
    (MinMax(of(33, 14), of(40, 20), of(30, 11)), [30 * 0.8, 11]),
    (MinMax(of(32.5, 13.5), of(40, 20), of(99, 99)), [0, 0]),
    (ConstantOrder(of(20, 7)), [20 * 0.8, 7]),
]


@pytest.mark.parametrize(("rule", "wanted"), RULES, ids=lambda value: getattr(value, "kind", None))
def test_store_rules_follow_the_season(rule: OrderRule, wanted: list[float]) -> None:
    np.testing.assert_allclose(moment(chain()).store_orders(rule), [wanted])


def test_store_rules_follow_what_is_believed() -> None:
    """13 of 10 and 4.5 of 6 units a day, over covers of 4 and 2.5 periods. Levels in units follow
    the mean, those in standard units mean and deviation."""
    situation = moment(recorded_chain())
    found = situation.store_orders(CappedBaseStock(of(60, 30), of(500, 500)))
    np.testing.assert_allclose(found, [[60 * 1.3 - 35, 30 * 0.75 - 14]])
    found = situation.store_orders(ConstantOrder(of(20, 8)))
    np.testing.assert_allclose(found, [[20 * 1.3, 8 * 0.75]])
    near, far = 13 + 0.06 * 13**2, 4.5 + 4.5**2 / 12
    levels = 4 * 13 + 0.5 * sqrt(4 * near), 2.5 * 4.5 + 2 * sqrt(2.5 * far + 4.5**2 * 0.25)
    standard = StandardRule("base-stock", np.array([[[0.5], [2.0]]]))
    np.testing.assert_allclose(
        situation.store_orders(standard), [[round(levels[0]) - 35, round(levels[1]) - 14]]
    )
    warehouse: Any = SiteRule("warehouse", BaseStock(np.array([[300.0]])), echelon=False)
    found = situation.site_order(warehouse)
    np.testing.assert_allclose(found, [[300 * 17.5 / 16 - situation.position[0, 2]]])


def test_rules_upstream_look_at_their_own_stock_or_at_the_echelon() -> None:
    situation = moment(chain())
    excess = {True: (83 - 80, 102 - 100), False: (56 - 50, 34 - 30)}
    stock = {True: (106 + 33 + 10, 63 + 99 + 33 + 10), False: (106 - 6, 63 - 7)}
    for echelon in (True, False):
        for place, tier in enumerate(("warehouse", "supplier")):
            rule: Any = SiteRule(tier, BaseStock(np.array([[300.0]])), echelon)
            wanted = 300 - (stock[echelon][place] - excess[echelon][place])
            np.testing.assert_allclose(situation.site_order(rule), [[wanted]])


@pytest.mark.parametrize("shared", [True, False])
def test_a_formula_start_looks_at_what_it_may_see(shared: bool) -> None:
    """The scenario's own rules are echelon base-stock; z is that of the stores' mean prices."""
    scenario = chain(units="continuous")
    situation = with_state(moment(scenario), on_hand=row(14, 8, 5, 4))
    found = FormulaStart(shared=shared).wishes(situation)
    z = norm.ppf((126 / 16) / (126 / 16 + 22 / 16))
    link, variance = 39 / 16, 6 * 0.25 / 16
    if shared:
        covers, stocks = (5 + link, 7 + link), (66 + 33 + 10 - 3, 27 + 59 + 33 + 10 - 2)
        levels = [16 * c + z * sqrt(c * 37 + 256 * variance) for c in covers]
    else:
        stocks = (66 - 6 - 6, 27 - 7 - 4)
        levels = [16 * c + z * sqrt(c * 37) for c in (5, 3)]
    near, far = 40 + norm.ppf(0.9) * 8, 15 + norm.ppf(0.75) * sqrt(2.5 * 9 + 36 * 0.25)
    wanted = [near - 33, far - 14, levels[0] - stocks[0], levels[1] - stocks[1]]
    np.testing.assert_allclose(found, [wanted])


def test_the_present_is_row_zero_of_the_outlook() -> None:
    situation = moment(chain())
    for k, factor in enumerate(FACTORS):
        np.testing.assert_allclose(situation.factor(k), [[factor, 1]])
    np.testing.assert_allclose(situation.forecast(3), [[34, 18, 52, 52]])
    scenario = chain()
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=2)
    for period in (0, 4):
        outlook = tape.outlook(period)
        assert outlook.down is not None and outlook.cumulative_factors is not None
        day = tape.first_day + period
        np.testing.assert_array_equal(outlook.day, day)
        assert outlook.down[:9, 0].tolist() == [6 <= t <= 7 for t in range(period, period + 9)]
        weekday = np.array([0.5, 1.5, 1.0, 1.0, 1.0, 1.0, 1.0])[day.astype(int) % 7]
        today = outlook.cumulative_factors[1] - outlook.cumulative_factors[0]
        np.testing.assert_allclose(today, np.stack([weekday, np.ones(2)], axis=1))


def test_sites_remember_the_period_that_was() -> None:
    """Each upstream site its own customers' orders, and what of them it could not ship."""
    scenario = chain(units="continuous")
    before = moment(scenario)
    ledger = Ledger(
        **{name: row(0, 0, 0, 0) for name in Ledger.__annotations__}
        | {
            "ordered": row(11, 7, 17, 33),
            "demand": row(20, 8, 18, 15),
            "served": row(15, 7, 9, 12),
        }
    )
    after = before.memory.after(ledger, before.params)
    np.testing.assert_array_equal(after.last_demand, [[20, 8, 18, 15]])
    np.testing.assert_array_equal(after.last_unmet, [[5, 1, 9, 3]])
    np.testing.assert_array_equal(after.last_ordered, [[11, 7, 17, 33]])
    served = [0.9 * 0.9 + 0.1 * 0.75, 0.9 * 0.75 + 0.1 * 7 / 8, 0.9 * 0.6 + 0.05, 0.9 * 0.5 + 0.08]
    np.testing.assert_allclose(after.fill_rate, [served])


def test_recorded_demand_is_remembered_newest_first_and_averaged() -> None:
    situation = moment(recorded_chain())
    ledger = Ledger(
        **{name: row(0, 0, 0, 0) for name in Ledger.__annotations__}
        | {"demand": row(20, 8, 18, 15), "served": row(20, 8, 18, 15)}
    )
    after = situation.memory.after(ledger, situation.params)
    assert after.recent_demand[:, 0, 0].tolist() == [20, 20, 9, 15, 7, 11, 13]
    assert after.recent_demand[:, 0, 1].tolist() == [8, 5, 2, 8, 3, 10, 4]
    # 31 periods seen: the slowest average still weighs them all alike.
    averages = [[13 + w * 7, 4.5 + w * 3.5] for w in (1 / 31, 0.06, 0.2)]
    np.testing.assert_allclose(after.estimates[:3, 0], averages)
    seen, spread, recent, zeros, since = after.estimates[3:, 0]
    near, far = 49 / (13 + 0.06 * 13**2), 3.5**2 / (4.5 + 4.5**2 / 12)
    np.testing.assert_allclose(spread, [1 + (near - 1) / 30, 1 + (far - 1) / 30])
    np.testing.assert_allclose(recent, [1.5 + 0.1 * (near - 1.5), 0.4 + 0.1 * (far - 0.4)])
    assert seen.tolist() == [31, 31] and since.tolist() == [0, 0]
    np.testing.assert_allclose(zeros, [0.95 * 0.1, 0.95 * 0.3])


def test_a_period_leaves_every_site_with_its_own_memory() -> None:
    """The warehouse is asked for 30 + 20 and has 45; the supplier for 70 + 7 and has 40."""
    scenario = chain()
    run = Chain(scenario)
    run.reset(draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=1))
    before = moment(scenario, period=0)
    run.reset(run.tape, before.state, before.memory)
    ledger = run.step(np.array([[30.0, 20.0, 70.0, 80.0]]))
    memory, state = run.situation.memory, run.situation.state
    np.testing.assert_array_equal(memory.last_demand[:, 2:], [[30 + 20, 70]])
    np.testing.assert_array_equal(memory.last_unmet[:, 2:], [[50 - 45, 70 - 40]])
    np.testing.assert_array_equal(memory.last_ordered, [[30, 20, 70, 80]])
    np.testing.assert_array_equal(state.backorders[:, 2:], [[6 + 50 - 45, 7 + 70 - 40]])
    np.testing.assert_array_equal(state.owed[:, 2:], [[37, 0]])
    np.testing.assert_allclose(memory.fill_rate[:, 2:], [[0.54 + 0.09, 0.45 + 0.1 * 40 / 70]])
    assert ledger.imbalance() == 0
