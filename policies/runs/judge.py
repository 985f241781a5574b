"""Judging a policy in training on validation tapes, beside the start on the same."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.population import Mixture, Population, shape_of
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

    Recorded demand drifts in validations as it does in training, so that the weights that are kept
    are not those which fit a few dates best. Of several chains, each one's money counts in shares
    of what the start costs there.

    Args:
        population: the chain, or several.
        start: the policy that training starts from.
        seed: of the training.
        worlds: of a validation.
    """

    def __init__(self, population: Population, start: Policy, *, seed: int, worlds: int) -> None:
        self.population, self._start = population, start
        self._seed, self._worlds = seed, worlds
        self._tape = self._drawn(worlds, episode=0, shifted=self._recorded)
        self._unit = np.ones(worlds)
        tally = run_episodes(start, population, self._tape)
        if isinstance(population, Mixture):
            costs = tally.kpis()["cost_per_period"]
            self._unit = mean_by_chain(costs, self._tape)
        self._rule_cost, self._rule_fill = self._told(tally)

    def validate(self, policy: Policy) -> Validation:
        """Cost and fill rate, always on the same worlds."""
        tally = run_episodes(policy, self.population, self._tape)
        return Validation(*self._told(tally), self._rule_cost, self._rule_fill)

    def gain(self, policy: Policy) -> Array:
        """(value,) money per period that a policy saves, on twice as many fresh worlds; of several
        chains, shares of what the start costs; of recorded dates, a mean for each block of them, as
        episodes that overlap do not tell apart what chance is."""
        tape = self._drawn(2 * self._worlds, episode=1)
        before, now = (mean_costs(each, self.population, tape) for each in (self._start, policy))
        saved = before - now
        if isinstance(self.population, Mixture):
            return saved / mean_by_chain(before, tape)
        return mean_by_block(saved, tape) if self._recorded else saved

    def shifted_gain(self, policy: Policy) -> Array:
        """(world,) share of the start's cost that a policy saves where recorded demand drifts away
        from its dates, each world in its own way."""
        tape = self._drawn(2 * self._worlds, episode=1, shifted=True)
        before, now = (mean_costs(each, self.population, tape) for each in (self._start, policy))
        return (before - now) / max(before.mean(), LEAST_COST)

    @property
    def _recorded(self) -> bool:
        return shape_of(self.population).recorded

    def _drawn(self, worlds: int, episode: int, *, shifted: bool = False) -> Tape:
        return draw_tape(
            self.population,
            seed=self._seed,
            purpose=Purpose.VALIDATE,
            worlds=worlds,
            episode=episode,
            shifted=shifted,
        )

    def _told(self, tally: Tally) -> tuple[float, float]:
        kpis = tally.kpis()
        cost = (kpis["cost_per_period"] / self._unit).mean()
        return float(cost), float(np.nanmean(kpis["fill_rate"]))


def mean_by_block(values: Array, tape: Tape) -> Array:
    """(block,) mean over the worlds whose episodes begin within the same stretch of dates, as long
    as an episode; of all dates together, at least two."""
    first = tape.first_day - tape.first_day.min()
    length = min(tape.periods, first.max() // 2 + 1)
    block = (first // length).astype(np.int64)
    count = np.bincount(block)
    return np.asarray((np.bincount(block, values) / np.maximum(count, 1))[count > 0])


def mean_by_chain(values: Array, tape: Tape) -> Array:
    """(world,) mean over the worlds that play the same chain, at least a little."""
    chains = tape.member.max() + 1
    total = np.bincount(tape.member, values, chains)
    mean = total / np.maximum(np.bincount(tape.member, minlength=chains), 1)
    return np.asarray(np.maximum(mean, LEAST_COST)[tape.member])
