"""A chain as PettingZoo's ParallelEnv: one agent for each site that has something to order."""

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from inventory_env.description.scenario import Scenario
from inventory_env.envs.one_world import OneWorld
from inventory_env.envs.vec_env import Start
from inventory_env.errors import InputError

try:
    from pettingzoo import ParallelEnv
except ModuleNotFoundError:
    raise InputError(
        "parallel_env needs the package pettingzoo; install it with pip install 'hmarl[pettingzoo]'"
    ) from None

Observation = npt.NDArray[np.float32]
Row = TypeVar("Row")


class ChainParallelEnv(ParallelEnv[str, Observation, Any]):
    """Stores, warehouse and supplier of one chain, each deciding its own orders.

    Agents are `store_0`, `store_1`, ... in the scenario's order, `warehouse`, `supplier`.
    Observations, actions and rewards are what the scenario's training settings say; an info's
    "cost" is the money that the period cost the site. All agents are truncated at the scenario's
    last period. Arguments and errors are those of `OneWorld`.
    """

    metadata: dict[str, Any] = {"name": "hmarl_chain_v0", "render_modes": []}  # noqa: RUF012
    render_mode = None

    def __init__(
        self,
        scenario: Scenario | str | Path,
        *,
        seed: int = 0,
        start: Start | None = None,
        team_share: float = 0.0,
    ) -> None:
        self._world = OneWorld(scenario, seed=seed, start=start, team_share=team_share)
        self.possible_agents = names = self._world.names
        self.agents: list[str] = []
        env = self._world.env
        self.observation_spaces = {name: deepcopy(env.observation_space) for name in names}
        self.action_spaces = {name: deepcopy(env.action_space) for name in names}

    def observation_space(self, agent: str) -> spaces.Space[Observation]:
        """What the agent observes."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """What the agent may do."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Start the next episode, or the first one of a seed; there are no options."""
        observations = self._world.reset(seed)
        self.agents = list(self.possible_agents)
        return self._each(observations), {name: {} for name in self.agents}

    def step(
        self, actions: dict[str, Any]
    ) -> tuple[
        dict[str, Observation],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """One period: observations, rewards, terminations (never), truncations, infos."""
        observations, rewards, ended, costs = self._world.step(actions)
        if ended:
            self.agents = []
        return (
            self._each(observations),
            self._each(rewards.tolist()),
            dict.fromkeys(self.possible_agents, False),
            dict.fromkeys(self.possible_agents, ended),
            self._each([{"cost": cost} for cost in costs.tolist()]),
        )

    def _each(self, rows: Iterable[Row]) -> dict[str, Row]:
        """One row for each agent."""
        return dict(zip(self.possible_agents, rows, strict=True))
