"""On which chains a network for many problems is worth more than its rule.

Both are played on the same demand, drawn from the chain's own law, until it is clear whether the
network is the cheaper: the tapes are doubled for chains of which it is not yet. Where it stays
unclear, orders are the rule's. Recorded demand drifts meanwhile: its few dates alone would tell too
little. Nothing is learned, and no test demand is looked at.
"""

import numpy as np
import numpy.typing as npt

from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.simulation.tape import Purpose
from policies.policy import Policy
from policies.savings import Played, store_savings

PERIODS = 400  # that are counted of a tape, at most
TAPES = (32, 32, 64, 128)  # of a chain, round by round
LEAST_SAVING = 0.1  # percent of the rule's cost
SURE = 2.0  # standard errors
CLEAR = 3.5  # standard errors beyond which no more tapes are played
FIRST_EPISODE = 2  # of the tapes; a training's own validations have those before


def saves(
    population: Population, start: Policy, learned: Policy, *, seed: int = 0
) -> npt.NDArray[np.bool_]:
    """(chain, store) whether a policy is surely cheaper than the start; of stores that share a
    stock, together.

    Args:
        population: the chains.
        start: the rule.
        learned: the policy.
        seed: of the tapes.
    """
    chains, shape = population.members, shape_of(population)
    stores, recorded = shape.stores, shape.recorded
    asked = np.arange(len(chains))
    saved = [np.empty((0, stores)) for _ in chains]
    found = np.zeros((len(chains), stores), dtype=bool)
    for number, tapes in enumerate(TAPES):
        fresh = store_savings(
            Mixture(tuple(chains[int(chain)] for chain in asked)),
            start,
            learned,
            Played(seed, Purpose.VALIDATE, tapes, FIRST_EPISODE + number, PERIODS, recorded),
        )
        for chain, more in zip(asked, fresh, strict=True):
            saved[chain] = np.concatenate([saved[chain], more])
        unclear = np.zeros(len(chains), dtype=bool)
        for chain in asked:
            mean = saved[chain].mean(axis=0)
            error = saved[chain].std(axis=0, ddof=1) / len(saved[chain]) ** 0.5
            found[chain] = mean > np.maximum(LEAST_SAVING, SURE * error)
            unclear[chain] = np.any(np.abs(mean - LEAST_SAVING) < CLEAR * error)
        asked = np.flatnonzero(unclear)
        if not len(asked):
            break
    return found
