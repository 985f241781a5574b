"""What SB3 asks of a VecEnv beside stepping, where one object is behind all rows."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs


class Rows(VecEnv):
    """Learning sites as rows. A subclass has `reset`, `step_wait`, which finds the actions in
    `_waiting`, and:"""

    _waiting: npt.NDArray[Any]  # (row, ...) actions

    @abstractmethod
    def reseed(self, seed: int) -> None:
        """Go on with the first training tape of a seed from the next reset."""

    @abstractmethod
    def action_masks(self) -> npt.NDArray[np.bool_]:
        """(row, action) actions that stand for different possible orders."""

    @abstractmethod
    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """All that `restore` needs to continue exactly here."""

    @abstractmethod
    def restore(self, snapshot: dict[str, npt.NDArray[Any]]) -> VecEnvObs:
        """Continue from a snapshot of an equal environment; returns the observation there."""

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Keep the actions, one row each, for `step_wait`."""
        self._waiting = actions

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute, once for each row asked for."""
        return [getattr(self, attr_name)] * len(self._rows(indices))

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set the attribute for all rows."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """One result a row; masks are the only method that rows have."""
        if method_name != "action_masks":
            raise AttributeError(f"rows have no method {method_name!r}")
        return list(self.action_masks()[list(self._rows(indices))])

    def has_attr(self, attr_name: str) -> bool:
        """Whether rows have the attribute."""
        return hasattr(self, attr_name)

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No row is wrapped."""
        return [False] * len(self._rows(indices))

    def _rows(self, indices: VecEnvIndices) -> Sequence[int]:
        if indices is None:
            return range(self.num_envs)
        if isinstance(indices, Iterable):
            return list(indices)
        return [indices]
