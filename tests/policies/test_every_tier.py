"""Warehouse and supplier learn beside the stores: rows, rewards, information, runs on runs."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.facts import site_names
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.ppo import make_algorithm
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.baselines import formula_rule, start_kinds
from policies.rules.rule_based import ChainPolicy, RulePolicy
from policies.rules.rule_book import START, RuleBook
from policies.rules.start import find_start, start_policy
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
    return ChainPolicy("rules", below, Params.of(scenario).rules)


def formulas(scenario: Scenario) -> RuleBook:
    """Rules from formulas: their search is tested apart."""
    book = RuleBook(scenario, 0)
    book.add(START, formula_rule(start_kinds(scenario)[0], scenario))
    return book


def start_of(scenario: Scenario) -> Policy:
    """What learning starts from, upstream by simulation."""
    return start_policy(find_start(resolve(scenario, scenario.training), formulas(scenario)))


def env_of(scenario: Scenario, policy: Policy, seed: int = 0, **reward: Any) -> ChainVecEnv:
    """Eight worlds whose rewards are as they are paid."""
    training = scenario.training
    paid = training.reward.model_copy(update={"team_share": 0.0, **reward})
    changes = {"reward": paid, "continuing": False}
    recipe = resolve(scenario, training.model_copy(update=changes))
    return ChainVecEnv(scenario, recipe, policy, seed=seed, worlds=8)


def played(scenario: Scenario, periods: int = 12) -> Situation:
    """A situation in the middle of an episode under rules."""
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=6))
    policy = formula_start(scenario)
    for _ in range(periods):
        world.step(policy.wishes(world.situation))
    return world.situation


def test_sites_of_which_nothing_is_said_follow_the_scenario_rules() -> None:
    """Deciding as the rules do, or leaving it to them, is the same chain."""
    scenario = chain()
    costs = []
    for alone in (False, True):
        world = Chain(scenario)
        world.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=6))
        total = np.zeros(6)
        while not world.ended:
            wishes = formula_start(scenario).wishes(world.situation)
            if alone:
                wishes = world.situation.of_stores(wishes[:, :STORES])
            total += Money.of(world.params, world.step(wishes)).chain
        costs.append(total)
    np.testing.assert_array_equal(costs[0], costs[1])
    with pytest.raises(ValueError, match=f"must be of all {STORES + 2} sites, got {STORES};"):
        world.step(np.zeros((6, STORES)))


def test_every_site_ships_what_it_can_of_what_was_wished() -> None:
    scenario = chain()
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=6))
    wishes = np.tile([4.0, 5.0, 11.0, 12.0], (6, 1))
    for _ in range(20):
        ledger = world.step(wishes)
        assert ledger.imbalance() == 0
        np.testing.assert_array_equal(ledger.ordered, wishes)


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
    env = env_of(scenario, formula_start(scenario))
    assert [site_names(scenario)[i] for i in env.interface.agents.sites] == names
    observation = env.reset()
    assert observation.shape == (8 * len(names), len(env.interface.names))
    actions = np.zeros((env.num_envs, 1))
    for _ in range(scenario.periods):
        observation, rewards, dones, _ = env.step(actions)
        assert np.isfinite(observation).all()
        assert rewards.shape == (8 * len(names),)
    assert dones.all()


def test_without_offsets_the_env_is_the_start() -> None:
    """Rewards of the team are minus the chain's money, whoever learns."""
    scenario = chain(reward={"credit": "now"})
    policy = formula_start(scenario)
    env = env_of(scenario, policy, seed=5, team_share=1.0)
    env.reset()
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=5, purpose=Purpose.TRAIN, worlds=1, episode=0).repeated(8))
    actions = np.zeros((env.num_envs, 1))
    for _ in range(scenario.periods):
        _, rewards, _, _ = env.step(actions)
        money = Money.of(world.params, world.step(policy.wishes(world.situation)))
        expected = np.repeat(-money.chain[:, None] / STORES, 4, axis=1)
        np.testing.assert_allclose(rewards.reshape(8, 4), expected, rtol=1e-6)


def test_own_ledgers_are_paid_apart() -> None:
    """Without a team's share the rows add up to minus the chain's cost."""
    scenario = chain(reward={"credit": "now", "team_share": 0.0})
    policy = formula_start(scenario)
    env = env_of(scenario, policy, seed=5)
    env.reset()
    world = Chain(scenario)
    world.reset(draw_tape(scenario, seed=5, purpose=Purpose.TRAIN, worlds=1, episode=0).repeated(8))
    actions = np.zeros((env.num_envs, 1))
    for _ in range(10):
        _, rewards, _, _ = env.step(actions)
        money = Money.of(world.params, world.step(policy.wishes(world.situation)))
        np.testing.assert_allclose(rewards.reshape(8, 4).sum(axis=1), -money.chain, rtol=1e-5)
        np.testing.assert_allclose(
            rewards.reshape(8, 4)[:, 2], -(money.holding + money.ordering)[:, STORES]
        )


def changed(situation: Situation, state: dict[str, Array], memory: dict[str, Array]) -> Situation:
    """The same moment with other numbers."""
    new_state = State(**{**_fields(situation.state), **state})
    new_memory = Memory(**{**_fields(situation.memory), **memory})
    return replace(situation, state=new_state, memory=new_memory)


