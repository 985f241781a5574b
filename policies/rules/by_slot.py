"""Rules with levels of their own for each slot of a season's cycle, such as each day of the week.

A rule sees stock less what is forecast above the mean, so that one level fits all slots as far as
the mean goes; the spread of demand and what is lost until an order arrives still differ by slot.
The slot is that of the period in which the order is made.
"""

from dataclasses import dataclass, fields

import numpy as np

from inventory_env.description.levels import rule_at
from inventory_env.description.need import Need
from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.description.rules import OrderRule
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.situation import Situation
from policies.rules.search import (
    BLOCK,
    FRESH,
    MOST_CANDIDATES,
    NEAR,
    ROUNDS,
    STORE_PERIODS,
    Search,
    searched_points,
)
from policies.rules.search_space import Searched, Space, chosen, of_worlds


@dataclass(frozen=True)
class BySlotPolicy:
    """Every store follows one kind of rule, with levels by slot; sites above them their chain's."""

    name: str
    rule: OrderRule  # levels (slot, world or 1, store); slots that a cycle lacks are unused
    lengths: Integers  # (world or 1,) periods of each world's cycle

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units the sites want, before order constraints."""
        slot = situation.outlook.day.astype(np.int64) % self.lengths
        here = np.arange(len(slot)) if len(self.lengths) > 1 else 0
        levels = {name: values[slot, here] for name, values in _levels(self.rule).items()}
        return situation.of_stores(situation.store_orders(type(self.rule)(**levels)))

    def in_worlds(self, count: int) -> "BySlotPolicy":
        """The same for so many worlds of each, side by side."""
        levels = {name: np.repeat(v, count, axis=1) for name, v in _levels(self.rule).items()}
        return BySlotPolicy(self.name, type(self.rule)(**levels), np.repeat(self.lengths, count))


def slots_of(chain: Scenario) -> int:
    """Periods of the cycle that a chain's demand has: 1 without one.

    Raises:
        InputError: if its stores have cycles of different lengths.
    """
    seasons = [store.demand.season for store in chain.stores]
    lengths = {len(season.slots) for season in seasons if season is not None and season.slots}
    if len(lengths) > 1:
        raise InputError(f"{chain.name}: levels by slot need one cycle, got {sorted(lengths)}")
    return max(lengths, default=1)


def tuned_by_slot(
    kind: str, population: Population, *, seed: int, store_periods: int | None = None
) -> BySlotPolicy:
    """The best rule of a kind with levels by slot, for the stores of every chain, one world each.

    The search starts from the best levels that are the same in all slots, moves each slot's for all
    stores of a chain alike, and keeps what it started from where that is no dearer on fresh tuning
    demand.

    Args:
        kind: of rule.
        population: the chains.
        seed: of the tuning tapes.
        store_periods: that a candidate is judged on; left out, 24 000.
    """
    shape, chains = shape_of(population), population.members
    judged_on = STORE_PERIODS if store_periods is None else store_periods
    tapes = max(judged_on // (shape.periods * shape.stores), 1)
    size = max(BLOCK // (tapes * MOST_CANDIDATES * shape.stores), 1)
    slots = max(slots_of(chain) for chain in chains)
    alike = searched_points(kind, population, seed=seed, store_periods=store_periods)
    points = []
    for first in range(0, len(chains), size):
        space = _SlottedSpace(Mixture(tuple(chains[first : first + size])), kind, slots)
        search = _SlotSearch(space, seed=seed, tapes=tapes)
        points.append(search.from_alike(np.tile(alike[first : first + size], slots)))
    whole = _SlottedSpace(population, kind, slots)
    return whole.policy(np.concatenate(points)[:, None], 1)


class _SlottedSpace(Space):
    """Points (chain, ..., store, slot x level): the levels of all slots stand side by side."""

    lean = False  # the rule changes with the slot

    def __init__(self, population: Population, kind: str, slots: int) -> None:
        super().__init__(population, [Searched("stores", kind)], None)
        self._kind, self._own = kind, self.levels
        self._lengths = np.array([slots_of(chain) for chain in population.members])
        self.slots, self.levels = slots, slots * self._own
        self.auto, self.low, self.high = (
            np.tile(each, slots) for each in (self.auto, self.low, self.high)
        )

    def policy(self, points: Array, tapes: int) -> BySlotPolicy:
        """Decides in worlds (chain, tape, candidate) by points (chain, candidate, store, ...)."""
        (need,) = self.needs
        wide = Need(*(getattr(need, field.name)[:, None] for field in fields(Need)))
        rules = [
            rule_at(self._kind, wide, own, whole=self.shape.whole)
            for own in np.split(points, self.slots, axis=-1)
        ]
        by_slot = [_levels(rule) for rule in rules]
        levels = {
            name: np.stack([of_worlds(each[name], tapes) for each in by_slot])
            for name in by_slot[0]
        }
        lengths = np.repeat(self._lengths, tapes * points.shape[1])
        return BySlotPolicy(self._kind, type(rules[0])(**levels), lengths)


class _SlotSearch(Search):
    """One search over the chains of a space with slots."""

    def from_alike(self, alike: Array) -> Array:
        """(chain, store, slot x level) the best point of each chain, near that which is alike."""
        numbers = np.eye(self.space.levels)[:, None, :]
        moved = np.repeat(numbers, self.space.sites, axis=1)
        both = np.stack([alike, self.cross_entropy(alike, moved, NEAR, ROUNDS)], axis=1)
        costs = self.costs(both, self.drawn(FRESH * self.tapes, episode=1)).sum(axis=2)
        return chosen(both, costs.argmin(axis=1))


def _levels(rule: OrderRule) -> dict[str, Array]:
    """A rule's levels by name."""
    names = [field.name for field in fields(rule)]  # type: ignore[arg-type]
    return {name: getattr(rule, name) for name in names}
