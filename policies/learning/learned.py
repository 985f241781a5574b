"""A trained network as a policy: deterministic, for all worlds at once."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from scipy.special import softmax
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.actions import DiscreteActions
from inventory_env.decision.interface import CLIP, Interface, Observations
from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from policies.learning.familiar import Familiar, levels
from policies.policy import Policy


@dataclass(frozen=True)
class Explanation:
    """What of the present moves a network's orders in one world; (agent, value) as `names`."""

    sites: Integers  # numbers of the agents' sites
    names: tuple[str, ...]  # of what the network sees
    seen: Array  # in the scales of training; 0 is as usual
    moved: Array  # units by which the expected wish changes because a value is not as usual
    outside: npt.NDArray[np.bool_]  # (agent,) something is beyond what the network can see
    untrusted: npt.NDArray[np.bool_]  # (agent,) the network should save nothing here


class LearnedPolicy:
    """What PPO learned: the most probable action (the mean of a continuous one).

    Args:
        interface: what the network sees, and what its actions mean.
        start: the policy that training started from.
        weights: the network.
        name: what people call it; left out, the learner's.
        trusted: (world or 1, store) for which stores the network decides; left out, for all.
        familiar: what training saw; offsets fade where the present is unlike it.
    """

    def __init__(
        self,
        interface: Interface,
        start: Policy,
        weights: ActorCriticPolicy,
        *,
        name: str | None = None,
        trusted: npt.NDArray[np.bool_] | None = None,
        familiar: Familiar | None = None,
    ) -> None:
        self.name = interface.recipe.settings.algorithm if name is None else name
        self._interface, self._start, self._network = interface, start, weights
        self._maskable = interface.recipe.settings.algorithm == "maskable-ppo"
        self._memory: Any = None
        self._last: tuple[Situation, Observations] | None = None
        self._trusted, self._familiar = trusted, familiar

    @property
    def start(self) -> Policy:
        """The policy that training started from."""
        return self._start

    @property
    def sites(self) -> Integers:
        """Numbers of the sites that the network decides for."""
        return self._interface.agents.sites

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units to order, before order constraints; sites that do not learn order
        what the policy orders that training started from."""
        start_wishes = self._start.wishes(situation)
        observation = self._interface.observe(situation, start_wishes)
        self._last = situation, observation
        action = self._act(observation, situation, start_wishes)
        wishes = self._interface.wishes(action, situation, start_wishes)
        if self._familiar is not None:
            agents = self._interface.agents
            level = levels(self._interface, situation)
            offset = agents.of(wishes - start_wishes) * self._familiar.weight(observation, level)
            wishes = agents.into(start_wishes, agents.of(start_wishes) + offset)
        follows = self.follows_start(situation.params)
        return wishes if follows is None else np.where(follows, start_wishes, wishes)

    def share_of_rule(self, situation: Situation) -> Array:
        """(world, agent) how much of a decision is the rule's, because the present is unlike
        training, or the site: 0 to 1."""
        agents = self._interface.agents
        share = np.zeros((situation.worlds, agents.count))
        if self._familiar is not None:
            level = levels(self._interface, situation)
            share = 1 - self._familiar.weight(self._seen(situation), level)
        follows = self.follows_start(situation.params)
        return share if follows is None else np.where(follows[:, agents.sites], 1.0, share)

    def clipped(self, situation: Situation) -> dict[str, float]:
        """Share of the agents for which a value is cut off at the bounds of what the network sees,
        by the value's name."""
        shares = (np.abs(self._seen(situation)) >= CLIP).mean(axis=0)
        return dict(zip(self._interface.names, shares.tolist(), strict=True))

    def _seen(self, situation: Situation) -> Observations:
        """What the network sees of a situation; of the last one it is kept."""
        if self._last is None or self._last[0] is not situation:
            seen = self._interface.observe(situation, self._start.wishes(situation))
            self._last = situation, seen
        return self._last[1]

    def follows_start(self, params: Params) -> npt.NDArray[np.bool_] | None:
        """(world or 1, site) where the start decides: stores unlike all in training, and those for
        which the network is not trusted; None: nowhere."""
        strange, untrusted = self._interface.strange(params), self._untrusted(params)
        if strange is None or untrusted is None:
            return untrusted if strange is None else strange
        return strange | untrusted

    def _untrusted(self, params: Params) -> npt.NDArray[np.bool_] | None:
        """(world or 1, site) stores for which the network is not trusted; None: nowhere."""
        if self._trusted is None:
            return None
        found = np.zeros((len(self._trusted), params.shape.sites), dtype=bool)
        found[:, : params.stores] = np.logical_not(self._trusted)
        return found

    def _act(
        self, observation: np.ndarray[Any, Any], situation: Situation, start_wishes: Array
    ) -> np.ndarray[Any, Any]:
        if isinstance(self._network, RecurrentActorCriticPolicy):
            others = self._memory is None or self._memory[0].shape[1] != len(observation)
            first = situation.period == 0 or others
            action, self._memory = self._network.predict(
                observation,
                state=None if first else self._memory,
                episode_start=np.full(len(observation), first),
                deterministic=True,
            )
            return action
        preference = self._preference(observation, situation, start_wishes)
        listed = isinstance(self._interface.actions, DiscreteActions)
        return preference.argmax(axis=1) if listed else preference

    def _preference(
        self, observation: np.ndarray[Any, Any], situation: Situation, start_wishes: Array
    ) -> Array:
        """(row, action) logits, or (row, 1) the mean of a continuous action."""
        with torch.no_grad():
            seen = torch.from_numpy(observation)
            latent = self._network.mlp_extractor.forward_actor(seen)
            preference = self._network.action_net(latent).numpy()
        if self._maskable:
            mask = self._interface.masks(situation, start_wishes)
            preference = np.where(mask, preference, -np.inf)
        return np.asarray(preference)

    def explain(self, situation: Situation) -> Explanation:
        """What moves the orders of one world: each value in turn is set to what is usual, and the
        wish that is expected then (over the network's probabilities) taken off the one it has.

        Raises:
            InputError: if the network remembers periods that a situation does not hold.
        """
        if isinstance(self._network, RecurrentActorCriticPolicy):
            raise InputError(
                "a recurrent policy remembers periods that files do not hold; train another learner"
            )
        interface, start_wishes = self._interface, self._start.wishes(situation)
        seen = interface.observe(situation, start_wishes)
        expected = self._expected(seen, situation, start_wishes)
        of_today = interface.of_today
        moved = np.empty((len(seen), len(of_today)))
        for place, value in enumerate(of_today):
            usual = seen.copy()
            usual[:, value] = 0.0
            moved[:, place] = expected - self._expected(usual, situation, start_wishes)
        params, sites = situation.params, interface.agents.sites
        here = np.zeros_like(start_wishes, dtype=bool)
        strange, untrusted = (
            here if found is None else np.broadcast_to(found, here.shape)
            for found in (interface.strange(params), self._untrusted(params))
        )
        outside = np.any(np.abs(seen) >= CLIP, axis=1) | strange[0, sites]
        return Explanation(
            sites=sites,
            names=tuple(interface.names[value] for value in of_today),
            seen=seen[:, of_today].astype(np.float64),
            moved=moved,
            outside=outside,
            untrusted=untrusted[0, sites] & np.logical_not(outside),
        )

    def _expected(
        self, observation: np.ndarray[Any, Any], situation: Situation, start_wishes: Array
    ) -> Array:
        """(agent,) expected wish of one world, units."""
        interface = self._interface
        preference = self._preference(observation, situation, start_wishes)

        def wish(actions: np.ndarray[Any, Any]) -> Array:
            wishes = interface.wishes(actions, situation, start_wishes)
            return interface.agents.of(wishes)[0]

        if not isinstance(interface.actions, DiscreteActions):
            return wish(preference)
        chance = softmax(preference.astype(np.float64), axis=1)
        actions = range(chance.shape[1])
        wishes = np.stack([wish(np.full(len(chance), action)) for action in actions], axis=1)
        return np.asarray((chance * wishes).sum(axis=1))
