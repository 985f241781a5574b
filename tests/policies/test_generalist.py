"""One network for many problems: trained small, used on chains that it never saw, gone on from."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import poisson
from typer.testing import CliRunner

import hmarl
from benchmarks.html.live_pages import runs_page
from benchmarks.html.run_page import run_page
from benchmarks.html.twin import twin_page
from cli import app
from inventory_env.description.population import Mixture
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.files import write_json
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import make_algorithm
from policies.learning.trust import saves
from policies.rollout import mean_costs
from policies.rules.chain_start import searched_points
from policies.rules.fitted_levels import fingerprint
from policies.rules.rule_based import FittedRulePolicy, RulePolicy
from policies.rules.rule_book import RuleBook
from policies.rules.search import tuned_rules
from policies.rules.start import start_policy
from policies.runs import training
from policies.runs.generalist import Generalist, load_generalist
from policies.runs.phases import run_of_phase
from policies.runs.recipes import recipe_of_many
from policies.runs.run_folder import LAST, load_run, read_tensors

PROBLEMS = """
name = "few"
description = "Small problems."
periods = 40
warm_up = 8
[warehouse]
unlimited = true
[[stores]]
name = "s"
holding_cost = 1
shortage_cost = { low = 2, high = 40, log = true }
lead_time = { low = 0, high = 6, whole = true }
demand = { kind = "poisson", mean = { low = 2, high = 9 } }
[training]
steps = 1280
worlds = 64
worlds_per_tape = 4
problems = 40
validation_worlds = 16
observe = ["arrival", "problem"]
[training.actions]
scheme = "rule-offset"
reach = 1.0
"""
OTHER = {
    "name": "other",
    "periods": 60,
    "warm_up": 10,
    "stores": [
        {
            "name": "shop",
            "demand": {"kind": "poisson", "mean": 5},
            "lead_time": 3,
            "holding_cost": 2.0,
            "shortage_cost": 20.0,
        }
    ],
    "warehouse": {"unlimited": True},
}


def chain(**store: object) -> Scenario:
    """A chain that is not among those learned from."""
    return Scenario.model_validate({**OTHER, "stores": [{**OTHER["stores"][0], **store}]})  # type: ignore[index]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Generalist:
    """Trained in two seconds; what it learned is not worth much."""
    folder = tmp_path_factory.mktemp("generalist")
    return training.train_generalist(problems(), seed=3, folder=folder)


def problems() -> ProblemDistribution:
    return ProblemDistribution(PROBLEMS, "few.toml")


def test_a_run_reads_back_and_names_no_chain(trained: Generalist) -> None:
    again = load_generalist(trained.folder)
    assert again.recipe.columns is None and again.recipe.sizes is None
    assert again.problems.draw(3, stream=7) == problems().draw(3, stream=7)
    with pytest.raises(InputError, match=r"problem distribution \(few\) and serves any chain"):
        load_run(trained.folder)
    own = trained.network.state_dict()
    for name, tensor in again.network.state_dict().items():
        assert (tensor == own[name]).all()


def test_it_decides_for_a_chain_it_never_saw_as_for_one_of_many(trained: Generalist) -> None:
    """Alone, and in company that shares one batch, the same orders."""
    learned = LearnedPolicy(trained_interface(trained), trained.start_rule, trained.network)
    many = problems().draw(5, stream=8)
    tape = draw_tape(many, seed=1, purpose=Purpose.TEST, worlds=10)
    together = Chain(many)
    together.reset(tape)
    wishes = [step(together, learned) for _ in range(12)]
    assert np.ptp(wishes) > 0
    for number, member in enumerate(many.members):
        own = type(many)((member,))
        alone = Chain(own)
        alone.reset(draw_tape(own, seed=1, purpose=Purpose.TEST, worlds=2))
        for both in wishes:
            mine = both[2 * number : 2 * number + 2]
            np.testing.assert_allclose(step(alone, learned), mine, rtol=1e-4, atol=1e-4)


def step(chain: Chain, policy: LearnedPolicy) -> np.ndarray:
    """What a policy wishes for in a period that then passes."""
    wishes = policy.wishes(chain.situation)
    chain.step(wishes)
    return wishes


def trained_interface(run: Generalist):  # type: ignore[no-untyped-def]
    from policies.runs.run_folder import run_interface

    return run_interface(run.folder, run.recipe, run.problems.example)


STRANGE = {
    "longest lead time is 20, training had 0 to 6": {"lead_time": 20},
    "shortage cost / holding cost is 500": {"shortage_cost": 1000.0},
    "order cost / holding cost is 4": {"order_cost": 8.0},
    "minimum order / mean demand is 2": {"orders": {"minimum": 10}},
    "a largest order is 1": {"orders": {"maximum": 10}},
    "mean demand is 12": {"demand": {"kind": "negative-binomial", "mean": 12, "sd": 6}},
    "variation of demand is 1.09": {"demand": {"kind": "geometric", "mean": 5}},
}


@pytest.mark.parametrize("words", STRANGE)
def test_what_lies_outside_training_is_said_and_left_to_the_rule(
    trained: Generalist, words: str
) -> None:
    strange = chain(**STRANGE[words])
    told = trained.strange(strange)
    assert len(told) == 1 and words in told[0] and "store shop" in told[0]
    assert not trained.strange(chain())
    run = trained.on(strange)
    tape = draw_tape(strange, seed=1, purpose=Purpose.TEST, worlds=8)
    found = mean_costs(run.learned, strange, tape)
    np.testing.assert_array_equal(found, mean_costs(run.start_rule, strange, tape))


def test_a_warehouse_that_runs_out_is_not_its_business(trained: Generalist) -> None:
    told = trained.strange(load_scenario("three-stores"))
    assert sum("a warehouse that can run out is 1" in words for words in told) == 3


def test_learning_goes_on_from_it(trained: Generalist, tmp_path: Path) -> None:
    """The first network is the generalist's, the last is not; a stopped run ends as it would."""
    short = chain().with_training(chain().training.model_copy(update={"steps": 4096}))
    own = short.with_training(type(short.training).model_validate({"steps": 20_000, "worlds": 64}))
    whole = training.train(own, seed=1, folder=folder(tmp_path, "whole"), start=trained)
    assert whole.recipe.start[0].rule.formula == fingerprint("projected-inventory")
    assert whole.recipe.region is None and whole.recipe.settings.steps == 20_000
    first = trained.network.state_dict()["action_net.weight"].numpy()
    last = read_tensors(whole.folder / LAST)[0]["policy.action_net.weight"]
    assert 0 < np.abs(first - last).max() < 1.0

    class StopError(Exception):
        pass

    def stop(progress: training.Progress) -> None:
        if progress.steps > 8000:
            raise StopError

    stopped = folder(tmp_path, "stopped")
    with pytest.raises(StopError):
        training.train(own, seed=1, folder=stopped, start=trained, on_progress=stop)
    ended = training.resume(stopped)
    for name, values in read_tensors(whole.folder / LAST)[0].items():
        if name.startswith("policy."):
            np.testing.assert_array_equal(values, read_tensors(ended.folder / LAST)[0][name])


