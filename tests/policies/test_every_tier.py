"""Warehouse and supplier learn beside the stores: rows, rewards, information, runs on runs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inventory_env.decision.observation import Observer
from inventory_env.simulation.upstream import UpstreamRule

from inventory_env.decision.agents import Agents
from inventory_env.description.scenario import Scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.situation import Memory, Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.ppo import make_algorithm, make_env
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules import search as rule_search
from policies.rules import start
from policies.rules.rule_based import RulePolicy
from policies.rules.search import formula_rule
from policies.rules.start import ChainPolicy, start_policy
from policies.runs import phases
from policies.runs.phases import run_of_phase
from policies.runs.run_folder import LAST, load_run, read_tensors
from policies.runs.training import Progress, resume, train

TRAINING: dict[str, Any] = {
    "learn": "all",
    "worlds": 16,
    "worlds_per_tape": 8,
    "n_steps": 8,
    "batch_size": 128,
    "epochs": 2,
    "steps": 16 * 4 * 8 * 6,
    "validations": 2,
    "validation_worlds": 8,
    "hidden": (16,),
}
STORES = 2


def chain(information: str = "shared", **training: Any) -> Scenario:
    """Two stores, a warehouse and a plant with a stock; orders cost nothing."""
    return Scenario.model_validate(
        {
            "name": "five",
            "periods": 40,
            "warm_up": 8,
            "information": information,
            "stores": [
                {
                    "name": f"store-{i + 1}",
                    "demand": {"kind": "poisson", "mean": 5.0 + i},
                    "lead_time": 1 + i,
                    "holding_cost": 1.0,
                    "shortage_cost": 9.0,
                }
                for i in range(STORES)
            ],
            "warehouse": {"lead_time": 2, "holding_cost": 0.5},
            "supplier": {"unlimited": False, "lead_time": 3, "holding_cost": 0.2, "capacity": 25},
            "training": {**TRAINING, **training},
        }
    )


def formula_start(scenario: Scenario) -> Policy:
    """Rules from formulas for every site."""
    below = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    rules = [UpstreamRule.of(scenario, tier) for tier in ("warehouse", "supplier")]
    return ChainPolicy("rules", below, tuple(rules))


@pytest.fixture(autouse=True)
def quick_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules from formulas: their search is tested apart."""
    monkeypatch.setattr(rule_search, "_search", lambda kind, *_: formula_rule(kind, chain()))


def played(scenario: Scenario, periods: int = 12) -> Situation:
    """A situation in the middle of an episode under rules."""
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=6))
    policy = formula_start(scenario)
    for _ in range(periods):
        world.step(policy.wishes(world.situation))
    return world.situation


def test_sites_that_are_left_out_follow_the_scenario_rules() -> None:
    """Deciding as the rules do, or leaving it to them, is the same chain."""
    scenario = chain()
    costs = []
    for sites in (STORES, STORES + 1, STORES + 2):
        world = Chain(scenario)
        world.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=6))
        total = np.zeros(6)
        while not world.ended:
            wishes = formula_start(scenario).wishes(world.situation)[:, :sites]
            total += Money.of(world.params, world.step(wishes)).chain
        costs.append(total)
    np.testing.assert_array_equal(costs[0], costs[1])
    np.testing.assert_array_equal(costs[0], costs[2])


def test_every_site_ships_what_it_can_of_what_was_wished() -> None:
    scenario = chain()
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=6))
    wishes = np.tile([4.0, 5.0, 11.0, 12.0], (6, 1))
    for _ in range(20):
        ledger = world.step(wishes)
        assert ledger.imbalance(world.params) == 0
        np.testing.assert_array_equal(ledger.store_ordered, wishes[:, :STORES])
        np.testing.assert_array_equal(ledger.warehouse_ordered, 11.0)
        np.testing.assert_array_equal(ledger.supplier_ordered, 12.0)


