"""What actions mean, and which are masked."""

import numpy as np
import pytest

from inventory_env.decision.actions import (
    ContinuousActions,
    DiscreteActions,
    ListedOffsets,
    OrderUpToLevels,
    RealOffsets,
    make_actions,
)
from inventory_env.description.rules import OrderConstraints
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.settings import (
    ActionScheme,
    Continuous,
    OrderQuantity,
    OrderUpTo,
    RuleOffset,
)
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.constraints import project
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rules.search import formula_rule


def scenario_with(scheme: ActionScheme, **orders: float) -> Scenario:
    scenario = load_scenario("three-stores")
    stores = tuple(
        store.model_copy(update={"orders": OrderConstraints(**orders)}) for store in scenario.stores
    )
    training = scenario.training.model_copy(update={"actions": scheme})
    return scenario.model_copy(update={"stores": stores, "training": training})


def situation_after(scenario: Scenario, periods: int = 5) -> tuple[Chain, np.ndarray]:
    chain = Chain(scenario)
    chain.reset(draw_tape(scenario, seed=0, purpose=Purpose.TRAIN, worlds=6))
    rule = formula_rule("capped-base-stock", scenario)
    for _ in range(periods):
        chain.step(chain.situation.rule_order(rule))
    return chain, chain.situation.rule_order(rule)


def test_offset_zero_is_the_rule_and_offsets_are_bounded_by_the_spread_of_demand() -> None:
    scenario = scenario_with(RuleOffset(reach=1.0))
    chain, rule = situation_after(scenario)
    actions = make_actions(scenario)
    assert isinstance(actions, ListedOffsets)
    middle = np.full(rule.shape, actions.preferred)
    np.testing.assert_array_equal(actions.wishes(middle, chain.situation, rule), rule)
    top = actions.wishes(np.full(rule.shape, actions.space.n - 1), chain.situation, rule)
    np.testing.assert_array_equal(top - rule, np.broadcast_to([10.0, 8.0, 6.0], rule.shape))


def test_offsets_of_continuous_units_may_take_any_value_within_reach() -> None:
    scenario = scenario_with(RuleOffset(reach=1.0)).model_copy(update={"units": "continuous"})
    chain, rule = situation_after(scenario)
    actions = make_actions(scenario)
    assert isinstance(actions, RealOffsets)
    rule = rule + 20.0
    for value, share in ((0.0, 0.0), (1.0, 1.0), (-0.25, -0.25), (7.0, 1.0), (-7.0, -1.0)):
        wish = actions.wishes(np.full((*rule.shape, 1), value), chain.situation, rule)
        wanted = share * scenario.demand_sd
        np.testing.assert_allclose(wish - rule, np.broadcast_to(wanted, rule.shape))
    assert not actions.wishes(np.full((*rule.shape, 1), -1.0), chain.situation, 0 * rule).any()


@pytest.mark.parametrize(
    ("settings", "training"),
    [
        (RuleOffset(steps=4), {}),
        (RuleOffset(zero_order=True), {}),
        (RuleOffset(), {"algorithm": "maskable-ppo"}),
    ],
    ids=["steps", "zero-order", "maskable"],
)
def test_continuous_units_have_a_list_of_offsets_where_one_is_needed(
    settings: RuleOffset, training: dict[str, str]
) -> None:
    scenario = scenario_with(settings).model_copy(update={"units": "continuous"})
    changed = scenario.training.model_copy(update=training)
    actions = make_actions(scenario.model_copy(update={"training": changed}))
    assert isinstance(actions, ListedOffsets)
    assert actions.space.n == 2 * actions.steps + 1 + actions.zero_order


def test_a_zero_order_stands_beside_the_offsets_where_orders_cost_money() -> None:
    scenario = scenario_with(RuleOffset(), minimum=5.0)
    chain, rule = situation_after(scenario)
    actions = make_actions(scenario)
    assert isinstance(actions, ListedOffsets) and actions.zero_order
    nothing = np.zeros(rule.shape, dtype=np.int64)
    assert not actions.wishes(nothing, chain.situation, rule + 50.0).any()
    middle = np.full(rule.shape, actions.preferred)
    np.testing.assert_array_equal(actions.wishes(middle, chain.situation, rule), rule)


def test_order_up_to_fills_the_position_to_its_level() -> None:
    scenario = scenario_with(OrderUpTo(scheme="order-up-to", levels=9))
    chain, rule = situation_after(scenario)
    actions = make_actions(scenario)
    assert isinstance(actions, OrderUpToLevels)
    wish = actions.wishes(np.full(rule.shape, 8), chain.situation, rule)
    level = wish + chain.situation.position
    np.testing.assert_array_equal(level, np.broadcast_to(level[:1], level.shape))
    needs = scenario.store_needs()
    np.testing.assert_array_equal(level[0], [np.rint(need.level(4.0)) for need in needs])


def test_continuous_actions_span_nothing_to_the_largest_order() -> None:
    scenario = scenario_with(Continuous(scheme="continuous", largest=2.0))
    chain, rule = situation_after(scenario)
    actions = make_actions(scenario)
    assert isinstance(actions, ContinuousActions)
    for value, share in ((-5.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (1.0, 2.0)):
        wish = actions.wishes(np.full((*rule.shape, 1), value), chain.situation, rule)
        np.testing.assert_allclose(wish, np.broadcast_to(share * scenario.demand_mean, wish.shape))


SCHEMES: list[ActionScheme] = [
    RuleOffset(),
    RuleOffset(zero_order=True),
    OrderQuantity(scheme="order-quantity", quantities=(0, 3, 4, 7, 12, 40)),
    OrderUpTo(scheme="order-up-to"),
]


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.scheme)
@pytest.mark.parametrize(
    "orders",
    [{}, {"pack_size": 5}, {"minimum": 8, "maximum": 20}, {"review": 3}, {"storage_limit": 70}],
    ids=str,
)
def test_masks_allow_each_possible_order_exactly_once(
    scheme: ActionScheme, orders: dict[str, float]
) -> None:
    scenario = scenario_with(scheme, **orders)
    actions = make_actions(scenario)
    assert isinstance(actions, DiscreteActions)
    for periods in (5, 6):
        chain, rule = situation_after(scenario, periods)
        situation = chain.situation
        mask = actions.mask(situation, rule)
        wishes = actions.all_wishes(situation, rule)
        for world in range(rule.shape[0]):
            for store in range(rule.shape[1]):
                possible = [
                    project(
                        np.full(rule.shape, wish),
                        situation.params.store_limits,
                        situation.position,
                        situation.period,
                    )[world, store]
                    for wish in wishes[world, store]
                ]
                allowed = [
                    order for order, may in zip(possible, mask[world, store], strict=True) if may
                ]
                assert len(allowed) == len(set(allowed))
                assert set(allowed) == set(possible)
                assert mask[world, store, actions.preferred]
