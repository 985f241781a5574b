"""Where the worlds of a batch come from: a world plays one chain of a population."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol
from zlib import crc32

import numpy as np

from inventory_env.description.need import Need
from inventory_env.description.rules import OrderConstraints, Rationing
from inventory_env.description.scenario import Scenario, Store, Supplier, Warehouse
from inventory_env.description.settings import Tier
from inventory_env.errors import InputError
from inventory_env.frozen import Array

Site = Store | Warehouse | Supplier


@dataclass(frozen=True)
class Shape:
    """What all chains of a population share: which sites decide, and what happens between them.

    Sites are numbered downstream first: all stores, the warehouse, the supplier; a tier that has
    nothing to order has no number.
    """

    stores: int
    tiers: tuple[Tier, ...]  # that order something, downstream first
    whole: bool  # stock comes in whole units
    unmet_demand: str  # "lost", "backorder" or "partial"
    owed: bool  # unshipped orders stay owed
    rationing: Rationing
    rules: tuple[str, ...]  # of warehouse and supplier: their kinds, and the stock they look at
    periods: int  # of an episode
    warm_up: int  # periods of it that do not count
    periods_per_year: float
    recorded: bool  # demand is replayed
    preceding: int  # periods of demand that sites have seen when an episode begins
    information: str  # what a learning site may see: "shared" or "local"

    @classmethod
    def of(cls, chain: Scenario) -> "Shape":
        """The shape of a chain."""
        return cls(
            stores=len(chain.stores),
            tiers=chain.deciding_tiers(),
            whole=chain.whole,
            unmet_demand=chain.unmet_demand,
            owed=chain.unshipped_orders == "owed",
            rationing=chain.warehouse.rationing,
            rules=tuple(
                f"{s.rule.kind}, {s.rule.position}" for s in (chain.warehouse, chain.supplier)
            ),
            periods=chain.periods,
            warm_up=chain.warm_up,
            periods_per_year=chain.periods_per_year,
            recorded=chain.history is not None,
            preceding=chain.seen_before,
            information=chain.information,
        )

    @property
    def sites(self) -> int:
        """How many sites order something."""
        return self.stores + len(self.tiers) - 1

    @property
    def upstream(self) -> tuple[Tier, ...]:
        """Tiers above the stores that order something."""
        return self.tiers[1:]

    @cached_property
    def _columns(self) -> dict[Tier, slice]:
        above = enumerate(self.upstream, start=self.stores)
        return {"stores": slice(0, self.stores), **{t: slice(i, i + 1) for i, t in above}}

    @cached_property
    def _sources(self) -> dict[Tier, slice | None]:
        shippers = [*(self._columns[tier] for tier in self.upstream), None]
        return dict(zip(self.tiers, shippers, strict=True))

    def columns(self, tier: Tier) -> slice:
        """The numbers of a tier's sites."""
        return self._columns[tier]

    def source(self, tier: Tier) -> slice | None:
        """The number of the site that ships to a tier; None where that has no end."""
        return self._sources[tier]


class Population(Protocol):
    """Chains of one shape. A scenario is a population of one."""

    @property
    def members(self) -> Sequence[Scenario]:
        """The chains; worlds are dealt out to them evenly, in this order."""


@dataclass(frozen=True)
class Mixture:
    """Several chains that differ in every number, but not in their shape.

    Raises:
        InputError: if two have the same name, or if their shapes differ.
    """

    members: tuple[Scenario, ...]

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if len(set(names)) < len(names):
            raise InputError(f"chains of a population need different names, got {', '.join(names)}")
        first = Shape.of(self.members[0])
        for member in self.members:
            for name, value in vars(Shape.of(member)).items():
                if name != "unmet_demand" and value != getattr(first, name):
                    raise InputError(
                        f"chains of a population share their shape: {name} of {member.name} is "
                        f"{value}, of {self.members[0].name} {getattr(first, name)}"
                    )


def by_shape(chains: Sequence[Scenario]) -> tuple[Mixture, ...]:
    """Chains in populations of one shape, fewest stores first; in each, in the order given."""
    found: dict[Shape, list[Scenario]] = {}
    for chain in chains:
        found.setdefault(replace(Shape.of(chain), unmet_demand=""), []).append(chain)
    groups = sorted(found.values(), key=lambda members: len(members[0].stores))
    return tuple(Mixture(tuple(members)) for members in groups)


