"""What a feature is: named values of a site in its own units, and the scale they are shown at.

An observation shows (value - centre) / scale, clipped to +-6. Values come from the situation alone;
centre and scale come from the chain's numbers, so that unlike sites can share one network, and are
kept in a run's recipe.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, Self

import numpy as np

from inventory_env.description.need import Need
from inventory_env.description.population import Population, Shape, shape_of
from inventory_env.description.scenario import CalendarDisruptions, Scenario
from inventory_env.description.settings import Tier
from inventory_env.frozen import Array, Frozen
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.worlds import over_sites

MOST_SINGLE = 10  # stores that are told apart; of more, mean and spread are given
LEAST_SD = 0.05  # of the mean; demand that hardly varies is not blown up


@dataclass(frozen=True)
class Facts:
    """What decides which features tell something, and how many values they have."""

    shape: Shape
    learns: tuple[Tier, ...]
    shared: bool  # every site's stock is seen
    longest: int  # lead time of a learning site, periods, at least 1
    slots: dict[Tier, int]  # on the way to warehouse and supplier
    seasonal: bool
    weekly: bool  # a season has a weekly pattern
    cover: int  # longest protection interval of a store, periods
    known_down: int  # periods ahead in which disruptions are known; 0: none are
    periods_per_year: float

    @classmethod
    def of(cls, population: Population, learns: tuple[Tier, ...], information: str) -> Self:
        """The facts of a population in which these tiers learn."""
        shape, chains = shape_of(population), population.members
        params = Params.of(population)
        learning = [params.lead_time[:, shape.columns(tier)].max() for tier in learns]
        return cls(
            shape=shape,
            learns=learns,
            shared=information == "shared",
            longest=max(int(max(learning)), 1),
            slots={
                tier: max(int(params.lead_time[:, shape.columns(tier)].max()) - 1, 0)
                for tier in shape.upstream
            },
            seasonal=any(chain.seasonal for chain in chains),
            weekly=any(_weekly(chain) for chain in chains),
            cover=int(np.ceil(params.need.cover[:, : shape.stores].max())),
            known_down=max(_known_down(chain) for chain in chains),
            periods_per_year=shape.periods_per_year,
        )

    @property
    def told_apart(self) -> int:
        """Stores that are shown one by one; 0 where there are too many."""
        return self.shape.stores if self.shape.stores <= MOST_SINGLE else 0

    @property
    def upstream_learns(self) -> bool:
        """Whether a site above the stores learns."""
        return self.learns != ("stores",)

    @property
    def agents(self) -> int:
        """How many sites of a chain learn."""
        stores = self.shape.stores if "stores" in self.learns else 0
        return stores + len([tier for tier in self.learns if tier != "stores"])


def _weekly(chain: Scenario) -> bool:
    return any(s.demand.season and s.demand.season.weekday for s in chain.stores)


def _known_down(chain: Scenario) -> int:
    reaching = not chain.warehouse.unlimited  # else nobody waits for the supplier
    known = reaching and isinstance(chain.supplier.disruptions, CalendarDisruptions)
    return chain.warehouse.lead_time.maximum + 3 if known else 0


@dataclass(frozen=True)
class Yardstick:
    """The sizes that features are measured by; (world or 1, site)."""

    params: Params
    need: Need  # what sites cover as they look at their stock
    shared: bool  # sites upstream look at their echelon stock, else at their own

    @classmethod
    def of_law(cls, params: Params, shared: bool) -> Self:
        """By the law of demand."""
        return cls(params, params.needs(echelon=shared), shared)

    @classmethod
    def of_present(cls, situation: Situation, shared: bool) -> Self:
        """By the law of demand where it is told, else by what is now believed."""
        return cls(situation.params, situation.needs(echelon=shared), shared)

    @cached_property
    def need_of_stores(self) -> Need:
        """What the stores cover, (world or 1, store)."""
        return self.need.at(self.params.shape.columns("stores"))

    @property
    def mean(self) -> Array:
        """Demand of a period, units."""
        return self.need.mean

    @cached_property
    def sd(self) -> Array:
        """Of one period's demand, units."""
        return np.maximum(self.need.sd, LEAST_SD * self.mean)

    @cached_property
    def over_cover(self) -> Array:
        """Mean demand over the cover, units."""
        return self.mean * self.need.cover

    @cached_property
    def cover_sd(self) -> Array:
        """Of demand over the cover, units."""
        return np.maximum(self.need.cover_sd, self.sd)

    @cached_property
    def total(self) -> Array:
        """(world or 1, 1) demand of all stores, units per period."""
        return over_sites(self.need.mean[:, : self.params.stores])[:, None]


@dataclass(frozen=True)
class View:
    """A situation as a feature reads it."""

    situation: Situation
    start_orders: Array  # (world, site) of the policy that training starts from, units
    yardstick: Yardstick

    @property
    def shape(self) -> Shape:
        """Of the chains."""
        return self.situation.params.shape

    @cached_property
    def available(self) -> Array:
        """(world, site) on hand less backorders, units."""
        return self.situation.state.on_hand - self.situation.state.backorders

    def slot(self, k: int) -> Array:
        """(world or 1, site) units that arrive in k + 1 periods; nothing beyond all pipelines."""
        pipeline = self.situation.state.pipeline
        return pipeline[k] if k < len(pipeline) else np.zeros((1, self.shape.sites))

    @property
    def stores(self) -> slice:
        """The stores' columns."""
        return slice(0, self.shape.stores)

    def column(self, tier: Tier) -> slice:
        """A tier's columns."""
        return self.shape.columns(tier)


Scale = tuple[Array | float, Array | float]  # centre, scale: (world or 1, site or 1) or one number


class Feature(Frozen):
    """One idea of what a site may see, in one or several values.

    A subclass has a literal `kind`, whole numbers of what it shows, and:
    """

    constant: ClassVar[bool] = False  # whether it tells what a site always is, not of the present
    kind: str

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        """The feature for such chains; None where it would tell nothing there."""
        return cls.asked(facts)

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        """The feature where a user names it."""
        return cls()  # type: ignore[call-arg]  # its kind has a default

    @abstractmethod
    def names(self, shape: Shape) -> Sequence[str]:
        """Names of its values, in order."""

    @abstractmethod
    def values(self, view: View) -> list[Array]:
        """(world or 1, site or 1) each, in its own units."""

    @abstractmethod
    def scales(self, by: Yardstick) -> list[Scale]:
        """Centre and scale of each value."""


UNSCALED: Scale = (0.0, 1.0)
Role = Literal["stores", "warehouse", "supplier"]


def only(values: Array, sites: slice, view: View) -> Array:
    """(world, site) values of some sites, 0 at all others."""
    everywhere = np.zeros((view.shape.sites, len(values))).T
    everywhere[:, sites] = values
    return everywhere
