"""`hmarl tune` on a problem distribution: percent of the start rule's cost, over drawn chains."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import cli
from inventory_env.description.problem_distribution import ProblemDistribution, Stream
from inventory_env.files import write_json
from inventory_env.simulation.tape import Purpose
from policies.intervals import crossed_interval
from policies.rules.rule_based import FittedRulePolicy
from policies.savings import Played, savings
from tuning import many_chains
from tuning import tune as tune_module
from tuning.confirm import JUDGEMENT, Confirmation, FreshTraining, confirm
from tuning.live_study_page import live_study_page
from tuning.many_chains import ChainsToJudge
from tuning.plan import Plan

PROBLEMS = """
name = "few"
periods = 24
warm_up = 4
[warehouse]
unlimited = true
[[stores]]
name = "s"
holding_cost = 1
shortage_cost = { low = 2, high = 40, log = true }
lead_time = { low = 0, high = 4, whole = true }
demand = { kind = "poisson", mean = { low = 2, high = 9 } }
[training]
steps = 640
worlds = 16
worlds_per_tape = 4
n_steps = 4
batch_size = 32
epochs = 1
hidden = [4]
problems = 20
validations = 2
validation_worlds = 8
observe = ["arrival", "problem"]
actions = { scheme = "rule-offset", reach = 1.0 }
"""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, few in {"TRIAL_CHAINS": 12, "FRESH_CHAINS": 10, "FRESH_TAPES": 4}.items():
        monkeypatch.setattr(many_chains, name, few)
    monkeypatch.chdir(tmp_path)
    Path("few.toml").write_text(PROBLEMS)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, catch_exceptions=False)


def problems() -> ProblemDistribution:
    return ProblemDistribution(PROBLEMS, "few.toml")


def plan() -> Plan:
    return Plan("few", problems(), Path("studies", "few"), "sqlite:///few.db", groups=("ppo",))


def test_tune_then_train_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real, drawn = tune_module.tune, []
    monkeypatch.setattr(tune_module, "tune", lambda *a, **k: real(*a, **k, fresh_seeds=2))
    draw = ProblemDistribution.draw

    def noted(self: ProblemDistribution, count: int, *, stream: int) -> Any:
        drawn.append(stream)
        return draw(self, count, stream=stream)

    monkeypatch.setattr(ProblemDistribution, "draw", noted)
    asked = ["tune", "--scenario", "few.toml", "--workers", "1", "--trials", "6", "--confirm", "1"]
    result = run(*asked)
    assert result.exit_code == 0, result.output
    study = Path("studies", "few")
    table = pd.read_csv(study / "trials.csv")
    assert len(table) == 6 and {"cost_percent", "learning_rate"} <= set(table)
    assert "service_weight" not in table and table["cost_percent"].between(50, 200).sum() >= 5
    pictures = {file.name for file in study.glob("*.png")}
    assert pictures == {"history.png", "importance.png", "parallel.png", "front.png"}
    confirmed = pd.read_csv(study / "confirmed.csv")
    assert list(confirmed["seeds"]) == [2, 2] and "gain_percent" in confirmed
    kept = [json.loads(file.read_text()) for file in study.glob(f"confirmation/*/*/{JUDGEMENT}")]
    assert len(kept) == 4 and all(len(each["cost"]) == 10 for each in kept)
    page = (study / "report.html").read_text(encoding="utf-8")
    assert "in percent of what the start rule costs" in page and "a year" not in page
    assert "cost is in percent" in (study / "report.txt").read_text()

    again = run(*asked)
    assert "trial 0:" not in again.output and again.exit_code == 0
    (study / "confirmed.csv").unlink()
    assert "% of the start rule's cost" in live_study_page(study).verdict[1]

    best = tomllib.loads((study / "best.toml").read_text())["training"]
    done = run("train", "--study", "few", "--runs", "runs", "--steps", "640")
    assert done.exit_code == 0, done.output
    (made,) = Path("runs").iterdir()
    recipe = json.loads((made / "recipe.json").read_text())["settings"]
    assert recipe["learning_rate"] == best["learning_rate"] and recipe["problems"] == 20
    refused = run("train", "--study", "few", "--start", "generalist")
    assert refused.exit_code == 2 and "--study few describes many chains" in refused.stderr


def test_the_cost_is_what_is_not_saved_on_the_same_demand() -> None:
    start, other = (FittedRulePolicy(k) for k in ("projected-inventory", "capped-base-stock"))
    judged = ChainsToJudge.of_trials(problems(), seed=7)
    costs, fill = judged.judge(other, start)
    saved = savings(
        problems().draw(12, stream=Stream.TRIALS),
        start,
        other,
        Played(7, Purpose.VALIDATE, judged.tapes),
    )
    np.testing.assert_allclose(costs, 100 - saved.mean(axis=1))
    assert np.ptp(costs) > 0.1 and 0.5 < fill < 1
    assert judged.judge(start, start)[0] == pytest.approx(100)
    assert ChainsToJudge.fresh(problems(), 7).chains != judged.chains


def confirmed(monkeypatch: pytest.MonkeyPatch, costs: dict[int, Any]) -> Confirmation:
    """What is said of trials that cost (seed, chain) so much; 0 is the default."""
    made = plan()
    seeds = made.fresh_seeds(3)

    def judged(task: FreshTraining) -> None:
        task.folder.mkdir(parents=True, exist_ok=True)
        cost = costs[task.number][seeds.index(task.seed)]
        kpis = {"cost": list(cost), "fill_rate": 0.9, "kept_rule": False}
        write_json(task.folder / JUDGEMENT, kpis if np.isfinite(cost).all() else {"error": "no"})

    monkeypatch.setattr(FreshTraining, "run", judged)
    others = [(number, problems().training) for number in costs if number]
    return confirm(made, (0, problems().training), others, workers=1, seeds=3)


def test_a_gain_is_clear_over_chains_and_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    default = 98 + rng.normal(0, 2, (3, 40))
    gains = 0.5 + rng.normal(0, 0.3, (1, 40)) + rng.normal(0, 0.02, (3, 1))
    found = confirmed(monkeypatch, {0: default, 2: default - gains})
    (two,) = found.candidates
    assert two.gain_interval == pytest.approx(crossed_interval(gains))
    assert found.chosen is two and two.gain == pytest.approx(gains.mean())
    low, high = two.gain_interval
    words = (
        f"saves {two.gain:.2f} % of the start rule's cost (95 % interval {low:.2f} to {high:.2f} %)"
    )
    assert words in found.verdict


def test_what_one_seed_alone_gains_is_no_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chain is cheaper in the mean, but by the merit of one training seed."""
    default = np.full((3, 40), 98.0)
    lucky = default - np.array([[1.5], [0.0], [0.0]])
    found = confirmed(monkeypatch, {0: default, 2: lucky})
    assert found.candidates[0].gain == pytest.approx(0.5)
    assert found.chosen is found.default and "nothing beat the default" in found.verdict


