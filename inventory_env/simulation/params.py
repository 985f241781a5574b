"""A population's numbers as arrays, ready for the arithmetic of many worlds at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from inventory_env.description.need import Need
from inventory_env.description.population import (
    Population,
    Shape,
    constraints_of,
    needs,
    shape_of,
    sites_of,
)
from inventory_env.description.rules import OrderConstraints
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.site_rule import SiteRule, own_rules
from inventory_env.simulation.worlds import empty, laid_out, over_sites, pick_worlds

MOST_RUNS = 16  # of neighbouring sites that are copied run by run; more are picked one by one
MEMORY_WEIGHT = 0.1  # of the newest period in what sites remember
USUAL_DISPERSION = 0.3  # (variance - mean) / mean^2 of demand that nothing is known of
LEAST_DISPERSION = 1e-4
LEAST_LEVEL = 0.05  # of the long-run mean; demand is never believed to have ended


@dataclass(frozen=True)
class Limits:
    """Order constraints as arrays (world or 1, site); None where no chain has the kind."""

    whole: bool
    pack_size: Array | None  # units; 0 where any quantity is possible
    minimum: Array | None  # units
    maximum: Array | None  # units
    review: Integers | None  # periods
    storage_limit: Array | None  # units

    @classmethod
    def of(cls, constraints: list[list[OrderConstraints]], whole: bool) -> Self:
        """Collect the constraints of each chain's sites; a kind that none has becomes None."""

        def table(name: str, absent: float) -> Any:
            given = [[getattr(site, name) for site in chain] for chain in constraints]
            values = [[absent if v is None else float(v) for v in row] for row in given]
            array = np.array(values)
            return None if (array == absent).all() else array

        review = table("review", 1.0)
        return cls(
            whole=whole,
            pack_size=table("pack_size", 0.0),
            minimum=table("minimum", 0.0),
            maximum=table("maximum", np.inf),
            review=None if review is None else review.astype(np.int64),
            storage_limit=table("storage_limit", np.inf),
        )


@dataclass(frozen=True)
class StartingStock:
    """Bounds between which the stock of a first period is drawn; (world or 1, site), units."""

    on_hand_low: Array
    on_hand_high: Array
    slot_low: Array  # in each slot on the way
    slot_high: Array

    @classmethod
    def of(cls, population: Population, need: Need) -> Self:
        """Given, or from a formula.

        "auto" puts the order-up-to level less the pipeline on a store's shelf, twice the mean
        demand of a review at warehouse and supplier, and a period's mean demand in every slot.
        """
        shelf = need.level() - need.mean * np.maximum(need.lead_time - 1, 0)
        on_hand = np.maximum(shelf, 0.0)
        stores = shape_of(population).stores
        on_hand[:, stores:] = (2 * need.mean * need.review)[:, stores:]
        stock = [[s.starting_stock for s in sites_of(chain)] for chain in population.members]
        slots = [[s.starting_pipeline for s in sites_of(chain)] for chain in population.members]
        return cls(*_bounds(stock, on_hand), *_bounds(slots, need.mean))


def _bounds(given: list[list[Any]], auto: Array) -> tuple[Array, Array]:
    low, high = auto.copy(), auto.copy()
    for chain, row in enumerate(given):
        for site, value in enumerate(row):
            if value != "auto":
                ends = value if isinstance(value, tuple) else (value, value)
                low[chain, site], high[chain, site] = ends
    return low, high


@dataclass(frozen=True)
class Cover:
    """Sites, and how many periods they cover: one number, or one site's (world, 1)."""

    periods: int | Integers
    sites: slice | Integers


def _covers(lengths: Array, first: int, end: int) -> tuple[Cover, ...]:
    """Stretches of time (world or 1, site) of some neighbouring sites, in whole periods."""
    periods = np.ceil(lengths[:, first:end]).astype(np.int64)
    same = (periods == periods[:1]).all(axis=0)
    found = [
        Cover(int(length), _as_slice(first + np.flatnonzero(same & (periods[0] == length))))
        for length in np.unique(periods[0, same])
    ]
    found += [
        Cover(laid_out(periods[:, [site]]), slice(first + site, first + site + 1))
        for site in np.flatnonzero(~same).tolist()
    ]
    return tuple(found)


