"""Mean costs to a few hundredths of a percent: long simulations, paired, with control variates.

A policy's cost is estimated as a fixed rule's cost over very many periods, which is cheap, plus
the mean difference between policy and rule on common demand over fewer periods. Where each store
has its own unlimited supply and whole demand, both parts are also regressed on functions of demand
whose means are known exactly: the excess of demand over a few levels, in windows of one period, of
a cover, and of two. Asmussen & Glynn (2007), "Stochastic Simulation", sections V.2 and V.6.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.published.exact import demand_pmf
from inventory_env.description.population import needs
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs

BATCH = 2000  # worlds side by side
PAIRED_EPISODES = 1_000_000  # number of the first; those before are for the rule alone
CONTROL_LEVELS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5])  # sds from a window's mean


@dataclass(frozen=True)
class Estimate:
    """A mean and its standard error."""

    mean: float
    error: float

    def times(self, factor: float) -> "Estimate":
        """In another unit."""
        return Estimate(self.mean * factor, self.error * factor)


@dataclass(frozen=True)
class Effort:
    """How many store-periods policies are simulated for."""

    rule: int
    paired: int


FULL = Effort(rule=30_000_000, paired=6_000_000)
QUICK = Effort(rule=1_000_000, paired=500_000)


def rule_cost(rule: Policy, scenario: Scenario, *, seed: int, effort: Effort) -> Estimate:
    """Cost per period of a rule, on test tapes that no pairing uses.

    Args:
        rule: who decides.
        scenario: the chain.
        seed: of the test tapes.
        effort: how long is simulated.
    """
    return _estimate(
        lambda tape: mean_costs(rule, scenario, tape), scenario, seed, effort.rule, first_episode=1
    )


def paired_difference(
    policy: Policy, rule: Policy, scenario: Scenario, *, seed: int, effort: Effort
) -> Estimate:
    """Cost per period of a policy less that of a rule, on the same test tapes.

    Args:
        policy: the one judged.
        rule: the one it is paired with.
        scenario: the chain.
        seed: of the test tapes.
        effort: how long is simulated.
    """
    return _estimate(
        lambda tape: mean_costs(policy, scenario, tape) - mean_costs(rule, scenario, tape),
        scenario,
        seed,
        effort.paired,
        first_episode=PAIRED_EPISODES,
    )


def _estimate(
    cost: Callable[[Tape], Array],
    scenario: Scenario,
    seed: int,
    store_periods: int,
    first_episode: int,
) -> Estimate:
    """Mean of (world,) values over fresh test tapes."""
    values, controls = [], []
    worlds = -(-store_periods // (scenario.periods * len(scenario.stores)))
    for number in range(-(-worlds // BATCH)):
        tape = draw_tape(
            scenario,
            seed=seed,
            purpose=Purpose.TEST,
            worlds=min(BATCH, worlds),
            episode=first_episode + number,
        )
        values.append(cost(tape))
        controls.append(demand_controls(scenario, tape))
    return controlled_mean(np.concatenate(values), np.concatenate(controls))


def controlled_mean(values: Array, controls: Array) -> Estimate:
    """Mean of independent values after regression on controls.

    Args:
        values: (world,).
        controls: (world, control), each with mean 0 over all worlds that could be drawn.
    """
    degrees = len(values) - 1 - controls.shape[1]
    if not values.std() or degrees < 1:
        return Estimate(float(values.mean()), float(values.std() / max(len(values) - 1, 1) ** 0.5))
    design = np.column_stack([np.ones(len(values)), controls])
    coefficients = np.linalg.lstsq(design, values, rcond=None)[0]
    residual = values - design @ coefficients
    error = np.sqrt(residual @ residual / degrees / len(values))
    return Estimate(float(coefficients[0]), float(error))


def demand_controls(scenario: Scenario, tape: Tape) -> Array:
    """(world, control) world means of functions of demand, less their known means.

    No controls where stores share a stock or demand is not whole and alike in every period.
    """
    kinds = {store.demand.kind for store in scenario.stores}
    whole = {"poisson", "geometric", "negative-binomial", "binomial"}
    known = kinds <= whole and not scenario.seasonal
    if not known or not scenario.warehouse.unlimited or scenario.demand_correlation:
        return np.zeros((tape.worlds, 0))
    columns = []
    need = needs(scenario, echelon=False)
    for i, store in enumerate(scenario.stores):
        mean, sd = need.mean[0, i], need.sd[0, i]
        total = np.zeros((tape.periods + 1, tape.worlds))
        np.cumsum(tape.demand[:, :, i], axis=0, out=total[1:])
        cover = round(float(need.cover[0, i]))
        for periods in (1, cover, 2 * cover):
            if periods >= tape.periods:
                continue
            pmf = demand_pmf(store, periods)
            units = np.arange(len(pmf))
            first = max(scenario.warm_up - periods, 0)
            window = total[first + periods :] - total[first:-periods]
            columns.append(window.mean(axis=0) - mean * periods)
            for level in mean * periods + CONTROL_LEVELS * sd * periods**0.5:
                expected = pmf @ np.maximum(units - level, 0.0)
                columns.append(np.maximum(window - level, 0.0).mean(axis=0) - expected)
    return np.column_stack(columns)
