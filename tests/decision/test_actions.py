"""What actions mean, by hand, and which are masked; see docs/model.md, Actions.

The sites are near, far, warehouse and supplier: means 10, 6, 16, 16, sd 4, 3, sqrt(37) twice.
"""

from math import sqrt
from typing import Any

import numpy as np
import pytest
from hand_made import NEAR, START_ORDERS, chain, interface, moment

from inventory_env.decision.actions import DiscreteActions, ListedOffsets
from inventory_env.decision.interface import Interface
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.constraints import project
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rules.baselines import formula_rule

EVERYBODY = [0, 1, 2, 3]


def wishes(view: Interface, scenario: Scenario, *actions: float) -> list[float]:
    """What the four sites order with these actions."""
    given = np.array(actions)
    if not isinstance(view.actions, DiscreteActions):
        given = given[:, None]
    return list(view.wishes(given, moment(scenario), START_ORDERS)[0])


def of(scheme: dict[str, Any], **changes: Any) -> tuple[Interface, Scenario]:
    scenario = chain(**changes)
    return interface(scenario, learn="all", actions=scheme), scenario


def test_listed_offsets_are_a_ladder_around_the_start_order() -> None:
    """Whole units: 1 sd, half of it upstream, rounded up to 4, 3, 4, 4; in halves and whole."""
    view, scenario = of({"scheme": "rule-offset", "reach": 1.0, "steps": 2, "zero_order": False})
    assert view.action_space.n == 5
    assert wishes(view, scenario, 2, 2, 2, 2) == [12, 9.5, 29, 37]
    assert wishes(view, scenario, 4, 4, 4, 4) == [12 + 4, 9.5 + 3, 29 + 4, 37 + 4]
    assert wishes(view, scenario, 0, 1, 3, 0) == [12 - 4, 9.5 - 2, 29 + 2, 37 - 4]


def test_the_smallest_largest_offset_is_two_units_and_a_tenth_of_the_mean() -> None:
    steady = {**NEAR, "demand": {"kind": "deterministic", "mean": 30}}
    for units, expected in (("whole", 3), ("continuous", 3.0)):
        scenario = chain(units=units, stores=[steady])
        actions = {"scheme": "rule-offset", "reach": 1.0, "steps": 1, "zero_order": False}
        view = interface(scenario, actions=actions)
        found = view.wishes(np.array([2]), moment(scenario), START_ORDERS[:, :3])
        assert found[0, 0] - 12 == pytest.approx(expected)
    few = {**NEAR, "demand": {"kind": "poisson", "mean": 0.5}}
    scenario = chain(stores=[few])
    view = interface(scenario, actions=actions)
    assert view.wishes(np.array([2]), moment(scenario), START_ORDERS[:, :3])[0, 0] == 12 + 2


def test_real_offsets_take_any_value_within_reach() -> None:
    free = [{**NEAR, "order_cost": 0}, {**NEAR, "order_cost": 0, "name": "b"}]
    scenario = chain(units="continuous", stores=free, warehouse={}, supplier={"unlimited": False})
    view = interface(scenario, learn="all", actions={"scheme": "rule-offset", "reach": 2.5})
    upstream = 0.5 * 2.5 * sqrt(16 + 16 + 16)  # correlation 0.5 of two sd of 4
    found = wishes(view, scenario, 1, -0.25, 7, -0.5)
    expected = [12 + 10, 9.5 - 2.5, 29 + upstream, 37 - upstream / 2]
    np.testing.assert_allclose(found, expected)
    assert wishes(view, scenario, 0, 0, 0, 0) == [12, 9.5, 29, 37]
    assert not view.wishes(-np.ones((4, 1)), moment(scenario), 0 * START_ORDERS).any()


def test_the_first_action_orders_nothing_where_orders_cost_money() -> None:
    view, scenario = of({"scheme": "rule-offset", "reach": 1.0, "steps": 2})
    assert view.action_space.n == 6
    assert wishes(view, scenario, 0, 3, 0, 5) == [0, 9.5, 0, 37 + 4]


def test_a_bell_of_a_third_of_the_largest_offset_is_tried_first() -> None:
    view, _ = of({"scheme": "rule-offset", "steps": 3, "zero_order": True})
    assert isinstance(view.actions, ListedOffsets)
    bell = [-8, -4.5, -2, -0.5, 0, -0.5, -2, -4.5]
    np.testing.assert_allclose(view.actions.first_logits, bell)


def test_quantities_are_those_given_or_multiples_of_the_mean() -> None:
    view, scenario = of({"scheme": "order-quantity", "quantities": [7, 0, 3]})
    assert wishes(view, scenario, 0, 1, 2, 1) == [0, 3, 7, 3]
    view, scenario = of({"scheme": "order-quantity"})
    assert wishes(view, scenario, 1, 2, 3, 0) == [5, 6, 32, 0]


