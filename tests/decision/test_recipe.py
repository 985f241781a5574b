"""A recipe: every "auto" resolved as docs/model.md says, kept for good, and obeyed as it stands."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hand_made import (
    FAR,
    NEAR,
    START_ORDERS,
    SUPPLIER,
    WAREHOUSE,
    chain,
    interface,
    moment,
    recorded_chain,
    settings,
)
from pydantic import ValidationError

from inventory_env.decision.interface import Interface
from inventory_env.decision.recipe import Recipe
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.errors import InputError, describe

FREE = {"order_cost": 0.0, "unit_cost": 0.0}
STEADY = {**NEAR, **FREE, "demand": {"kind": "normal", "mean": 10, "sd": 3.2}, "lead_time": 1}
ALONE = {"warehouse": {"unlimited": True}, "supplier": {}}
LOCAL = {"kind": "base-stock", "position": "local"}
TREND = {"season": {"trend_per_year": 0.1}}
YEARLY = {"season": {"yearly_amplitude": 0.2}}
UNDISRUPTED = {"supplier": {**SUPPLIER, "disruptions": None}}
CONTINUOUS = {**ALONE, "units": "continuous"}


def one(**store: Any) -> dict[str, Any]:
    """A chain of one store that is supplied without end."""
    return {"stores": [{**STEADY, **store}], **ALONE}


def demand(**changes: Any) -> dict[str, Any]:
    """The same with another demand."""
    return one(demand={**STEADY["demand"], **changes})


def stores(count: int) -> list[dict[str, Any]]:
    return [{**STEADY, "name": f"store-{k}"} for k in range(count)]


def offsets(**values: Any) -> dict[str, Any]:
    return {"actions": {"scheme": "rule-offset", **values}}


Case = tuple[str, dict[str, Any], dict[str, Any], Any]
CASES: list[Case] = [
    ("reach", one(lead_time=5), {}, 1.0),
    ("reach", one(lead_time=6), {}, 1.5),
    ("reach", demand(**YEARLY), {}, 2.0),
    ("reach", {"stores": stores(1), "supplier": {}}, {}, 2.0),
    ("steps", one(), {}, 4),  # one a unit of 3.2 units, rounded up
    ("steps", demand(sd=0.0), {}, 2),  # a tenth of the mean, at least 2
    ("steps", demand(sd=30), {}, 10),
    ("steps", one(), offsets(reach=2.0), 7),
    ("steps", {**one(), **CONTINUOUS}, {}, 10),
    ("zero_order", one(), {}, False),
    ("zero_order", one(order_cost=0.1), {}, True),
    ("zero_order", one(orders={"minimum": 2}), {}, True),
    ("zero_order", {"stores": stores(1)}, {}, False),  # warehouse and supplier pay, unasked
    ("zero_order", {"stores": stores(1)}, {"learn": "all"}, True),
    ("worlds", one(), {}, 1024),
    ("worlds", {"stores": stores(3), **ALONE}, {}, 344),  # 341 in groups of 8
    ("worlds", {"stores": stores(2), **ALONE}, {"worlds_per_tape": 100}, 500),
    ("worlds", {"stores": stores(30)}, {"learn": "all"}, 128),
    ("worlds", {"stores": stores(2)}, {"learn": "all"}, 256),
    ("worlds", {"stores": stores(600), **ALONE}, {}, 8),
    ("continuing", {**one(), "warm_up": 4}, {}, True),
    ("continuing", one(), {}, False),
    ("continuing", {**demand(**YEARLY), "warm_up": 4}, {}, True),
    ("continuing", {**demand(**TREND), "warm_up": 4}, {}, False),
    ("continuing", {"stores": stores(1), "warm_up": 4}, {}, False),  # a calendar of disruptions
    ("continuing", {"stores": stores(1), "warm_up": 4, **UNDISRUPTED}, {}, True),
    ("critic", {}, {"learn": "all"}, "own"),
    ("critic", {"information": "local"}, {}, "own"),
    ("critic", {"information": "local"}, {"learn": ("supplier",)}, "own"),
    ("critic", {"information": "local"}, {"learn": "all"}, "central"),
    ("critic", {"information": "local"}, {"learn": "all", "algorithm": "recurrent-ppo"}, "own"),
    ("team_share", {}, {}, 0.5),  # of two stores
    ("team_share", {}, {"learn": "all"}, 1.0),
    ("team_share", {"stores": stores(1)}, {}, 1.0),
    ("team_share", one(), {}, 0.0),
    ("team_share", {}, {"reward": {"team_share": 0.4}}, 0.4),
    ("team_share", {}, {"reward": {"preset": "original"}}, 0.0),
    ("rent", {}, {}, True),
    ("rent", one(), {}, False),
    ("rent", {"stores": stores(1)}, {}, False),  # nobody is there to be paid
    ("rent", {}, {"learn": "all"}, False),
    ("rent", {"warehouse": {**WAREHOUSE, "rule": LOCAL}}, {}, False),
    ("rent", {}, {"reward": {"preset": "original"}}, False),
    ("rent", {}, {"reward": {"credit": "now"}}, False),
    ("learn", {}, {"learn": "all"}, ("stores", "warehouse", "supplier")),
    ("learn", one(), {"learn": "all"}, ("stores",)),
    ("learn", {}, {"learn": ("supplier", "stores")}, ("stores", "supplier")),
    ("credit", one(), {}, "expected"),
    ("credit", one(lead_time=0), {}, "now"),
    ("credit", {"stores": [*stores(1), {**FAR, "lead_time": 0}]}, {}, "expected"),
    ("credit", demand(**YEARLY), {}, "arrival"),
    ("credit", one(), {"reward": {"preset": "original"}}, "arrival"),
    ("credit", one(), {"reward": {"credit": "now"}}, "now"),
    ("offsets", one(), {}, "real"),
    ("offsets", one(), offsets(steps=4), "listed"),
    ("offsets", one(), {"algorithm": "maskable-ppo"}, "listed"),
    ("offsets", {**one(), **CONTINUOUS}, {}, "real"),
    ("offsets", {**one(), **CONTINUOUS}, offsets(steps=4), "listed"),
    ("offsets", {**one(), **CONTINUOUS}, offsets(zero_order=True), "listed"),
    ("offsets", {**one(order_cost=0.1), **CONTINUOUS}, {}, "listed"),
    ("offsets", {**one(), **CONTINUOUS}, {"algorithm": "maskable-ppo"}, "listed"),
    ("offsets", one(), {"actions": {"scheme": "continuous"}}, None),
]


def found(recipe: Recipe, name: str) -> Any:
    """The value of a setting, wherever it is kept."""
    places = (recipe.settings.actions, recipe, recipe.settings, recipe.settings.reward)
    return next(getattr(place, name) for place in places if hasattr(place, name))


@pytest.mark.parametrize(("name", "changes", "values", "expected"), CASES)
def test_auto_is_what_the_docs_say(
    name: str, changes: dict[str, Any], values: dict[str, Any], expected: Any
) -> None:
    recipe = resolve(chain(**changes), settings(**values))
    assert found(recipe, name) == expected
    left = recipe.settings.model_dump(exclude={"reward": {"credit"}})
    assert '"auto"' not in json.dumps(left)


def test_recorded_demand_reaches_far_and_ends() -> None:
    recipe = resolve(recorded_chain(warm_up=4), settings())
    assert found(recipe, "reach") == 2.0
    assert recipe.settings.continuing is False


def test_no_law_tells_the_expected_cost_of_recorded_or_drifting_demand() -> None:
    for moves in (recorded_chain(warm_up=4), chain(demand_drift={"jumps": 1.0})):
        assert resolve(moves, settings()).credit == "arrival"


def test_a_central_critic_sees_the_whole_chain_behind_the_rest() -> None:
    scenario = chain(information="local")
    view = interface(scenario, learn="all", observe=("role",))
    seen = view.observe_all(moment(scenario), START_ORDERS)
    np.testing.assert_array_equal(
        seen[:, : len(view.names)], view.observe(moment(scenario), START_ORDERS)
    )
    assert view.observation_space.shape == seen.shape[1:]
    shared = interface(chain(), learn="all", observe=("chain",))
    whole = shared.observe(moment(chain()), START_ORDERS)[:, 7:]
    np.testing.assert_array_equal(seen[:, len(view.names) :], whole)


EXPLICIT = {
    "learn": ("stores", "warehouse"),
    "critic": "own",
    "worlds": 12,
    "worlds_per_tape": 4,
    "continuing": True,
    "observe": ("role", "rule"),
    "reward": {"team_share": 0.3, "credit": "now"},
    "actions": {"scheme": "rule-offset", "reach": 0.7, "steps": 3, "zero_order": False},
    "gamma": 0.9,
}


@pytest.mark.parametrize(
    "actions",
    [
        EXPLICIT["actions"],
        {"scheme": "order-quantity", "quantities": [0, 3]},
        {"scheme": "order-up-to", "levels": 5},
        {"scheme": "continuous", "largest": 2.5},
    ],
    ids=lambda actions: actions["scheme"],
)
def test_explicit_settings_survive_unchanged(actions: dict[str, Any]) -> None:
    given = settings(**{**EXPLICIT, "actions": actions})
    recipe = resolve(chain(information="local"), given)
    assert recipe.settings == given
    assert recipe.credit == "now"
    assert recipe.critic_features == ()


@pytest.mark.parametrize("path", ["learn", "critic", "worlds", "continuing", "observe"])
def test_a_recipe_with_auto_is_refused(path: str) -> None:
    values = resolve(chain(), settings()).model_dump()
    values["settings"][path] = "all" if path == "learn" else "auto"
    with pytest.raises(ValidationError, match=f"{path} must be resolved in a recipe"):
        Recipe.model_validate(values)


# --- what is written is what rules ------------------------------------------------------------

CHAINS: dict[str, Callable[[], Scenario]] = {
    "by-hand": chain,
    "local": lambda: chain(information="local"),
    "continuous": lambda: chain(units="continuous", stores=stores(2), **UNDISRUPTED),
    "recorded": recorded_chain,
    **{name: (lambda name=name: load_scenario(name)) for name in shipped_names()},
}


@pytest.mark.parametrize("name", CHAINS)
def test_json_keeps_every_bit(name: str) -> None:
    scenario = CHAINS[name]()
    for values in (scenario.training, settings(learn="all")):
        recipe = resolve(scenario, values)
        again = Recipe.model_validate_json(recipe.model_dump_json())
        assert again == recipe
        learned = shape_of(scenario).learns_demand  # then scales follow what is believed
        assert (again.columns is None, again.sizes is None) == (learned, learned)
        Interface(again, shape_of(scenario))


def made() -> dict[str, Any]:
    """A recipe as JSON has it."""
    values = settings(learn="all", observe=("rule", "role"), actions={"scheme": "rule-offset"})
    recipe = resolve(chain(), values)
    return dict(json.loads(recipe.model_dump_json()))


def refusal(values: dict[str, Any], scenario: Scenario | None = None) -> str:
    """The line with which a recipe is refused."""
    recipe = Recipe.model_validate_json(json.dumps(values))
    with pytest.raises(InputError) as caught:
        Interface(recipe, shape_of(scenario or chain()))
    return str(caught.value)


def test_an_unknown_column_is_refused() -> None:
    values = made()
    values["columns"][3]["name"] = "weather"
    assert refusal(values) == (
        "recipe: columns: this version of hmarl observes 'last_demand' at place 3, "
        "the run 'weather'"
    )


def test_swapped_columns_are_refused() -> None:
    values = made()
    columns = values["columns"]
    columns[0], columns[1] = columns[1], columns[0]
    assert "'on_hand' at place 0, the run 'on_the_way'" in refusal(values)


def test_swapped_features_are_refused() -> None:
    values = made()
    features = values["features"]
    features[7], features[8] = features[8], features[7]
    assert "'is_stores' at place 7, the run 'rule_order'" in refusal(values)


def test_a_missing_column_is_refused() -> None:
    values = made()
    values["columns"].pop()
    assert refusal(values).endswith("observes 11 values, the run 10")


def test_numbers_of_another_count_of_sites_are_refused() -> None:
    more = chain(stores=[NEAR, FAR, *stores(1)])
    assert refusal(made(), more) == ("recipe: columns: on_hand: 5 sites learn, got numbers of 4")
    values = made()
    values["columns"][2]["scale"].pop()
    assert "columns: unmet: scale: 4 sites learn, got numbers of 3" in refusal(values)
    values = made()
    values["sizes"].append([3.0])
    assert "sizes: 4 sites learn, got numbers of 5" in refusal(values)


def test_an_unknown_feature_is_refused_in_one_line() -> None:
    values = made()
    values["features"][7] = {"kind": "weather"}
    with pytest.raises(ValidationError) as caught:
        Recipe.model_validate_json(json.dumps(values))
    line = describe(caught.value, "recipe.json")
    assert line.startswith("recipe.json: features.7: Input tag 'weather'")
    assert "\n" not in line


def used(values: dict[str, Any]) -> Interface:
    return Interface(Recipe.model_validate_json(json.dumps(values)), shape_of(chain()))


def test_the_columns_of_a_recipe_rule() -> None:
    before, values = used(made()), made()
    values["columns"][2]["scale"] = [8.0, 6.0, 20.0, 26.0]
    values["columns"][7]["centre"] = [11.0, 9.0, 27.0, 40.0]
    after = used(values)
    one, two = (view.observe(moment(chain()), START_ORDERS) for view in (before, after))
    np.testing.assert_allclose(two[:, 2], [5 / 8, 2 / 6, 10 / 20, 13 / 26])
    np.testing.assert_allclose(two[:, 7], [1 / 10, 0.5 / 6, 2 / 16, -3 / 16], rtol=1e-6)
    others = [k for k in range(one.shape[1]) if k not in (2, 7)]
    np.testing.assert_array_equal(one[:, others], two[:, others])


def widest(values: dict[str, Any]) -> list[float]:
    """The largest offset that each site can order on top of its start's order."""
    view = used(values)
    assert view.action_space.n is not None
    actions = np.full(4, int(view.action_space.n) - 1)
    wishes: list[float] = (view.wishes(actions, moment(chain()), START_ORDERS) - START_ORDERS)[0]
    return list(wishes)


def test_the_sizes_of_a_recipe_rule() -> None:
    """At first 2 sd of a store, 1 of a site upstream, rounded up."""
    values = made()
    assert widest(values) == [8, 6, 7, 7]
    values["sizes"] = [[5.0], [4.0], [30.0], [21.0]]
    assert widest(values) == [5, 4, 30, 21]


def test_a_reach_that_no_sizes_overrule_is_used() -> None:
    values = made()
    values["settings"]["actions"]["reach"] = 2.5
    values["sizes"] = None
    assert widest(values) == [10, 8, 8, 8]  # 2.5 x 4, 2.5 x 3, 1.25 x sqrt(37)


def test_the_list_of_actions_is_the_recipe_s() -> None:
    values = made()
    values["settings"]["actions"] |= {"steps": 2, "zero_order": False}
    assert used(values).action_space.n == 5
