"""What the regression gate measures: rules on fixed tapes, short trainings, times as ratios."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.gate.cases import LearningCase, ModelCase, SpeedCase
from benchmarks.gate.reference import Simulated, Taught
from benchmarks.gate.speed import time_ratio
from benchmarks.measurement import EVALUATION_SEED, Tell
from benchmarks.processes import in_processes
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import run_episodes
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy
from policies.runs.training import train


def measure_model(case: ModelCase) -> Simulated:
    """Run the rule on the case's tape."""
    scenario = case.scenario()
    tape = _test_tape(scenario, case.worlds)
    kpis = _kpis(_rule(case.rule, scenario), scenario, tape)
    cost = kpis["cost_per_period"]
    return Simulated(
        worlds=case.worlds,
        demand=hashlib.sha256(tape.demand.astype("<f8").tobytes()).hexdigest()[:16],
        cost_sd=float(cost.std(ddof=1)),
        kpis={name: float(v.mean()) for name, v in kpis.items() if np.isfinite(v).all()},
    )


def measure_ratio(case: SpeedCase) -> float:
    """Time of the case's work over that of plain work."""
    return time_ratio(*case.prepare(case.scenario(), case.worlds))


def measure_learning(
    cases: Sequence[LearningCase], seeds: int, workers: int, tell: Tell
) -> list[tuple[Taught, ...]]:
    """Train seeds 0, 1, ... of every case; one tuple a case.

    Args:
        cases: what is taught.
        seeds: how many training seeds each.
        workers: processes.
        tell: called with each training before its result is waited for.
    """
    lessons = [Lesson(case, seed) for case in cases for seed in range(seeds)]
    done = in_processes(Lesson.run, lessons, workers)
    found = []
    for number, lesson in enumerate(lessons, start=1):
        tell(f"learning: {lesson.case.name}, seed {lesson.seed} ({number} of {len(lessons)})")
        found.append(next(done))
    return [tuple(found[i * seeds : (i + 1) * seeds]) for i in range(len(cases))]


@dataclass(frozen=True)
class Lesson:
    """One training, for a process of its own."""

    case: LearningCase
    seed: int

    def run(self) -> Taught:
        """Train, and judge the tuned rule and the best network on the case's tape."""
        scenario = self.case.scenario()
        with tempfile.TemporaryDirectory() as folder:
            run = train(scenario, seed=self.seed, folder=Path(folder))
        tape = _test_tape(scenario, self.case.worlds)
        formula = _kpis(_rule(run.start_rule.name, scenario), scenario, tape)
        tuned = _kpis(run.start_rule, scenario, tape)
        learned = _kpis(run.learned, scenario, tape)  # not its policy: that may be the rule
        rewarded = scenario.training.reward.preset == "original"
        return Taught(
            seed=self.seed,
            tuned=_percent(tuned["cost_per_period"], formula["cost_per_period"]),
            learned=(
                -_percent(learned["reward_per_episode"], formula["reward_per_episode"])
                if rewarded
                else _percent(learned["cost_per_period"], formula["cost_per_period"])
            ),
        )


def _percent(value: Array, base: Array) -> float:
    """Mean of `value` above that of `base`, % of the latter's size."""
    return float(100 * (value.mean() - base.mean()) / abs(base.mean()))


def _rule(kind: str, scenario: Scenario) -> RulePolicy:
    return RulePolicy(kind, formula_rule(kind, scenario))


def _test_tape(scenario: Scenario, worlds: int) -> Tape:
    return draw_tape(scenario, seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=worlds)


def _kpis(policy: Policy, scenario: Scenario, tape: Tape) -> dict[str, Array]:
    return run_episodes(policy, scenario, tape).kpis()
