"""Environments of unlike shapes side by side, as one: their rows follow one another."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from inventory_env.envs.rows import Rows
from inventory_env.envs.vec_env import ChainVecEnv


class JoinedVecEnv(Rows):
    """Chains with unlike numbers of stores, learned from together.

    Args:
        parts: of one observation and action space each; each ends its own episodes.
    """

    def __init__(self, parts: Sequence[ChainVecEnv]) -> None:
        self.render_mode = None
        self.parts = tuple(parts)
        ends = np.cumsum([part.num_envs for part in parts])
        self._cuts = ends[:-1]
        super().__init__(int(ends[-1]), parts[0].observation_space, parts[0].action_space)

    @property
    def groups(self) -> list[tuple[int, int]]:
        """Rows, and learning sites in a world, of each part."""
        return [(part.num_envs, part.interface.agents.count) for part in self.parts]

    def reset(self) -> VecEnvObs:
        """Start the next episode in all parts."""
        return _stacked([part.reset() for part in self.parts])

    def reseed(self, seed: int) -> None:
        for part in self.parts:
            part.reseed(seed)

    def step_wait(self) -> VecEnvStepReturn:
        """One period of all worlds of all parts."""
        actions = np.split(self._waiting, self._cuts)
        steps = [part.step(own) for part, own in zip(self.parts, actions, strict=True)]
        observed, paid, dones, infos = zip(*steps, strict=True)
        every = [info for own in infos for info in own]
        return _stacked(observed), np.concatenate(paid), np.concatenate(dones), every

    def action_masks(self) -> npt.NDArray[np.bool_]:
        return np.concatenate([part.action_masks() for part in self.parts])

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        return {
            f"{number}.{name}": values
            for number, part in enumerate(self.parts)
            for name, values in part.snapshot().items()
        }

    def restore(self, snapshot: dict[str, npt.NDArray[Any]]) -> VecEnvObs:
        kept: list[dict[str, npt.NDArray[Any]]] = [{} for _ in self.parts]
        for name, values in snapshot.items():
            number, _, own = name.partition(".")
            kept[int(number)][own] = values
        return _stacked([part.restore(own) for part, own in zip(self.parts, kept, strict=True)])


def _stacked(observed: Sequence[VecEnvObs]) -> npt.NDArray[np.float32]:
    return np.concatenate([np.asarray(each) for each in observed])
