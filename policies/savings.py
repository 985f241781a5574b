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


def savings(
    chains: Population,
    start: Policy,
    policy: Policy,
    *,
    seed: int,
    purpose: Purpose,
    tapes: int,
    episode: int = 0,
    most_periods: int | None = None,
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
        most_periods: that are counted of a tape; left out, all after the warm-up.
    """
    drawn = _Drawn(seed, purpose, tapes, episode, most_periods)
    return _percent(*(costs.sum(axis=2) for costs in _costs(chains, (start, policy), drawn)))


def store_savings(
    chains: Population,
    start: Policy,
    policy: Policy,
    *,
    seed: int,
    purpose: Purpose,
    tapes: int,
    episode: int = 0,
    most_periods: int | None = None,
) -> Array:
    """(chain, tape, store) the same by store; stores that share a stock save what their chain
    saves."""
    drawn = _Drawn(seed, purpose, tapes, episode, most_periods)
    costs, shape = _costs(chains, (start, policy), drawn), shape_of(chains)
    if shape.upstream:
        saved = _percent(*(each.sum(axis=2) for each in costs))
        return np.repeat(saved[:, :, None], shape.stores, axis=2)
    return _percent(*costs)


def _percent(before: Array, now: Array) -> Array:
    """Percent of the mean over tapes, (chain, tape, ...)."""
    rule = np.maximum(before.mean(axis=1, keepdims=True), LEAST_COST)
    return np.asarray(100 * (before - now) / rule)


@dataclass(frozen=True)
class _Drawn:
    """Which demand is drawn for each chain."""

    seed: int
    purpose: Purpose
    tapes: int
    episode: int
    most_periods: int | None


def _costs(
    chains: Population, policies: tuple[Policy, Policy], drawn: _Drawn
) -> tuple[Array, Array]:
    """(chain, tape, site) money per counted period of each policy."""
    members, shape = chains.members, shape_of(chains)
    # Chains of like lead times side by side: stock is projected over the longest of a block.
    longest = [max(s.lead_time.maximum for s in chain.stores) for chain in members]
    order = np.argsort(longest, kind="stable")
    tapes = drawn.tapes
    found = np.empty((2, len(order), tapes, shape.sites))
    counted = shape.periods - shape.warm_up
    periods = shape.warm_up + min(counted, drawn.most_periods or counted)
    size = max(WORLDS // tapes, 1)
    for first in range(0, len(order), size):
        block = order[first : first + size]
        some: Population = chains
        if isinstance(chains, Mixture):
            some = Mixture(tuple(members[place] for place in block))
        tape = draw_tape(
            some,
            seed=drawn.seed,
            purpose=drawn.purpose,
            worlds=tapes * len(block),
            episode=drawn.episode,
            periods=periods,
        )
        for policy, costs in zip(policies, found, strict=True):
            costs[block] = site_costs(policy, some, tape).reshape(len(block), tapes, -1)
    return found[0], found[1]
