"""The model of a chain, and the environments in which its sites decide.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from inventory_env.lazy import found_when_asked

if TYPE_CHECKING:
    from pathlib import Path

    from inventory_env.description.population import Mixture
    from inventory_env.description.replay import scenario_with_demand
    from inventory_env.description.scenario import Scenario
    from inventory_env.description.scenario_files import load_scenario
    from inventory_env.description.training_config import with_training
    from inventory_env.envs.parallel import ChainParallelEnv
    from inventory_env.envs.vec_env import Start
    from inventory_env.errors import InputError
    from inventory_env.recorded.history import DemandFile
    from inventory_env.simulation.facts import Facts, Shipment

_HOMES = {
    "DemandFile": "recorded.history",
    "Facts": "simulation.facts",
    "InputError": "errors",
    "Mixture": "description.population",
    "Scenario": "description.scenario",
    "Shipment": "simulation.facts",
    "load_scenario": "description.scenario_files",
    "scenario_with_demand": "description.replay",
    "with_training": "description.training_config",
}
__all__ = [
    "DemandFile",
    "Facts",
    "InputError",
    "Mixture",
    "Scenario",
    "Shipment",
    "load_scenario",
    "parallel_env",
    "scenario_with_demand",
    "with_training",
]


__getattr__ = found_when_asked(__name__, _HOMES)


def parallel_env(
    scenario: "Scenario | str | Path",
    *,
    seed: int = 0,
    start: "Start | None" = None,
    team_share: float = 0.0,
) -> "ChainParallelEnv":
    """A chain as PettingZoo's ParallelEnv; see `ChainParallelEnv`.

    Args:
        scenario: the chain, or its name or file.
        seed: of the tapes.
        start: orders that `rule-offset` actions are added to; left out, rules from formulas.
        team_share: share of the chain's mean in a site's reward.

    Raises:
        InputError: if pettingzoo is not installed, or there is no such scenario.
    """
    from inventory_env.envs.parallel import ChainParallelEnv  # needs pettingzoo and torch

    return ChainParallelEnv(scenario, seed=seed, start=start, team_share=team_share)
