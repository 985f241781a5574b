"""What an agent may do, as a Gymnasium space, and what order it means.

`rule` is the order of the policy that training starts from, for the learning sites.
"""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from inventory_env.decision.agents import Agents
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import Continuous, OrderQuantity, OrderUpTo, RuleOffset
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation

MOST_STEPS = 10  # offsets on either side of 0, where none are asked for
START_SPREAD = 1 / 3  # sd of the offsets that are first tried, of the largest
UPSTREAM_REACH = 0.5  # of a store's reach in its own sd: many stores' orders even out


class Actions(ABC):
    """A scheme: the space of one site's action, and its wish in units."""

    space: spaces.Space[Any]

    @abstractmethod
    def wishes(self, actions: npt.NDArray[np.generic], situation: Situation, rule: Array) -> Array:
        """(world, agent) wanted units, before order constraints.

        Args:
            actions: (world, agent), or (world, agent, 1) where the space is a box.
            situation: the moment of decision.
            rule: (world, agent) the start's order, units.
        """


class DiscreteActions(Actions):
    """A scheme with a finite list of actions, from the smallest order to the largest."""

    space: spaces.Discrete
    preferred: int  # the action that stays allowed when several mean the same order

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    @abstractmethod
    def all_wishes(self, situation: Situation, rule: Array) -> Array:
        """(world, agent, action) wanted units of every action."""

    def wishes(self, actions: npt.NDArray[np.generic], situation: Situation, rule: Array) -> Array:
        chosen = actions[:, :, None].astype(np.int64)
        return np.take_along_axis(self.all_wishes(situation, rule), chosen, axis=2)[:, :, 0]

    def mask(self, situation: Situation, rule: Array) -> npt.NDArray[np.bool_]:
        """(world, agent, action) True once for each possible order: of several actions that come
        to the same order under the link's constraints, the one nearest to `preferred`."""
        wishes = np.moveaxis(self.all_wishes(situation, rule), 2, 0)
        orders = np.stack([self._agents.orders(wish, situation) for wish in wishes], axis=2)
        changes = orders[:, :, 1:] != orders[:, :, :-1]
        edge = np.ones((*orders.shape[:2], 1), dtype=bool)
        below = np.concatenate([changes, edge], axis=2)
        above = np.concatenate([edge, changes], axis=2)
        index = np.arange(orders.shape[2])
        allowed = np.where(index < self.preferred, below, above)
        allowed[:, :, self.preferred] = True
        return allowed


class RealOffsets(Actions):
    """Any bounded offset to the start rule's order, in units that can be divided.

    An agent's action from -1 to 1 is the share of its largest offset.
    """

    def __init__(self, scenario: Scenario, agents: Agents, settings: RuleOffset) -> None:
        self.widest = _widest(scenario, agents, settings)  # (agent,) units
        self.space = spaces.Box(-1.0, 1.0, (1,), dtype=np.float32)

    def wishes(self, actions: npt.NDArray[np.generic], situation: Situation, rule: Array) -> Array:
        share = np.clip(actions[:, :, 0].astype(np.float64), -1.0, 1.0)
        return np.maximum(rule + share * self.widest, 0.0)


class ListedOffsets(DiscreteActions):
    """A ladder of offsets to the start rule's order, and perhaps an order of nothing.

    With `zero_order` action 0 orders nothing; the others are the offsets -K..K.
    """

    def __init__(self, scenario: Scenario, agents: Agents, settings: RuleOffset) -> None:
        super().__init__(agents)
        widest = _widest(scenario, agents, settings)
        if scenario.whole:
            widest = np.maximum(np.ceil(widest), 2.0)
        if settings.steps != "auto":
            self.steps = settings.steps
        else:
            self.steps = int(min(widest.max(), MOST_STEPS)) if scenario.whole else MOST_STEPS
        ladder = np.arange(-self.steps, self.steps + 1) / self.steps
        self.offsets = widest[:, None] * ladder  # (agent, offset) units
        if scenario.whole:
            self.offsets = np.rint(self.offsets)
        self.zero_order = _zero_order(agents, settings)
        count = 2 * self.steps + 1 + self.zero_order
        self.space = spaces.Discrete(count)
        self.preferred = self.steps + self.zero_order
        step = np.arange(count) - self.preferred
        # A bell around the rule's own order: training starts at the rule.
        self.start_logits = -0.5 * (step / (self.steps * START_SPREAD)) ** 2

    def wishes(self, actions: npt.NDArray[np.generic], situation: Situation, rule: Array) -> Array:
        chosen = actions.astype(np.int64) - self.zero_order
        agents = np.arange(self.offsets.shape[0])
        wish = np.maximum(rule + self.offsets[agents, np.maximum(chosen, 0)], 0.0)
        return np.where(chosen < 0, 0.0, wish) if self.zero_order else wish

    def all_wishes(self, situation: Situation, rule: Array) -> Array:
        wishes = np.maximum(rule[:, :, None] + self.offsets, 0.0)
        if not self.zero_order:
            return wishes
        return np.concatenate([np.zeros_like(wishes[:, :, :1]), wishes], axis=2)