@pytest.mark.parametrize(
    ("learn", "names"),
    [
        (("stores",), ["store-1", "store-2"]),
        (("warehouse",), ["warehouse"]),
        (("supplier", "stores"), ["store-1", "store-2", "supplier"]),
        ("all", ["store-1", "store-2", "warehouse", "supplier"]),
    ],
)
def test_rows_are_the_learning_sites(learn: Any, names: list[str]) -> None:
    scenario = chain(learn=learn)
    assert Agents(scenario).names == names
    env = ChainVecEnv(scenario, formula_start(scenario), seed=0, worlds=8)
    observation = env.reset()
    assert observation.shape == (8 * len(names), len(env.feature_names))
    actions = np.full(env.num_envs, env._actions.preferred)  # type: ignore[attr-defined]
    for _ in range(scenario.periods):
        observation, rewards, dones, _ = env.step(actions)
        assert np.isfinite(observation).all()
        assert rewards.shape == (8 * len(names),)
    assert dones.all()


def test_without_offsets_the_env_is_the_start() -> None:
    """Rewards of the team are minus the chain's money, whoever learns."""
    scenario = chain(reward={"credit": "now"})
    policy = formula_start(scenario)
    env = ChainVecEnv(scenario, policy, seed=5, worlds=8, team_share=1.0)
    env.reset()
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=5, purpose=Purpose.TRAIN, worlds=1, episode=0).repeated(8))
    actions = np.full(env.num_envs, env._actions.preferred)  # type: ignore[attr-defined]
    for _ in range(scenario.periods):
        _, rewards, _, _ = env.step(actions)
        money = Money.of(world.params, world.step(policy.wishes(world.situation)))
        expected = np.repeat(-money.chain[:, None] / STORES, 4, axis=1)
        np.testing.assert_allclose(rewards.reshape(8, 4), expected, rtol=1e-6)


def test_own_ledgers_are_paid_apart() -> None:
    """Without a team's share the rows add up to minus the chain's cost."""
    scenario = chain(reward={"credit": "now", "team_share": 0.0})
    policy = formula_start(scenario)
    env = ChainVecEnv(scenario, policy, seed=5, worlds=8)
    env.reset()
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=5, purpose=Purpose.TRAIN, worlds=1, episode=0).repeated(8))
    actions = np.full(env.num_envs, env._actions.preferred)  # type: ignore[attr-defined]
    for _ in range(10):
        _, rewards, _, _ = env.step(actions)
        money = Money.of(world.params, world.step(policy.wishes(world.situation)))
        np.testing.assert_allclose(rewards.reshape(8, 4).sum(axis=1), -money.chain, rtol=1e-5)
        np.testing.assert_allclose(
            rewards.reshape(8, 4)[:, 2], -(money.warehouse_holding + money.warehouse_ordering)
        )


def changed(situation: Situation, state: dict[str, Array], memory: dict[str, Array]) -> Situation:
    """The same moment with other numbers."""
    new_state = State(**{**_fields(situation.state), **state})
    new_memory = Memory(**{**_fields(situation.memory), **memory})
    return replace(situation, state=new_state, memory=new_memory)


def _fields(record: Any) -> dict[str, Array]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}


