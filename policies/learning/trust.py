"""For which stores a network for many problems is worth more than the rule it started from.

After training, both run on chains drawn for that purpose; small networks are fitted to what the
network saved, in percent of the rule's cost, by what makes a store's problem. It decides where it
should save clearly more than nothing; elsewhere, and where a problem is unlike all in training,
orders are the rule's.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from inventory_env.description.population import Mixture, Population
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.small_networks import fitted_networks
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.fitted_levels import evaluated, numbers

TAPES = 16  # of a chain
BLOCK = 128  # chains side by side
LEAST_SAVING = 0.15  # percent of the rule's cost
MOST = 8.0  # percent; more counts as this
NOISE = 0.5  # percent; a chain's weight is 1 / (its variance + this squared)


def problem_table(params: Params) -> Array:
    """(world or 1, store, number) what makes a store's problem."""
    return numbers(params.need.at(slice(0, params.stores)))


class Trust:
    """Where a network decides, by the numbers of a store's chain.

    Args:
        fit: as `fit_trust` made it.
    """

    def __init__(self, fit: Mapping[str, Any]) -> None:
        self._fit = dict(fit)
        self._of: tuple[Params, npt.NDArray[np.bool_]] | None = None

    def decides(self, params: Params) -> npt.NDArray[np.bool_]:
        """(world or 1, store) whether the network decides."""
        if self._of is None or self._of[0] is not params:
            saving = evaluated(self._fit, problem_table(params))[..., 0]
            self._of = params, saving > LEAST_SAVING
        return self._of[1]


def fit_trust(chains: Mixture, start: Policy, learned: Policy, *, seed: int) -> dict[str, Any]:
    """What `Trust` needs, from what a network saves on one-store chains that it was not taught."""
    saved = savings(chains, start, learned, seed=seed)
    mean, error = saved.mean(axis=1), saved.std(axis=1) / TAPES**0.5
    weights = 1 / (error**2 + NOISE**2)
    values = problem_table(Params.of(chains))[:, 0]
    found = fitted_networks(values, np.clip(mean, -MOST, MOST)[:, None], weights[:, None])
    return found | {"low": [-MOST], "high": [MOST]}


def savings(chains: Mixture, start: Policy, learned: Policy, *, seed: int) -> Array:
    """(chain, tape) what a policy saves, in percent of what the start costs on the chain."""
    order = np.argsort([c.stores[0].lead_time.maximum for c in chains.members], kind="stable")
    found = np.empty((len(order), TAPES))
    for first in range(0, len(order), BLOCK):
        block = order[first : first + BLOCK]
        some: Population = Mixture(tuple(chains.members[i] for i in block))
        tape = draw_tape(some, seed=seed, purpose=Purpose.VALIDATE, worlds=TAPES * len(block))
        before, now = (mean_costs(each, some, tape).reshape(-1, TAPES) for each in (start, learned))
        rule = np.maximum(before.mean(axis=1, keepdims=True), 1e-9)
        found[block] = 100 * (before - now) / rule
    return found
