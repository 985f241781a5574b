"""Trials of a problem distribution: a network for many chains, judged on chains drawn for that.

Its cost on a chain counts in percent of what the start rule costs there on the same demand.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inventory_env.description.population import Mixture
from inventory_env.description.problem_distribution import ProblemDistribution, Stream
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs, run_episodes

TRIAL_CHAINS, TRIAL_TAPES = 512, 8  # that a trial is judged on, and worlds of each
FRESH_CHAINS, FRESH_TAPES = 1000, 16  # that a trial is confirmed on
LEAST_COST = 1e-9  # money per period


@dataclass(frozen=True)
class ChainsToJudge:
    """Drawn chains and their validation demand, the same for whoever is judged."""

    problems: ProblemDistribution
    stream: Stream
    count: int
    tapes: int
    seed: int

    @classmethod
    def of_trials(cls, problems: ProblemDistribution, seed: int) -> "ChainsToJudge":
        """For all trials of a study."""
        return cls(problems, Stream.TRIALS, TRIAL_CHAINS, TRIAL_TAPES, seed)

    @classmethod
    def fresh(cls, problems: ProblemDistribution, seed: int) -> "ChainsToJudge":
        """For confirmation: chains that no trial has seen."""
        return cls(problems, Stream.CONFIRM, FRESH_CHAINS, FRESH_TAPES, seed)

    @cached_property
    def chains(self) -> Mixture:
        """The chains."""
        return self.problems.draw(self.count, stream=self.stream)

    @cached_property
    def _tape(self) -> Tape:
        worlds = self.count * self.tapes
        return draw_tape(self.chains, seed=self.seed, purpose=Purpose.VALIDATE, worlds=worlds)

    def judge(self, policy: Policy, start: Policy) -> tuple[Array, float]:
        """(chain,) cost in percent of the start rule's, and the mean fill rate."""
        rule = self._of_chains(mean_costs(start, self.chains, self._tape))
        kpis = run_episodes(policy, self.chains, self._tape).kpis()
        cost = self._of_chains(kpis["cost_per_period"])
        return 100 * cost / np.maximum(rule, LEAST_COST), float(np.nanmean(kpis["fill_rate"]))

    def _of_chains(self, values: Array) -> Array:
        return np.asarray(values.reshape(self.count, self.tapes).mean(axis=1))
