"""Judging a policy in training on validation tapes, beside the start on the same."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs, run_episodes


@dataclass(frozen=True)
class Validation:
    """A judgement on the validation worlds, beside the start rule on the same."""

    cost: float  # money per period
    fill_rate: float
    rule_cost: float
    rule_fill_rate: float


class Judge:
    """Runs policies on the validation worlds of a seed.

    Args:
        scenario: the chain.
        start: the policy that training starts from.
        seed: of the training.
        worlds: of a validation.
    """

    def __init__(self, scenario: Scenario, start: Policy, *, seed: int, worlds: int) -> None:
        self._scenario, self._start = scenario, start
        self._seed, self._worlds = seed, worlds
        self._tape = self._drawn(worlds, episode=0)
        self._rule_cost, self._rule_fill = self._run(start)

    def validate(self, policy: Policy) -> Validation:
        """Cost and fill rate, always on the same worlds."""
        return Validation(*self._run(policy), self._rule_cost, self._rule_fill)

    def gain(self, policy: Policy) -> Array:
        """(world,) money per period that a policy saves, on twice as many fresh worlds."""
        tape = self._drawn(2 * self._worlds, episode=1)
        costs = (mean_costs(each, self._scenario, tape) for each in (self._start, policy))
        before, now = costs
        return before - now

    def _drawn(self, worlds: int, episode: int) -> Tape:
        return draw_tape(
            self._scenario,
            seed=self._seed,
            purpose=Purpose.VALIDATE,
            worlds=worlds,
            episode=episode,
        )

    def _run(self, policy: Policy) -> tuple[float, float]:
        kpis = run_episodes(policy, self._scenario, self._tape).kpis()
        return float(kpis["cost_per_period"].mean()), float(np.nanmean(kpis["fill_rate"]))
