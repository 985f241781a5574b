"""The VecEnv keeps SB3's contract, and SB3 does with it what the docs say."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from stable_baselines3 import PPO

from inventory_env.decision.credit import ExpectedShortage
from inventory_env.decision.features import SEVEN
from inventory_env.decision.interface import CLIP
from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.settings import RewardWeights, RuleOffset
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from policies.learning.ppo import make_algorithm
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy


def changed(scenario: Scenario, **settings: object) -> Scenario:
    training = scenario.training.model_copy(update=settings)
    return scenario.model_copy(update={"training": training})


def small(name: str = "three-stores", **settings: object) -> tuple[Scenario, RulePolicy]:
    scenario = changed(
        load_scenario(name),
        **{"worlds": 8, "worlds_per_tape": 4, "batch_size": 64, "epochs": 1, **settings},
    )
    return scenario, RulePolicy("rule", formula_rule("capped-base-stock", scenario))


def env_of(
    scenario: Scenario,
    rule: RulePolicy,
    *,
    worlds: int = 8,
    continuing: bool = False,
    **changes: object,
) -> ChainVecEnv:
    settings = scenario.training.model_copy(update={"continuing": continuing})
    recipe = resolve(scenario, settings).model_copy(update=changes)
    return ChainVecEnv(scenario, recipe, rule, seed=1, worlds=worlds)


def learner(env: ChainVecEnv, seed: int) -> Any:
    return make_algorithm(env.interface, env, seed=seed)


def zeros(env: ChainVecEnv) -> np.ndarray:
    if hasattr(env.action_space, "n"):
        return np.zeros(env.num_envs, dtype=np.int64)
    return np.zeros((env.num_envs, 1))


def drawn(rng: np.random.Generator, env: ChainVecEnv) -> np.ndarray:
    """An action for each row."""
    if hasattr(env.action_space, "n"):
        return rng.integers(0, env.action_space.n, env.num_envs)
    return rng.uniform(-1.0, 1.0, (env.num_envs, 1))


def test_rows_are_stores_of_worlds_and_all_arrays_are_fresh() -> None:
    env = env_of(*small())
    assert env.num_envs == 8 * 3
    kept = [np.asarray(env.reset())]
    copies = [kept[0].copy()]
    rewards_kept, rewards_copied = [], []
    for _ in range(5):
        observation, rewards, dones, infos = env.step(zeros(env))
        rewards_kept.append(rewards)
        rewards_copied.append(rewards.copy())
        rewards += 7.0  # as SB3 does when it bootstraps
        rewards_copied[-1] += 7.0
        kept.append(np.asarray(observation))
        copies.append(kept[-1].copy())
        assert dones.shape == (24,)
        assert len({id(info) for info in infos}) == 24
    for was, is_now in zip(copies + rewards_copied, kept + rewards_kept, strict=True):
        np.testing.assert_array_equal(was, is_now)
    assert len({id(array) for array in kept}) == len(kept)
    assert not any(np.shares_memory(a, b) for i, a in enumerate(kept) for b in kept[i + 1 :])


def test_an_episode_ends_as_truncation_for_all_rows_at_once() -> None:
    scenario, rule = small("original")
    env = env_of(scenario, rule)
    env.reset()
    for period in range(1, scenario.periods + 1):
        observation, _, dones, infos = env.step(zeros(env))
        assert dones.all() == dones.any() == (period == scenario.periods)
    for row, info in enumerate(infos):
        assert info["TimeLimit.truncated"] is True
        assert info["terminal_observation"].shape == (7,)
        assert not np.array_equal(info["terminal_observation"], observation[row])
    assert env.situation.period == 0


def test_ppo_bootstraps_where_an_episode_is_truncated() -> None:
    """The stored reward of the last period is the paid one plus gamma x V(terminal observation)."""
    scenario, rule = small("original", n_steps=30, worlds_per_tape=1)
    env = env_of(scenario, rule, worlds=2)
    model = learner(env, seed=0)
    paid, terminal = [], []
    step_wait = env.step_wait

    def recording():  # type: ignore[no-untyped-def]
        observation, rewards, dones, infos = step_wait()
        paid.append(rewards.copy())
        terminal.append([info.get("terminal_observation") for info in infos])
        return observation, rewards, dones, infos

    env.step_wait = recording  # type: ignore[method-assign]
    model.learn(30 * env.num_envs)
    stored = model.rollout_buffer.rewards
    np.testing.assert_allclose(stored[:29], paid[:29], rtol=1e-6)
    assert all(observation is not None for observation in terminal[29])
    fresh = learner(env, seed=0)  # the same weights as before the update
    with torch.no_grad():
        values = fresh.policy.predict_values(torch.as_tensor(np.array(terminal[29])))
    expected = paid[29] + scenario.training.gamma * values.numpy().reshape(-1)
    assert np.abs(values.numpy()).min() > 0
    np.testing.assert_allclose(stored[29], expected, rtol=1e-5)


def test_worlds_of_a_group_face_the_same_demand_and_groups_differ() -> None:
    env = env_of(*small())
    env.reset()
    rng = np.random.default_rng(0)
    for _ in range(4):
        env.step(drawn(rng, env))
        demand = env.situation.memory.last_demand[:, :3].reshape(2, 4, 3)
        assert (demand == demand[:, :1]).all()
        assert (demand[0, 0] != demand[1, 0]).any()


def test_continuing_worlds_carry_their_stock_over_the_end_of_a_tape() -> None:
    scenario, rule = small("single-store")
    env = env_of(scenario, rule, continuing=True)
    env.reset()
    middle = 0.0
    ends = 0
    for _ in range(300):
        before = env.situation
        _, _, dones, _ = env.step(np.full((env.num_envs, 1), middle))
        assert not dones.any()
        if env.situation.period == 0:
            ends += 1
            pipeline = before.state.pipeline
            assert (env.situation.state.received == pipeline[0]).all()
    assert ends == 1


@pytest.mark.parametrize("unmet", ["lost", "backorder", "partial"])
@pytest.mark.parametrize("name", ["single-store", "original", "fifty-stores", "three-stores"])
def test_an_order_is_paid_with_the_period_it_can_arrive_in(name: str, unmet: str) -> None:
    """The paid cost is what each store really costs one lead time later, on the same demand."""
    scenario = load_scenario(name).model_copy(
        update={"unmet_demand": unmet, "waiting_share": 0.5 if unmet == "partial" else None}
    )
    scenario = changed(scenario, worlds_per_tape=1, reward=RewardWeights(team_share=0.0))
    rule = RulePolicy("rule", formula_rule("base-stock", scenario))
    env = env_of(changed(scenario, actions=RuleOffset()), rule, worlds=3, rent=False)
    env._creditor.shortage = None
    middle = 0.0
    env.reset()
    chain = Chain(scenario)
    chain.reset(env._chain.tape)
    paid = [env.step(np.full((env.num_envs, 1), middle))[1].reshape(3, -1) for _ in range(20)]
    ledgers = [chain.step(rule.wishes(chain.situation)) for _ in range(25)]
    money = [Money.of(chain.params, ledger) for ledger in ledgers]
    for store, site in enumerate(scenario.stores):
        lead_time = site.lead_time.minimum
        for t in range(20):
            later = money[t + lead_time]
            cost = later.holding + later.shortage + money[t].ordering
            np.testing.assert_allclose(-paid[t][:, store], cost[:, store], rtol=1e-6)


@pytest.mark.parametrize("unmet", ["lost", "backorder", "partial"])
def test_expected_pay_is_the_drawn_one_with_less_luck(unmet: str) -> None:
    scenario = load_scenario("three-stores").model_copy(
        update={"unmet_demand": unmet, "waiting_share": 0.5 if unmet == "partial" else None}
    )
    scenario = changed(scenario, worlds_per_tape=1, reward=RewardWeights(team_share=0.0))
    rule = RulePolicy("rule", formula_rule("base-stock", scenario))
    expected, lucky = (env_of(scenario, rule, worlds=200) for _ in range(2))
    lucky._creditor.shortage = None
    middle = np.zeros((expected.num_envs, 1))
    for env in (expected, lucky):
        env.reset()
    paid = [np.stack([env.step(middle)[1] for _ in range(100)]) for env in (expected, lucky)]
    assert paid[0].std() < paid[1].std()
    luck = (paid[1] - paid[0]).mean(axis=0).reshape(200, 3)
    assert (abs(luck.mean(axis=0)) < 4 * luck.std(axis=0) / 200**0.5).all()
    assert luck.any()


def test_who_orders_as_all_worlds_of_a_tape_pays_no_rent() -> None:
    scenario = changed(load_scenario("three-stores"), worlds_per_tape=4)
    rule = RulePolicy("rule", formula_rule("base-stock", scenario))
    paying, free = (env_of(scenario, rule, rent=rent) for rent in (True, False))
    rng = np.random.default_rng(0)
    unlike = drawn(rng, paying)
    for actions, differs in ((np.zeros_like(unlike), False), (unlike, True)):
        for env in (paying, free):
            env.reset()
        paid = [np.stack([env.step(actions)[1] for _ in range(12)]) for env in (paying, free)]
        assert np.array_equal(*paid) is not differs


def test_expected_shortages_are_those_of_the_textbook() -> None:
    """Loss functions; Snyder & Shen (2019), appendix C.3; geometric: mean x P(demand > 0)^stock."""
    stock = np.array([-3.0, 0.0, 1.0, 5.0, 12.0, 400.0])

    def shortage(**demand: object) -> np.ndarray:
        chain = load_scenario("single-store").model_dump()
        chain["stores"] = [chain["stores"][0] | {"demand": demand}]
        chain["units"] = "continuous" if demand["kind"] == "normal" else "whole"
        found = ExpectedShortage(Scenario.model_validate(chain))
        short, wanted = found(stock[:, None], np.zeros(len(stock), dtype=np.int64))
        if demand["kind"] == "poisson":  # a unit more is wanted where demand exceeds the stock
            np.testing.assert_allclose(wanted[:, 0], stats.poisson.sf(stock, 5), atol=1e-3)
        return short[:, 0]

    poisson = (5 - stock) * stats.poisson.sf(stock, 5) + 5 * stats.poisson.pmf(stock, 5)
    np.testing.assert_allclose(shortage(kind="poisson", mean=5.0), poisson, atol=1e-3)
    geometric = np.where(stock < 0, 5.0 - stock, 5.0 * (5 / 6) ** np.maximum(stock, 0))
    np.testing.assert_allclose(shortage(kind="geometric", mean=5.0), geometric, atol=2e-3)
    z = (stock - 20) / 4
    normal = 4 * (stats.norm.pdf(z) - z * stats.norm.sf(z))
    np.testing.assert_allclose(shortage(kind="normal", mean=20.0, sd=4.0), normal, atol=2e-3)


def test_snapshot_and_restore_continue_alike() -> None:
    scenario, rule = small()
    one, other = (env_of(scenario, rule) for _ in range(2))
    one.reset()
    rng = np.random.default_rng(0)
    actions = [drawn(rng, one) for _ in range(200)]
    for action in actions[:50]:
        one.step(action)
    np.testing.assert_array_equal(other.restore(one.snapshot()), one._observation)
    for action in actions[50:]:
        for left, right in zip(one.step(action)[:3], other.step(action)[:3], strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("name", ["three-stores", "original", "single-store", "fifty-stores"])
def test_observations_are_named_finite_and_clipped(name: str) -> None:
    scenario, rule = small(name)
    env = env_of(scenario, rule)
    observation = np.asarray(env.reset())
    names = env.interface.names
    assert names[:7] == tuple(kind().kind for kind in SEVEN)
    assert len(set(names)) == len(names) == observation.shape[1]
    rng = np.random.default_rng(0)
    for _ in range(40):
        observation, rewards, _, _ = env.step(drawn(rng, env))
        assert observation.dtype == rewards.dtype == np.float32
        assert np.isfinite(observation).all() and np.abs(observation).max() <= CLIP
        assert np.isfinite(rewards).all()


def test_the_original_has_seven_features_four_actions_and_ninety_experiences() -> None:
    scenario = load_scenario("original")
    rule = RulePolicy("rule", formula_rule("base-stock", scenario))
    env = ChainVecEnv(scenario, resolve(scenario, scenario.training), rule, seed=0)
    assert env.observation_space.shape == (7,)
    assert env.action_space.n == 4
    assert env.num_envs * scenario.training.n_steps == 90
    env.reset()
    env.step(np.array([0, 1, 3]))
    pipeline = env.situation.state.received + env.situation.state.owed
    assert pipeline[:, :3].tolist() == [[0.0, 5.0, 20.0]]


def test_without_groups_the_buffer_is_sb3s_own() -> None:
    scenario, rule = small(worlds_per_tape=1, n_steps=8)
    ours = learner(env_of(scenario, rule), seed=3)
    env = env_of(scenario, rule)
    settings = scenario.training
    theirs = PPO(
        "MlpPolicy",
        env,
        learning_rate=settings.learning_rate,
        n_steps=8,
        batch_size=ours.batch_size,  # type: ignore[attr-defined]
        n_epochs=1,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        ent_coef=settings.entropy,
        policy_kwargs=ours.policy_kwargs,
        seed=3,
        device="cpu",
    )
    theirs.policy.load_state_dict(ours.policy.state_dict())
    for model in (ours, theirs):
        model.set_random_seed(5)
        model.learn(8 * 24)
    np.testing.assert_array_equal(ours.rollout_buffer.advantages, theirs.rollout_buffer.advantages)


def test_centred_advantages_have_no_group_mean() -> None:
    scenario, rule = small(n_steps=8)
    model = learner(env_of(scenario, rule), seed=3)
    kept = {}
    compute = model.rollout_buffer.compute_returns_and_advantage

    def watching(last_values, dones):  # type: ignore[no-untyped-def]
        compute(last_values=last_values, dones=dones)
        kept["advantages"] = model.rollout_buffer.advantages.copy()

    model.rollout_buffer.compute_returns_and_advantage = watching  # type: ignore[method-assign]
    model.learn(8 * 24)
    grouped = kept["advantages"].reshape(8, 2, 4, 3)
    np.testing.assert_allclose(grouped.mean(axis=2), 0.0, atol=1e-3)
    assert grouped.std() > 0