def folder(root: Path, name: str) -> Path:
    place = root / name
    place.mkdir()
    return place


def test_it_does_not_go_on_for_a_chain_outside_training(
    trained: Generalist, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="start: store shop: longest lead time is 20"):
        training.train(chain(lead_time=20), seed=1, folder=tmp_path, start=trained)
    assert not list(tmp_path.iterdir())


def test_another_fit_of_the_levels_is_refused(trained: Generalist, tmp_path: Path) -> None:
    """What the network was taught with is what it is used with."""
    copy = tmp_path / "copy"
    shutil.copytree(trained.folder, copy)
    text = (copy / "recipe.json").read_text()
    (copy / "recipe.json").write_text(
        text.replace(fingerprint("projected-inventory"), "fitted-00000000")
    )
    with pytest.raises(InputError, match="levels of the formula fitted-00000000"):
        _ = load_generalist(copy).on(chain()).policy


def test_a_policy_is_trusted_where_the_newsvendor_says_it_saves() -> None:
    """Stock of 11 instead of 8 for Poisson(5) at hand at once: by the law alone it is known which
    costs less at which shortage cost; equal ones save nothing."""
    shortages = [1.0, 4.0, 8.0, 20.0, 30.0, 100.0]
    chains = Mixture(
        tuple(
            chain(lead_time=0, shortage_cost=shortage).model_copy(update={"name": f"c{place}"})
            for place, shortage in enumerate(shortages)
        )
    )
    demand = np.arange(60)
    chances = poisson.pmf(demand, 5.0)

    def cost(stock: float, shortage: float) -> float:
        over, short = np.maximum(stock - demand, 0), np.maximum(demand - stock, 0)
        return float((chances * (2.0 * over + shortage * short)).sum())

    low, high = (RulePolicy("", BaseStock(np.array([[level]]))) for level in (8.0, 11.0))
    expected = [cost(11, shortage) < cost(8, shortage) for shortage in shortages]
    assert any(expected) and not all(expected)
    assert saves(chains, low, high)[:, 0].tolist() == expected
    assert not saves(chains, low, low).any()