def _fields(record: Any) -> dict[str, Array]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _others_of(row: int, situation: Situation) -> Situation:
    """Everything that an agent cannot see under local information is different."""
    state, memory = situation.state, situation.memory
    sites = np.arange(STORES + 2)
    beside = sites != row

    def elsewhere(values: Array, where: Any) -> Array:
        return values + 7.0 * where

    return changed(
        situation,
        {
            "on_hand": elsewhere(state.on_hand, beside),
            "pipeline": elsewhere(state.pipeline, beside),
            "owed": elsewhere(state.owed, beside),
            "backorders": elsewhere(state.backorders, beside),
        },
        {
            "last_demand": elsewhere(memory.last_demand, beside),
            "last_unmet": elsewhere(memory.last_unmet, beside),
            "fill_rate": memory.fill_rate - 0.1 * beside,
            "last_ordered": elsewhere(memory.last_ordered, beside & (row != STORES)),
        },
    )


@pytest.mark.parametrize("row", range(STORES + 2))
@pytest.mark.parametrize("critic", ["own", "central"])
def test_local_information_is_local(row: int, critic: str) -> None:
    """What a site does, and the order it starts from, depends on nothing that it cannot see."""
    scenario = chain("local", critic=critic)
    policy = start_of(scenario)
    env = env_of(scenario, policy)
    interface = env.interface
    network: Any = make_algorithm(interface, env, seed=0).policy
    here = played(scenario)
    there = _others_of(row, here)
    seen, orders = [], []
    for situation in (here, there):
        own = policy.wishes(situation)
        orders.append(own[:, row])
        features = interface.observe_all(situation, own)
        seen.append(features.reshape(6, interface.agents.count, -1)[:, row])
    np.testing.assert_array_equal(orders[0], orders[1])
    means = [network.get_distribution(_tensor(rows)).distribution.mean for rows in seen]
    np.testing.assert_array_equal(means[0].detach(), means[1].detach())
    values = [network.predict_values(_tensor(rows)).detach() for rows in seen]
    assert bool((values[0] == values[1]).all()) is (critic == "own")


def _tensor(rows: Any) -> Any:
    import torch

    return torch.from_numpy(np.ascontiguousarray(rows))


def test_shared_information_is_shared() -> None:
    scenario = chain()
    policy = formula_start(scenario)
    interface, here = env_of(scenario, policy).interface, played(scenario)
    there = _others_of(0, here)
    rows = [
        interface.observe(s, policy.wishes(s)).reshape(6, STORES + 2, -1)[:, 0]
        for s in (here, there)
    ]
    assert (rows[0] != rows[1]).any()


def test_a_position_downstream_is_not_for_local_eyes() -> None:
    with pytest.raises(InputError, match="cannot be seen"):
        env_of(chain("local", observe=("chain",)), formula_start(chain()))


def test_an_unlimited_site_cannot_learn() -> None:
    scenario = chain(learn=("supplier",))
    supplier = scenario.supplier.model_copy(update={"unlimited": True})
    with pytest.raises(InputError, match="the supplier of five has nothing to order"):
        env_of(scenario.model_copy(update={"supplier": supplier}), formula_start(chain()))


def test_the_tuned_start_upstream_is_no_dearer_than_the_scenario_rule() -> None:
    """The formula's level forgets the plant's limit; simulation finds a cheaper one."""
    scenario = chain(learn=("stores", "warehouse"))
    tuned = start_of(scenario)
    fresh = draw_tape(scenario, seed=9, purpose=Purpose.VALIDATE, worlds=400)
    rules = ChainPolicy(
        "rules",
        RulePolicy("capped-base-stock", formula_rule("capped-base-stock", scenario)),
        Params.of(scenario).rules[:1],
    )
    gain = mean_costs(rules, scenario, fresh) - mean_costs(tuned, scenario, fresh)
    assert gain.mean() > 2 * gain.std() / 20


class StoppedError(Exception):
    """Stands for Ctrl-C."""


def test_a_run_of_all_tiers_resumes_exactly(tmp_path: Path) -> None:
    scenario = chain(critic="central")
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    train(scenario, seed=4, folder=tmp_path / "whole", book=formulas(scenario))
    seen = []

    def stop(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 3:
            raise StoppedError

    book, told = formulas(scenario), stop
    with pytest.raises(StoppedError):
        train(scenario, seed=4, folder=tmp_path / "broken", book=book, on_progress=told)
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
        book = formulas(chain())
        run = train(chain(learn=(tier,)), seed=phase, folder=folder, others=others, book=book)
        if before is not None:
            here = played(chain(learn=(tier,)))
            own = run.start_rule.wishes(here)
            decided = slice(0, STORES + phase - 2)  # above, this phase may have tuned another rule
            np.testing.assert_array_equal(own[:, decided], before.wishes(here)[:, decided])
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
        book = formulas(chain())
        run = train(chain(learn=(tier,)), seed=number, folder=folder, others=others, book=book)
        others = folder
    here = played(run.scenario)
    assert run.policy.wishes(here).shape == (6, STORES + 2)
    before = load_run(tmp_path / "1")
    own = run.start_rule.wishes(here)
    decided = slice(0, STORES + 1)
    np.testing.assert_array_equal(own[:, decided], before.policy.wishes(here)[:, decided])


def test_a_phase_without_the_one_before_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no run of phase 1 on five"):
        run_of_phase(1, chain(), tmp_path)


def test_runs_on_another_chain_are_refused(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    stores = chain(learn=("stores",))
    train(stores, seed=0, folder=tmp_path / "first", book=formulas(stores))
    other = chain(learn=("warehouse",)).model_copy(update={"periods": 41})
    with pytest.raises(InputError, match="trained on another chain"):
        train(other, seed=0, folder=tmp_path / "second", others=tmp_path / "first")
    assert not any((tmp_path / "second").iterdir())
