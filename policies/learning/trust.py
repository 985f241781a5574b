"""On which chains a network for many problems is worth more than its rule.

Both are played on the same demand, drawn from the chain's own law, until it is clear whether the
network is the cheaper: the tapes are doubled for chains of which it is not yet. Where it stays
unclear, orders are the rule's. Nothing is learned, and no test demand is looked at.
"""

import numpy as np
import numpy.typing as npt

from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy
from policies.rollout import site_costs

PERIODS = 400  # that are counted of a tape, at most
TAPES = (32, 32, 64, 128)  # of a chain, round by round
WORLDS = 4096  # side by side
LEAST_SAVING = 0.1  # percent of the rule's cost
SURE = 2.0  # standard errors
CLEAR = 3.5  # standard errors beyond which no more tapes are played
LEAST_COST = 1e-9  # money per period


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
    chains, stores = population.members, shape_of(population).stores
    # Chains of like lead times side by side: stock is projected over the longest of a block.
    asked = np.argsort([_longest(chain) for chain in chains], kind="stable")
    saved = [np.empty((0, stores)) for _ in chains]
    found = np.zeros((len(chains), stores), dtype=bool)
    for number, tapes in enumerate(TAPES):
        size = WORLDS // tapes
        for block in (asked[first : first + size] for first in range(0, len(asked), size)):
            some = Mixture(tuple(chains[chain] for chain in block))
            fresh = savings(some, start, learned, tapes=tapes, seed=seed, episode=number)
            for chain, more in zip(block, fresh, strict=True):
                saved[chain] = np.concatenate([saved[chain], more])
        unclear = np.zeros(len(chains), dtype=bool)
        for chain in asked:
            mean = saved[chain].mean(axis=0)
            error = saved[chain].std(axis=0, ddof=1) / len(saved[chain]) ** 0.5
            found[chain] = mean > np.maximum(LEAST_SAVING, SURE * error)
            unclear[chain] = np.any(np.abs(mean - LEAST_SAVING) < CLEAR * error)
        asked = asked[unclear[asked]]
    return found


def savings(
    population: Population,
    start: Policy,
    learned: Policy,
    *,
    tapes: int,
    seed: int,
    episode: int = 0,
) -> Array:
    """(chain, tape, store) what a policy saves, in percent of what the start costs on the chain."""
    shape, count = shape_of(population), len(population.members)
    tape = draw_tape(
        population,
        seed=seed,
        purpose=Purpose.VALIDATE,
        worlds=tapes * count,
        episode=2 + episode,  # a training's own validations have the first two
        periods=min(shape.periods, shape.warm_up + PERIODS),
    )
    before, now = (
        site_costs(policy, population, tape).reshape(count, tapes, -1)
        for policy in (start, learned)
    )
    if shape.upstream:
        before, now = (
            np.broadcast_to(costs.sum(axis=2, keepdims=True), (count, tapes, shape.stores))
            for costs in (before, now)
        )
    rule = np.maximum(before.mean(axis=1, keepdims=True), LEAST_COST)
    return np.asarray(100 * (before - now) / rule)


def _longest(chain: Scenario) -> int:
    """The longest lead time of a chain's stores, periods."""
    return max(store.lead_time.maximum for store in chain.stores)
