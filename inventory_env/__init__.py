"""The model of a chain, and the environments in which its sites decide."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from inventory_env.description.scenario import Scenario
    from inventory_env.envs.parallel import ChainParallelEnv
    from inventory_env.envs.vec_env import Start

__all__ = ["parallel_env"]


def parallel_env(
    scenario: "Scenario | str | Path",
    *,
    seed: int = 0,
    start: "Start | None" = None,
    team_share: float = 0.0,
) -> "ChainParallelEnv":
    """A chain as PettingZoo's ParallelEnv; see `ChainParallelEnv`.

    Raises:
        InputError: if pettingzoo is not installed, or there is no such scenario.
    """
    from inventory_env.envs.parallel import ChainParallelEnv  # needs pettingzoo and torch

    return ChainParallelEnv(scenario, seed=seed, start=start, team_share=team_share)