@dataclass(frozen=True)
class Params:
    """Everything that dynamics, rules and features need to know of the chains of a batch.

    Arrays are (world or 1, site): one row where all worlds play the same chain. Sites are numbered
    as `Shape` says.
    """

    WORLD_SECOND: ClassVar = ("arrival_chances",)

    shape: Shape
    number: Integers  # (...,) of the chain in its population
    need: Need  # what a site covers with its own stock
    echelon_need: Need  # with its own stock and everything downstream of it
    holding_cost: Array  # money per unit and period
    shortage_cost: Array  # money per unit lost, or waiting and period; 0 upstream
    order_cost: Array  # money per order
    unit_cost: Array  # money per unit ordered
    priority: Array  # (..., store) rank under rationing by priority
    waiting_share: Array  # (..., 1) share of unmet demand that waits
    variance_by_mean: Array  # (..., store) a of the variance a mean + b mean^2 that is expected
    variance_by_square: Array  # (..., store) b of it
    lead_time: Integers  # longest, periods
    least_lead_time: Integers  # shortest, periods
    arrival_chances: Array  # (periods, world or 1, store) of each lead time, before it waits
    in_sequence: Array  # (..., store) 1 where a shipment waits for those before it
    capacity: Array  # (...,) units that the supplier can ship a period
    limits: Limits
    start: StartingStock
    rules: tuple[SiteRule, ...]  # the scenario's own, of the tiers above the stores

    @classmethod
    def of(cls, population: Population) -> Self:
        """The numbers of a population, a row for each of its chains."""
        shape, chains = shape_of(population), population.members
        need = needs(population, echelon=False)
        echelon_need = needs(population, echelon=True)
        by_mean, by_square = _expected_variance(need, shape)

        def table(name: str) -> Array:
            """A price of every site; 0 where a kind of site has none."""
            rows = [[getattr(s, name, 0.0) for s in sites_of(chain)] for chain in chains]
            return np.array(rows, dtype=np.float64)

        def stores(name: str) -> Array:
            rows = [[getattr(store, name) for store in chain.stores] for chain in chains]
            return np.array(rows, dtype=np.float64)

        return cls(
            shape=shape,
            number=np.arange(len(chains)),
            need=need,
            echelon_need=echelon_need,
            holding_cost=table("holding_cost"),
            shortage_cost=table("shortage_cost"),
            order_cost=table("order_cost"),
            unit_cost=table("unit_cost"),
            priority=stores("priority"),
            waiting_share=np.array([[chain.share_that_waits] for chain in chains]),
            variance_by_mean=by_mean,
            variance_by_square=by_square,
            lead_time=np.array([[s.lead_time.maximum for s in sites_of(c)] for c in chains]),
            least_lead_time=np.array([[s.lead_time.minimum for s in sites_of(c)] for c in chains]),
            arrival_chances=_arrival_chances(chains),
            in_sequence=np.array(
                [[float(s.lead_time.in_sequence) for s in chain.stores] for chain in chains]
            ),
            capacity=np.array([chain.capacity for chain in chains]),
            limits=Limits.of(constraints_of(population), shape.whole),
            start=StartingStock.of(population, need),
            rules=own_rules(population, need, echelon_need),
        )

    def of_worlds(self, member: Integers) -> Self:
        """The numbers of the chain that each world plays; one row stays one."""
        return self if len(self.capacity) == 1 else pick_worlds(self, member)

    def needs(self, *, echelon: bool) -> Need:
        """What sites cover as they look at their stock."""
        return self.echelon_need if echelon else self.need

    @property
    def stores(self) -> int:
        """How many stores a chain has."""
        return self.shape.stores

    @cached_property
    def mean(self) -> Array:
        """(world or 1, store) mean demand, units per period, before seasons."""
        return self.need.mean[:, : self.stores]

    def with_upstream(self, units: Array) -> Array:
        """(world, site) out of (world, store) units: a site upstream has all stores' together."""
        if not self.shape.upstream:
            return units
        full = empty(len(units), self.shape.sites)
        full[:, : self.stores] = units
        full[:, self.stores :] = over_sites(units)[:, None]
        return full

    @cached_property
    def _mean_demands(self) -> dict[int, Array]:
        return {}

    def mean_demand(self, periods: int) -> Array:
        """(world or 1, site) of so many periods where no forecast differs from the mean, units."""
        if periods not in self._mean_demands:
            self._mean_demands[periods] = self.with_upstream(self.mean * periods)
        return self._mean_demands[periods]

    @cached_property
    def store_covers(self) -> tuple[Cover, ...]:
        """Protection intervals of the stores."""
        return _covers(self.need.cover, 0, self.stores)

    @cached_property
    def upstream_covers(self) -> tuple[Cover, ...]:
        """Protection intervals of the sites upstream on their own links."""
        return _covers(self.need.cover, self.stores, self.shape.sites)

    @cached_property
    def store_lead_times(self) -> tuple[Cover, ...]:
        """Mean lead times of the stores, in whole periods."""
        return _covers(self.need.lead_time, 0, self.stores)

    @cached_property
    def echelon_covers(self) -> tuple[Cover, ...]:
        """Protection intervals of the sites upstream down to the customer."""
        return _covers(self.echelon_need.cover, self.stores, self.shape.sites)

    @property
    def learns_demand(self) -> bool:
        """Whether stores know of their demand what they have seen of it, and no law."""
        return self.shape.learns_demand

    @cached_property
    def waiting_of_short(self) -> Array | float:
        """Share of unmet demand that waits: one number, or (world or 1, 1)."""
        shares = {"lost": 0.0, "backorder": 1.0}
        return shares.get(self.shape.unmet_demand, self.waiting_share)

    @cached_property
    def longest_waits(self) -> Integers:
        """(world or 1,) longest lead time of a store, periods."""
        return np.asarray(self.lead_time[:, : self.stores].max(axis=1))

    @cached_property
    def orders_cost(self) -> bool:
        """Whether any site pays for placing orders or for the units in them."""
        return bool(self.order_cost.any() or self.unit_cost.any())

    @cached_property
    def longest_lead_time(self) -> int:
        """Over all sites and chains, periods."""
        return int(self.lead_time.max())

    @cached_property
    def may_arrive_at_once(self) -> bool:
        """Whether a shipment can have no lead time."""
        return bool((self.least_lead_time == 0).any())

    @cached_property
    def _one_lead_time(self) -> npt.NDArray[np.bool_]:
        """(site,) whether its lead time is one number in all worlds and periods."""
        longest, shortest = self.lead_time, self.least_lead_time
        found: npt.NDArray[np.bool_] = ((longest == shortest) & (longest == longest[:1])).all(
            axis=0
        )
        return found

    @cached_property
    def same_lead_times(self) -> tuple[tuple[int, slice | Integers], ...]:
        """Lead times that are one number everywhere, and the sites that have them."""
        row, (sites,) = self.lead_time[0], self._one_lead_time.nonzero()
        found: list[tuple[int, slice | Integers]] = []
        for lead_time in np.unique(row[sites]):
            members = sites[row[sites] == lead_time]
            runs = np.split(members, np.flatnonzero(np.diff(members) > 1) + 1)
            pieces = [members] if len(runs) > MOST_RUNS else runs
            found += [(int(lead_time), _as_slice(piece)) for piece in pieces]
        return tuple(found)

    @cached_property
    def other_lead_times(self) -> slice | Integers | None:
        """The sites whose lead times differ; None if there are none."""
        (sites,) = (~self._one_lead_time).nonzero()
        return _as_slice(sites) if sites.size else None


