"""Fitted levels, and one number searched for each chain: what stores start from that a formula
knows too little of.

It knows a store's own link and law (`fitted_levels`), but not how demand drifts that is learned
from what is seen, nor how often the warehouse behind a store is empty. That costs every store of a
chain a like part of its cover, so one shift of all their levels, in standard units, makes up for
most of it: behind warehouses, a search for each store's own on top of it found 0 to 0.2 % of the
cost. Candidates are compared on common demand, all chains side by side; the least of a parabola
through the best and its neighbours is taken.
"""

import numpy as np

from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, TapeSource
from policies.rollout import mean_costs
from policies.rules.fitted_levels import fitted_levels
from policies.rules.rule_based import FittedRulePolicy

KIND = "projected-inventory"
SHIFTS = np.arange(-4, 5) * 0.25
STORE_PERIODS, LEAST_TAPES = 4_000, 4  # that a candidate is judged on
ONE_CHAIN = 60_000  # the same for a chain alone
BLOCK = 2_000_000  # numbers of demand that are simulated side by side


def searched_points(population: Population, *, seed: int) -> Array:
    """(chain, store, level) of each store, in standard units.

    Args:
        population: the chains.
        seed: of the tuning tapes.
    """
    shape, chains = shape_of(population), population.members
    judged_on = STORE_PERIODS if isinstance(population, Mixture) else ONE_CHAIN
    tapes = max(judged_on // (shape.periods * shape.stores), LEAST_TAPES)
    size = max(BLOCK // (tapes * shape.periods * shape.stores), 1)
    blocks = [population]
    if len(chains) > size:
        blocks = [Mixture(tuple(chains[i : i + size])) for i in range(0, len(chains), size)]
    return np.concatenate([_searched(block, seed, tapes) for block in blocks])


def _searched(population: Population, seed: int, tapes: int) -> Array:
    params = Params.of(population)
    fitted = fitted_levels(KIND, params.need.at(slice(0, params.stores)))
    worlds = tapes * len(fitted)
    tape = TapeSource(population, params).draw(seed=seed, purpose=Purpose.TUNE, worlds=worlds)
    costs = np.empty((len(fitted), len(SHIFTS)))
    for place, shift in enumerate(SHIFTS):
        policy = FittedRulePolicy(KIND, fitted + shift)
        costs[:, place] = mean_costs(policy, population, tape).reshape(-1, tapes).mean(axis=1)
    return np.asarray(fitted + _least(costs)[:, None, None])


def _least(costs: Array) -> Array:
    """(chain,) where a parabola through the best of each chain and its neighbours is least."""
    best = np.clip(costs.argmin(axis=1), 1, len(SHIFTS) - 2)
    rows = np.arange(len(costs))
    left, middle, right = (costs[rows, best + side] for side in (-1, 0, 1))
    bend = left - 2 * middle + right
    step = np.where(bend > 0, 0.5 * (left - right) / np.where(bend > 0, bend, 1.0), 0.0)
    step = np.where(bend > 0, step, np.sign(left - right))
    return np.asarray(SHIFTS[best] + np.clip(step, -1, 1) * (SHIFTS[1] - SHIFTS[0]))