def _others_of(row: int, situation: Situation) -> Situation:
    """Everything that an agent cannot see under local information is different."""
    state, memory = situation.state, situation.memory
    more = 7.0
    if row < STORES:  # a store: its neighbour's business, and all stock upstream
        other = 1 - row

        def elsewhere(values: Array) -> Array:
            values = values.copy()
            values[..., other] += more
            return values

        return changed(
            situation,
            {
                "store_on_hand": elsewhere(state.store_on_hand),
                "store_owed": elsewhere(state.store_owed),
                "store_pipeline": elsewhere(state.store_pipeline),
                "warehouse_on_hand": state.warehouse_on_hand + more,
                "warehouse_pipeline": state.warehouse_pipeline + more,
                "warehouse_owed": state.warehouse_owed + more,
                "supplier_on_hand": state.supplier_on_hand + more,
                "supplier_pipeline": state.supplier_pipeline + more,
            },
            {
                "last_demand": elsewhere(memory.last_demand),
                "last_unmet": elsewhere(memory.last_unmet),
                "last_orders": elsewhere(memory.last_orders),
                "asked": memory.asked + more,
                "unshipped": memory.unshipped + more,
            },
        )
    stores = {
        "store_on_hand": state.store_on_hand + more,
        "store_pipeline": state.store_pipeline + more,
        "store_backorders": state.store_backorders + more,
    }
    demand = {"last_demand": memory.last_demand + more, "last_unmet": memory.last_unmet + more}
    if row == STORES:  # the warehouse: the stores' shelves, and the plant
        plant = {
            "supplier_on_hand": state.supplier_on_hand + more,
            "supplier_pipeline": state.supplier_pipeline + more,
        }
        return changed(situation, {**stores, **plant}, demand)
    below = {
        "store_owed": state.store_owed + more,
        "warehouse_on_hand": state.warehouse_on_hand + more,
        "warehouse_pipeline": state.warehouse_pipeline + more,
    }
    return changed(
        situation, {**stores, **below}, {**demand, "last_orders": memory.last_orders + 1}
    )


@pytest.mark.parametrize("row", range(STORES + 2))
@pytest.mark.parametrize("critic", ["own", "central"])
def test_local_information_is_local(row: int, critic: str) -> None:
    """What a site does, and the order it starts from, depends on nothing that it cannot see."""
    scenario = chain("local", critic=critic)
    policy = start_policy(scenario, seed=0)
    env = make_env(scenario, policy, 0)
    network: Any = make_algorithm(scenario, env, seed=0).policy
    observer, agents = Observer(scenario), Agents(scenario)
    here = played(scenario)
    there = _others_of(row, here)
    seen, orders = [], []
    for situation in (here, there):
        own = agents.of(policy.wishes(situation))
        orders.append(own[:, row])
        features = observer.observe(situation, own)
        if critic == "central":
            features = observer.with_chain(features, situation)
        seen.append(features.reshape(6, agents.count, -1)[:, row])
    np.testing.assert_array_equal(orders[0], orders[1])
    logits = [network.get_distribution(_tensor(rows)).distribution.logits for rows in seen]
    np.testing.assert_array_equal(logits[0].detach(), logits[1].detach())
    values = [network.predict_values(_tensor(rows)).detach() for rows in seen]
    assert bool((values[0] == values[1]).all()) is (critic == "own")


def test_the_critic_is_central_where_several_tiers_learn_from_local_information() -> None:
    assert chain("local").central_critic
    assert not chain("local", critic="own").central_critic
    assert not chain("local", learn=("warehouse",)).central_critic
    assert not chain("local", algorithm="recurrent-ppo").central_critic
    assert not chain("shared").central_critic
    assert chain("shared", critic="central").central_critic


def _tensor(rows: Any) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(rows))


def test_shared_information_is_shared() -> None:
    scenario = chain()
    observer, policy = Observer(scenario), formula_start(scenario)
    here = played(scenario)
    there = _others_of(0, here)
    rows = [
        observer.observe(s, policy.wishes(s)).reshape(6, STORES + 2, -1)[:, 0]
        for s in (here, there)
    ]
    assert (rows[0] != rows[1]).any()


def test_a_position_downstream_is_not_for_local_eyes() -> None:
    with pytest.raises(InputError, match="cannot be seen"):
        Observer(chain("local", observe=("chain",)))


def test_an_unlimited_site_cannot_learn() -> None:
    scenario = chain(learn=("supplier",))
    supplier = scenario.supplier.model_copy(update={"unlimited": True})
    with pytest.raises(InputError, match="the supplier of five has nothing to order"):
        Agents(scenario.model_copy(update={"supplier": supplier}))