def test_a_seed_that_diverges_is_no_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    default = np.full((3, 40), 98.0)
    broken = default.copy()
    broken[1] = np.nan
    assert confirmed(monkeypatch, {0: default, 2: broken}).chosen.number == 0


def test_a_study_knows_its_distribution() -> None:
    other = ProblemDistribution(PROBLEMS.replace("high = 9", "high = 8"), "few.toml")
    asked, changed = (
        plan().fingerprint(),
        Plan("x", other, Path(), "", groups=("ppo",)).fingerprint(),
    )
    assert asked != changed and asked == plan().fingerprint()
    assert asked["scenario"]["stores"][0]["demand"]["mean"] == {"low": 2, "high": 9}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--search", "reward"], "--search reward: not for a problem distribution (few); allowed"),
        (["--search", "ppo,actions"], "--search actions: not for a problem distribution (few)"),
        (["--search", "luck"], "--search luck: unknown; allowed"),
        (["--units", "whole"], "--scenario few.toml describes many chains"),
        (["--learn", "warehouse"], "warehouse"),
    ],
)
def test_what_makes_no_sense_is_one_line(arguments: list[str], message: str) -> None:
    result = run("tune", "--scenario", "few.toml", *arguments)
    assert result.exit_code == 2 and message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [file.name for file in Path().iterdir()] == ["few.toml"]
