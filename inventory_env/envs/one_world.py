"""One world in which every site decides, episode by episode: what the standard environments show.

It is a `ChainVecEnv` with `learn = "all"`, one world, and rewards as they are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from inventory_env.decision.formula_start import FormulaStart
from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.envs.vec_env import ChainVecEnv, Start
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Money

Observations = npt.NDArray[np.float32]


class OneWorld:
    """The sites that order something, named `store_0`, ..., `warehouse`, `supplier`.

    Args:
        scenario: the chain, or the name or file of one.
        seed: seed of the training tapes.
        start: orders that `rule-offset` actions are added to; left out, `FormulaStart`.
        team_share: share of the chain's mean in a site's reward.

    Raises:
        InputError: if there is no such scenario, or a site is to observe what it cannot see.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path,
        *,
        seed: int = 0,
        start: Start | None = None,
        team_share: float = 0.0,
    ) -> None:
        given = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
        self.scenario = given
        view = {"learn": "all", "critic": "own", "worlds": 1, "worlds_per_tape": 1}
        view |= {"continuing": False}
        reward = given.training.reward.model_copy(update={"team_share": team_share})
        settings = given.training.model_copy(update={**view, "reward": reward})
        recipe = resolve(given, settings)
        start = FormulaStart(shared=recipe.shared) if start is None else start
        self.env = ChainVecEnv(given, recipe, start, seed=seed)
        upstream = self.env.interface.agents.upstream
        self.names = [f"store_{i}" for i in range(len(given.stores))] + list(upstream)
        self._running = False
        self._begun: Observations | None = None  # of the episode that follows the last one

    def reset(self, seed: int | None) -> Observations:
        """(agent, feature) at the start of the next episode, or of a seed's first one."""
        if seed is not None:
            self.env.reseed(seed)
            self._begun = None
        observations = np.asarray(self.env.reset()) if self._begun is None else self._begun
        self._running, self._begun = True, None
        return observations

    def step(self, actions: Mapping[str, Any]) -> tuple[Observations, Observations, bool, Array]:
        """One period.

        Args:
            actions: one for each site.

        Returns:
            (agent, feature) observations, (agent,) rewards, whether the episode is over, and
            (agent,) what the period cost each site, in money.

        Raises:
            InputError: if a site has no action or one that is not in its space, or if the episode
                is over.
        """
        if not self._running:
            raise InputError("no episode is running; call reset() first")
        if actions.keys() != set(self.names):
            raise InputError(f"actions must be of {', '.join(self.names)}, got {_listed(actions)}")
        rows = np.stack([self._action(name, actions[name]) for name in self.names])
        found, rewards, dones, infos = self.env.step(rows)
        observations, ended = np.asarray(found), bool(dones.all())
        if ended:
            self._running, self._begun = False, observations
            observations = np.stack([info["terminal_observation"] for info in infos])
        return observations, rewards, ended, self._costs()

    def _action(self, name: str, action: Any) -> npt.NDArray[Any]:
        space = self.env.action_space
        row = np.asarray(action)
        if isinstance(space, spaces.Box) and row.dtype.kind in "fiu":
            row = row.astype(np.float32)
        if row.dtype.kind not in "fiu" or not space.contains(row):
            raise InputError(f"action of {name} must be in {space}, got {action!r}")
        return row

    def _costs(self) -> Array:
        """(agent,) money of the last period."""
        cost: Array = Money.of(self.env.situation.params, self.env.ledger).site[0]
        return cost


def _listed(actions: Mapping[str, Any]) -> str:
    return ", ".join(str(name) for name in actions) or "none"
