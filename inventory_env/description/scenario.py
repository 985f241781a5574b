"""A scenario: a chain supplier -> warehouse -> stores as a user describes it."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from inventory_env.description.demand import PERIODS_PER_YEAR, Demand
from inventory_env.description.demand_drift import OF_RECORDED_DEMAND, DemandDrift
from inventory_env.description.lead_time import ConstantLeadTime, LeadTime
from inventory_env.description.rules import (
    BaseStockConfig,
    OrderConstraints,
    Rationing,
    RuleConfig,
    UpstreamRule,
)
from inventory_env.description.settings import Tier, TrainingSettings
from inventory_env.errors import argument
from inventory_env.frozen import (
    LONGEST_NAME,
    MOST_STORES,
    Array,
    Fraction,
    Frozen,
    NonNegative,
    Positive,
)
from inventory_env.recorded.history import DemandFile, History

TIERS: tuple[Tier, ...] = ("stores", "warehouse", "supplier")  # downstream first
RECORDED_BEFORE = 28  # periods of recorded demand that sites have seen when an episode begins
LEAST_BEFORE = 7  # periods; what sites remember one by one

StartingStock = (
    NonNegative
    | Literal["auto"]
    | Annotated[tuple[NonNegative, NonNegative], Field(description="drawn between low and high")]
)


class Store(Frozen):
    """A store: its customers, its prices, and its link to the warehouse."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
    """Name, unique in the chain."""
    demand: Demand
    """Customer demand: a table with `kind` and that kind's parameters."""
    lead_time: LeadTime
    """Periods from shipping at the warehouse to on hand at the store, 0 to 60, or a table."""
    holding_cost: NonNegative
    """Money per unit on hand at the end of a period."""
    shortage_cost: NonNegative
    """Money per unit lost, or per unit and period waiting as a backorder."""
    order_cost: NonNegative = 0.0
    """Money per order placed."""
    unit_cost: NonNegative = 0.0
    """Money per unit ordered."""
    priority: Annotated[int, Field(ge=0)] = 0
    """Rank under rationing = "priority", lowest first."""
    orders: OrderConstraints = OrderConstraints()
    """What an order to the warehouse may look like."""
    starting_stock: StartingStock = "auto"
    """Units on hand at the start, [low, high] to draw them, or "auto"."""
    starting_pipeline: StartingStock = "auto"
    """Units in each slot on the way at the start, [low, high] to draw them, or "auto" = mean."""


class StoreDefaults(Frozen):
    """What stores have in common: any key of a store but its name, filled in where it is left out.

    Stores that come from a demand CSV and have no table of their own are made of these.
    """

    demand: Demand | None = None
    """As in a store; ignored for stores that come from a demand CSV."""
    lead_time: LeadTime | None = None
    """As in a store."""
    holding_cost: NonNegative | None = None
    """As in a store."""
    shortage_cost: NonNegative | None = None
    """As in a store."""
    order_cost: NonNegative | None = None
    """As in a store."""
    unit_cost: NonNegative | None = None
    """As in a store."""
    priority: Annotated[int, Field(ge=0)] | None = None
    """As in a store."""
    orders: OrderConstraints | None = None
    """As in a store."""
    starting_stock: StartingStock | None = None
    """As in a store."""
    starting_pipeline: StartingStock | None = None
    """As in a store."""


class Warehouse(Frozen):
    """The warehouse: its prices, rule, rationing, and its link to the supplier."""

    unlimited: bool = False
    """Stores always get what they order: single-site problems. All else is then ignored."""
    lead_time: LeadTime = ConstantLeadTime(periods=1)
    """Periods from shipping at the supplier to on hand at the warehouse, 0 to 60, or a table."""
    holding_cost: NonNegative = 0.0
    """Money per unit on hand at the end of a period."""
    order_cost: NonNegative = 0.0
    """Money per order placed."""
    unit_cost: NonNegative = 0.0
    """Money per unit ordered."""
    rule: UpstreamRule = BaseStockConfig(kind="base-stock", position="echelon")
    """How the warehouse orders."""
    rationing: Rationing = "proportional"
    """How a scarce stock is shared: proportional, fair-share, priority or random."""
    orders: OrderConstraints = OrderConstraints()
    """What an order to the supplier may look like."""
    starting_stock: StartingStock = "auto"
    """Units on hand at the start, [low, high] to draw them, or "auto"."""
    starting_pipeline: StartingStock = "auto"
    """Units in each slot on the way at the start, [low, high] to draw them, or "auto" = mean."""


class MarkovDisruptions(Frozen):
    """The supplier goes down and comes back like a two-state Markov chain."""

    kind: Literal["markov"]
    mean_up: Annotated[float, Field(ge=1)]
    """Mean number of periods between disruptions, at least 1."""
    mean_down: Annotated[float, Field(ge=1)]
    """Mean length of a disruption, periods, at least 1."""


