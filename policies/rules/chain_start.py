"""What stores behind a warehouse start from: fitted levels, and one number searched for each chain.

A formula knows a store's own link (`fitted_levels`), but not how often the warehouse behind it is
empty. That costs every store of a chain a like part of its cover, so one shift of all their levels,
in standard units, makes up for most of it. Candidates are compared on common demand; the least of a
parabola through the best and its neighbours is taken.
"""

import numpy as np

from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, TapeSource
from policies.rollout import mean_costs
from policies.rules.rule_based import FittedRulePolicy

KIND = "projected-inventory"
SHIFTS = np.arange(-1, 4) * 0.25
STORE_PERIODS = 2_500  # a candidate is judged on, in training
LEAST_TAPES = 4
ONE_CHAIN = 60_000  # of a chain alone
BLOCK = 2_000_000  # numbers of demand that are simulated side by side


def searched_shifts(
    population: Population, *, seed: int, store_periods: int = STORE_PERIODS
) -> Array:
    """(chain,) the shift of each chain, in standard units.

    Args:
        population: the chains.
        seed: of the tuning tapes.
        store_periods: that a candidate is judged on.
    """
    shape, chains = shape_of(population), population.members
    tapes = max(store_periods // (shape.periods * shape.stores), LEAST_TAPES)
    size = max(BLOCK // (tapes * shape.periods * shape.stores), 1)
    if len(chains) > size:
        blocks = [Mixture(tuple(chains[i : i + size])) for i in range(0, len(chains), size)]
        found = [searched_shifts(block, seed=seed, store_periods=store_periods) for block in blocks]
        return np.concatenate(found)
    tape = TapeSource(population, Params.of(population)).draw(
        seed=seed, purpose=Purpose.TUNE, worlds=tapes * len(chains)
    )
    costs = np.empty((len(chains), len(SHIFTS)))
    for place, shift in enumerate(SHIFTS):
        policy = FittedRulePolicy(KIND, np.array([shift]))
        costs[:, place] = mean_costs(policy, population, tape).reshape(-1, tapes).mean(axis=1)
    return _least(costs)


def shift_of(chain: Scenario, *, seed: int) -> Array:
    """(1,) the shift of one chain, judged longer."""
    return searched_shifts(chain, seed=seed, store_periods=ONE_CHAIN)


def _least(costs: Array) -> Array:
    """(chain,) where a parabola through the best of each chain and its neighbours is least."""
    best = np.clip(costs.argmin(axis=1), 1, len(SHIFTS) - 2)
    rows = np.arange(len(costs))
    left, middle, right = (costs[rows, best + side] for side in (-1, 0, 1))
    bend = left - 2 * middle + right
    step = np.where(bend > 0, 0.5 * (left - right) / np.where(bend > 0, bend, 1.0), 0.0)
    step = np.where(bend > 0, step, np.sign(left - right))
    return np.asarray(SHIFTS[best] + np.clip(step, -1, 1) * (SHIFTS[1] - SHIFTS[0]))
