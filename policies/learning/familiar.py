"""How like training the present is: where it is unlike, a network's orders fade to its rule's.

What a network has not seen it answers at random. Of each value it observes, training saw a range;
a value outside it, or cut off at the bounds of observations, is strange. Where more values are
strange at once than in training, the offset from the rule shrinks, to nothing where a tenth of all
values more are. All values are in units of the present demand, so how large that is by itself is
watched beside them: where demand is far more or less than in all of training, the rule decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from inventory_env.decision.interface import CLIP, Interface, Observations
from inventory_env.description.population import Population
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.policy import Policy

WORLDS = 64
EPISODE = 1 << 20  # of training tapes that no training reaches
RANGE = (0.005, 0.995)  # quantiles of what training saw
MARGIN = 0.05  # of the range, on either side
USUAL = 0.95  # quantile of the share of strange values in training
FADE = 0.1  # of all values: so many more are strange where only the rule decides
LEVEL_FADE = float(np.log(1.5))  # of the log of demand: so far outside only the rule decides


@dataclass(frozen=True)
class Familiar:
    """What training saw."""

    low: Array  # (agent, value)
    high: Array  # (agent, value)
    usual: float  # share of values that are strange at once, in training
    levels: tuple[float, float]  # range of the log of believed over told demand

    @classmethod
    def of(
        cls, interface: Interface, start: Policy, learned: Policy, chains: Population, seed: int
    ) -> Self:
        """From episodes like those of training, played by the policy that was learned.

        Args:
            interface: what the network sees.
            start: the policy that training started from.
            learned: the network.
            chains: that it was trained on.
            seed: of the training.
        """
        moments = list(_moments(interface, start, learned, chains, seed))
        seen, level = (np.stack(parts) for parts in zip(*moments, strict=True))
        low, high = np.quantile(seen, RANGE, axis=(0, 1))
        room = MARGIN * (high - low) + 1e-6
        least, most = np.quantile(level, RANGE)
        found = cls(low - room, high + room, 0.0, (float(least), float(most)))
        return replace(found, usual=float(np.quantile(found._strange(seen), USUAL)))

    @classmethod
    def read(cls, written: dict[str, Any]) -> Self:
        """From a run's manifest."""
        least, most = written["levels"]
        low, high = np.array(written["low"]), np.array(written["high"])
        return cls(low, high, written["usual"], (least, most))

    def written(self) -> dict[str, Any]:
        """For a run's manifest."""
        ranges = {"low": self.low.round(4).tolist(), "high": self.high.round(4).tolist()}
        levels = [round(each, 4) for each in self.levels]
        return {**ranges, "usual": round(self.usual, 4), "levels": levels}

    def weight(self, observation: Observations, level: Array) -> Array:
        """(world, agent) of the network's offsets: 1 where the present is as in training, 0 where
        only the rule decides.

        Args:
            observation: a row for each agent of each world.
            level: (world, agent) as `levels` has it.
        """
        strange = self._strange(observation.reshape(-1, *self.low.shape))
        least, most = self.levels
        outside = np.maximum(least - level, level - most)
        found = np.minimum(1 - (strange - self.usual) / FADE, 1 - outside / LEVEL_FADE)
        return np.clip(found, 0.0, 1.0)

    def _strange(self, seen: Array | Observations) -> Array:
        """(..., agent) share of (..., agent, value) values that are strange."""
        outside = (seen < self.low) | (seen > self.high) | (np.abs(seen) >= CLIP)
        return np.asarray(outside.mean(axis=-1))


def levels(interface: Interface, situation: Situation) -> Array:
    """(world, agent) log of the demand that is now believed over the one that was told."""
    told = situation.params.need.mean
    found = np.log(situation.needs(echelon=False).mean / told)
    return interface.agents.of(np.broadcast_to(found, (situation.worlds, found.shape[1])))


def _moments(
    interface: Interface, start: Policy, learned: Policy, chains: Population, seed: int
) -> Iterator[tuple[Array, Array]]:
    """(world, agent, value) of each period, and its (world, agent) levels."""
    chain = Chain(chains)
    chain.reset(draw_tape(chains, seed=seed, purpose=Purpose.TRAIN, worlds=WORLDS, episode=EPISODE))
    while not chain.ended:
        situation = chain.situation
        seen = interface.observe(situation, start.wishes(situation))
        values = seen.reshape(WORLDS, -1, seen.shape[1]).astype(np.float64)
        yield values, levels(interface, situation)
        chain.step(learned.wishes(situation))
