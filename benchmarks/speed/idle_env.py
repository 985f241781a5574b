"""A VecEnv that does nothing: what is left of a training's time is the learner's own."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

PREPARED = 16  # random observations and rewards that are handed out in turn


class IdleVecEnv(VecEnv):
    """Hands out copies of prepared random observations and rewards; episodes never end."""

    def __init__(self, like: VecEnv) -> None:
        space = like.observation_space
        assert isinstance(space, spaces.Box)
        self.render_mode = None
        rng = np.random.default_rng(0)
        shape = (PREPARED, like.num_envs, *space.shape)
        self._observations = rng.standard_normal(shape, dtype=np.float32)
        self._rewards = rng.standard_normal(shape[:2], dtype=np.float32)
        self._period = 0
        super().__init__(like.num_envs, space, like.action_space)

    def reset(self) -> VecEnvObs:
        """A prepared observation."""
        return self._observations[self._period % PREPARED].copy()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Actions do nothing."""

    def step_wait(self) -> VecEnvStepReturn:
        """The next of what was prepared."""
        self._period += 1
        rewards = self._rewards[self._period % PREPARED].copy()
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        return self.reset(), rewards, np.zeros(self.num_envs, dtype=bool), infos

    def close(self) -> None:
        """Nothing to close."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The attribute, once for each row."""
        return [getattr(self, attr_name)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set the attribute for all rows."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """Rows have no methods."""
        raise AttributeError(f"rows have no method {method_name!r}")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: VecEnvIndices = None) -> list[bool]:
        """No row is wrapped."""
        return [False] * self.num_envs
