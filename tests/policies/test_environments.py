"""The standard environments keep their contracts and show the same chain as the VecEnv."""

import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test
from stable_baselines3.common.env_checker import check_env as sb3_check_env

from inventory_env import parallel_env
from inventory_env.decision.formula_start import FormulaStart
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import needs
from inventory_env.description.rules import BaseStockConfig
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.settings import Continuous
from inventory_env.envs.single_store import SingleStoreEnv
from inventory_env.envs.vec_env import ChainVecEnv, Start
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy

ROOT = Path(__file__).parent.parent.parent
SERIAL = str(ROOT / "benchmarks" / "published" / "problems" / "serial" / "example-6-1.toml")
SINGLE = "inventory_env.envs.single_store:hmarl/SingleStore-v0"


class OrderNothing:
    """A start under which an offset is the order."""

    def wishes(self, situation: Situation) -> Array:
        return np.zeros((1, situation.params.shape.sites))


def changed(scenario: Scenario, **settings: object) -> Scenario:
    training = scenario.training.model_copy(update=settings)
    return scenario.model_copy(update={"training": training})


def vec_env(scenario: Scenario, seed: int, start: Start | None = None) -> ChainVecEnv:
    """The same by the VecEnv's own means."""
    reward = scenario.training.reward.model_copy(update={"team_share": 0.0})
    view = {"learn": "all", "critic": "own", "worlds_per_tape": 1, "continuing": False}
    recipe = resolve(scenario, changed(scenario, **view, reward=reward).training)
    start = FormulaStart(shared=recipe.shared) if start is None else start
    return ChainVecEnv(scenario, recipe, start, seed=seed, worlds=1)


def drawn(rng: np.random.Generator, rows: ChainVecEnv) -> np.ndarray:
    """An action for each row."""
    space = rows.action_space
    if isinstance(space, spaces.Discrete):
        return rng.integers(0, space.n, rows.num_envs)
    return rng.uniform(-1.0, 1.0, (rows.num_envs, *space.shape)).astype(np.float32)


def assert_same_ledger(one: Ledger, other: Ledger) -> None:
    for field in fields(Ledger):
        left, right = getattr(one, field.name), getattr(other, field.name)
        np.testing.assert_array_equal(left, right, err_msg=field.name)


@pytest.mark.parametrize("start", [None, OrderNothing()], ids=["formulas", "own start"])
@pytest.mark.parametrize("information", ["shared", "local"])
@pytest.mark.parametrize("name", ["three-stores", SERIAL], ids=["three-stores", "serial"])
def test_agents_are_the_rows_of_a_vec_env(name: str, information: str, start: Start | None) -> None:
    """Bit by bit: observations, rewards and ledgers, beyond the end of an episode."""
    update = {"information": information, "periods": 60, "warm_up": 0}
    scenario = load_scenario(name).model_copy(update=update)
    env, rows = parallel_env(scenario, seed=3, start=start), vec_env(scenario, 3, start)
    rng = np.random.default_rng(0)
    expected = np.asarray(rows.reset())
    observations, _ = env.reset()
    for period in range(1, 91):
        np.testing.assert_array_equal(np.stack(list(observations.values())), expected)
        actions = drawn(rng, rows)
        given = dict(zip(env.agents, actions, strict=True))
        observations, rewards, terminations, truncations, infos = env.step(given)
        found, paid, dones, row_infos = rows.step(actions)
        expected = np.asarray(found)
        assert np.array_equal(list(rewards.values()), paid) and paid.any()
        assert list(truncations.values()) == dones.tolist() == [period == 60] * rows.num_envs
        assert not any(terminations.values())
        assert_same_ledger(env._world.env.ledger, rows.ledger)
        cost = sum(info["cost"] for info in infos.values())
        money = Money.of(rows.situation.params, rows.ledger)
        assert cost == pytest.approx(money.chain[0], rel=1e-12)
        if period == 60:
            last = [info["terminal_observation"] for info in row_infos]
            np.testing.assert_array_equal(np.stack(list(observations.values())), last)
            assert not env.agents
            observations, _ = env.reset()