def _arrival_chances(chains: Sequence[Scenario]) -> Array:
    """(periods, chain, store) probability of each lead time."""
    longest = max(store.lead_time.maximum for chain in chains for store in chain.stores)
    chances = np.zeros((longest + 1, len(chains), len(chains[0].stores)))
    for number, chain in enumerate(chains):
        for place, store in enumerate(chain.stores):
            probabilities = store.lead_time.drawn
            chances[: len(probabilities), number, place] = probabilities
    return chances


def _as_slice(sites: Integers) -> slice | Integers:
    """Neighbouring sites as a slice, which numpy reads without a copy."""
    first, last = int(sites[0]), int(sites[-1])
    return slice(first, last + 1) if last - first + 1 == len(sites) else sites


def _expected_variance(need: Need, shape: Shape) -> tuple[Array, Array]:
    """What a store expects of the variance of a period's demand by its mean, before it has seen it.

    Of recorded demand as on the training dates: of whole units, the part of the variance that
    equals the mean follows the level like the mean; all else like its square. Of other demand that
    is not known, as of many shops.
    """
    mean, sd = need.mean[:, : shape.stores], need.sd[:, : shape.stores]
    linear = np.full_like(mean, float(shape.whole))
    if not shape.recorded:
        return linear, np.full_like(mean, USUAL_DISPERSION)
    linear *= np.minimum(1.0, sd**2 / mean)
    return linear, np.maximum((sd**2 - linear * mean) / mean**2, LEAST_DISPERSION)
