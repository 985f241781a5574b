"""What a policy saves on each of many chains, beside another policy on the same demand."""

from dataclasses import dataclass

import numpy as np

from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy
from policies.rollout import site_costs

WORLDS = 4096  # side by side
LEAST_COST = 1e-9  # money per period


@dataclass(frozen=True)
class Played:
    """Which demand two policies are played on, of each chain."""

    seed: int
    purpose: Purpose
    tapes: int
    episode: int = 0
    most_periods: int | None = None  # that are counted of a tape; None: all after the warm-up
    shifted: bool = False  # recorded demand drifts as it does in training


def savings(chains: Population, start: Policy, policy: Policy, played: Played) -> Array:
    """(chain, tape) what a policy saves, in percent of what the start costs on the chain.

    Args:
        chains: judged on; each draws the same demand in any company.
        start: what the policy is set against.
        policy: who decides.
        played: the demand.
    """
    return _percent(*(costs.sum(axis=2) for costs in _costs(chains, (start, policy), played)))


def store_savings(chains: Population, start: Policy, policy: Policy, played: Played) -> Array:
    """(chain, tape, store) the same by store; stores that share a stock save what their chain
    saves."""
    shape = shape_of(chains)
    if shape.upstream:
        saved = savings(chains, start, policy, played)
        return np.repeat(saved[:, :, None], shape.stores, axis=2)
    return _percent(*_costs(chains, (start, policy), played))


def _percent(before: Array, now: Array) -> Array:
    """Percent of the mean over tapes, (chain, tape, ...)."""
    rule = np.maximum(before.mean(axis=1, keepdims=True), LEAST_COST)
    return np.asarray(100 * (before - now) / rule)


def _costs(
    chains: Population, policies: tuple[Policy, Policy], played: Played
) -> tuple[Array, Array]:
    """(chain, tape, site) money per counted period of each policy."""
    members, shape = chains.members, shape_of(chains)
    # Chains of like lead times side by side: stock is projected over the longest of a block.
    longest = [max(s.lead_time.maximum for s in chain.stores) for chain in members]
    order = np.argsort(longest, kind="stable")
    tapes = played.tapes
    found = np.empty((2, len(order), tapes, shape.sites))
    counted = shape.periods - shape.warm_up
    periods = shape.warm_up + min(counted, played.most_periods or counted)
    size = max(WORLDS // tapes, 1)
    for first in range(0, len(order), size):
        block = order[first : first + size]
        some: Population = chains
        if isinstance(chains, Mixture):
            some = Mixture(tuple(members[place] for place in block))
        tape = draw_tape(
            some,
            seed=played.seed,
            purpose=played.purpose,
            worlds=tapes * len(block),
            episode=played.episode,
            periods=periods,
            shifted=played.shifted,
        )
        for policy, costs in zip(policies, found, strict=True):
            costs[block] = site_costs(policy, some, tape).reshape(len(block), tapes, -1)
    return found[0], found[1]
