"""PPO, recurrent PPO and maskable PPO from Stable-Baselines3, built from a recipe."""

from collections.abc import Callable
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

from inventory_env.decision.actions import ListedOffsets, RealOffsets
from inventory_env.decision.agents import Agents
from inventory_env.decision.credit import Creditor
from inventory_env.decision.interface import Interface
from inventory_env.decision.recipe import Recipe
from inventory_env.decision.reward import present_level, site_rewards
from inventory_env.description.population import Population
from inventory_env.envs.joined import JoinedVecEnv
from inventory_env.envs.vec_env import Start
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, TapeSource
from policies.learning.central_critic import CentralCriticPolicy
from policies.learning.tape_centred import (
    TapeCentredBuffer,
    TapeCentredMaskableBuffer,
    TapeCentredRecurrentBuffer,
)

LEAST_SCALE = 1e-6  # of rewards that hardly vary
COSTS = 4.0  # of the start's costs per period that a reward of 1 is, where there are many chains
ALGORITHMS: dict[str, tuple[type[Any], type[Any], type[Any]]] = {
    "ppo": (PPO, TapeCentredBuffer, ActorCriticPolicy),
    "maskable-ppo": (MaskablePPO, TapeCentredMaskableBuffer, MaskableActorCriticPolicy),
    "recurrent-ppo": (RecurrentPPO, TapeCentredRecurrentBuffer, RecurrentActorCriticPolicy),
}


def with_reward_scale(recipe: Recipe, population: Population, start: Start, seed: int) -> Recipe:
    """The recipe with the shift and scale of one chain's rewards, as `reward_scale` has them."""
    shift, scale = reward_scale(recipe, population, start, seed)
    update = {"reward_shift": tuple(shift[0].tolist()), "reward_scale": tuple(scale[0].tolist())}
    return recipe.model_copy(update=update)