def test_order_up_to_fills_the_position_to_its_level() -> None:
    """Positions less the season's excess: 35 - 2, 14, and of the echelon 149 - 3, 205 - 2."""
    view, scenario = of({"scheme": "order-up-to", "levels": 5})
    link, variance = 39 / 16, 6 * 0.25 / 16
    cover, sd = (5 + link, 7 + link), [sqrt((c + link) * 37 + 256 * variance) for c in (5, 7)]
    top = [
        40 + 4 * 8,
        15 + 4 * sqrt(31.5),
        *(16 * c + 4 * s for c, s in zip(cover, sd, strict=True)),
    ]
    expected = [round(level) - x for level, x in zip(top, (33, 14, 146, 203), strict=True)]
    assert wishes(view, scenario, 4, 4, 4, 4) == expected
    assert wishes(view, scenario, 2, 2, 2, 0) == [7, 1, 0, 0]
    local = interface(
        chain(information="local"), learn="all", actions={"scheme": "order-up-to", "levels": 5}
    )
    top = [16 * 5 + 4 * sqrt(5 * 37) - 94, 16 * 3 + 4 * sqrt(3 * 37) - 52]
    found = wishes(local, chain(information="local"), 4, 4, 4, 4)[2:]
    np.testing.assert_allclose(found, top, atol=0.5)


def test_continuous_actions_span_nothing_to_the_largest_order() -> None:
    view, scenario = of({"scheme": "continuous", "largest": 2.5})
    assert wishes(view, scenario, -1, 0, 0.5, 9) == [0, 1.25 * 6, 0.75 * 40, 40]
    assert wishes(view, scenario, -9, 1, -0.5, 1) == [0, 15, 10, 40]


def test_only_agents_decide() -> None:
    scenario = chain()
    actions = {"scheme": "order-quantity", "quantities": [0, 70]}
    for learn, columns in ((("stores",), [0, 1]), (("warehouse",), [2]), (("supplier",), [3])):
        view = interface(scenario, learn=learn, actions=actions)
        found = view.wishes(np.ones(len(columns)), moment(scenario), START_ORDERS)[0]
        assert (found[columns] == 70).all()
        others = [k for k in EVERYBODY if k not in columns]
        np.testing.assert_array_equal(found[others], START_ORDERS[0, others])
    view = interface(scenario, learn=("stores", "supplier"), actions=actions)
    found = view.wishes(np.array([1, 0, 1]), moment(scenario), START_ORDERS)[0]
    assert found.tolist() == [70, 0, 29, 70]


# --- masks ------------------------------------------------------------------------------------

SCHEMES: list[dict[str, Any]] = [
    {"scheme": "rule-offset", "zero_order": False},
    {"scheme": "rule-offset", "zero_order": True},
    {"scheme": "order-quantity", "quantities": (0, 3, 4, 7, 12, 40)},
    {"scheme": "order-up-to"},
]
LINKS: list[dict[str, float]] = [
    {},
    {"pack_size": 5},
    {"minimum": 8, "maximum": 20},
    {"review": 3},
    {"storage_limit": 70},
]


def situation_after(scenario: Scenario, periods: int) -> tuple[Situation, np.ndarray]:
    run = Chain(scenario)
    run.reset(draw_tape(scenario, seed=0, purpose=Purpose.TRAIN, worlds=6))
    rule = formula_rule("capped-base-stock", scenario)
    for _ in range(periods):
        run.step(run.situation.of_stores(run.situation.store_orders(rule)))
    return run.situation, run.situation.of_stores(run.situation.store_orders(rule))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme["scheme"])
@pytest.mark.parametrize("orders", LINKS, ids=str)
def test_masks_allow_each_possible_order_exactly_once(
    scheme: dict[str, Any], orders: dict[str, float]
) -> None:
    scenario = load_scenario("three-stores")
    sites = [
        store.model_validate({**store.model_dump(), "orders": orders}) for store in scenario.stores
    ]
    scenario = scenario.model_copy(update={"stores": tuple(sites)})
    view = interface(scenario, actions=scheme, algorithm="maskable-ppo")
    assert isinstance(view.actions, DiscreteActions)
    count = int(view.action_space.n)
    for periods in (5, 6):
        situation, start = situation_after(scenario, periods)
        mask = view.masks(situation, start)
        stock = situation.position + situation.state.backorders
        possible = np.stack(
            [
                project(
                    view.wishes(np.full(18, action), situation, start),
                    situation.params.limits,
                    stock,
                    situation.period,
                )[:, :3].reshape(-1)
                for action in range(count)
            ],
            axis=1,
        )
        assert mask.shape == possible.shape
        assert mask[:, view.actions.preferred].all()
        for orders_of_row, may in zip(possible, mask, strict=True):
            allowed = orders_of_row[may].tolist()
            assert len(allowed) == len(set(allowed))
            assert set(allowed) == set(orders_of_row.tolist())


def test_actions_without_a_list_have_no_masks() -> None:
    view, scenario = of({"scheme": "continuous"})
    with pytest.raises(TypeError, match="discrete"):
        view.masks(moment(scenario), START_ORDERS)
