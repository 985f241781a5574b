"""A trained network as a policy: deterministic, for all worlds at once."""

from typing import Any

import numpy as np
import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.actions import DiscreteActions
from inventory_env.decision.interface import Interface
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation
from policies.policy import Policy


class LearnedPolicy:
    """What PPO learned: the most probable action (the mean of a continuous one).

    Args:
        interface: what the network sees, and what its actions mean.
        start: the policy that training started from.
        weights: the network.
        name: what people call it; left out, the learner's.
    """

    def __init__(
        self,
        interface: Interface,
        start: Policy,
        weights: ActorCriticPolicy,
        name: str | None = None,
    ) -> None:
        self.name = interface.recipe.settings.algorithm if name is None else name
        self._interface, self._start, self._network = interface, start, weights
        self._maskable = interface.recipe.settings.algorithm == "maskable-ppo"
        self._memory: Any = None

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units to order, before order constraints; sites that do not learn order
        what the policy orders that training started from."""
        start_wishes = self._start.wishes(situation)
        observation = self._interface.observe(situation, start_wishes)
        action = self._act(observation, situation, start_wishes)
        return self._interface.wishes(action, situation, start_wishes)

    def _act(
        self, observation: np.ndarray[Any, Any], situation: Situation, start_wishes: Array
    ) -> np.ndarray[Any, Any]:
        if isinstance(self._network, RecurrentActorCriticPolicy):
            first = situation.period == 0
            action, self._memory = self._network.predict(
                observation,
                state=None if first else self._memory,
                episode_start=np.full(len(observation), first),
                deterministic=True,
            )
            return action
        with torch.no_grad():
            seen = torch.from_numpy(observation)
            latent = self._network.mlp_extractor.forward_actor(seen)
            preference = self._network.action_net(latent).numpy()
        if not isinstance(self._interface.actions, DiscreteActions):
            return np.asarray(preference)
        if self._maskable:
            mask = self._interface.masks(situation, start_wishes)
            preference = np.where(mask, preference, -np.inf)
        return np.asarray(preference.argmax(axis=1))
