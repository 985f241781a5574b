"""What levels cost: for many one-store chains a grid of levels around the best, on common demand.

Of ten thousand chains a short look at each says more of a formula than a long one at a few: what
costs more than expected by chance in one chain costs less in another.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inventory_env.description.levels import rule_at, standard_levels
from inventory_env.description.population import Mixture, needs
from inventory_env.frozen import Array
from inventory_env.simulation.one_store import OneStore
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, TapeSource
from policies.rules.search_space import rule_of_worlds

WORLDS = 8192  # side by side
NEAR = 1.1  # times the least cost: so far the fine grid reaches
MARGIN = 0.5  # of a step of the first grid, and that much farther


@dataclass(frozen=True)
class Judging:
    """How closely levels are looked at."""

    points: int  # of a level
    tapes: int  # of a chain
    periods: int  # of a tape, that count


FIRST = {1: Judging(15, 2, 150), 2: Judging(7, 2, 150)}  # within bounds, by levels of a rule
SHORT = {1: Judging(17, 3, 250), 2: Judging(7, 3, 250)}  # around the best


@dataclass(frozen=True)
class LevelCosts:
    """Costs on a regular grid of levels in standard units (`levels`)."""

    low: Array  # (chain, level) first point of the grid
    high: Array  # (chain, level) last
    costs: Array  # (chain, point, ...) money per period; an axis of points for each level

    @property
    def relative(self) -> Array:
        """(chain, point, ...) share of the least cost that a point is dearer than it."""
        least = self.costs.reshape(len(self.costs), -1).min(axis=1)
        return self.costs / np.maximum(least, 1e-9).reshape(-1, *[1] * self.low.shape[1]) - 1

    @property
    def best(self) -> Array:
        """(chain, level) the cheapest point."""
        shape = self.costs.shape[1:]
        place = np.unravel_index(self.costs.reshape(len(self.costs), -1).argmin(axis=1), shape)
        share = np.stack(place, axis=1) / (np.array(shape) - 1)
        return np.asarray(self.low + share * (self.high - self.low))


def level_costs(
    kind: str, chains: Mixture, *, seed: int, judging: Judging | None = None
) -> LevelCosts:
    """What a rule's levels cost near the best ones of one-store chains.

    Args:
        kind: of rule.
        chains: with one store each.
        seed: of the tapes.
        judging: around the best; left out, `SHORT`.
    """
    known = standard_levels(kind)
    count, first = len(known), FIRST[len(known)]
    shape = (len(chains.members), count)
    low = np.broadcast_to(np.array([level.low for level in known]), shape)
    high = np.broadcast_to(np.array([level.high for level in known]), shape)
    wide = grid_costs(kind, chains, low, high, first, seed=seed)
    good = wide.relative <= NEAR - 1
    step, ends = (high - low) / (first.points - 1), np.empty((2, *shape))
    for level in range(count):
        others = tuple(1 + other for other in range(count) if other != level)
        along = np.any(good, axis=others, keepdims=True).reshape(len(good), -1)
        ends[0, :, level] = along.argmax(axis=1) - MARGIN
        ends[1, :, level] = first.points - 1 - along[:, ::-1].argmax(axis=1) + MARGIN
    from_, to = (np.clip(low + end * step, low, high) for end in ends)
    return grid_costs(kind, chains, from_, to, judging or SHORT[count], seed=seed + 1)


def grid_costs(
    kind: str, chains: Mixture, low: Array, high: Array, judging: Judging, *, seed: int
) -> LevelCosts:
    """Costs on a regular grid between bounds (chain, level)."""
    axes = [np.linspace(0, 1, judging.points)] * low.shape[1]
    shares = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    points = low[:, None] + shares.reshape(1, -1, len(axes)) * (high - low)[:, None]
    costs = point_costs(kind, chains, points, judging, seed=seed)
    return LevelCosts(low, high, costs.reshape(len(low), *shares.shape[:-1]))


def point_costs(kind: str, chains: Mixture, points: Array, judging: Judging, *, seed: int) -> Array:
    """(chain, point) money per period of (chain, point, level) levels in standard units, each
    chain's on the same demand."""
    size = max(WORLDS // (judging.tapes * points.shape[1]), 1)
    # Chains of like lead times side by side: stock is projected over the longest of a block.
    order = np.argsort([c.stores[0].lead_time.maximum for c in chains.members], kind="stable")
    costs = np.empty(points.shape[:2])
    for first, end in pairwise([*range(0, len(order), size), len(order)]):
        block = order[first:end]
        some = Mixture(tuple(chains.members[i] for i in block))
        costs[block] = _block_costs(kind, some, points[block], judging, seed)
    return costs


def dearer(kind: str, chains: Mixture, levels: Array, searched: Judging, fresh: Judging) -> Array:
    """(chain,) percent that levels cost more than searched ones on fresh demand.

    Args:
        kind: of rule.
        chains: with one store each.
        levels: (chain, level) in standard units.
        searched: how closely the best is looked for.
        fresh: how closely both are compared.
    """
    best = level_costs(kind, chains, seed=10, judging=searched).best
    costs = point_costs(kind, chains, np.stack([best, levels], axis=1), fresh, seed=20)
    return np.asarray(100 * (costs[:, 1] / np.maximum(costs[:, 0], 1e-9) - 1))


def _block_costs(kind: str, chains: Mixture, points: Array, judging: Judging, seed: int) -> Array:
    """(chain, point) money per period, of chains side by side."""
    count, warm_up = len(points), chains.members[0].warm_up
    params = Params.of(chains)
    tape = TapeSource(chains, params).draw(
        seed=seed,
        purpose=Purpose.TUNE,
        worlds=count * judging.tapes,
        episode=3,
        periods=warm_up + judging.periods,
    )
    need = needs(chains, echelon=False)
    rule = rule_at(kind, need, points, whole=chains.members[0].whole)
    store = OneStore(params.of_worlds(tape.member), tape, exact=True)
    costs = store.costs(rule_of_worlds(rule, judging.tapes), warm_up)
    return np.ascontiguousarray(costs).reshape(count, judging.tapes, -1).mean(axis=1)
