"""One network for many problems: trained small, used on chains that it never saw, gone on from."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import hmarl
from cli import app
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.learned import LearnedPolicy
from policies.rollout import mean_costs
from policies.runs import training
from policies.runs.run_folder import LAST, Generalist, load_generalist, load_run, read_tensors

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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "TRUST_CHAINS", 60)
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
    assert whole.recipe.start[0].rule.formula == "fitted"
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
