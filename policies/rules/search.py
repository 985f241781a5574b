"""Levels of rules found by simulation: one vectorised search for every chain and kind of rule.

Worlds are chains x tapes x candidates: all candidates of a chain face the same demand, and all
chains are searched side by side. In standard units (`levels`) a search looks, in rounds around the
best so far and ever closer,

1. for one shift of all sites' formulas, judged by the cost of the whole chain;
2. where there are several sites, for each site's own levels: all are moved at once and at random.
   A site's own cost is fitted by a quadratic in its own moves; what moves cost the rest of the
   chain, through a stock that is shared, by one in their sums. Where nothing is shared, each site
   takes the best of its own.

Of many chains side by side, whose rules have fitted levels, a search looks around those: at first
candidates on few tapes, at better ones on more; where none is clearly cheaper, it keeps to them.
"""

from collections.abc import Sequence
from itertools import combinations_with_replacement, groupby

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from inventory_env.description.population import Mixture, Population, shape_of
from inventory_env.description.rules import OrderConstraints, OrderRule
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.one_store import OneStore
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, Tape, TapeSource, draw_tape
from inventory_env.simulation.worlds import pick_worlds
from policies.policy import Policy
from policies.rollout import site_costs
from policies.rules.fitted_levels import is_fitted
from policies.rules.search_space import Searched, Space, chosen

STORE_PERIODS = 24_000  # a candidate is judged on
LEAST_TAPES = 16
FRESH = 4  # times as many tapes, when the best of two is told
CANDIDATES = {1: 24, 2: 64, 3: 96}  # a round, by levels that are moved together
MOST_CANDIDATES = 128
ROUNDS = 7
ELITE = 6  # one candidate in so many is kept of a round
WIDER = 1.1  # than the best of a round, the next
NEAR = 0.1  # half-width of the first round around fitted levels, of the bounds' span
NEAR_CANDIDATES = {1: 8, 2: 40, 3: 64}  # a round there, by levels that are moved together
NEAR_TAPES = (0.25, 0.5, 1.0)  # share of the tapes that a round is judged on
NEAR_KEPT = 2  # of such a round, for each level that is moved, and one more
CAUTION = 1.0  # standard errors by which levels must be cheaper than the fitted ones
MOST_TOGETHER = 16  # numbers of a chain's sites that are drawn together; more are fitted
LEAST_MOVE = 0.002  # of the bounds' span
APART = (0.15, 0.08, 0.04)  # half-widths of the rounds, of the bounds' span
BLOCK = 20_000  # stores that are simulated side by side: few enough for a core's cache
PLAIN = OrderConstraints()


def tuned_rules(
    kind: str, population: Population, *, seed: int, store_periods: int | None = None
) -> OrderRule:
    """The best rule of a kind for the stores of every chain; levels are (chain, store).

    Args:
        kind: of rule.
        population: the chains.
        seed: of the tuning tapes.
        store_periods: that a candidate is judged on; left out, 24 000.
    """
    found = search(population, [Searched("stores", kind)], seed=seed, store_periods=store_periods)
    return found[0]


def search(
    population: Population,
    tiers: Sequence[Searched],
    *,
    seed: int,
    below: Policy | None = None,
    store_periods: int | None = None,
) -> list[OrderRule]:
    """The best rules for some tiers of every chain, tuned together; levels are (chain, site).

    Args:
        population: the chains.
        tiers: that are searched, downstream first.
        seed: of the tuning tapes.
        below: decides for sites that are not searched; left out, their chain's own rules.
        store_periods: that a candidate is judged on; left out, 24 000.
    """
    near = len(population.members) > 1 and all(is_fitted(each.kind) for each in tiers)
    points = _points(population, tiers, seed, below, store_periods, near=near)
    return Space(population, tiers, below).rules(points)


def searched_points(
    kind: str, population: Population, *, seed: int, store_periods: int | None = None
) -> Array:
    """(chain, store, level) of the best rules in standard units, looked for within all bounds."""
    tiers = [Searched("stores", kind)]
    return _points(population, tiers, seed, None, store_periods, near=False)


