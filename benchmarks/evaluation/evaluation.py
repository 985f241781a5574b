"""Running policies on the same test episodes and comparing one of them with all the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.evaluation.compare import METRICS, Comparison, compare
from benchmarks.evaluation.recording import Recorder, Recording
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.intervals import mean_interval
from policies.policy import Policy
from policies.rollout import run_episodes


@dataclass(frozen=True)
class Outcome:
    """What one policy did on the test episodes."""

    name: str
    kpis: dict[str, Array]  # (episode,) by KPI name; NaN where a ratio has no denominator
    statement: dict[str, Array]  # units and money by site, see `Tally.statement`
    recording: Recording  # the first episodes, period by period

    def mean(self, kpi: str) -> float:
        """Mean of a KPI over the episodes that have it."""
        return mean_interval(self.kpis[kpi])[0]


@dataclass(frozen=True)
class Evaluation:
    """All policies on the same episodes; an episode is one world of the whole chain."""

    scenario: Scenario
    seed: int
    episodes: int
    judged: str  # the policy that is compared with all others
    start_rule: str | None  # what the judged policy started from
    outcomes: dict[str, Outcome]  # by policy name, cheapest first
    comparisons: tuple[Comparison, ...]  # judged against each other policy, on each metric
    supplier_up: Array | None  # (period, world) 1 where it can ship, of the recorded episodes

    @property
    def counted(self) -> int:
        """Periods of an episode that count."""
        return self.scenario.periods - self.scenario.warm_up

    @property
    def others(self) -> list[str]:
        """Names of the policies the judged one is compared with, cheapest first."""
        return [name for name in self.outcomes if name != self.judged]

    def comparison(self, baseline: str, metric: str) -> Comparison:
        """The judged policy against one other on one metric."""
        return next(c for c in self.comparisons if (c.baseline, c.metric) == (baseline, metric))


def run_policies(
    scenario: Scenario,
    policies: Sequence[Policy],
    *,
    episodes: int,
    seed: int,
    learned: str | None = None,
    start_rule: Policy | None = None,
) -> Evaluation:
    """Run all policies on one test tape.

    Args:
        scenario: the chain.
        policies: who decides; their names must differ.
        episodes: how many joint episodes, at least 2.
        seed: of the test tape and of the intervals.
        learned: name of the policy to compare with all others; the first one if left out.
        start_rule: the rule the learned policy started from, asked what it would have ordered.

    Raises:
        InputError: with fewer than two episodes, policies of the same name, or an unknown one.
    """
    if episodes < 2:
        raise InputError(f"episodes must be at least 2 to compare policies, got {episodes}")
    names = [policy.name for policy in policies]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"policies must have different names, got {', '.join(twice)} twice")
    judged = names[0] if learned is None else learned
    if judged not in names:
        raise InputError(f"policy {judged!r} is not among those run: {', '.join(names)}")
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TEST, worlds=episodes)
    outcomes = []
    for policy in policies:
        recorder = Recorder(policy, start_rule if policy.name == judged else None)
        tally = run_episodes(policy, scenario, tape, watch=recorder)
        outcomes.append(Outcome(policy.name, tally.kpis(), tally.statement(), recorder.recording()))
    outcomes.sort(key=lambda outcome: outcome.mean("cost_per_period"))
    by_name = {outcome.name: outcome for outcome in outcomes}
    recorded = by_name[judged].recording.stock.shape[1]
    return Evaluation(
        scenario=scenario,
        seed=seed,
        episodes=episodes,
        judged=judged,
        start_rule=None if start_rule is None else start_rule.name,
        outcomes=by_name,
        comparisons=tuple(
            compare(
                judged,
                name,
                metric,
                by_name[judged].kpis[metric.name],
                by_name[name].kpis[metric.name],
                seed=seed,
            )
            for name in by_name
            if name != judged
            for metric in METRICS
        ),
        supplier_up=None if tape.supplier_up is None else np.array(tape.supplier_up[:, :recorded]),
    )