def reward_scale(
    recipe: Recipe, population: Population, start: Start, seed: int
) -> tuple[Array, Array]:
    """(1, agent) shift and scale of one chain's rewards: less what the start earns, over the sd of
    its discounted running sum, on tuning tapes; one scale for all stores that pay rent.

    Args:
        recipe: says what is paid, and the discount.
        population: the chain.
        start: what training starts from.
        seed: of the tuning tapes.
    """
    at_once = Creditor(population, Params.of(population), "now")
    earned = _earned(recipe, population, start, seed, at_once, worlds=128)
    mean = earned.mean(axis=(0, 2))
    running = np.zeros_like(earned[0])
    sums = []
    for reward in earned - mean[:, None]:
        running = recipe.settings.gamma * running + reward
        sums.append(running)
    scale = np.stack(sums)[len(sums) // 4 :].std(axis=(0, 2))
    return -mean, np.maximum(_of_team(recipe, scale), LEAST_SCALE)


def share_of_cost(
    recipe: Recipe, population: Population, start: Start, seed: int
) -> tuple[Array, Array]:
    """(chain, agent) shift and scale that pay every chain alike in shares of what the start costs.

    A network for many chains is judged by the mean of these shares. Over their own sd, chains of
    large shortage costs, whose rewards vary most, would count too little.
    """
    creditor = Creditor(population, Params.of(population), recipe.credit)
    earned = _earned(recipe, population, start, seed, creditor, worlds=8)
    mean = earned.mean(axis=(0, 2))
    return -mean, np.maximum(COSTS * _of_team(recipe, np.abs(mean)), LEAST_SCALE)


def _of_team(recipe: Recipe, scale: Array) -> Array:
    """(chain, agent) scales, the same for all agents that pay one another rent: their mean."""
    return np.broadcast_to(scale.mean(axis=1)[:, None], scale.shape) if recipe.rent else scale


def _earned(
    recipe: Recipe,
    population: Population,
    start: Start,
    seed: int,
    creditor: Creditor,
    *,
    worlds: int,
) -> Array:
    """(period, chain, world, agent) what the start is paid in so many worlds of each chain."""
    chains, params = len(population.members), Params.of(population)
    chain, shape = Chain(population, params), params.shape
    tape = TapeSource(population, params).draw(
        seed=seed,
        purpose=Purpose.TUNE,
        worlds=worlds * chains,
        episode=1,
        periods=shape.periods + creditor.periods,
    )
    agents = Agents(shape, recipe.learns)
    team_share, _ = recipe.paid(shape.stores)
    chain.reset(tape)
    rewards = []
    for period in range(shape.periods):
        ledger = chain.step(start.wishes(chain.situation))
        if period >= shape.warm_up:
            ledger = creditor.credited(ledger, chain.situation, tape).ledger
            money = Money.of(chain.params, ledger)
            paid = site_rewards(recipe.settings.reward, team_share, shape, ledger, money)
            paid /= present_level(chain.situation, team_share)
            rewards.append(agents.of(paid).reshape(chains, worlds, -1))
    return np.stack(rewards)


def make_algorithm(interface: Interface, env: VecEnv, *, seed: int) -> OnPolicyAlgorithm:
    """The learner of a recipe on any VecEnv with its spaces; starts at the start rule."""
    settings = interface.recipe.settings
    algorithm, buffer, _ = ALGORITHMS[settings.algorithm]
    alone = [(env.num_envs, interface.agents.count)]
    centring: dict[str, Any] = {
        "parts": env.groups if isinstance(env, JoinedVecEnv) else alone,
        "worlds_per_tape": settings.worlds_per_tape,
        "group_value_share": settings.group_value_share,
    }
    recurrent = algorithm is RecurrentPPO  # takes no buffer class, so its buffer is exchanged
    model = algorithm(
        _policy_class(interface.recipe),
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
        policy_kwargs=_network(interface),
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
    start_at_rule(model.policy, interface)
    return model


def empty_network(interface: Interface) -> ActorCriticPolicy:
    """The untrained network that a recipe describes."""
    untrained: ActorCriticPolicy = _policy_class(interface.recipe)(
        interface.observation_space,
        interface.action_space,
        lambda _: 0.0,
        **_network(interface),
    )
    return untrained


def _policy_class(recipe: Recipe) -> type[Any]:
    """SB3's class of the networks."""
    own = ALGORITHMS[recipe.settings.algorithm][2]
    return CentralCriticPolicy if recipe.central else own


def _network(interface: Interface) -> dict[str, Any]:
    """SB3's policy arguments: equal networks for policy and value; the actor sees `seen` features,
    the first of the observation."""
    settings = interface.recipe.settings
    activation = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}[settings.activation]
    hidden = list(settings.hidden)
    kwargs: dict[str, Any] = {
        "net_arch": {"pi": hidden, "vf": hidden},
        "activation_fn": activation,
        "optimizer_kwargs": {"eps": 1e-5, "fused": True},
    }
    if settings.algorithm == "recurrent-ppo":
        kwargs["lstm_hidden_size"] = hidden[0]
    if interface.recipe.central:
        kwargs["seen"] = len(interface.names)
    return kwargs


def start_at_rule(policy: ActorCriticPolicy, interface: Interface) -> None:
    """Set the output so that the untrained policy stays near the start rule's order."""
    actions = interface.actions
    with torch.no_grad():
        if isinstance(actions, ListedOffsets):
            layer = policy.action_net
            assert isinstance(layer, torch.nn.Linear)
            layer.bias.copy_(torch.as_tensor(actions.first_logits, dtype=torch.float32))
        elif isinstance(actions, RealOffsets):
            policy.log_std.fill_(np.log(interface.recipe.settings.exploration))
            policy.log_std.requires_grad_(False)


def _even_batch(experiences: int, wanted: int) -> int:
    """The largest batch up to about `wanted` that divides the experiences of an update."""
    batches = max(round(experiences / wanted), 1)
    while experiences % batches:
        batches += 1
    return experiences // batches


def _falling(first: float, last: float) -> Callable[[float], float]:
    """SB3's schedule: from first to last as the remaining share goes from 1 to 0."""
    return lambda remaining: last + (first - last) * max(remaining, 0.0)


class Schedules(BaseCallback):
    """Sets how wide offsets are tried before each rollout, and the entropy coefficient before each
    update, as the learning rate's schedule does.

    A spread that is learned falls below one unit, and exploration stops.
    """

    def __init__(self, interface: Interface) -> None:
        super().__init__()
        settings = interface.recipe.settings
        self._entropy = _falling(settings.entropy, settings.final_entropy)
        self._log_spread = _falling(
            float(np.log(settings.exploration)), float(np.log(settings.final_exploration))
        )
        self._spreads = isinstance(interface.actions, RealOffsets)

    def _remaining(self) -> float:
        model: Any = self.model
        return 1.0 - float(model.num_timesteps / model._total_timesteps)

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self._spreads:
            model: Any = self.model
            with torch.no_grad():
                model.policy.log_std.fill_(self._log_spread(self._remaining()))

    def _on_rollout_end(self) -> None:
        model: Any = self.model
        model.ent_coef = self._entropy(self._remaining())
