"""The chain as a Stable-Baselines3 VecEnv: every learning site of every world is one
sub-environment.

Row w x agents + a is agent a of world w; all agents of a world end together, and an episode's end
is a truncation. Worlds come in groups of `worlds_per_tape` neighbours that face the same demand.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvObs, VecEnvStepReturn

from inventory_env.decision.actions import DiscreteActions, make_actions
from inventory_env.decision.agents import Agents
from inventory_env.decision.credit import Credit
from inventory_env.decision.observation import Observer
from inventory_env.decision.reward import agent_rewards
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.situation import Memory, Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Purpose, Tape, draw_tape

CONTINUING_PERIODS = 252  # length of one tape where worlds never end; whole weeks and reviews


class Start(Protocol):
    """Decides for every site before anything is learned."""

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units that the sites want, as `Chain.step` takes them."""


class ChainVecEnv(VecEnv):
    """Learning sites of many worlds as rows, on training tapes.

    Args:
        scenario: the chain; its training settings say what is observed, done and paid.
        start: decides for the sites that do not learn; `rule-offset` actions are relative to its
            orders.
        seed: seed of the training tapes.
        worlds: how many worlds, a multiple of the settings' `worlds_per_tape`.
        team_share: share of the chain's mean in a site's reward.
        reward_shift: (agent,) added to each reward before scaling.
        reward_scale: (agent,) divides the shifted reward.
        continuing: worlds never end; else an episode of the scenario's length is truncated.
    """

    def __init__(
        self,
        scenario: Scenario,
        start: Start,
        *,
        seed: int,
        worlds: int,
        team_share: float = 0.0,
        reward_shift: Array | float = 0.0,
        reward_scale: Array | float = 1.0,
        continuing: bool = False,
    ) -> None:
        self.render_mode = None
        self._scenario, self._start, self._seed = scenario, start, seed
        self._worlds, self._agents = worlds, Agents(scenario)
        self._team_share, self._continuing = team_share, continuing
        self._shift, self._scale = reward_shift, reward_scale
        self._observer = Observer(scenario)
        self._actions = make_actions(scenario)
        self._chain = Chain(scenario)
        self._weights = scenario.training.reward
        self._group = scenario.training.worlds_per_tape
        self._credit = Credit(scenario)
        self._episode = -1
        self.ledger: Ledger  # of the last period
        self._central = scenario.central_critic
        observation_space = self._observer.space
        super().__init__(worlds * self._agents.count, observation_space, self._actions.space)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of an observation's features, in order."""
        return self._observer.names

    @property
    def situation(self) -> Situation:
        """The worlds as they stand."""
        return self._chain.situation

    def reset(self) -> VecEnvObs:
        """Start the next episode in all worlds; worlds that never end are first warmed up."""
        if self._continuing and self._episode < 0:
            self._begin(self._tape())
            while self.situation.period < self._length:
                self._chain.step(self._start_wishes)
                self._look()
            self._begin(self._tape(), self.situation.state, self.situation.memory)
        else:
            self._begin(self._tape())
        return self._observation

    def reseed(self, seed: int) -> None:
        """Go on with the first training tape of a seed from the next reset."""
        self._seed, self._episode = seed, -1

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Keep the actions, one row each, for `step_wait`."""
        self._waiting = actions.reshape(self._worlds, -1, *actions.shape[1:])

    def step_wait(self) -> VecEnvStepReturn:
        """One period of all worlds."""
        decided = self._actions.wishes(self._waiting, self.situation, self._start_orders)
        self.ledger = self._chain.step(self._agents.into(self._start_wishes, decided))
        paying = self._credit.ledger(self.ledger, self.situation)
        money = Money.of(self._chain.params, paying)
        rewards = agent_rewards(self._weights, self._team_share, self._agents, paying, money)
        paid = ((rewards + self._shift) / self._scale).astype(np.float32).reshape(-1)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        ended = self.situation.period >= self._length
        dones = np.full(self.num_envs, ended and not self._continuing)
        if not ended:
            self._look()
        elif self._continuing:
            self._begin(self._tape(), self.situation.state, self.situation.memory)
        else:
            self._look()
            for info, last in zip(infos, self._observation, strict=True):
                info["TimeLimit.truncated"] = True
                info["terminal_observation"] = last
            self._begin(self._tape())
        return self._observation, paid, dones, infos

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """(row, action) actions that stand for different possible orders."""
        if not isinstance(self._actions, DiscreteActions):
            raise TypeError("only discrete action schemes have masks")
        masks = self._actions.mask(self.situation, self._start_orders)
        return masks.reshape(self.num_envs, -1)

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """All that `restore` needs to continue exactly here."""
        situation = self.situation
        return {
            "episode": np.array(self._episode),
            "period": np.array(situation.period),
            **{f"state.{f.name}": getattr(situation.state, f.name) for f in fields(State)},
            **{f"memory.{f.name}": getattr(situation.memory, f.name) for f in fields(Memory)},
        }

    def restore(self, snapshot: dict[str, npt.NDArray[Any]]) -> VecEnvObs:
        """Continue from a snapshot of an equal environment; returns the observation there."""
        self._episode = int(snapshot["episode"]) - 1
        state = State(**{f.name: snapshot[f"state.{f.name}"] for f in fields(State)})
        memory = Memory(**{f.name: snapshot[f"memory.{f.name}"] for f in fields(Memory)})
        self._begin(self._tape(), state, memory, int(snapshot["period"]))
        return self._observation

    def _tape(self) -> Tape:
        """The next episode's tape."""
        self._episode += 1
        length = CONTINUING_PERIODS if self._continuing else self._scenario.periods
        if self._continuing and self._episode == 0:
            length = self._scenario.warm_up
        tape = draw_tape(
            self._scenario,
            seed=self._seed,
            purpose=Purpose.TRAIN,
            worlds=self._worlds // self._group,
            episode=self._episode,
            periods=length + self._credit.periods,
        )
        self._length = length
        return tape.repeated(self._group)

    def _begin(
        self,
        tape: Tape,
        state: State | None = None,
        memory: Memory | None = None,
        period: int = 0,
    ) -> None:
        self._chain.reset(tape, state, memory, period)
        self._look()

    def _look(self) -> None:
        self._start_wishes = self._start.wishes(self.situation)
        self._start_orders = self._agents.of(self._start_wishes)
        self._observation = self._observer.observe(self.situation, self._start_orders)
        if self._central:
            self._observation = self._observer.with_chain(self._observation, self.situation)

    # What SB3 asks of a VecEnv beside stepping; there is one object behind all rows.

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
