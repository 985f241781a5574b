"""What each tier's learning adds: phases one on top of the other, beside all tiers at once."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from benchmarks.evaluation.compare import METRICS, compare
from benchmarks.measurement import Tell
from benchmarks.result_files import read_result
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import Tier
from inventory_env.description.training_config import with_training
from inventory_env.errors import InputError, argument
from inventory_env.frozen import Array, Fraction, Frozen, NonNegative
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy
from policies.rollout import run_episodes
from policies.runs.certificate import certificate
from policies.runs.phases import PHASES
from policies.runs.run_folder import Run
from policies.runs.training import train

TUNED_RULES = "tuned rules"  # at the stores; other sites follow the scenario's
TUNED_EVERY_TIER = "tuned rules, every tier"  # what learning all at once starts from
ALL_AT_ONCE = "all at once"


class Against(Frozen):
    """Cost less another policy's on the same episodes, in % of the other's."""

    percent: float
    """Mean."""
    ci95: tuple[float, float]
    """Paired 95 % interval."""


class Stage(Frozen):
    """One training, or the rules, judged on the test episodes."""

    name: str
    """"tuned rules", "phase 1" to "phase 3", "tuned rules, every tier", "all at once"."""
    learns: tuple[Tier, ...]
    """Tiers that learned in it."""
    steps: Annotated[int, Field(ge=0)]
    """Training steps it learned in."""
    training_seconds: NonNegative
    """Seconds it learned for."""
    kept_rule: bool
    """Whether learning did not clearly pay, so that what it started from was kept."""
    cost: float
    """Money per period."""
    fill_rate: Fraction
    """Units served on time / units demanded."""
    against_rules: Against | None
    """Beside the tuned rules; none for the rules themselves."""
    against_before: Against | None
    """Beside the phase before, phase 1 beside the tuned rules, all at once beside the last
    phase; none for rules."""


class SeedPhases(Frozen):
    """All stages of one training seed."""

    seed: Annotated[int, Field(ge=0)]
    """The seed."""
    stages: Annotated[tuple[Stage, ...], Field(min_length=2)]
    """In the order in which they are compared."""


class PhaseResults(Frozen):
    """Everything that was measured on a scenario."""

    scenario: str
    """Its name."""
    episodes: Annotated[int, Field(ge=2)]
    """Joint test episodes."""
    evaluation_seed: Annotated[int, Field(ge=0)]
    """Seed of the test tape."""
    seeds: Annotated[tuple[SeedPhases, ...], Field(min_length=1)]
    """One entry a training seed."""
    made_by: dict[str, Any]
    """Versions, machine and command."""


def judge_phases(
    scenario: Scenario,
    seeds: Sequence[int],
    *,
    episodes: int,
    evaluation_seed: int,
    tell: Tell = lambda _: None,
) -> PhaseResults:
    """Train every phase and all tiers at once, and judge them on the same test episodes.

    Args:
        scenario: the chain; who learns in it is set here.
        seeds: training seeds.
        episodes: joint test episodes, at least 2.
        evaluation_seed: of the test tape and of the intervals.
        tell: called with a line after each stage.

    Raises:
        InputError: if only the stores have something to order.
    """
    if len(scenario.deciding_tiers()) < 2:
        raise InputError(
            f"{argument('scenario')} {scenario.name}: only its stores have something to order; "
            "phases need a warehouse that is not unlimited"
        )
    tape = draw_tape(scenario, seed=evaluation_seed, purpose=Purpose.TEST, worlds=episodes)

    def judged(policy: Policy, chain: Scenario) -> dict[str, Array]:
        return run_episodes(policy, chain, tape).kpis()

    def against(costs: Array, others: Array) -> Against:
        found = compare("", "", METRICS[0], costs, others, seed=evaluation_seed)
        return Against(percent=found.percent, ci95=found.percent_ci95)

    found = []
    for seed in seeds:
        stages: list[Stage] = []
        rules = before = np.empty(0)
        for name, run in _runs(scenario, seed):
            if not stages:
                kpis = judged(run.start_rule, run.scenario)
                rules = before = kpis["cost_per_period"]
                stages.append(_stage(TUNED_RULES, None, kpis, None, None))
            elif name == ALL_AT_ONCE:
                kpis = judged(run.start_rule, run.scenario)
                rule = against(kpis["cost_per_period"], rules)
                stages.append(_stage(TUNED_EVERY_TIER, None, kpis, rule, None))
            kpis = judged(run.policy, run.scenario)
            costs = kpis["cost_per_period"]
            stages.append(_stage(name, run, kpis, against(costs, rules), against(costs, before)))
            before = costs
            tell(_told(seed, stages[-1]))
        found.append(SeedPhases(seed=seed, stages=tuple(stages)))
    return PhaseResults(
        scenario=scenario.name,
        episodes=episodes,
        evaluation_seed=evaluation_seed,
        seeds=tuple(found),
        made_by=certificate(),
    )


def _runs(scenario: Scenario, seed: int) -> Iterator[tuple[str, Run]]:
    """Runs of the phases that the scenario has, each on the one before; then all tiers' run."""
    with tempfile.TemporaryDirectory() as root:
        before = None
        for phase, tier in PHASES.items():
            if tier not in scenario.deciding_tiers():
                continue
            folder = Path(root, f"phase-{phase}")
            folder.mkdir()
            chain = with_training(scenario, None, learn=(tier,))
            yield f"phase {phase}", train(chain, seed=seed, folder=folder, others=before)
            before = folder
        folder = Path(root, "all")
        folder.mkdir()
        yield (
            ALL_AT_ONCE,
            train(with_training(scenario, None, learn="all"), seed=seed, folder=folder),
        )


def _stage(
    name: str,
    run: Run | None,
    kpis: dict[str, Array],
    against_rules: Against | None,
    against_before: Against | None,
) -> Stage:
    return Stage(
        name=name,
        learns=() if run is None else run.recipe.learns,
        steps=0 if run is None else run.scenario.training.steps,
        training_seconds=0.0 if run is None else run.manifest["training_seconds"],
        kept_rule=run is not None and run.manifest["kept_rule"],
        cost=float(kpis["cost_per_period"].mean()),
        fill_rate=float(kpis["fill_rate"].mean()),
        against_rules=against_rules,
        against_before=against_before,
    )


def _told(seed: int, stage: Stage) -> str:
    rules, before = stage.against_rules, stage.against_before
    assert rules is not None
    assert before is not None
    return (
        f"seed {seed}, {stage.name}: {stage.training_seconds:.0f} s, cost {stage.cost:.4f}, "
        f"{rules.percent:+.2f} % against the tuned rules, {before.percent:+.2f} % against the "
        "phase before"
    )


def read_phases(file: Path) -> PhaseResults:
    """Results from their file.

    Raises:
        InputError: if the file is not one.
    """
    return read_result(PhaseResults, file, "hmarl bench phases; run it again")
