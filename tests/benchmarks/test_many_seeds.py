"""Training seeds on a problem distribution: judged on chains of their own, over chains."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.page.results_page import page_text
from benchmarks.training_seeds import many_seeds
from benchmarks.training_seeds.many_seeds import ManySeeds, judge_many_seeds, read_many_seeds
from benchmarks.training_seeds.many_seeds_page import many_seeds_table
from cli import app
from inventory_env.description.population import Mixture
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from inventory_env.errors import InputError
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.intervals import student_interval
from policies.rollout import mean_costs
from policies.rules.rule_based import FittedRulePolicy
from policies.savings import Played, savings

PROBLEMS = """
name = "few"
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
actions = { scheme = "rule-offset", reach = 1.0 }
"""
LEVELS = ("projected-inventory", "capped-base-stock")


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("few.toml").write_text(PROBLEMS)


def problems() -> ProblemDistribution:
    return ProblemDistribution(PROBLEMS, "few.toml")


def test_no_chain_is_drawn_for_two_things() -> None:
    drawn = {
        stream: [chain.stores for chain in problems().draw(5, stream=stream).members]
        for stream in Stream
    }
    chains = [stores for own in drawn.values() for stores in own]
    assert all(chains.count(stores) == 1 for stores in chains)


def test_savings_are_those_of_each_chain_alone() -> None:
    """In the order in which chains are given, whatever the blocks."""
    chains = problems().draw(7, stream=Stream.SEEDS)
    rules = [FittedRulePolicy(kind) for kind in LEVELS]
    found = savings(chains, *rules, Played(5, Purpose.TEST, tapes=4))
    assert np.ptp(found.mean(axis=1)) > 0.1
    for place, chain in enumerate(chains.members):
        own = Mixture((chain,))
        tape = draw_tape(own, seed=5, purpose=Purpose.TEST, worlds=4)
        before, now = (mean_costs(rule, own, tape) for rule in rules)
        np.testing.assert_allclose(found[place], 100 * (before - now) / before.mean())


def test_sums_worked_by_hand() -> None:
    """Three chains: one surely dearer, one surely cheaper, one that nobody can tell."""
    difference = np.array([[2.0, 2.2, 1.8], [-3.0, -3.1, -2.9], [-5.0, 0.5, 5.0]])
    found = many_seeds._judged(4, 1.5, difference, ["a", "b", "c"])
    assert found.percent == pytest.approx((2 - 3 + 0.5 / 3) / 3)
    assert found.ci95 == pytest.approx(student_interval(np.array([2.0, -3.0, 0.5 / 3])))
    assert found.worse == pytest.approx(1 / 3)
    assert (found.worst_chain, found.worst) == ("a", pytest.approx(2.0))
    assert found.worst_ci95 == pytest.approx(student_interval(difference[0]))


def test_the_command_trains_a_network_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line each, then the table; the file makes a section of the page of results."""
    drawn: list[int] = []
    real = ProblemDistribution.draw

    def noted(self: ProblemDistribution, count: int, *, stream: int) -> Mixture:
        drawn.append(stream)
        return real(self, count, stream=stream)

    monkeypatch.setattr(ProblemDistribution, "draw", noted)
    asked = ["bench", "seeds", "--scenario", "few.toml", "--seeds", "2"]
    done = CliRunner().invoke(app, [*asked, "--chains", "12", "--episodes", "6"])
    assert done.exit_code == 0, done.output
    assert drawn.count(Stream.SEEDS) == 1
    found = read_many_seeds(Path("many-seeds-few.json"))
    assert (found.chains, found.episodes, found.start_rule) == (12, 6, "projected-inventory")
    assert [each.seed for each in found.seeds] == [0, 1]
    assert all(each.ci95[0] <= each.percent <= each.ci95[1] for each in found.seeds)
    assert many_seeds_table(found).row_count == 3
    assert "seed 1: " in done.output and "mean ± sd" in done.output
    page = page_text(Path())
    assert "## Training seeds: few" in page and "projected-inventory" in page
    Path("many-seeds-few.json").write_text("{}")
    with pytest.raises(InputError, match="not written by hmarl bench seeds on a problem"):
        page_text(Path())


def test_the_same_seed_gives_the_same_numbers() -> None:
    def measured() -> ManySeeds:
        return judge_many_seeds(problems(), [3], chains=8, episodes=4, evaluation_seed=1)

    first, again = (found.seeds[0].model_dump() for found in (measured(), measured()))
    seconds = [each.pop("training_seconds") for each in (first, again)]
    assert first == again and min(seconds) > 0


def test_what_does_not_fit_is_one_line() -> None:
    asked = ["bench", "seeds", "--scenario", "single-store", "--chains", "5"]
    refused = CliRunner().invoke(app, asked)
    assert (
        refused.exit_code == 2 and "--scenario single-store describes one chain" in refused.output
    )
    assert isinstance(load_problems("any-store"), ProblemDistribution)


@pytest.mark.parametrize("command", [["bench", "seeds"], ["tune", "--trials", "1"]])
def test_chains_that_share_a_stock_are_refused_before_any_training(command: list[str]) -> None:
    refused = CliRunner().invoke(app, [*command, "--scenario", "any-chain"])
    assert refused.exit_code == 2
    assert "any-chain: only chains of one shape, whose stores share no stock" in " ".join(
        refused.output.split()
    )
    assert [file.name for file in Path.cwd().iterdir()] == ["few.toml"]