def test_the_tuned_start_upstream_is_no_dearer_than_the_scenario_rule() -> None:
    """The formula's level forgets the plant's limit; simulation finds a cheaper one."""
    scenario = chain(learn=("stores", "warehouse"))
    tuned = start_policy(scenario, seed=0)
    fresh = draw_tape(scenario, seed=9, purpose=Purpose.VALIDATE, worlds=400)
    rules = ChainPolicy(
        "rules",
        RulePolicy("capped-base-stock", formula_rule("capped-base-stock", scenario)),
        (UpstreamRule.of(scenario, "warehouse"),),
    )
    gain = mean_costs(rules, scenario, fresh) - mean_costs(tuned, scenario, fresh)
    assert gain.mean() > 2 * gain.std() / 20


def test_kept_levels_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = chain("local")
    first = start_policy(scenario, seed=0, cache=tmp_path)
    monkeypatch.setattr(start, "_search", None)
    again = start_policy(scenario, seed=0, cache=tmp_path)
    here = played(scenario)
    np.testing.assert_array_equal(first.wishes(here), again.wishes(here))
    (tmp_path / "warehouse.json").write_text("{}")
    with pytest.raises(InputError, match=r"warehouse\.json: not the levels"):
        start_policy(scenario, seed=0, cache=tmp_path)


class StoppedError(Exception):
    """Stands for Ctrl-C."""


def test_a_run_of_all_tiers_resumes_exactly(tmp_path: Path) -> None:
    scenario = chain(critic="central")
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    train(scenario, seed=4, folder=tmp_path / "whole")
    seen = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(scenario, seed=4, folder=tmp_path / "broken", on_progress=stop)
    resume(tmp_path / "broken")
    whole, broken = (read_tensors(tmp_path / run / LAST)[0] for run in ("whole", "broken"))
    for name in whole:
        np.testing.assert_array_equal(whole[name], broken[name], err_msg=name)


def test_phases_build_on_each_other(tmp_path: Path) -> None:
    """Each phase starts at the last one's policy, and its folder needs no other."""
    before = None
    tape = draw_tape(chain(), seed=1, purpose=Purpose.TEST, worlds=4)
    for phase, tier in phases.PHASES.items():
        folder = tmp_path / str(phase)
        folder.mkdir()
        others = None
        if phase > 1:
            others = run_of_phase(phase - 1, chain(learn=(tier,)), tmp_path)
            assert others == tmp_path / str(phase - 1)
        run = train(chain(learn=(tier,)), seed=phase, folder=folder, others=others)
        if before is not None:
            here = played(chain(learn=(tier,)))
            own = run.start_rule.wishes(here)
            np.testing.assert_array_equal(own[:, : STORES + phase - 2], before.wishes(here))
        before = run.policy
    first = mean_costs(run.policy, run.scenario, tape)
    (tmp_path / "2").rename(tmp_path / "gone")
    again = load_run(tmp_path / "3")
    np.testing.assert_array_equal(first, mean_costs(again.policy, again.scenario, tape))


def test_stores_can_learn_again_below_a_learned_warehouse(tmp_path: Path) -> None:
    """Who decides for a site stays known however runs build on each other."""
    others = None
    for number, tier in enumerate(["warehouse", "stores", "supplier"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = train(chain(learn=(tier,)), seed=number, folder=folder, others=others)
        others = folder
    here = played(run.scenario)
    assert run.policy.wishes(here).shape == (6, STORES + 2)
    before = load_run(tmp_path / "1")
    own = run.start_rule.wishes(here)
    np.testing.assert_array_equal(own[:, : STORES + 1], before.policy.wishes(here))


def test_a_phase_without_the_one_before_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run of phase 1 on five"):
        run_of_phase(1, chain(), tmp_path)


def test_runs_on_another_chain_are_refused(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    train(chain(learn=("stores",)), seed=0, folder=tmp_path / "first")
    other = chain(learn=("warehouse",)).model_copy(update={"periods": 41})
    with pytest.raises(InputError, match="trained on another chain"):
        train(other, seed=0, folder=tmp_path / "second", others=tmp_path / "first")
    assert not any((tmp_path / "second").iterdir())
