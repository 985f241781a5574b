"""What every order rule that a user can write owes. Another kind needs a line in RULES, and fails
without one."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from union_members import assert_reads_back, kinds

from inventory_env.description.rules import MinMax, Need, OrderRule, ReorderPoint, RuleConfig

POSITIONS = np.arange(-700.0, 700.0, 3.5)
FACTORS = (0.0, 0.5, 1.0, 1.75)  # of a season
# Snyder & Shen (2019), Example 4.3: order up to 50 + 8 z(0.70 / 0.88) = 56.604. An order cost of 18
# makes the economic order quantity sqrt(2 x 18 x 50 / 0.18) = 100.
TEXTBOOK = {
    "mean": 50.0,
    "sd": 8.0,
    "lead_time": 0.0,
    "lead_time_sd": 0.0,
    "review": 1,
    "holding": 0.18,
    "shortage": 0.70,
    "order_cost": 18.0,
}


@dataclass(frozen=True)
class Example:
    """A rule worked out by hand."""

    levels: dict[str, float]  # as written, units
    orders: list[tuple[float, float, float]]  # position, season's factor, order
    auto: dict[str, tuple[float, float]]  # "auto" levels in the textbook; with safety_factor = 1
    reached: Callable[[Any, np.ndarray, float], np.ndarray]
    """Position with its order on the way, from rule, position and season's factor."""


RULES = {
    "base-stock": Example(
        levels={"level": 56.6},
        orders=[(20, 1, 36.6), (56.6, 1, 0), (60, 1, 0), (-10, 2, 66.6)],
        auto={"level": (56.604, 58)},
        reached=lambda rule, position, factor: np.maximum(position, rule.level),
    ),
    "capped-base-stock": Example(
        levels={"level": 30, "cap": 8},
        orders=[(10, 1, 8), (25, 1, 5), (35, 1, 0), (10, 0.5, 4), (10, 0, 0)],
        auto={"level": (56.604, 58), "cap": (54, 54)},
        reached=lambda rule, position, factor: np.maximum(
            position, np.minimum(rule.level, position + rule.cap * factor)
        ),
    ),
    # What it is given is the stock expected on arrival; without a lead time, what is on hand.
    "projected-inventory": Example(
        levels={"level": 7},
        orders=[(2.4, 1, 4.6), (7, 1, 0), (9, 1, 0), (-3, 2, 10)],
        auto={"level": (56.604, 58)},
        reached=lambda rule, position, factor: np.maximum(position, rule.level),
    ),
    # Snyder & Shen (2019), Example 5.2, rounded
    "reorder-point": Example(
        levels={"point": 214, "quantity": 319},
        orders=[(215, 1, 0), (214, 1, 319), (-104, 1, 319), (-105, 1, 638), (0, 2, 319)],
        auto={"point": (6.604, 8), "quantity": (100, 100)},
        reached=lambda rule, position, factor: np.where(
            position > rule.point,
            position,
            rule.point + rule.quantity - (rule.point - position) % rule.quantity,
        ),
    ),
    # Snyder & Shen (2019), Example 4.7: s = 4, S = 10
    "min-max": Example(
        levels={"point": 4, "span": 6},
        orders=[(5, 1, 0), (4, 1, 6), (-2, 1, 12), (-2, 0, 12)],
        auto={"point": (6.604, 8), "span": (100, 100)},
        reached=lambda rule, position, factor: np.where(
            position > rule.point, position, rule.point + rule.span
        ),
    ),
    "constant-order": Example(
        levels={"quantity": 5},
        orders=[(0, 1, 5), (99, 1, 5), (-3, 1.2, 6), (3, 0, 0)],
        auto={"quantity": (50, 50)},
        reached=lambda rule, position, factor: position + rule.quantity * factor,
    ),
}

every_kind = pytest.mark.parametrize("kind", RULES)


def _config(kind: str, **given: Any) -> Any:
    return TypeAdapter(RuleConfig).validate_python({"kind": kind} | given)


def _rule(kind: str, levels: dict[str, float], **need: float) -> Any:
    return _config(kind, **levels).build(Need.of_one(**TEXTBOOK | need))


def _levels(rule: OrderRule) -> dict[str, np.ndarray]:
    return {field.name: getattr(rule, field.name) for field in fields(rule)}  # type: ignore[arg-type]


def test_every_kind_has_an_example():
    assert kinds(RuleConfig) == set(RULES)
    for kind, example in RULES.items():
        assert _rule(kind, {}).kind == kind
        assert set(example.levels) == set(example.auto)


