"""Phases build on each other, are compared in order, and stand on the page with their verdict."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chains import SINGLE, OrderUpTo, chain
from typer.testing import CliRunner

import cli
from benchmarks.page.results_page import page_text
from benchmarks.training_seeds import phases
from benchmarks.training_seeds.phases import PhaseResults, judge_phases, read_phases
from benchmarks.training_seeds.phases_page import phases_section, phases_target
from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import scenario_text
from inventory_env.description.settings import TrainingSettings
from inventory_env.errors import InputError
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rollout import mean_costs
from policies.rules.baselines import formula_rule
from policies.runs.run_folder import Run

# Order-up-to levels that stand for what is learned; the best is about 15.
LEVELS = {"stores": 11.0, "warehouse": 13.0, "supplier": 15.0, "all": 10.0}
RULE_LEVEL = 8.0
SMALL = TrainingSettings(
    worlds=8,
    n_steps=8,
    batch_size=64,
    epochs=1,
    steps=1000,
    validations=1,
    validation_worlds=4,
    hidden=(8,),
)


class FakeTraining:
    """Returns a policy with a known level, and remembers what it was asked."""

    def __init__(self) -> None:
        self.levels = dict(LEVELS)
        self.asked: list[tuple[Any, str, str | None]] = []

    def __call__(
        self, scenario: Scenario, *, seed: int, folder: Path, others: Path | None = None
    ) -> Run:
        assert folder.is_dir()
        learn = scenario.training.learn
        self.asked.append((learn, folder.name, None if others is None else others.name))
        policy = OrderUpTo("ppo", self.levels[learn if isinstance(learn, str) else learn[0]])
        manifest = {"training_seconds": 1.5, "kept_rule": learn == ("supplier",)}
        rule = OrderUpTo("capped-base-stock", RULE_LEVEL)
        recipe = resolve(scenario, scenario.training)
        return Run(folder, scenario, recipe, seed, rule, policy, policy, manifest)


@pytest.fixture
def training(monkeypatch: pytest.MonkeyPatch) -> FakeTraining:
    fake = FakeTraining()
    monkeypatch.setattr(phases, "train", fake)
    return fake


def judged(**changes: Any) -> PhaseResults:
    return judge_phases(chain(**changes), [0, 1], episodes=40, evaluation_seed=5)


def test_each_phase_builds_on_the_one_before(training: FakeTraining) -> None:
    found = judged()
    turns = [
        (("stores",), "phase-1", None),
        (("warehouse",), "phase-2", "phase-1"),
        (("supplier",), "phase-3", "phase-2"),
        ("all", "all", None),
    ]
    assert training.asked == [*turns, *turns]
    stages = found.seeds[1].stages
    assert [stage.name for stage in stages] == [
        "tuned rules",
        "phase 1",
        "phase 2",
        "phase 3",
        "tuned rules, every tier",
        "all at once",
    ]
    assert [stage.learns for stage in stages[1:4]] == [("stores",), ("warehouse",), ("supplier",)]
    assert stages[5].learns == ("stores", "warehouse", "supplier")
    assert [stage.kept_rule for stage in stages] == [False, False, False, True, False, False]


def test_a_supplier_with_nothing_to_order_has_no_phase(training: FakeTraining) -> None:
    found = judged(supplier={})
    assert [stage.name for stage in found.seeds[0].stages] == [
        "tuned rules",
        "phase 1",
        "phase 2",
        "tuned rules, every tier",
        "all at once",
    ]
    assert found.seeds[0].stages[-1].learns == ("stores", "warehouse")


def test_stores_alone_have_no_phases() -> None:
    with pytest.raises(InputError, match="scenario small: only its stores have something"):
        judged(**SINGLE)


def test_differences_are_those_of_plain_runs(training: FakeTraining) -> None:
    stages = judged().seeds[0].stages
    tape = draw_tape(chain(), seed=5, purpose=Purpose.TEST, worlds=40)

    def cost(level: float) -> Any:
        return mean_costs(OrderUpTo("", level), chain(), tape)

    rules = cost(RULE_LEVEL)
    costs = [rules, *(cost(level) for level in LEVELS.values())]
    measured = [stage for stage in stages if stage.name != "tuned rules, every tier"]
    for number, (stage, own) in enumerate(zip(measured, costs, strict=True)):
        assert stage.cost == pytest.approx(own.mean())
        if number == 0:
            assert (stage.against_rules, stage.against_before) == (None, None)
            continue
        for against, other in (
            (stage.against_rules, rules),
            (stage.against_before, costs[number - 1]),
        ):
            assert against is not None
            assert against.percent == pytest.approx(100 * (own.mean() / other.mean() - 1))
            half = 196 * (own - other).std() / np.sqrt(40) / other.mean()
            ends = (against.percent - half, against.percent + half)
            assert against.ci95 == pytest.approx(ends, abs=0.4 * half)


def test_a_phase_that_costs_more_misses_the_target(training: FakeTraining) -> None:
    target, measured, verdict = phases_target(judged())
    assert target.startswith("small: no phase costs more than the one before")
    assert measured.startswith("0 of 6 cost more")
    assert verdict == "met"  # all at once costs more, but is no phase
    training.levels["warehouse"] = 9.0
    _, measured, verdict = phases_target(judged())
    assert measured.startswith("2 of 6 cost more, differences at most +")
    assert verdict == "missed"


def test_the_page_has_a_section(training: FakeTraining, tmp_path: Path) -> None:
    training.levels["warehouse"] = 9.0
    found = judged()
    file = tmp_path / "phases-small.json"
    file.write_text(found.model_dump_json())
    assert read_phases(file) == found
    section = phases_section(file)
    assert "## Phases: small" in section
    for stage in found.seeds[1].stages[1:3]:
        assert stage.against_before is not None
        low, high = stage.against_before.ci95
        taught = [stage.learns[0], f"{stage.steps:,}"]
        cells = [stage.name, "1", *taught, "2", f"{stage.cost:.5g}"]
        assert f"| {' | '.join(cells)} | {100 * stage.fill_rate:.2f} |" in section
        assert f"| {stage.against_before.percent:+.2f} [{low:+.2f}, {high:+.2f}] |" in section
    assert "| phase 3 | 1 (kept its start) | supplier |" in section
    assert "| **missed** |" in section
    page = page_text(tmp_path)
    assert section in page
    assert page.count("small: no phase costs more than the one before") == 2
    file.write_text("{}")
    with pytest.raises(InputError, match=r"phases-small\.json: not written by hmarl bench phases"):
        page_text(tmp_path)


def test_the_command_trains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tunes nothing: searches are tested elsewhere."""
    from policies.rules import rule_book, start

    monkeypatch.setattr(rule_book, "tuned_rules", lambda kind, c, seed: formula_rule(kind, c))
    monkeypatch.setattr(start, "tuned_site_rule", lambda chain, own, below, **_: own)
    monkeypatch.chdir(tmp_path)
    Path("small.toml").write_text(scenario_text(chain(training=SMALL)))
    arguments = ["bench", "phases", "--scenario", "small.toml", "--seeds", "1", "--episodes", "4"]
    run = CliRunner().invoke(cli.app, arguments)
    assert run.exit_code == 0, run.output
    assert "seed 0, phase 3:" in run.output
    found = read_phases(tmp_path / "phases-small.json")
    assert (found.episodes, found.evaluation_seed) == (4, 1_000_003)
    assert len(found.seeds[0].stages) == 6


def test_an_unknown_folder_is_refused_before_training(
    tmp_path: Path, training: FakeTraining
) -> None:
    out = tmp_path / "nowhere" / "file.json"
    run = CliRunner().invoke(cli.app, ["bench", "phases", "--out", str(out)])
    assert run.exit_code == 2
    assert f"--out {out}: there is no folder {out.parent}" in " ".join(run.stderr.split())
    assert not training.asked
