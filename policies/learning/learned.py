"""A trained network as a policy: deterministic, for all worlds at once."""

from typing import Any

import numpy as np
import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.actions import DiscreteActions, make_actions
from inventory_env.decision.agents import Agents
from inventory_env.decision.observation import Observer
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation
from policies.learning.ppo import network, policy_class
from policies.policy import Policy


def empty_network(scenario: Scenario) -> ActorCriticPolicy:
    """The untrained network that a scenario's settings describe."""
    observer = Observer(scenario)
    untrained: ActorCriticPolicy = policy_class(scenario)(
        observer.space,
        make_actions(scenario).space,
        lambda _: 0.0,
        **network(scenario),
    )
    return untrained


class LearnedPolicy:
    """What PPO learned: the most probable action (the mean of a continuous one)."""

    def __init__(
        self, scenario: Scenario, start: Policy, weights: ActorCriticPolicy, name: str = "ppo"
    ) -> None:
        self.name = name
        self._start = start
        self._agents = Agents(scenario)
        self._observer = Observer(scenario)
        self._actions = make_actions(scenario)
        self._network = weights
        self._maskable = scenario.training.algorithm == "maskable-ppo"
        self._memory: Any = None

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units to order, before order constraints; sites that do not learn order
        what the policy orders that training started from."""
        start_wishes = self._start.wishes(situation)
        start_orders = self._agents.of(start_wishes)
        observation = self._observer.observe(situation, start_orders)
        action = self._act(observation, situation, start_orders)
        decided = self._actions.wishes(
            action.reshape(len(start_orders), -1, *action.shape[1:]), situation, start_orders
        )
        return self._agents.into(start_wishes, decided)

    def _act(
        self, observation: np.ndarray[Any, Any], situation: Situation, start_orders: Array
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
            mask = self._actions.mask(situation, start_orders)
            preference = np.where(mask.reshape(preference.shape), preference, -np.inf)
        return np.asarray(preference.argmax(axis=1))