@every_kind
def test_orders_worked_by_hand(kind):
    example = RULES[kind]
    rule = _rule(kind, example.levels)
    position, factor, order = np.array(example.orders, dtype=np.float64).T
    np.testing.assert_allclose(rule.order(position, factor), order)


@every_kind
def test_given_levels_stay_and_auto_levels_follow_the_textbook(kind):
    example = RULES[kind]
    as_written = _levels(_rule(kind, example.levels))
    assert {name: as_written[name] for name in example.levels} == example.levels
    for column, safety_factor in enumerate((None, 1.0)):
        auto = _levels(_config(kind, safety_factor=safety_factor).build(Need.of_one(**TEXTBOOK)))
        for name, expected in example.auto.items():
            assert auto[name] == pytest.approx(expected[column], abs=5e-4)


@every_kind
@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    mean=st.floats(0.01, 1e4),
    sd=st.floats(0, 1e4),
    lead_time=st.floats(0, 60),
    lead_time_sd=st.floats(0, 20),
    review=st.integers(1, 60),
    holding=st.just(0.0) | st.floats(1e-6, 100),
    shortage=st.floats(0, 1000),
    order_cost=st.floats(0, 1000),
)
def test_auto_levels_are_finite_and_so_are_their_orders(kind, **need):
    rule = _rule(kind, {}, **need)
    levels = _levels(rule)
    for name in RULES[kind].auto:
        assert 0 <= levels[name] < np.inf
    for factor in FACTORS:
        orders = rule.order(POSITIONS, factor)
        assert (orders >= 0).all()
        assert np.isfinite(orders).all()


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("levels", ["given", "auto"])
@every_kind
def test_orders_reach_what_the_rule_says_and_never_rise_with_the_position(kind, levels, factor):
    rule = _rule(kind, RULES[kind].levels if levels == "given" else {})
    # In whole units all of this is exact.
    rule = replace(rule, **{name: np.rint(level) for name, level in _levels(rule).items()})
    orders = rule.order(POSITIONS, factor)
    assert (np.diff(orders) <= 0).all()
    np.testing.assert_array_equal(POSITIONS + orders, RULES[kind].reached(rule, POSITIONS, factor))


@every_kind
def test_each_world_and_store_is_answered_by_itself(kind):
    """Two stores with levels of their own: as two rules, element by element."""
    rules = [_rule(kind, RULES[kind].levels), _rule(kind, {})]
    both = replace(
        rules[0],
        **{name: np.array([_levels(rule)[name] for rule in rules]) for name in _levels(rules[0])},
    )
    rng = np.random.default_rng(5)
    position, factor = rng.uniform(-300, 300, (40, 2)), rng.choice(FACTORS, (40, 2))
    kept = position.copy()
    orders = both.order(position, factor)
    assert orders.shape == position.shape
    np.testing.assert_array_equal(position, kept)
    for (world, store), order in np.ndenumerate(orders):
        at = (slice(world, world + 1), slice(store, store + 1))
        assert rules[store].order(position[at], factor[at]) == order


@every_kind
def test_it_reads_back_as_written(kind):
    assert_reads_back(RuleConfig, _config(kind))
    given_levels = _config(kind, **RULES[kind].levels, safety_factor=1.5, position="echelon")
    assert_reads_back(RuleConfig, given_levels)


def test_a_capped_min_max_orders_no_more_than_its_cap():
    """Only a search makes this one: s = 4, S = 10, at most 7 units, at most 3.5 in a low season."""
    rule = MinMax(np.array(4.0), np.array(6.0), cap=np.array(7.0))
    position = np.array([5.0, 4.0, 2.0, -2.0])
    np.testing.assert_array_equal(rule.order(position, 1.0), [0, 6, 7, 7])
    np.testing.assert_array_equal(rule.order(position, 0.5), [0, 3.5, 3.5, 3.5])


def test_rounding_in_a_forecast_does_not_decide_whether_a_point_is_reached() -> None:
    """A cycle of 8/7 and 6/7 adds up to nothing over two periods but for rounding."""
    position = np.array([0.0, 8 / 7 + 6 / 7 - 2 + 2e-16, -2e-16])
    zero, seven = np.zeros(()), np.array(7.0)
    for rule in (ReorderPoint(zero, seven), MinMax(zero, seven, np.array(np.inf))):
        np.testing.assert_allclose(rule.order(position, 1.0), 7.0)
    assert ReorderPoint(zero, seven).order(np.array(0.001), 1.0) == 0
