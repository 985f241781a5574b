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

from inventory_env.decision.region import packs
from inventory_env.description.population import Mixture
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose
from policies.learning.small_networks import fitted_networks
from policies.policy import Policy
from policies.rules.fitted_levels import evaluated, numbers
from policies.savings import savings

TAPES = 16  # of a chain
LEAST_SAVING = 0.15  # percent of the rule's cost
MOST = 8.0  # percent; more counts as this
NOISE = 0.5  # percent; a chain's weight is 1 / (its variance + this squared)


def problem_table(params: Params) -> Array:
    """(world or 1, store, number) what makes a store's problem."""
    stores = slice(0, params.stores)
    need = params.need.at(stores)
    given = packs(params)
    pack = np.zeros_like(need.mean) if given is None else given[:, stores] / need.mean
    more = [np.log1p(pack), params.in_sequence + np.zeros_like(need.mean)]
    return np.concatenate([numbers(need), np.stack(more, axis=-1)], axis=-1)


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
    saved = savings(chains, start, learned, seed=seed, purpose=Purpose.VALIDATE, tapes=TAPES)
    mean, error = saved.mean(axis=1), saved.std(axis=1) / TAPES**0.5
    weights = 1 / (error**2 + NOISE**2)
    values = problem_table(Params.of(chains))[:, 0]
    found = fitted_networks(values, np.clip(mean, -MOST, MOST)[:, None], weights[:, None])
    return found | {"low": [-MOST], "high": [MOST]}