def test_a_line_that_is_not_trusted_gets_the_rules_order(trained: Generalist) -> None:
    own = problems().example
    learned = trained.learned(own, trusted=np.zeros((1, 1), dtype=bool))
    tape = draw_tape(own, seed=2, purpose=Purpose.TEST, worlds=6)
    costs = [mean_costs(policy, own, tape) for policy in (learned, trained.start_rule)]
    np.testing.assert_array_equal(*costs)


def test_exploration_falls_by_schedule_and_is_not_learned(trained: Generalist) -> None:
    """Geometric in the steps: two updates, of which the second has half of the way behind it."""
    spread = float(trained.network.log_std.detach().exp())
    settings = trained.recipe.settings
    assert trained.manifest["steps"] == 2 * 16 * 64
    between = (settings.exploration * settings.final_exploration) ** 0.5
    assert spread == pytest.approx(between, rel=1e-5)
    assert not empty_exploration().requires_grad


def empty_exploration() -> torch.nn.Parameter:
    """The spread of a learner that has just been made."""
    recipe = recipe_of_many(problems())
    own = problems().draw(16, stream=0)
    env = ChainVecEnv(own, recipe, start_policy(recipe.start), seed=0)
    return make_algorithm(env.interface, env, seed=0).policy.log_std  # type: ignore[return-value]


def test_runs_for_many_problems_stand_beside_others(trained: Generalist, tmp_path: Path) -> None:
    """Its page, the list of all runs, its episode; and a phase looks past it."""
    copy = tmp_path / "many"
    shutil.copytree(trained.folder, copy)
    gain = {"mean": 0.0123, "ci95": [0.01, 0.015]}
    manifest = trained.manifest | {"kept_rule": False, "gain_over_start_rule": gain}
    write_json(copy / "manifest.json", manifest)
    verdict = " ".join(run_page(copy).verdict)
    assert "it saved 1.23% of what its start rule, projected-inventory, costs" in verdict
    assert f"hmarl eval --run {copy} --scenario CHAIN" in verdict
    assert "many" in str(runs_page(tmp_path, [copy]))
    assert twin_page(copy).title.startswith("few-0")
    with pytest.raises(InputError, match="no run of phase 1"):
        run_of_phase(1, load_scenario("three-stores"), tmp_path)


def test_formula_levels_cost_little_more_than_searched_ones() -> None:
    """Of ordinary stores, and the order-up-to level where customers wait."""
    for unmet, store in (
        ("lost", {"lead_time": 2, "shortage_cost": 20.0}),
        ("lost", {"lead_time": 8, "shortage_cost": 60.0}),
        ("backorder", {"lead_time": 4, "shortage_cost": 30.0}),
    ):
        own = chain(**store).model_copy(update={"unmet_demand": unmet, "periods": 400})
        tape = draw_tape(own, seed=4, purpose=Purpose.TEST, worlds=100)
        searched = RulePolicy(
            "projected-inventory", tuned_rules("projected-inventory", own, seed=0)
        )
        formula = FittedRulePolicy("projected-inventory")
        ours, best = (mean_costs(each, own, tape).mean() for each in (formula, searched))
        assert ours < 1.03 * best


