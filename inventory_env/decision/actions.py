"""What an agent may do, as a Gymnasium space, and what order it means.

`rule` is the order of the policy that training starts from; `sizes` are what a scheme's orders are
made of, (world or 1, agent, number) units: they come from the chain's numbers (`sizes_of`) and are
kept in a run's recipe.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from inventory_env.decision.agents import Agents
from inventory_env.decision.feature import Yardstick
from inventory_env.decision.recipe import Offsets
from inventory_env.description.settings import (
    ActionScheme,
    Continuous,
    OrderQuantity,
    OrderUpTo,
    RuleOffset,
)
from inventory_env.frozen import Array
from inventory_env.simulation.constraints import project
from inventory_env.simulation.situation import Situation

START_SPREAD = 1 / 3  # sd of the listed offsets that are first tried, of the largest
UPSTREAM_REACH = 0.5  # of a store's reach in its own sd: many stores' orders even out
LEAST_SD = 0.1  # of the mean: demand that hardly varies leaves some room


class Actions(ABC):
    """A scheme: the space of one site's action, and its wish in units."""

    space: spaces.Space[Any]

    @abstractmethod
    def sizes_of(self, by: Yardstick) -> Array:
        """(world or 1, agent, number) units by the sizes of the sites' demand.

        Args:
            by: the sizes, of the chain or of the moment.
        """

    @abstractmethod
    def wishes(
        self, actions: npt.NDArray[np.generic], rule: Array, sizes: Array, situation: Situation
    ) -> Array:
        """(world, agent) wanted units, before order constraints.

        Args:
            actions: (world, agent), or (world, agent, 1) where the space is a box.
            rule: (world, agent) the start's order, units.
            sizes: what orders are made of, units.
            situation: the moment of decision.
        """


class DiscreteActions(Actions):
    """A scheme with a finite list of actions, from the smallest order to the largest."""

    space: spaces.Discrete
    preferred: int  # the action that stays allowed when several mean the same order

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    def mask(self, rule: Array, sizes: Array, situation: Situation) -> npt.NDArray[np.bool_]:
        """(world, agent, action) True once for each possible order: of several actions that come
        to the same order under the link's constraints, the one nearest to `preferred`."""
        count = int(self.space.n)
        every = [
            self.wishes(np.full(rule.shape, action), rule, sizes, situation)
            for action in range(count)
        ]
        orders = np.stack([self._orders(wishes, situation) for wishes in every], axis=2)
        changes = orders[:, :, 1:] != orders[:, :, :-1]
        edge = np.ones((*orders.shape[:2], 1), dtype=bool)
        below = np.concatenate([changes, edge], axis=2)
        above = np.concatenate([edge, changes], axis=2)
        allowed = np.where(np.arange(count) < self.preferred, below, above)
        allowed[:, :, self.preferred] = True
        return allowed

    def _orders(self, wishes: Array, situation: Situation) -> Array:
        """(world, agent) orders that come of wishes under the links' constraints."""
        full = np.zeros_like(situation.position)
        full[:, self._agents.columns] = wishes
        stock = situation.position + situation.state.backorders
        return self._agents.of(project(full, situation.params.limits, stock, situation.period))


class RealOffsets(Actions):
    """Any bounded offset to the start rule's order; whole units come of it by rounding.

    An agent's action from -1 to 1 is the share of its largest offset, which is at least so many
    units where units are whole.
    """

    def __init__(self, agents: Agents, settings: RuleOffset) -> None:
        self._agents, self._settings = agents, settings
        self.space = spaces.Box(-1.0, 1.0, (1,), dtype=np.float32)

    def sizes_of(self, by: Yardstick) -> Array:
        largest = _largest_offset(self._agents, self._settings, by)
        least = self._settings.least if by.params.shape.whole else 0.0
        return np.maximum(largest, least)[:, :, None]

    def wishes(
        self, actions: npt.NDArray[np.generic], rule: Array, sizes: Array, situation: Situation
    ) -> Array:
        share = np.clip(actions[:, :, 0].astype(np.float64), -1.0, 1.0)
        return np.maximum(rule + share * sizes[:, :, 0], 0.0)


