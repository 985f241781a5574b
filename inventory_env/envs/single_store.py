"""A single store as a plain Gymnasium environment, registered as `hmarl/SingleStore-v0`."""

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt

from inventory_env.description.scenario import Scenario
from inventory_env.envs.one_world import OneWorld
from inventory_env.envs.vec_env import Start
from inventory_env.errors import InputError

STORE = "store_0"


class SingleStoreEnv(gymnasium.Env[npt.NDArray[np.float32], Any]):
    """A store behind an unlimited warehouse.

    Observation, action and reward are what the scenario's training settings say; an info's "cost"
    is the money that the period cost. The episode is truncated at the scenario's last period. As
    in Gymnasium, the first `reset` without a seed draws one.

    Args:
        scenario: a chain in which only one store has something to order, or its name or file.
        start: orders that `rule-offset` actions are added to; left out, `FormulaStart`.

    Raises:
        InputError: if there is no such scenario, or other sites have something to order.
    """

    def __init__(
        self, scenario: Scenario | str | Path = "single-store", *, start: Start | None = None
    ) -> None:
        self._world = OneWorld(scenario, start=start)
        if self._world.names != [STORE]:
            raise InputError(
                f"scenario {self._world.scenario.name!r}: hmarl/SingleStore-v0 needs one store and "
                f"an unlimited warehouse, got {', '.join(self._world.names)}; "
                "inventory_env.parallel_env takes every chain"
            )
        self._seeded = False
        self.observation_space = self._world.env.observation_space
        self.action_space = self._world.env.action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start the next episode, or the first one of a seed; there are no options."""
        super().reset(seed=seed)
        if seed is None and not self._seeded:
            seed = int(self.np_random.integers(2**31))
        self._seeded = True
        return self._world.reset(seed)[0], {}

    def step(
        self, action: Any
    ) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One period: observation, reward, terminated (never), truncated, info."""
        observations, rewards, ended, costs = self._world.step({STORE: action})
        return observations[0], float(rewards[0]), False, ended, {"cost": float(costs[0])}


gymnasium.register("hmarl/SingleStore-v0", entry_point=f"{__name__}:SingleStoreEnv")
