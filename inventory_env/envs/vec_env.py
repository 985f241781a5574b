"""The chain as a Stable-Baselines3 VecEnv: every learning site of every world is one
sub-environment.

Row w x agents + a is agent a of world w; all agents of a world end together, and an episode's end
is a truncation. Worlds come in groups of `worlds_per_tape` neighbours that face the same demand.
"""

from dataclasses import fields
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from inventory_env.decision.credit import Creditor
from inventory_env.decision.interface import Interface
from inventory_env.decision.recipe import Recipe
from inventory_env.decision.rent import rent_charges
from inventory_env.decision.reward import present_level, site_rewards
from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.envs.rows import Rows
from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Purpose, Tape, TapeSource
from inventory_env.simulation.worlds import laid_out, of_worlds

CONTINUING_PERIODS = 252  # length of one tape where worlds never end; whole weeks and reviews


class Start(Protocol):
    """Decides for every site before anything is learned."""

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units that the sites want, as `Chain.step` takes them."""


class ChainVecEnv(Rows):
    """Learning sites of many worlds as rows, on training tapes.

    What a row sees, does and is paid is what the recipe says. The first decision of an episode
    follows the arrivals of its first period. Rewards are (reward + shift) / scale of the recipe;
    an order is credited as it says. Where worlds continue, tapes follow one another without an end;
    else an episode of the chains' length is truncated.

    Args:
        population: the chain, or several of one shape.
        recipe: of the training.
        start: decides for the sites that do not learn; `rule-offset` actions are relative to its
            orders.
        seed: seed of the training tapes.
        worlds: how many, a multiple of the recipe's `worlds_per_tape`; left out, the recipe's.
        paid: (chain, agent) shift and scale of rewards; left out, the recipe's.

    Of a population with more chains than tapes, every episode plays others, drawn at random. Where
    there are several chains, the start policy runs the warm-up of an episode; nothing is learned
    from it.
    """

    def __init__(
        self,
        population: Population,
        recipe: Recipe,
        start: Start,
        *,
        seed: int,
        worlds: int | None = None,
        paid: tuple[Array, Array] | None = None,
    ) -> None:
        self.render_mode = None
        self._population, self._start, self._seed = population, start, seed
        self._worlds = recipe.worlds if worlds is None else worlds
        self.interface = Interface(recipe, shape_of(population))
        self._continuing = bool(recipe.settings.continuing)
        params = Params.of(population)
        self._chain, self._tapes = Chain(population, params), TapeSource(population, params)
        self._creditor = Creditor(population, params, recipe.credit)
        if paid is None:
            paid = np.array([recipe.reward_shift]), np.array([recipe.reward_scale])
        self._shift, self._scale = paid
        self._several = isinstance(population, Mixture)
        self._episode = -1
        self.ledger: Ledger  # of the last period
        interface = self.interface
        rows = self._worlds * interface.agents.count
        super().__init__(rows, interface.observation_space, interface.action_space)

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

    def step_wait(self) -> VecEnvStepReturn:
        """One period of all worlds."""
        interface, chain = self.interface, self._chain
        self.ledger = chain.step(
            interface.wishes(self._waiting, self.situation, self._start_wishes)
        )
        paid = self._paid()
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

    def _paid(self) -> npt.NDArray[np.float32]:
        """(row,) shifted and scaled rewards of the last period."""
        recipe, shape = self.interface.recipe, self._chain.params.shape
        settings = recipe.settings
        paying = self._creditor.credited(self.ledger, self.situation, self._chain.tape)
        team_share, pay_rent = recipe.paid(shape.stores)
        rent = None
        if pay_rent:
            group = settings.worlds_per_tape
            rent = rent_charges(self.ledger, self.situation, paying.wanted, group)
        money = Money.of(self._chain.params, paying.ledger)
        rewards = site_rewards(settings.reward, team_share, shape, paying.ledger, money, rent=rent)
        rewards /= present_level(self.situation, team_share)
        shift, scale = (
            of_worlds(each, self._chain.tape.member) for each in (self._shift, self._scale)
        )
        by_agent = (self.interface.agents.of(rewards) + shift) / scale
        return np.ascontiguousarray(by_agent, dtype=np.float32).reshape(-1)

    def action_masks(self) -> npt.NDArray[np.bool_]:
        """(row, action) actions that stand for different possible orders."""
        return self.interface.masks(self.situation, self._start_wishes)

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

        def kept(kind: type[Any]) -> Any:
            prefix = kind.__name__.lower()
            names = [field.name for field in fields(kind)]
            return kind(**{name: laid_out(snapshot[f"{prefix}.{name}"]) for name in names})

        self._begin(self._tape(), kept(State), kept(Memory), int(snapshot["period"]))
        return self._observation

    def _tape(self) -> Tape:
        """The next episode's tape."""
        self._episode += 1
        shape, group = shape_of(self._population), self.interface.recipe.settings.worlds_per_tape
        length = CONTINUING_PERIODS if self._continuing else shape.periods
        if self._continuing and self._episode == 0:
            length = shape.warm_up
        self._length = length
        return self._tapes.draw(
            seed=self._seed,
            purpose=Purpose.TRAIN,
            worlds=self._worlds // group,
            episode=self._episode,
            periods=length + self._creditor.periods,
            members=self._players(self._worlds // group),
        ).repeated(group)

    def _players(self, tapes: int) -> Integers | None:
        """The chains that play this episode; None: all."""
        chains = len(self._population.members)
        if chains <= tapes:
            return None
        seeds = np.random.SeedSequence(self._seed, spawn_key=(int(Purpose.TRAIN), self._episode))
        drawn = np.random.default_rng(seeds).choice(chains, tapes, replace=False)
        return np.sort(drawn)

    def _begin(
        self,
        tape: Tape,
        state: State | None = None,
        memory: Memory | None = None,
        period: int = 0,
    ) -> None:
        self._chain.reset(tape, state, memory, period)
        self._look()
        if self._several and not self._continuing and state is None:
            while self.situation.period < self._chain.params.shape.warm_up:
                self._chain.step(self._start_wishes)
                self._look()

    def _look(self) -> None:
        wishes, sites = self._start.wishes(self.situation), self.situation.params.shape.sites
        if wishes.shape[1] != sites:
            raise InputError(
                f"start: its wishes must be of all {sites} sites, got {wishes.shape[1]}; "
                "Situation.of_stores completes the stores'"
            )
        self._start_wishes = wishes
        self._observation = self.interface.observe_all(self.situation, self._start_wishes)