class OrderQuantities(DiscreteActions):
    """One of a few fixed quantities."""

    def __init__(self, scenario: Scenario, agents: Agents, settings: OrderQuantity) -> None:
        super().__init__(agents)
        mean = agents.mean
        if settings.quantities is None:
            table = mean[:, None] * np.array([0.0, 0.5, 1.0, 2.0])
            self._table = np.rint(table) if scenario.whole else table
        else:
            self._table = np.tile(np.sort(settings.quantities), (len(mean), 1))
        self.space = spaces.Discrete(self._table.shape[1])
        self.preferred = 0

    def wishes(self, actions: npt.NDArray[np.generic], situation: Situation, rule: Array) -> Array:
        return self._table[np.arange(len(self._table)), actions.astype(np.int64)]

    def all_wishes(self, situation: Situation, rule: Array) -> Array:
        return np.broadcast_to(self._table, (*rule.shape, self._table.shape[1]))


class OrderUpToLevels(DiscreteActions):
    """One of a range of target levels; the order fills the position up to it."""

    def __init__(self, scenario: Scenario, agents: Agents, settings: OrderUpTo) -> None:
        super().__init__(agents)
        z = np.linspace(-4, 4, settings.levels)
        levels = np.array([[need.level(x) for x in z] for need in agents.needs])
        self._levels = np.rint(levels) if scenario.whole else levels
        self.space = spaces.Discrete(settings.levels)
        self.preferred = 0

    def all_wishes(self, situation: Situation, rule: Array) -> Array:
        return np.maximum(self._levels - self._agents.position(situation)[:, :, None], 0.0)


class ContinuousActions(Actions):
    """A number from -1 to 1, mapped evenly onto 0 to the largest order."""

    def __init__(self, agents: Agents, settings: Continuous) -> None:
        self._largest = settings.largest * agents.mean
        self.space = spaces.Box(-1.0, 1.0, (1,), dtype=np.float32)

    def wishes(self, actions: npt.NDArray[np.generic], situation: Situation, rule: Array) -> Array:
        share = (np.clip(actions[:, :, 0].astype(np.float64), -1.0, 1.0) + 1.0) / 2.0
        return share * self._largest


def make_actions(scenario: Scenario) -> Actions:
    """The scenario's action scheme."""
    settings, agents = scenario.training.actions, Agents(scenario)
    if isinstance(settings, RuleOffset):
        lists = scenario.whole or settings.steps != "auto" or _zero_order(agents, settings)
        if lists or scenario.training.algorithm == "maskable-ppo":
            return ListedOffsets(scenario, agents, settings)
        return RealOffsets(scenario, agents, settings)
    if isinstance(settings, OrderQuantity):
        return OrderQuantities(scenario, agents, settings)
    if isinstance(settings, OrderUpTo):
        return OrderUpToLevels(scenario, agents, settings)
    return ContinuousActions(agents, settings)


def _widest(scenario: Scenario, agents: Agents, settings: RuleOffset) -> Array:
    """(agent,) largest offset, units."""
    sd = np.maximum(agents.sd, 0.1 * agents.mean)
    reach = settings.reach if settings.reach != "auto" else _reach(scenario)
    return reach * sd * np.where(agents.sites < agents.stores, 1.0, UPSTREAM_REACH)


def _zero_order(agents: Agents, settings: RuleOffset) -> bool:
    """Whether one more action orders nothing."""
    return agents.lumpy if settings.zero_order == "auto" else settings.zero_order


def _reach(scenario: Scenario) -> float:
    """Standard deviations that an offset may reach.

    One is enough for a single site; more pays where forecasts vary, where links are long, and
    where stores share a stock.
    """
    varies = scenario.seasonal or scenario.history is not None
    if varies or not scenario.warehouse.unlimited:
        return 2.0
    longest = max(store.lead_time.moments[0] for store in scenario.stores)
    return 1.5 if longest >= 6 else 1.0
