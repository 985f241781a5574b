"""PPO, recurrent PPO and maskable PPO from Stable-Baselines3, built from a scenario's settings."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sb3_contrib import MaskablePPO, RecurrentPPO
from sb3_contrib.common.maskable.policies import MaskableActorCriticPolicy
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.vec_env import VecEnv

from inventory_env.decision.actions import (
    START_SPREAD,
    Actions,
    ListedOffsets,
    RealOffsets,
    make_actions,
)
from inventory_env.decision.agents import Agents
from inventory_env.decision.observation import Observer
from inventory_env.decision.reward import agent_rewards
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import TrainingSettings
from inventory_env.envs.vec_env import ChainVecEnv, Start
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.central_critic import CentralCriticPolicy
from policies.learning.tape_centred import (
    TapeCentredBuffer,
    TapeCentredMaskableBuffer,
    TapeCentredRecurrentBuffer,
)
from policies.rollout import team_share

ROWS = 1024  # learning sites of all worlds together, where worlds = "auto"
LEAST_WORLDS = 128  # where a site upstream learns: it is one row a world
ALGORITHMS: dict[str, tuple[type[Any], type[Any], type[Any]]] = {
    "ppo": (PPO, TapeCentredBuffer, ActorCriticPolicy),
    "maskable-ppo": (MaskablePPO, TapeCentredMaskableBuffer, MaskableActorCriticPolicy),
    "recurrent-ppo": (RecurrentPPO, TapeCentredRecurrentBuffer, RecurrentActorCriticPolicy),
}


@dataclass(frozen=True)
class RewardScale:
    """Makes rewards comparable across chains: (reward + shift) / scale, by agent."""

    shift: Array  # (agent,) minus the start's mean reward
    scale: Array  # (agent,) sd of the start's discounted running reward


def reward_scale(scenario: Scenario, start: Start, seed: int) -> RewardScale:
    """What the policy earns that training starts from, on tuning tapes."""
    settings = scenario.training
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=128, episode=1)
    chain, agents, share = Chain(scenario), Agents(scenario), team_share(scenario)
    chain.reset(tape)
    rewards = []
    while not chain.ended:
        counted = chain.situation.period >= scenario.warm_up
        ledger = chain.step(start.wishes(chain.situation))
        if counted:
            money = Money.of(chain.params, ledger)
            rewards.append(agent_rewards(settings.reward, share, agents, ledger, money))
    earned = np.stack(rewards)
    mean = earned.mean(axis=(0, 1))
    running = np.zeros_like(earned[0])
    sums = []
    for reward in earned - mean:
        running = settings.gamma * running + reward
        sums.append(running)
    settled = np.stack(sums)[len(sums) // 4 :]
    return RewardScale(-mean, np.maximum(settled.std(axis=(0, 1)), 1e-6))


def worlds_of(scenario: Scenario) -> int:
    """How many worlds train side by side."""
    settings = scenario.training
    if settings.worlds != "auto":
        return settings.worlds
    group, agents = settings.worlds_per_tape, Agents(scenario)
    wanted = ROWS / agents.count
    if agents.upstream:
        wanted = max(wanted, LEAST_WORLDS)
    return max(round(wanted / group), 1) * group


def make_env(scenario: Scenario, start: Start, seed: int) -> ChainVecEnv:
    """The training environment of a scenario."""
    settings = scenario.training
    continuing = settings.continuing
    if continuing == "auto":
        continuing = scenario.homogeneous and scenario.warm_up > 0
    scale = reward_scale(scenario, start, seed)
    return ChainVecEnv(
        scenario,
        start,
        seed=seed,
        worlds=worlds_of(scenario),
        team_share=team_share(scenario),
        reward_shift=scale.shift,
        reward_scale=scale.scale,
        continuing=continuing,
    )


def make_algorithm(scenario: Scenario, env: VecEnv, *, seed: int) -> OnPolicyAlgorithm:
    """The learner of a scenario on any VecEnv with its spaces; starts at the start rule."""
    settings = scenario.training
    algorithm, buffer, _ = ALGORITHMS[settings.algorithm]
    centring: dict[str, Any] = {
        "agents": Agents(scenario).count,
        "worlds_per_tape": settings.worlds_per_tape,
        "group_value_share": settings.group_value_share,
    }
    recurrent = algorithm is RecurrentPPO  # takes no buffer class, so its buffer is exchanged
    model = algorithm(
        policy_class(scenario),
        env,
        learning_rate=_falling(settings.learning_rate, settings.final_learning_rate),
        n_steps=settings.n_steps,
        batch_size=_even_batch(settings.n_steps * env.num_envs, settings.batch_size),
        n_epochs=settings.epochs,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        clip_range=settings.clip_range,
        ent_coef=settings.entropy,
        vf_coef=settings.value_coefficient,
        max_grad_norm=settings.max_grad_norm,
        target_kl=settings.target_kl,
        policy_kwargs=network(scenario),
        seed=seed,
        device="cpu",
        **(
            {} if recurrent else {"rollout_buffer_class": buffer, "rollout_buffer_kwargs": centring}
        ),
    )
    if recurrent:
        plain: Any = model.rollout_buffer
        model.rollout_buffer = buffer(
            plain.buffer_size,
            plain.observation_space,
            plain.action_space,
            plain.hidden_state_shape,
            plain.device,
            gae_lambda=plain.gae_lambda,
            gamma=plain.gamma,
            n_envs=plain.n_envs,
            **centring,
        )
    start_at_rule(model.policy, make_actions(scenario))
    return model


def policy_class(scenario: Scenario) -> type[Any]:
    """SB3's class of the networks."""
    own = ALGORITHMS[scenario.training.algorithm][2]
    return CentralCriticPolicy if scenario.central_critic else own