def _points(
    population: Population,
    tiers: Sequence[Searched],
    seed: int,
    below: Policy | None,
    store_periods: int | None,
    *,
    near: bool,
) -> Array:
    """(chain, site, level) the best point of every chain, in blocks of chains; near the fitted
    levels, or anywhere within the bounds."""
    shape, count = shape_of(population), len(population.members)
    judged_on = STORE_PERIODS if store_periods is None else store_periods
    tapes = max(judged_on // (shape.periods * shape.stores), 1)
    if count == 1:
        space = Space(population, tiers, below)
        return Search(space, seed=seed, tapes=max(tapes, LEAST_TAPES)).best()
    widths = NEAR_CANDIDATES if near else CANDIDATES
    width = widths.get(Space.size_of(tiers), MOST_CANDIDATES)
    size = max(BLOCK // (tapes * width * shape.stores), 1)
    blocks = alike_blocks(population.members, size)
    found = []
    for block in blocks:
        space = Space(Mixture(tuple(population.members[i] for i in block)), tiers, below)
        found.append(Search(space, seed=seed, tapes=tapes, near=near).best())
    return np.asarray(np.concatenate(found)[np.argsort(np.concatenate(blocks))])


def alike_blocks(chains: Sequence[Scenario], size: int) -> list[Integers]:
    """Numbers of chains that are searched side by side, so many at most: what happens in some of a
    block is computed for all."""

    def kind(number: int) -> tuple[bool, bool]:
        chain = chains[number]
        random = any(store.lead_time.kind != "constant" for store in chain.stores)
        return chain.seasonal, random

    def longest(number: int) -> int:
        return max(store.lead_time.maximum for store in chains[number].stores)

    def order(number: int) -> tuple[bool | int, ...]:
        plain = all(store.orders == PLAIN for store in chains[number].stores)
        return *kind(number), chains[number].unmet_demand == "lost", plain, longest(number)

    blocks = []
    for _, group in groupby(sorted(range(len(chains)), key=order), key=kind):
        numbers = list(group)
        for first in range(0, len(numbers), size):
            # Of like lead times: stock is projected until the last order of a block arrives.
            blocks.append(np.array(sorted(numbers[first : first + size], key=longest)))
    return blocks


def fresh_tape(scenario: Scenario, seed: int) -> Tape:
    """Tuning demand that no search has seen, to tell the best of what was found."""
    tapes = max(LEAST_TAPES, STORE_PERIODS // (scenario.periods * len(scenario.stores)))
    return draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=FRESH * tapes, episode=1)


class Search:
    """One search over the chains of a space."""

    def __init__(self, space: Space, *, seed: int, tapes: int, near: bool = False) -> None:
        self.space, self.tapes, self._seed, self._near = space, tapes, seed, near
        self._params = Params.of(space.population)
        self._source = TapeSource(space.population, self._params)
        self._rng = np.random.default_rng(seed)
        self._parts: dict[float, Tape] = {}
        self._tape = self.drawn(tapes, episode=0)
        self._span = space.high - space.low

    def drawn(self, tapes: int, episode: int) -> Tape:
        worlds = tapes * len(self.space.population.members)
        return self._source.draw(
            seed=self._seed, purpose=Purpose.TUNE, worlds=worlds, episode=episode
        )

    def best(self) -> Array:
        """(chain, site, level) the best point of each chain."""
        alike = self._near_fitted() if self._near else self._alike(self.space.auto)
        if self.space.sites == 1:
            return alike
        own = self._apart(alike)
        if self.space.separate:
            return own
        both = np.stack([alike, own], axis=1)
        costs = self.costs(both, self.drawn(FRESH * self.tapes, episode=1)).sum(axis=2)
        return chosen(both, costs.argmin(axis=1))

    def _alike(self, point: Array) -> Array:
        """One shift of each level for all sites of a tier."""
        return self.cross_entropy(point, self._shared(), 1.0, ROUNDS)

    def _shared(self) -> Array:
        """(number, site, level) 1 where a shift that all sites of a tier share is added."""
        space = self.space
        shared = [
            np.isin(space.tier_of, tier)[:, None] & (np.arange(space.levels) == level)
            for tier in range(len(space.tiers))
            for level in range(space.levels)
        ]
        return np.array([sites for sites in shared if self._span[sites].any()], dtype=np.float64)

    def _near_fitted(self) -> Array:
        """One shift for all sites near the fitted levels, and none where none is clearly cheaper:
        first rounds are judged on few tapes, the last on all."""
        moved, fitted = self._shared(), self.space.fitted
        size = len(moved)
        count = NEAR_CANDIDATES.get(size, MOST_CANDIDATES)
        shifts = np.repeat(NEAR * self._draws(size, count)[None], len(fitted), axis=0)
        for share in NEAR_TAPES:
            points = self._moved(fitted, np.einsum("cnk,ksl->cnsl", shifts, moved))
            costs = self._costs_by_tape(points, self._part(share)).sum(axis=3)
            shifts = self._next(shifts, costs.mean(axis=1), NEAR_KEPT * size + 1)
        more = costs - costs[:, :, :1]
        error = more.std(axis=1) / np.sqrt(max(costs.shape[1] - 1, 1))
        return chosen(points, (more.mean(axis=1) + CAUTION * error).argmin(axis=1))

    def _next(self, shifts: Array, costs: Array, elite: int) -> Array:
        """Candidates that are drawn like the best of those before; the first moves nothing, the
        second is the best so far."""
        size = shifts.shape[2]
        order = costs.argsort(axis=1)[:, :elite, None]
        kept = np.take_along_axis(shifts, order, axis=1)
        centre, root = _spread(kept)
        draws = ndtri(0.5 + 0.4995 * self._draws(size, shifts.shape[1]))
        found = centre + WIDER * np.einsum("ckl,nl->cnk", root, draws)
        found[:, 0], found[:, 1] = 0.0, kept[:, 0]
        return np.asarray(found)

    def _part(self, share: float) -> Tape:
        """The first tapes of each chain."""
        tapes = max(round(share * self.tapes), 1)
        chains = len(self.space.population.members)
        if share not in self._parts:
            worlds = np.arange(self._tape.worlds).reshape(chains, -1)[:, :tapes]
            self._parts[share] = pick_worlds(self._tape, worlds.reshape(-1))
        return self._parts[share]

    def _apart(self, point: Array) -> Array:
        """Each site's own levels, near those of all."""
        space = self.space
        moved = np.eye(space.sites * space.levels).reshape(-1, space.sites, space.levels)
        moved = moved[[self._span[own > 0].any() for own in moved]]
        if not space.separate and len(moved) <= MOST_TOGETHER:
            return self.cross_entropy(point, moved, APART[0], 2 * ROUNDS)
        count = CANDIDATES[space.levels] if space.separate else MOST_CANDIDATES
        # Stores that share nothing are judged apart, so each by fewer periods than a whole chain.
        tape = self.drawn(FRESH * self.tapes, episode=2) if space.separate else self._tape
        for width in APART:
            moves = self._draws(space.sites * space.levels, count)
            moves = moves.reshape(1, count, space.sites, space.levels)
            points = self._moved(point, width * moves)
            costs = self.costs(points, tape)
            if space.separate:
                best = costs.argmin(axis=1)[:, None, :, None]
                point = np.take_along_axis(points, best, axis=1)[:, 0]
                continue
            steps = np.stack([_fitted_step(moves[0], cost, space.stores) for cost in costs])
            tried = self._moved(point, width * np.stack([np.zeros_like(steps), steps], axis=1))
            point = chosen(tried, self.costs(tried, self._tape).sum(axis=2).argmin(axis=1))
        return point

    def cross_entropy(self, point: Array, moved: Array, width: float, rounds: int) -> Array:
        """The best point by the cost of the chain: candidates are drawn like the best of those
        before; Rubinstein & Kroese (2004), "The Cross-Entropy Method", section 5.

        Args:
            point: (chain, site, level) the first.
            moved: (number, site, level) 1 where a number is added.
            width: half of the first round's, of the bounds' span.
            rounds: how many.
        """
        size = len(moved)
        count = CANDIDATES.get(size, MOST_CANDIDATES)
        elite = max(count // ELITE, size + 2)
        shifts = np.repeat(width * self._draws(size, count)[None], len(point), axis=0)
        for _ in range(rounds):
            points = self._moved(point, np.einsum("cnk,ksl->cnsl", shifts, moved))
            order = self.costs(points, self._tape).sum(axis=2).argsort(axis=1)
            best = chosen(points, order[:, 0])
            kept = np.take_along_axis(shifts, order[:, :elite, None], axis=1)
            centre, root = _spread(kept)
            draws = ndtri(0.5 + 0.4995 * self._draws(size, count))
            shifts = centre + WIDER * np.einsum("ckl,nl->cnk", root, draws)
            shifts[:, 0] = kept[:, 0]
        return best

    def _draws(self, dimensions: int, count: int) -> Array:
        """(candidate, dimension) from -1 to 1, evenly spread; the first moves nothing."""
        sobol = qmc.Sobol(dimensions, rng=self._rng)
        draws = 2 * sobol.random_base2(int(np.ceil(np.log2(count))))[:count] - 1
        draws[0] = 0.0
        return np.asarray(draws)

    def _moved(self, point: Array, moves: Array) -> Array:
        """(chain, candidate, site, level) within bounds; moves are shares of their span."""
        return np.clip(point[:, None] + moves * self._span, self.space.low, self.space.high)

    def costs(self, points: Array, tape: Tape) -> Array:
        """(chain, candidate, site) money per period, of all the chain's sites."""
        return np.asarray(self._costs_by_tape(points, tape).mean(axis=1))

    def _costs_by_tape(self, points: Array, tape: Tape) -> Array:
        """(chain, tape, candidate, site) money per period."""
        space, chains = self.space, len(points)
        tapes = tape.worlds // chains
        if space.lean:
            rule = space.rule_of_candidates(points, tapes)
            store = OneStore(self._params.of_worlds(tape.member), tape, exact=not self._near)
            costs = np.ascontiguousarray(store.costs(rule, space.shape.warm_up))
            return costs.reshape(chains, tapes, -1, 1)
        policy = space.policy(points, tapes)
        costs = site_costs(policy, space.population, tape.repeated(points.shape[1]))
        return costs.reshape(chains, tapes, points.shape[1], -1)


def _spread(kept: Array) -> tuple[Array, Array]:
    """Centre of (chain, candidate, number) shifts, and the root of their covariance."""
    centre = kept.mean(axis=1, keepdims=True)
    spread = np.einsum("cek,cel->ckl", kept - centre, kept - centre) / kept.shape[1]
    return centre, np.linalg.cholesky(spread + LEAST_MOVE**2 * np.eye(kept.shape[2]))


def _fitted_step(moves: Array, costs: Array, stores: Array) -> Array:
    """(site, level) from -1 to 1: where the fitted cost of a chain is least.

    Args:
        moves: (candidate, site, level) from -1 to 1; stores come first.
        costs: (candidate, site of the chain).
        stores: (site,) whether it is a store.
    """
    count, levels = int(stores.sum()), moves.shape[2]
    terms = [_quadratic(moves[:, site]) for site in range(moves.shape[1])]
    models = np.zeros((len(terms), terms[0].shape[1]))
    rest = costs.sum(axis=1)
    for site in range(count):
        models[site] = np.linalg.lstsq(terms[site], costs[:, site], rcond=None)[0]
        rest = rest - terms[site] @ models[site]
    together = moves[:, :count].mean(axis=1)
    above = [each[:, 1:] for each in terms[count:]]
    design = np.concatenate([np.ones((len(moves), 1)), together, *above], axis=1)
    common = np.linalg.lstsq(design, rest, rcond=None)[0]
    models[:count, 1 : 1 + levels] += common[1 : 1 + levels] / count
    models[count:, 1:] = common[1 + levels :].reshape(len(above), models.shape[1] - 1)
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 11)] * levels), axis=-1).reshape(-1, levels)
    return np.asarray(grid[(_quadratic(grid) @ models.T).argmin(axis=0)])


def _quadratic(moves: Array) -> Array:
    """(point, term) 1, each move, each product of two, of (point, level) moves."""
    pairs = combinations_with_replacement(range(moves.shape[1]), 2)
    products = [moves[:, a] * moves[:, b] for a, b in pairs]
    return np.column_stack([np.ones(len(moves)), moves, *products])
