"""One network for chains of any number of stores: several shapes, stores in any order."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli import app
from inventory_env.decision.interface import Interface
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import Mixture, shape_of
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import scenario_text
from inventory_env.envs.joined import JoinedVecEnv
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.learned import LearnedPolicy
from policies.learning.tape_centred import TapeCentredBuffer
from policies.rollout import mean_costs
from policies.rules.chain_start import KIND, searched_points
from policies.rules.rule_based import FittedRulePolicy
from policies.runs import training
from policies.runs.generalist import Generalist
from policies.runs.judge import Judge
from policies.runs.lessons import lessons_of
from policies.runs.run_folder import LAST, read_tensors

PROBLEMS = """
name = "few-chains"
periods = 30
warm_up = 6
[[stores]]
name = "s"
count = { choice = [1, 2, 4] }
holding_cost = 1
shortage_cost = { low = 4, high = 20, log = true }
lead_time = { low = 0, high = 3, whole = true }
demand = { kind = "poisson", mean = { low = 2, high = 9 } }
[warehouse]
lead_time = { low = 1, high = 3, whole = true }
holding_cost = 0.3
rule = { kind = "base-stock", position = "echelon" }
[training]
steps = 1536
worlds = 48
worlds_per_tape = 4
n_steps = 8
problems = 24
validation_worlds = 12
observe = ["arrival", "problem", "shared-stock"]
[training.actions]
scheme = "rule-offset"
reach = 1.0
"""


def problems() -> ProblemDistribution:
    return ProblemDistribution(PROBLEMS, "few-chains.toml")


def store(name: str, mean: float, lead_time: int, shortage_cost: float) -> dict[str, Any]:
    return {
        "name": name,
        "demand": {"kind": "poisson", "mean": mean},
        "lead_time": lead_time,
        "holding_cost": 1.0,
        "shortage_cost": shortage_cost,
    }


def chain(stores: list[dict[str, Any]], **changes: Any) -> Scenario:
    table = {
        "name": "chain",
        "periods": 40,
        "warm_up": 8,
        "stores": stores,
        "warehouse": {"lead_time": 2, "holding_cost": 0.3},
        "training": problems().training.model_dump(mode="json", exclude_unset=True),
    }
    return Scenario.model_validate(table | changes)


UNLIKE = [store("a", 4, 1, 9), store("b", 7, 3, 15), store("c", 3, 2, 6)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Generalist:
    """Trained in two seconds; what it learned is not worth much."""
    folder = tmp_path_factory.mktemp("any-chain")
    return training.train_generalist(problems(), seed=3, folder=folder)


def parts() -> list[ChainVecEnv]:
    """An environment for each of three shapes."""
    found = []
    for chains in problems().learned_from():
        recipe = resolve(chains, problems().training)
        rule = FittedRulePolicy(KIND, searched_points(chains, seed=0))
        found.append(ChainVecEnv(chains, recipe, rule, seed=2, worlds=8))
    return found


def test_rows_of_joined_environments_are_those_of_the_parts_alone() -> None:
    together, alone = JoinedVecEnv(parts()), parts()
    rows = [part.num_envs for part in alone]
    assert rows == [8, 16, 32] and together.groups == [(8, 1), (16, 2), (32, 4)]
    rng = np.random.default_rng(0)
    observed, each = together.reset(), [part.reset() for part in alone]
    for _ in range(26):  # past the end of an episode
        np.testing.assert_array_equal(observed, np.concatenate(each))
        actions = rng.uniform(-1, 1, (sum(rows), 1)).astype(np.float32)
        observed, paid, dones, infos = together.step(actions)
        steps = [
            part.step(own)
            for part, own in zip(alone, np.split(actions, np.cumsum(rows)[:-1]), strict=True)
        ]
        each = [step[0] for step in steps]
        np.testing.assert_array_equal(paid, np.concatenate([step[1] for step in steps]))
        np.testing.assert_array_equal(dones, np.concatenate([step[2] for step in steps]))
        assert [len(info) for info in infos] == [len(i) for step in steps for i in step[3]]
    kept = together.snapshot()
    again = JoinedVecEnv(parts())
    np.testing.assert_array_equal(again.restore(kept), observed)
    np.testing.assert_array_equal(again.step(actions)[1], together.step(actions)[1])


def test_a_store_with_a_chain_to_itself_is_paid_what_the_chain_is() -> None:
    alone = parts()[0]
    recipe = alone.interface.recipe
    assert recipe.rent and recipe.settings.reward.team_share == 0.1
    assert recipe.paid(1) == (1.0, False) and recipe.paid(2) == (0.1, True)
    alone.reset()
    actions = np.linspace(-1, 1, alone.num_envs, dtype=np.float32)[:, None]
    paid = alone.step(actions)[1]
    paying = alone._creditor.credited(alone.ledger, alone.situation, alone._chain.tape)
    chain_cost = Money.of(alone.situation.params, paying.ledger).chain
    np.testing.assert_allclose(paid, -chain_cost, rtol=1e-5)


def test_advantages_are_centred_in_each_parts_own_groups() -> None:
    """Against a loop over rows: the mean of the four worlds that share a tape, for each site."""
    import torch

    env = JoinedVecEnv(parts())
    buffer = TapeCentredBuffer(
        *(3, env.observation_space, env.action_space, "cpu"),
        n_envs=env.num_envs,
        parts=env.groups,
        worlds_per_tape=4,
        group_value_share=0.1,
    )
    rng = np.random.default_rng(1)
    buffer.rewards[:] = rng.normal(size=buffer.rewards.shape)
    plain = buffer.rewards[-1] - 0.0  # the last step's advantage, with values and last values 0
    buffer.compute_returns_and_advantage(torch.zeros(env.num_envs), np.ones(env.num_envs))
    first = 0
    for rows, agents in env.groups:
        for row in range(rows):
            world, agent = divmod(row, agents)
            tape = world // 4
            same = [first + (tape * 4 + k) * agents + agent for k in range(4)]
            expected = plain[first + row] - plain[same].mean()
            assert buffer.advantages[-1, first + row] == pytest.approx(expected, abs=1e-6)
        first += rows


def situation(own: Scenario) -> Situation:
    """A moment of a chain in which its stores differ."""
    tape = draw_tape(own, seed=4, purpose=Purpose.TEST, worlds=5)
    played = Chain(own)
    played.reset(tape)
    rule = FittedRulePolicy(KIND)
    for _ in range(12):
        played.step(rule.wishes(played.situation))
    return played.situation


def taken(batch: Any, order: list[int]) -> Any:
    """State or memory with its sites in another order."""
    changes = {}
    for field in fields(batch):
        values = getattr(batch, field.name)
        if isinstance(values, np.ndarray) and values.shape[-1] in (len(order), len(order) - 1):
            changes[field.name] = values[..., order[: values.shape[-1]]]
    return replace(batch, **changes)


def test_stores_in_another_order_decide_the_same(trained: Generalist) -> None:
    order = [2, 0, 1, 3]
    first, second = chain(UNLIKE), chain([UNLIKE[i] for i in order[:3]])
    seen = situation(first)
    turned = replace(
        seen,
        params=Params.of(second),
        state=taken(seen.state, order),
        memory=taken(seen.memory, order),
    )
    start = FittedRulePolicy(KIND)
    wishes = [
        LearnedPolicy(Interface(trained.recipe, shape_of(own)), start, trained.network).wishes(
            moment
        )
        for own, moment in ((first, seen), (second, turned))
    ]
    assert np.abs(wishes[0] - start.wishes(seen))[:, :3].max() > 0
    np.testing.assert_allclose(wishes[1], wishes[0][:, order], rtol=1e-5)


def test_what_is_seen_does_not_depend_on_how_many_like_stores_there_are() -> None:
    """All but how many, and what is measured by the sd of all together: it grows like a root."""
    rows = []
    for count in (2, 7):
        own = chain([store(f"s{i}", 5, 2, 9) for i in range(count)])
        recipe = resolve(own, own.training)
        interface = Interface(recipe, shape_of(own))
        seen = Chain(own).reset(draw_tape(own, seed=0, purpose=Purpose.TEST, worlds=1))
        wishes = FittedRulePolicy(KIND).wishes(seen)
        observed = interface.observe(seen, wishes)
        assert (observed == observed[0]).all()
        rows.append(dict(zip(interface.names, observed[0], strict=True)))
    few, many = rows
    differ = {name for name in few if abs(few[name] - many[name]) > 1e-5}
    of_all = {"warehouse_after_orders", "warehouse_at_0", "warehouse_at_50", "warehouse_at_100"}
    assert differ <= of_all | {"warehouse_echelon", "chain_size", "chain_pooling"}
    assert "chain_size" in differ and len(few) == len(many)


def test_a_stopped_training_ends_with_the_same_weights(trained: Generalist, tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(progress: training.Progress) -> None:
        if progress.steps > 500:
            raise StopError

    with pytest.raises(StopError):
        training.train_generalist(problems(), seed=3, folder=tmp_path, on_progress=stop)
    searched = (tmp_path / "start_levels.json").stat().st_mtime_ns
    ended = training.resume(tmp_path)
    assert isinstance(ended, Generalist)
    for name, tensor in trained.network.state_dict().items():
        assert (ended.network.state_dict()[name] == tensor).all()
    assert (tmp_path / "start_levels.json").stat().st_mtime_ns == searched
    files = (read_tensors(run.folder / LAST)[0] for run in (trained, ended))
    first, second = files
    assert first.keys() == second.keys() and any(name.startswith("env.2.") for name in first)


def test_every_shape_has_about_as_many_rows(trained: Generalist) -> None:
    lessons = lessons_of(trained.folder, trained.recipe, problems(), 3)
    assert isinstance(lessons.env, JoinedVecEnv)
    assert lessons.env.groups == [(16, 1), (16, 2), (16, 4)]


def test_the_searched_start_is_near_the_best_shift_on_fresh_demand() -> None:
    own = chain(UNLIKE, periods=200)
    tape = draw_tape(own, seed=9, purpose=Purpose.TEST, worlds=60)
    found = searched_points(own, seed=0)

    def cost(shift: float) -> float:
        return float(mean_costs(FittedRulePolicy(KIND, found + shift), own, tape).mean())

    best = min(cost(shift) for shift in np.linspace(-0.6, 0.6, 13))
    assert cost(0.0) < 1.005 * best
    two = Mixture((own, own.model_copy(update={"name": "twin", "warehouse": own.warehouse})))
    assert searched_points(two, seed=0).shape == (2, 3, 1)


def test_a_chain_outside_training_follows_its_rule_and_says_so(trained: Generalist) -> None:
    five = chain([store(f"s{i}", 5, 2, 9) for i in range(9)])
    run = trained.on(five)
    told = trained.told(run)
    assert told[0].startswith("number of stores is 9, training had 1 to 4")
    assert len([words for words in told if "number of stores" in words]) == 1
    assert run.manifest["kept_rule"] and run.policy.name == "kept-rule"
    tape = draw_tape(five, seed=5, purpose=Purpose.TEST, worlds=8)
    costs = [mean_costs(policy, five, tape) for policy in (run.policy, run.start_rule)]
    np.testing.assert_array_equal(*costs)
    alone = chain([UNLIKE[0]], warehouse={"unlimited": True})
    assert any("a warehouse that can run out" in words for words in trained.strange(alone))


def test_training_goes_on_for_one_chain_from_its_tuned_rule(
    trained: Generalist, tmp_path: Path
) -> None:
    own = chain(UNLIKE)
    own = own.with_training(own.training.model_copy(update={"steps": 400, "worlds": 8}))
    run = training.train(own, seed=1, folder=tmp_path, start=trained)
    levels = run.recipe.start[0].rule.levels["level"]
    assert len(levels) == 3 and not run.recipe.start[0].rule.searched
    assert run.recipe.rent and run.recipe.settings.reward.team_share == 1 / 3
    far = chain([store(f"s{i}", 5, 2, 9) for i in range(9)])
    with pytest.raises(InputError, match="start: number of stores is 9, training had 1 to 4"):
        training.train(far, seed=1, folder=tmp_path / "far", start=trained)


def test_a_shape_with_one_chain_counts_like_the_others() -> None:
    """In shares of what its start costs, and with a recipe that names no chain's numbers."""
    one = Mixture((chain(UNLIKE),))
    rule = FittedRulePolicy(KIND, searched_points(one, seed=0))
    judge = Judge(one, rule, seed=0, worlds=4)
    assert judge.validate(rule).rule_cost == pytest.approx(1.0)
    assert np.abs(judge.gain(FittedRulePolicy(KIND))).max() < 0.9
    assert resolve(one, problems().training).columns is None


def test_the_command_line_judges_and_refuses(
    trained: Generalist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "own.toml"
    file.write_text(scenario_text(chain(UNLIKE)))
    run, runner = str(trained.folder), CliRunner()
    asked = ["eval", "--run", run, "--baseline", "constant-order", "--runs", str(tmp_path)]
    done = runner.invoke(app, [*asked, "--scenario", str(file), "--episodes", "8"])
    assert done.exit_code == 0, done.output
    many = tmp_path / "many.toml"
    many.write_text(PROBLEMS.replace("count = { choice = [1, 2, 4] }", "count = 0"))
    for wrong, words in (
        (asked, "--scenario"),
        ([*asked, "--scenario", "any-chain"], "describes many chains"),
        (["train", "--scenario", str(many)], "count must be whole, 1 to 1000, got 0"),
        (["bench", "published", "--suite", "generalist", "--run", "nowhere"], "no such run"),
        (["train", "--start", run, "--scenario", "fifty-stores"], "start: store store-01: mean"),
    ):
        refused = runner.invoke(app, wrong)
        assert refused.exit_code == 2, wrong
        assert words in " ".join(refused.output.split()), refused.output
        assert "Traceback" not in refused.output
    assert not (tmp_path / "runs").exists()  # nothing half written