def network(scenario: Scenario) -> dict[str, Any]:
    """SB3's policy arguments: equal networks for policy and value; the actor sees `seen` features,
    the first of the observation."""
    settings = scenario.training
    activation = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[settings.activation]
    hidden = list(settings.hidden)
    kwargs: dict[str, Any] = {
        "net_arch": {"pi": hidden, "vf": hidden},
        "activation_fn": activation,
        "optimizer_kwargs": {"eps": 1e-5, "fused": True},
    }
    if settings.algorithm == "recurrent-ppo":
        kwargs["lstm_hidden_size"] = hidden[0]
    if scenario.central_critic:
        kwargs["seen"] = len(Observer(scenario).names)
    return kwargs


def start_at_rule(policy: ActorCriticPolicy, actions: Actions) -> None:
    """Set the output so that the untrained policy stays near the start rule's order."""
    with torch.no_grad():
        if isinstance(actions, ListedOffsets):
            layer = policy.action_net
            assert isinstance(layer, torch.nn.Linear)
            layer.bias.copy_(torch.as_tensor(actions.start_logits, dtype=torch.float32))
        elif isinstance(actions, RealOffsets):
            policy.log_std.fill_(np.log(START_SPREAD))


def _even_batch(experiences: int, wanted: int) -> int:
    """The largest batch up to about `wanted` that divides the experiences of an update."""
    batches = max(round(experiences / wanted), 1)
    while experiences % batches:
        batches += 1
    return experiences // batches


def _falling(first: float, last: float) -> Callable[[float], float]:
    """SB3's schedule: from first to last as the remaining share goes from 1 to 0."""
    return lambda remaining: last + (first - last) * max(remaining, 0.0)


class FallingEntropy(BaseCallback):
    """Sets the entropy coefficient before each update, as the learning rate's schedule does."""

    def __init__(self, settings: TrainingSettings) -> None:
        super().__init__()
        self._schedule = _falling(settings.entropy, settings.final_entropy)

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        model: Any = self.model
        model.ent_coef = self._schedule(1.0 - model.num_timesteps / model._total_timesteps)