def shape_of(population: Population) -> Shape:
    """What the chains of a population share.

    Where customers leave in some chains and wait in others, unmet demand waits in part: each
    chain's `share_that_waits` says how much.
    """
    shape = Shape.of(population.members[0])
    same = all(chain.unmet_demand == shape.unmet_demand for chain in population.members)
    return shape if same else replace(shape, unmet_demand="partial")


def addresses(population: Population) -> list[tuple[int, ...]]:
    """What is added to each chain's random addresses, so that it draws the same in any company."""
    if isinstance(population, Mixture):
        return [(crc32(member.name.encode()),) for member in population.members]
    return [() for _ in population.members]


def sites_of(chain: Scenario) -> list[Site]:
    """The sites that order something, downstream first."""
    upstream: dict[str, Site] = {"warehouse": chain.warehouse, "supplier": chain.supplier}
    return [*chain.stores, *(upstream[tier] for tier in chain.deciding_tiers()[1:])]


def constraints_of(population: Population) -> list[list[OrderConstraints]]:
    """What orders may look like, for each chain and site."""
    return [[site.orders for site in sites_of(chain)] for chain in population.members]


def needs(population: Population, *, echelon: bool) -> Need:
    """(chain, site) what every site must cover.

    A site upstream covers its own link, or, seen with its echelon, all links down to the customer;
    its demand is that of all stores together, its prices theirs, weighted by demand.
    """
    rows = [_ChainNeeds(chain).row(echelon=echelon) for chain in population.members]
    return Need(*(np.array(column, dtype=np.float64) for column in zip(*rows, strict=True)))


class _ChainNeeds:
    """One chain's numbers behind its needs."""

    def __init__(self, chain: Scenario) -> None:
        self._chain, self._sites = chain, sites_of(chain)

    @cached_property
    def _demand(self) -> tuple[float, float]:
        """Mean and standard deviation of all stores' demand together, units per period."""
        sd = self._chain.demand_sd
        shared = self._chain.demand_correlation * (sd.sum() ** 2 - (sd**2).sum())
        return float(self._chain.demand_mean.sum()), float(np.sqrt((sd**2).sum() + shared))

    @cached_property
    def _weights(self) -> Array:
        return self._chain.demand_mean / self._demand[0]

    def _price(self, name: str) -> float:
        return float(self._weights @ np.array([getattr(s, name) for s in self._chain.stores]))

    def _lead_time(self, place: int, *, echelon: bool) -> tuple[float, float]:
        """Mean and variance of the periods from order to arrival, or to the customer."""
        stores = self._chain.stores
        if place < len(stores):
            mean, sd = stores[place].lead_time.moments
            return mean, sd**2
        links = self._sites[len(stores) : place + 1] if echelon else [self._sites[place]]
        moments = [link.lead_time.moments for link in reversed(links)]
        mean, variance = sum(m for m, _ in moments), sum(sd**2 for _, sd in moments)
        if echelon:
            below = np.array([store.lead_time.moments for store in stores])
            mean += float(self._weights @ below[:, 0])
            variance += float(self._weights @ below[:, 1] ** 2)
        return mean, variance

    def row(self, *, echelon: bool) -> tuple[list[float], ...]:
        """The fields of `Need`, each with one number a site."""
        stores = self._chain.stores
        above = self._sites[len(stores) :]
        mean, sd = self._demand
        places = range(len(self._sites))
        leads = [self._lead_time(place, echelon=echelon) for place in places]
        return (
            [*(store.demand.moments[0] for store in stores), *(mean for _ in above)],
            [*(store.demand.moments[1] for store in stores), *(sd for _ in above)],
            [lead for lead, _ in leads],
            [variance**0.5 for _, variance in leads],
            [site.orders.review for site in self._sites],
            [*(s.holding_cost for s in stores), *(self._price("holding_cost") for _ in above)],
            [*(s.shortage_cost for s in stores), *(self._price("shortage_cost") for _ in above)],
            [site.order_cost for site in self._sites],
            [*(self._chain.share_that_waits for _ in stores), *(1.0 for _ in above)],
            [site.orders.pack_size or float(self._chain.whole) for site in self._sites],
            [float(site.lead_time.in_sequence) for site in self._sites],
        )
