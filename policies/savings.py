"""What a policy saves on each of many chains, beside another policy on the same demand."""

import numpy as np

from inventory_env.description.population import Mixture, Population
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs

BLOCK = 128  # chains side by side
LEAST_COST = 1e-9  # money per period


def savings(
    chains: Mixture,
    start: Policy,
    policy: Policy,
    *,
    seed: int,
    purpose: Purpose,
    tapes: int,
    episode: int = 0,
) -> Array:
    """(chain, tape) what a policy saves, in percent of what the start costs on the chain.

    Args:
        chains: judged on; each draws the same demand in any company.
        start: what the policy is set against.
        policy: who decides.
        seed: of the tapes.
        purpose: of the tapes.
        tapes: of each chain.
        episode: of the tapes.
    """
    # Chains of like lead times side by side: stock is projected over the longest of a block.
    longest = [max(s.lead_time.maximum for s in chain.stores) for chain in chains.members]
    order = np.argsort(longest, kind="stable")
    found = np.empty((len(order), tapes))
    for first in range(0, len(order), BLOCK):
        block = order[first : first + BLOCK]
        some: Population = Mixture(tuple(chains.members[i] for i in block))
        worlds = tapes * len(block)
        tape = draw_tape(some, seed=seed, purpose=purpose, worlds=worlds, episode=episode)
        before, now = (mean_costs(each, some, tape).reshape(-1, tapes) for each in (start, policy))
        rule = np.maximum(before.mean(axis=1, keepdims=True), LEAST_COST)
        found[block] = 100 * (before - now) / rule
    return found