def test_the_command_line_names_a_chain(trained: Generalist, tmp_path: Path) -> None:
    from inventory_env.description.scenario_files import scenario_text

    file = tmp_path / "other.toml"
    file.write_text(scenario_text(chain()))
    asked = ["eval", "--run", str(trained.folder), "--baseline", "projected-inventory"]
    runner = CliRunner()
    refused = runner.invoke(app, asked)
    assert refused.exit_code == 2 and "--scenario" in refused.output
    given = [*asked, "--scenario", str(file), "--runs", str(tmp_path), "--episodes", "20"]
    done = runner.invoke(app, given)
    assert done.exit_code == 0, done.output
    assert (tmp_path / f"{trained.folder.name}-on-other" / "evaluation").is_dir()
    assert not (trained.folder / "evaluation").exists()


def test_what_is_shipped_serves_a_published_chain() -> None:
    """Poisson(5), shortage 4, lead time 4: the optimum is 4.73, the rule it starts from 4.74."""
    run = hmarl.generalist().on(load_scenario("single-store"))
    assert isinstance(run.learned, LearnedPolicy)
    scenario = run.scenario
    tape = draw_tape(scenario, seed=5, purpose=Purpose.TEST, worlds=400)
    ours, rule = (mean_costs(each, scenario, tape).mean() for each in (run.policy, run.start_rule))
    assert ours < 1.0005 * rule
    size = sum(file.stat().st_size for file in run.folder.iterdir())
    assert size < 1_000_000


UNKNOWN = PROBLEMS.replace("warm_up = 8", "warm_up = 0\npreceding = 7").replace(
    "[warehouse]", "[demand_drift]\njumps = { low = 0.0, high = 4.0 }\n[warehouse]"
)


def test_demand_that_is_learned_is_the_business_of_another(trained: Generalist) -> None:
    told = trained.strange(chain().model_copy(update={"preceding": 7}))
    assert told == ["store shop: demand is learned is 1, training had 0 to 0"]


def test_a_network_for_demand_that_nobody_tells(tmp_path: Path) -> None:
    file = tmp_path / "unknown.toml"
    file.write_text(UNKNOWN.replace('"problem"]', '"problem", "estimates"]'))
    few = load_problems(file)
    assert isinstance(few, ProblemDistribution)
    (tmp_path / "run").mkdir()
    own = training.train_generalist(few, seed=0, folder=tmp_path / "run")
    assert own.recipe.credit == "arrival" and own.searched
    assert own.strange(chain()) == ["store shop: demand is learned is 0, training had 1 to 1"]
    unknown = chain().model_copy(update={"preceding": 7})
    run, tuned = own.on(unknown), RuleBook(unknown, own.seed).start()
    tape = draw_tape(unknown, seed=1, purpose=Purpose.TEST, worlds=64)
    ours, rule = (mean_costs(each, unknown, tape).mean() for each in (run.policy, tuned))
    assert tuned.name == "projected-inventory"
    assert ours < 1.01 * rule


def test_what_is_shipped_for_unknown_demand_saves_on_chains_it_never_saw() -> None:
    run, wide = hmarl.generalist("any-demand"), load_problems("any-demand")
    assert isinstance(wide, ProblemDistribution)
    chains = wide.draw(60, stream=Stream.SUITE)
    tuned = FittedRulePolicy("projected-inventory", searched_points(chains, seed=1))
    tape = draw_tape(chains, seed=3, purpose=Purpose.TEST, worlds=16 * 60)
    rule, ours = (
        mean_costs(each, chains, tape).reshape(60, 16).mean(axis=1)
        for each in (tuned, run.learned(chains, tuned))
    )
    assert (ours / rule).mean() < 1
