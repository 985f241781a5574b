"""Judging a policy in training on validation tapes, beside the start on the same."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.population import Mixture, Population
from inventory_env.frozen import Array
from inventory_env.simulation.kpis import Tally
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs, run_episodes

LEAST_COST = 1e-9  # money per period


@dataclass(frozen=True)
class Validation:
    """A judgement on the validation worlds, beside the start rule on the same."""

    cost: float  # money per period
    fill_rate: float
    rule_cost: float
    rule_fill_rate: float


class Judge:
    """Runs policies on the validation worlds of a seed.

    Of several chains, each one's money counts in shares of what the start costs there.

    Args:
        population: the chain, or several.
        start: the policy that training starts from.
        seed: of the training.
        worlds: of a validation.
    """

    def __init__(self, population: Population, start: Policy, *, seed: int, worlds: int) -> None:
        self._population, self._start = population, start
        self._seed, self._worlds = seed, worlds
        self._tape = self._drawn(worlds, episode=0)
        self._unit = np.ones(worlds)
        tally = run_episodes(start, population, self._tape)
        if isinstance(population, Mixture):
            costs = tally.kpis()["cost_per_period"]
            self._unit = mean_by_chain(costs, self._tape)
        self._rule_cost, self._rule_fill = self._told(tally)

    def validate(self, policy: Policy) -> Validation:
        """Cost and fill rate, always on the same worlds."""
        tally = run_episodes(policy, self._population, self._tape)
        return Validation(*self._told(tally), self._rule_cost, self._rule_fill)

    def gain(self, policy: Policy) -> Array:
        """(world,) money per period that a policy saves, on twice as many fresh worlds; of several
        chains, shares of what the start costs."""
        tape = self._drawn(2 * self._worlds, episode=1)
        before, now = (mean_costs(each, self._population, tape) for each in (self._start, policy))
        saved = before - now
        return (
            saved / mean_by_chain(before, tape) if isinstance(self._population, Mixture) else saved
        )

    def _drawn(self, worlds: int, episode: int) -> Tape:
        return draw_tape(
            self._population,
            seed=self._seed,
            purpose=Purpose.VALIDATE,
            worlds=worlds,
            episode=episode,
        )

    def _told(self, tally: Tally) -> tuple[float, float]:
        kpis = tally.kpis()
        cost = (kpis["cost_per_period"] / self._unit).mean()
        return float(cost), float(np.nanmean(kpis["fill_rate"]))


def mean_by_chain(values: Array, tape: Tape) -> Array:
    """(world,) mean over the worlds that play the same chain, at least a little."""
    chains = tape.member.max() + 1
    total = np.bincount(tape.member, values, chains)
    mean = total / np.maximum(np.bincount(tape.member, minlength=chains), 1)
    return np.asarray(np.maximum(mean, LEAST_COST)[tape.member])