class CalendarDisruptions(Frozen):
    """The supplier is down in known periods of every episode."""

    kind: Literal["calendar"]
    down: tuple[tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]], ...]
    """Pairs [first, last] of periods, counted from 0, both included."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for first, last in self.down:
            if last < first:
                raise ValueError(f"down needs [first, last] with first <= last, got {first, last}")
        return self


class Supplier(Frozen):
    """The supplier: a stock it produces into, or an unlimited source; capacity and disruptions."""

    unlimited: bool = True
    """The supplier has no stock of its own and never runs out."""
    capacity: Positive | None = None
    """Most units it can ship a period, above 0; left out, no limit."""
    capacity_ratio: Annotated[float, Field(gt=1)] | None = None
    """The same as a multiple of the chain's mean demand, above 1; instead of capacity."""
    lead_time: LeadTime = ConstantLeadTime(periods=1)
    """Periods from the start of production to on hand at the supplier, 0 to 60, or a table."""
    holding_cost: NonNegative = 0.0
    """Money per unit on hand at the end of a period."""
    order_cost: NonNegative = 0.0
    """Money per production run."""
    unit_cost: NonNegative = 0.0
    """Money per unit produced."""
    rule: UpstreamRule = BaseStockConfig(kind="base-stock", position="echelon")
    """How production is decided."""
    orders: OrderConstraints = OrderConstraints()
    """What a production run may look like."""
    disruptions: (
        Annotated[MarkovDisruptions | CalendarDisruptions, Field(discriminator="kind")] | None
    ) = None
    """When the supplier cannot ship: a Markov chain or a calendar; left out, never."""
    starting_stock: StartingStock = "auto"
    """Units on hand at the start, [low, high] to draw them, or "auto"."""
    starting_pipeline: StartingStock = "auto"
    """Units in each slot of production at the start, [low, high] to draw them, or "auto" = mean."""

    @model_validator(mode="after")
    def _one_capacity(self) -> Self:
        if self.capacity is not None and self.capacity_ratio is not None:
            raise ValueError("give capacity or capacity_ratio, not both")
        return self