@pytest.mark.parametrize(
    ("name", "agents"),
    [
        ("single-store", ["store_0"]),
        ("three-stores", ["store_0", "store_1", "store_2", "warehouse"]),
        (SERIAL, ["store_0", "warehouse", "supplier"]),
    ],
    ids=["single-store", "three-stores", "serial"],
)
@pytest.mark.parametrize("scheme", ["own", "continuous"])
def test_pettingzoos_own_tests_pass(name: str, agents: list[str], scheme: str) -> None:
    scenario = load_scenario(name).model_copy(update={"periods": 40, "warm_up": 0})
    if scheme == "continuous":
        scenario = changed(scenario, actions=Continuous(scheme="continuous"))
    assert parallel_env(scenario).possible_agents == agents
    parallel_api_test(parallel_env(scenario), num_cycles=100)
    parallel_seed_test(lambda: parallel_env(scenario), num_cycles=100)


def test_who_learns_and_the_critic_are_the_learners_business() -> None:
    scenario = load_scenario("three-stores")
    taught = changed(scenario, learn=("warehouse",), critic="central", worlds_per_tape=4)
    one, other = parallel_env(scenario), parallel_env(taught)
    for left, right in zip(one.reset()[0].values(), other.reset()[0].values(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_a_seed_names_a_row_of_episodes() -> None:
    env = parallel_env("three-stores", seed=5)

    def demand() -> list[list[float]]:
        episodes = []
        for _ in range(2):
            env.step(dict.fromkeys(env.agents, np.zeros(1, np.float32)))
            episodes.append(env._world.env.ledger.demand[0].tolist())
            env.reset()
        return episodes

    env.reset()
    of_five = demand()
    assert of_five[0] != of_five[1]
    env.reset(seed=6)
    of_six = demand()
    env.reset(seed=5)
    assert demand() == of_five != of_six


def test_a_seed_restarts_after_an_episode_too() -> None:
    scenario = load_scenario("single-store").model_copy(update={"periods": 5, "warm_up": 0})
    env = parallel_env(scenario, seed=1)
    first, _ = env.reset()
    seen = []
    for _ in range(2):
        while env.agents:
            last = env.step({"store_0": np.zeros(1, np.float32)})[0]
        seen.append(last["store_0"])
        again, _ = env.reset(seed=1)
        np.testing.assert_array_equal(again["store_0"], first["store_0"])
    np.testing.assert_array_equal(*seen)


def test_wrong_steps_are_named() -> None:
    scenario = load_scenario("three-stores").model_copy(update={"periods": 5, "warm_up": 0})
    env = parallel_env(scenario)
    with pytest.raises(InputError, match=r"call reset\(\) first"):
        env.step({})
    env.reset()
    rule = dict.fromkeys(env.agents, np.zeros(1, dtype=np.float32))
    with pytest.raises(InputError, match=r"^actions must be of store_0, .* got store_0$"):
        env.step({"store_0": 0})
    for wrong in (-1, 10_000, 0.5, "much", np.array([1.5], dtype=np.float32)):
        with pytest.raises(InputError, match=r"^action of warehouse must be in Box"):
            env.step(rule | {"warehouse": wrong})
    while env.agents:
        env.step(rule)
    with pytest.raises(InputError, match=r"call reset\(\) first"):
        env.step(rule)


def test_without_pettingzoo_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "inventory_env.envs.parallel", raising=False)
    monkeypatch.setitem(sys.modules, "pettingzoo", None)
    with pytest.raises(InputError, match=r"pip install 'hmarl\[pettingzoo\]'"):
        parallel_env("three-stores")


# --- the start --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["three-stores", "fifty-stores", "single-store", SERIAL])
def test_the_default_start_is_the_formula_rule_and_the_scenarios_own(name: str) -> None:
    scenario = load_scenario(name)
    rows = vec_env(scenario, 0)
    rows.reset()
    rng = np.random.default_rng(1)
    stores = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    for _ in range(30):
        rows.step(drawn(rng, rows))
        wishes = FormulaStart(shared=scenario.information == "shared").wishes(rows.situation)
        given = len(scenario.stores)
        of_stores = stores.wishes(rows.situation)[:, :given]
        np.testing.assert_allclose(wishes[:, :given], of_stores, rtol=1e-9)
        if not scenario.warehouse.unlimited and not scenario.seasonal:
            level = rows.situation.params.rules[0].rule.level[0]
            echelon = rows.situation.echelon_position[:, given]
            np.testing.assert_allclose(wishes[:, given], np.maximum(level - echelon, 0.0))
    assert wishes.shape[1] == rows.num_envs


def test_a_start_of_the_stores_leaves_the_others_to_their_rules() -> None:
    scenario = load_scenario("three-stores")
    rule = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    whole, stores = parallel_env(scenario, seed=2), parallel_env(scenario, seed=2, start=rule)
    rng = np.random.default_rng(3)
    for env in (whole, stores):
        env.reset()
    for _ in range(15):
        actions = {agent: rng.uniform(-1, 1, 1).astype(np.float32) for agent in whole.agents}
        for ours, theirs in zip(whole.step(actions), stores.step(actions), strict=True):
            np.testing.assert_equal(theirs, ours)


def test_under_local_information_the_start_upstream_looks_at_its_own_stock() -> None:
    scenario = load_scenario(SERIAL).model_copy(update={"information": "local"})
    rows = vec_env(scenario, 0)
    rows.reset()
    orders = []
    for _ in range(20):
        rows.step(np.full((rows.num_envs, 1), -1.0, dtype=np.float32))
        state = rows.situation.state
        level = needs(scenario, echelon=False).level()[0, 1]
        wish = FormulaStart(shared=scenario.information == "shared").wishes(rows.situation)[:, 1]
        np.testing.assert_allclose(wish, np.maximum(level - state.position[:, 1], 0.0))
        orders.append(wish[0])
    assert len(set(orders)) > 1
    own = BaseStockConfig(kind="base-stock", level=7.0)
    kept = scenario.model_copy(
        update={"warehouse": scenario.warehouse.model_copy(update={"rule": own})}
    )
    situation = replace(rows.situation, params=Params.of(kept))
    wish = FormulaStart(shared=False).wishes(situation)[:, 1]
    np.testing.assert_allclose(wish, np.maximum(7.0 - state.position[:, 1], 0.0))


# --- the single store -------------------------------------------------------------------------


def test_the_single_store_is_made_by_its_id_alone() -> None:
    code = f"import gymnasium; print(gymnasium.make({SINGLE!r}).reset(seed=1)[0].shape)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    shape = parallel_env("single-store").observation_space("store_0").shape
    assert done.stdout.strip() == str(shape)


@pytest.mark.parametrize("scheme", ["own", "continuous"])
def test_the_checkers_of_gymnasium_and_sb3_pass(scheme: str) -> None:
    scenario = load_scenario("single-store")
    if scheme == "continuous":
        scenario = changed(scenario, actions=Continuous(scheme="continuous"))
    check_env(gymnasium.make(SINGLE, scenario=scenario).unwrapped, skip_render_check=True)
    sb3_check_env(gymnasium.make(SINGLE, scenario=scenario))


def test_the_single_store_is_the_row_of_a_vec_env() -> None:
    scenario = load_scenario("single-store").model_copy(update={"periods": 40, "warm_up": 0})
    env, rows = SingleStoreEnv(scenario), vec_env(scenario, 9)
    rng = np.random.default_rng(0)
    expected = np.asarray(rows.reset())
    observation, _ = env.reset(seed=9)
    for period in range(1, 61):
        np.testing.assert_array_equal(observation, expected[0])
        action = drawn(rng, rows)[0]
        observation, reward, terminated, truncated, info = env.step(action)
        found, paid, _, _ = rows.step(np.array([action]))
        expected = np.asarray(found)
        assert (reward, terminated, truncated) == (paid[0], False, period == 40)
        assert info["cost"] == Money.of(rows.situation.params, rows.ledger).chain[0]
        if truncated:
            observation, _ = env.reset()


def test_without_a_seed_no_two_are_alike() -> None:
    demand = []
    for _ in range(2):
        env = SingleStoreEnv()
        env.reset()
        demand.append(env._world.env._chain.tape.demand[:20])
    assert (demand[0] != demand[1]).any()


def test_a_chain_is_no_single_store() -> None:
    with pytest.raises(InputError, match=r"'three-stores': .* got store_0, .*, warehouse; "):
        gymnasium.make(SINGLE, scenario="three-stores")
    with pytest.raises(InputError, match="give a TOML file or one of"):
        gymnasium.make(SINGLE, scenario="no-such")


# --- the docs ---------------------------------------------------------------------------------


def test_the_examples_in_the_docs_run() -> None:
    page = (ROOT / "docs" / "environments.md").read_text(encoding="utf-8")
    many, one = re.findall(r"^```python\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    found: dict[str, object] = {}
    exec(many, found)
    assert found["cost"] > 0 and all(found["truncations"].values())
    exec(one, found)
    assert found["info"]["cost"] >= 0
