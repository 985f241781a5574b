"""A trained network as a policy: deterministic, for all worlds at once."""

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.actions import DiscreteActions, make_actions
from inventory_env.frozen import Array
from inventory_env.observation import CLIP, Observer
from inventory_env.rules import OrderRule
from inventory_env.scenario import Scenario
from inventory_env.situation import Situation
from policies.ppo import network

POLICIES: dict[str, type[Any]] = {
    "ppo": ActorCriticPolicy,
    "maskable-ppo": MaskableActorCriticPolicy,
    "recurrent-ppo": RecurrentActorCriticPolicy,
}


def empty_network(scenario: Scenario) -> ActorCriticPolicy:
    """The untrained network that a scenario's settings describe."""
    features = len(Observer(scenario).names)
    untrained: ActorCriticPolicy = POLICIES[scenario.training.algorithm](
        spaces.Box(-CLIP, CLIP, (features,), dtype=np.float32),
        make_actions(scenario).space,
        lambda _: 0.0,
        **network(scenario.training),
    )
    return untrained


class LearnedPolicy:
    """What PPO learned: the most probable action (the mean of a continuous one)."""

    def __init__(
        self, scenario: Scenario, rule: OrderRule, weights: ActorCriticPolicy, name: str = "ppo"
    ) -> None:
        self.name = name
        self._rule = rule
        self._observer = Observer(scenario)
        self._actions = make_actions(scenario)
        self._network = weights
        self._maskable = scenario.training.algorithm == "maskable-ppo"
        self._memory: Any = None

    def wishes(self, situation: Situation) -> Array:
        """(world, store) units to order, before order constraints."""
        rule_order = situation.rule_order(self._rule)
        observation = self._observer.observe(situation, rule_order)
        action = self._act(observation, situation, rule_order)
        worlds, stores = rule_order.shape
        return self._actions.wishes(
            action.reshape(worlds, stores, *action.shape[1:]), situation, rule_order
        )

    def _act(
        self, observation: np.ndarray[Any, Any], situation: Situation, rule_order: Array
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
        if not isinstance(self._actions, DiscreteActions):
            return np.asarray(preference)
        if self._maskable:
            mask = self._actions.mask(situation, rule_order)
            preference = np.where(mask.reshape(preference.shape), preference, -np.inf)
        return np.asarray(preference.argmax(axis=1))