class Scenario(Frozen):
    """A chain, its prices, its episodes, and how its agents are taught."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=LONGEST_NAME)]
    """Short name: lower-case letters, digits and hyphens."""
    description: str = ""
    """One line for people."""
    period: Literal["day", "week"] = "day"
    """Length of a period; sets the year for seasons and turns."""
    periods: Annotated[int, Field(ge=1, le=100_000)]
    """Length of an episode."""
    warm_up: Annotated[int, Field(ge=0)] = 0
    """First periods of an episode that are left out of every KPI."""
    units: Literal["whole", "continuous"] = "whole"
    """Whether stock comes in whole units."""
    unmet_demand: Literal["lost", "backorder", "partial"] = "lost"
    """What customers do who find no stock: leave, wait, or partly wait."""
    waiting_share: Fraction = 0.5
    """Share of unmet demand that waits under unmet_demand = "partial", 0 to 1."""
    unshipped_orders: Literal["owed", "dropped"] = "owed"
    """Whether what a site could not ship stays owed or is dropped."""
    information: Literal["shared", "local"] = "shared"
    """What a learning site sees: every site's stock ("shared", as in a company with one system), or
    its own stock, what was shipped to it and owed to it, and the orders it gets ("local")."""
    demand_correlation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Correlation between any two stores' demand (of its normal scores), 0 to below 1."""
    demand_drift: DemandDrift | None = None
    """How demand moves away from what is known of it: drawn demand in all episodes, recorded demand
    in those of training. Left out, recorded demand drifts moderately and drawn demand does not; {}
    switches it off."""
    preceding: Annotated[int, Field(ge=0, le=10_000)] | Literal["auto"] = "auto"
    """Periods of demand that sites have seen when an episode begins, 0 or at least 7; "auto": 28
    where demand is recorded, else 0. Above 0 nobody tells them the law of their demand."""
    store_defaults: StoreDefaults = StoreDefaults()
    """Keys that fill what a [[stores]] table or a store of a demand CSV leaves out."""
    stores: Annotated[tuple[Store, ...], Field(min_length=1, max_length=MOST_STORES)]
    """The stores, one [[stores]] table each, at most 1000; with a [demand_file], those of the
    file, and a table is needed only for what differs from [store_defaults]."""
    warehouse: Warehouse = Warehouse()
    """The warehouse."""
    supplier: Supplier = Supplier()
    """The supplier."""
    store_rule: RuleConfig | None = None
    """The rule the stores use today; evaluated as baseline "current"."""
    demand_file: DemandFile | None = None
    """A CSV of demand to replay; stores of kind "trace" read it."""
    optimal_cost: Positive | None = None
    """Cost per period of an optimal policy, where the literature gives one."""
    training: TrainingSettings = TrainingSettings()
    """Who learns, and how."""
    history: Annotated[History | None, Field(exclude=True, repr=False)] = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [store.name for store in self.stores]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"store names must be unique, got {', '.join(twice)} more than once")
        if self.warm_up >= self.periods:
            raise ValueError(
                f"warm_up must be shorter than periods = {self.periods}, got {self.warm_up}"
            )
        for store in self.stores:
            if store.lead_time.maximum >= self.periods:
                raise ValueError(
                    f"lead_time of store {store.name} must be shorter than the episode "
                    f"({self.periods} periods), got {store.lead_time.maximum}"
                )
            if store.demand.kind == "trace" and self.history is None:
                raise ValueError(
                    f"store {store.name} has trace demand; give a [demand_file] or "
                    f"{argument('demand')}"
                )
        if 0 < self.seen_before < LEAST_BEFORE:
            raise ValueError(
                f"preceding must be 0 or at least {LEAST_BEFORE}, got {self.preceding}"
            )
        if self.history is not None:
            self._replayed(self.history)
        if self.period != "day":
            for store in self.stores:
                if store.demand.season and store.demand.season.weekday:
                    raise ValueError(
                        f'demand.season.weekday of store {store.name} needs period = "day", '
                        f"got {self.period!r}"
                    )
        return self

    @model_validator(mode="after")
    def _units_agree(self) -> Self:
        packs = [store.orders.pack_size for store in self.stores]
        if not self.whole:
            if any(packs) and not all(packs):
                raise ValueError(
                    "orders.pack_size must be given for all stores or for none where units = "
                    '"continuous"'
                )
            return self
        sites = [(f"store {s.name}", s.orders) for s in self.stores]
        sites += [("the warehouse", self.warehouse.orders), ("the supplier", self.supplier.orders)]
        numbers = [
            (f"orders.{field} of {site}", getattr(orders, field))
            for site, orders in sites
            for field in ("pack_size", "minimum")
        ]
        for field, value in [*numbers, ("capacity of the supplier", self.supplier.capacity)]:
            if value is not None and value % 1:
                raise ValueError(f"{field} must be whole where units are whole, got {value:g}")
        return self

    def _replayed(self, history: History) -> None:
        if self.demand_correlation:
            raise ValueError("demand_correlation must be 0 where demand is replayed from a file")
        for store in self.stores:
            if store.demand.kind != "trace":
                raise ValueError(
                    f"demand of store {store.name} must be left out where a demand file gives it, "
                    f"got kind {store.demand.kind}"
                )
        if tuple(store.name for store in self.stores) != history.stores:
            raise ValueError(f"stores must be those of the demand file: {list(history.stores)}")
        if not self.seen_before:
            raise ValueError(
                f"preceding must be at least {LEAST_BEFORE} where demand is replayed from a file, "
                "got 0"
            )

    # --- facts derived from the description -----------------------------------------------

    @property
    def members(self) -> tuple[Self, ...]:
        """The chains of this population: this one."""
        return (self,)

    @property
    def whole(self) -> bool:
        """Whether stock comes in whole units."""
        return self.units == "whole"

    @property
    def periods_per_year(self) -> float:
        """Periods in a year."""
        return PERIODS_PER_YEAR[self.period]

    @property
    def demand_mean(self) -> Array:
        """(store,) mean demand, units per period."""
        return np.array([store.demand.moments[0] for store in self.stores])

    @property
    def demand_sd(self) -> Array:
        """(store,) standard deviation of one period's demand, units."""
        return np.array([store.demand.moments[1] for store in self.stores])

    @property
    def capacity(self) -> float:
        """Most units the supplier can ship a period; infinite without a limit."""
        if self.supplier.capacity_ratio is not None:
            units = self.supplier.capacity_ratio * float(self.demand_mean.sum())
            return float(np.ceil(units)) if self.whole else units
        return self.supplier.capacity or np.inf

    @property
    def share_that_waits(self) -> float:
        """Share of unmet demand that waits."""
        return {"lost": 0.0, "backorder": 1.0}.get(self.unmet_demand, self.waiting_share)

    @property
    def seasonal(self) -> bool:
        """Whether any store's mean demand varies in a known way."""
        return any(store.demand.season is not None for store in self.stores)

    @property
    def drift(self) -> DemandDrift | None:
        """How demand drifts where it does; None where it never does."""
        chosen = self.demand_drift
        if chosen is None and self.history is not None:
            chosen = OF_RECORDED_DEMAND
        return chosen if chosen is not None and chosen.parts else None

    @property
    def seen_before(self) -> int:
        """Periods of demand that sites have seen when an episode begins."""
        if self.preceding != "auto":
            return self.preceding
        return 0 if self.history is None else RECORDED_BEFORE

    @property
    def homogeneous(self) -> bool:
        """Whether nothing depends on the period of an episode, so that worlds may never end."""
        trend = any(s.demand.season and s.demand.season.trend_per_year for s in self.stores)
        calendar = isinstance(self.supplier.disruptions, CalendarDisruptions)
        return self.history is None and self.drift is None and not trend and not calendar

    def deciding_tiers(self) -> tuple[Tier, ...]:
        """Tiers that have something to order."""
        if self.warehouse.unlimited:
            return ("stores",)
        return ("stores", "warehouse") if self.supplier.unlimited else TIERS

    def with_training(self, training: TrainingSettings) -> Self:
        """The same chain, taught in another way."""
        return self.model_copy(update={"training": training})

    def with_history(self, history: History, stores: Sequence[Store], **changes: object) -> Self:
        """The same chain with these stores, whose demand is replayed from `history`."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**values, "stores": tuple(stores), "history": history, **changes})