class ListedOffsets(DiscreteActions):
    """A ladder of offsets to the start rule's order, and perhaps an order of nothing.

    With `zero_order` action 0 orders nothing; the others are the offsets -K..K.
    """

    def __init__(self, agents: Agents, settings: RuleOffset) -> None:
        super().__init__(agents)
        assert isinstance(settings.steps, int)
        self._settings, self.steps = settings, settings.steps
        self.zero_order = bool(settings.zero_order)
        self._ladder = np.arange(-self.steps, self.steps + 1) / self.steps
        count = 2 * self.steps + 1 + self.zero_order
        self.space = spaces.Discrete(count)
        self.preferred = self.steps + self.zero_order
        step = np.arange(count) - self.preferred
        # A bell around the rule's own order: training starts at the rule.
        self.first_logits = -0.5 * (step / (self.steps * START_SPREAD)) ** 2

    def sizes_of(self, by: Yardstick) -> Array:
        widest = _largest_offset(self._agents, self._settings, by)
        if self._agents.shape.whole:
            widest = np.maximum(np.ceil(widest), 2.0)
        return widest[:, :, None]

    def wishes(
        self, actions: npt.NDArray[np.generic], rule: Array, sizes: Array, situation: Situation
    ) -> Array:
        chosen = actions.astype(np.int64) - self.zero_order
        offset = self._ladder[np.maximum(chosen, 0)] * sizes[:, :, 0]
        wish = np.maximum(rule + (np.rint(offset) if self._agents.shape.whole else offset), 0.0)
        return np.where(chosen < 0, 0.0, wish) if self.zero_order else wish


class OrderQuantities(DiscreteActions):
    """One of a few fixed quantities."""

    def __init__(self, agents: Agents, settings: OrderQuantity) -> None:
        super().__init__(agents)
        self._quantities = settings.quantities
        count = 4 if settings.quantities is None else len(settings.quantities)
        self.space = spaces.Discrete(count)
        self.preferred = 0

    def sizes_of(self, by: Yardstick) -> Array:
        mean = self._agents.of(by.mean)
        if self._quantities is None:
            table = mean[:, :, None] * np.array([0.0, 0.5, 1.0, 2.0])
            return np.rint(table) if by.params.shape.whole else table
        return np.broadcast_to(np.sort(self._quantities), (*mean.shape, len(self._quantities)))

    def wishes(
        self, actions: npt.NDArray[np.generic], rule: Array, sizes: Array, situation: Situation
    ) -> Array:
        return _chosen(sizes, actions)


class OrderUpToLevels(DiscreteActions):
    """One of a range of target levels; the order fills the position up to it."""

    def __init__(self, agents: Agents, settings: OrderUpTo, shared: bool) -> None:
        super().__init__(agents)
        self._levels, self._shared = settings.levels, shared
        self.space = spaces.Discrete(settings.levels)
        self.preferred = 0

    def sizes_of(self, by: Yardstick) -> Array:
        z = np.linspace(-4, 4, self._levels)
        levels = np.stack([self._agents.of(by.need.level(x)) for x in z], axis=2)
        return np.rint(levels) if by.params.shape.whole else levels

    def wishes(
        self, actions: npt.NDArray[np.generic], rule: Array, sizes: Array, situation: Situation
    ) -> Array:
        position = self._agents.of(situation.adjusted_position(echelon=self._shared))
        return np.maximum(_chosen(sizes, actions) - position, 0.0)


class ContinuousActions(Actions):
    """A number from -1 to 1, mapped evenly onto 0 to the largest order."""

    def __init__(self, agents: Agents, settings: Continuous) -> None:
        self._agents, self._largest = agents, settings.largest
        self.space = spaces.Box(-1.0, 1.0, (1,), dtype=np.float32)

    def sizes_of(self, by: Yardstick) -> Array:
        return (self._largest * self._agents.of(by.mean))[:, :, None]

    def wishes(
        self, actions: npt.NDArray[np.generic], rule: Array, sizes: Array, situation: Situation
    ) -> Array:
        share = (np.clip(actions[:, :, 0].astype(np.float64), -1.0, 1.0) + 1.0) / 2.0
        return share * sizes[:, :, 0]


def make_actions(
    settings: ActionScheme, offsets: Offsets | None, agents: Agents, *, shared: bool
) -> Actions:
    """The scheme that a recipe's settings describe.

    Args:
        settings: nothing in them is "auto".
        offsets: listed or real, under `rule-offset`.
        agents: who decides.
        shared: whether sites upstream look at their echelon stock.
    """
    if isinstance(settings, RuleOffset):
        return (ListedOffsets if offsets == "listed" else RealOffsets)(agents, settings)
    if isinstance(settings, OrderQuantity):
        return OrderQuantities(agents, settings)
    if isinstance(settings, OrderUpTo):
        return OrderUpToLevels(agents, settings, shared)
    return ContinuousActions(agents, settings)


def _chosen(sizes: Array, actions: npt.NDArray[np.generic]) -> Array:
    """(world, agent) the size that each action names."""
    table = np.broadcast_to(sizes, (*actions.shape, sizes.shape[2]))
    return np.take_along_axis(table, actions[:, :, None].astype(np.int64), axis=2)[:, :, 0]


def _largest_offset(agents: Agents, settings: RuleOffset, by: Yardstick) -> Array:
    """(world or 1, agent) units."""
    assert isinstance(settings.reach, float)
    sd = agents.of(np.maximum(by.need.sd, LEAST_SD * by.mean))
    return settings.reach * sd * np.where(agents.sites < agents.shape.stores, 1.0, UPSTREAM_REACH)
