"""A scenario's numbers as arrays, ready for the arithmetic of many worlds at once."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import Self

import numpy as np

from inventory_env.description.demand import Trace
from inventory_env.description.rules import OrderConstraints, Rationing
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array, Integers


@dataclass(frozen=True)
class Limits:
    """Order constraints of one tier as arrays over (world, site); None where there is none."""

    pack_size: Array | None  # units
    minimum: Array | None  # units
    maximum: Array | None  # units
    review: Array | None  # periods
    storage_limit: Array | None  # units
    whole: bool

    @classmethod
    def of(cls, constraints: list[OrderConstraints], whole: bool) -> Self:
        """Collect the sites' constraints; a kind that no site has becomes None."""

        def column(values: list[float | None], absent: float) -> Array | None:
            if all(value is None for value in values):
                return None
            return np.array([[absent if v is None else float(v) for v in values]])

        packs = [c.pack_size for c in constraints]
        return cls(
            pack_size=None if not any(packs) else column(packs, 1.0),
            minimum=column([c.minimum or None for c in constraints], 0.0),
            maximum=column([c.maximum for c in constraints], np.inf),
            review=column([c.review if c.review > 1 else None for c in constraints], 1.0),
            storage_limit=column([c.storage_limit for c in constraints], np.inf),
            whole=whole,
        )


@dataclass(frozen=True)
class Params:
    """Everything `dynamics.step` needs to know of a chain; arrays are (world or 1, store)."""

    whole: bool  # stock comes in whole units
    backorder_share: float  # share of unmet demand that waits: 0 lost, 1 backorder
    owed: bool  # unshipped orders stay owed
    mean: Array  # units per period, before seasons
    sd: Array  # units, of one period
    holding_cost: Array  # money per unit and period
    shortage_cost: Array  # money per unit lost, or waiting and period
    order_cost: Array  # money per order
    unit_cost: Array  # money per unit ordered
    priority: Array  # rank under rationing by priority
    cover: tuple[int, ...]  # protection interval of each store: mean lead time and review, periods
    smoothing: Array  # weight of the newest period in the forecast; 0: the mean is known
    store_limits: Limits
    store_lead_max: int  # periods
    store_lead_groups: tuple[tuple[int, Integers], ...]  # constant lead time -> store numbers
    warehouse_unlimited: bool
    warehouse_holding_cost: float
    warehouse_order_cost: float
    warehouse_unit_cost: float
    rationing: Rationing
    warehouse_limits: Limits
    warehouse_lead_max: int
    supplier_unlimited: bool
    capacity: float  # units per period
    supplier_holding_cost: float
    supplier_order_cost: float
    supplier_unit_cost: float
    supplier_limits: Limits
    supplier_lead_max: int
    remembers_orders: bool  # whether agents remember the orders that upstream sites got

    @property
    def stores(self) -> int:
        """How many stores the chain has."""
        return int(self.mean.shape[1])

    @cached_property
    def learns_level(self) -> bool:
        """Whether a store's forecast follows recent demand."""
        return bool(self.smoothing.any())

    @cached_property
    def stores_pay(self) -> bool:
        """Whether any store pays for placing orders or for the units in them."""
        return bool(self.order_cost.any() or self.unit_cost.any())

    def spread(self, worlds: int) -> Self:
        """The same with the stores' costs written out for every world: numpy multiplies arrays of
        one shape several times faster than it repeats short rows."""

        def every(cost: Array) -> Array:
            return np.broadcast_to(cost, (worlds, self.stores)).copy()

        return replace(
            self,
            holding_cost=every(self.holding_cost),
            shortage_cost=every(self.shortage_cost),
            order_cost=every(self.order_cost),
            unit_cost=every(self.unit_cost),
        )

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """The numbers of a scenario, the same in every world."""

        def row(values: list[float]) -> Array:
            return np.array([values], dtype=np.float64)

        stores, warehouse, supplier = scenario.stores, scenario.warehouse, scenario.supplier
        whole = scenario.whole
        leads = [store.lead_time for store in stores]
        constant = all(lead.kind == "constant" for lead in leads)
        longest = np.array([lead.maximum for lead in leads])
        groups = [(int(k), np.flatnonzero(longest == k)) for k in np.unique(longest)]
        shares = {"lost": 0.0, "backorder": 1.0, "partial": scenario.waiting_share}
        return cls(
            whole=whole,
            backorder_share=shares[scenario.unmet_demand],
            owed=scenario.unshipped_orders == "owed",
            mean=scenario.demand_mean[None],
            sd=scenario.demand_sd[None],
            holding_cost=row([s.holding_cost for s in stores]),
            shortage_cost=row([s.shortage_cost for s in stores]),
            order_cost=row([s.order_cost for s in stores]),
            unit_cost=row([s.unit_cost for s in stores]),
            priority=row([s.priority for s in stores]),
            cover=tuple(ceil(need.cover) for need in scenario.store_needs()),
            smoothing=row(
                [s.demand.smoothing if isinstance(s.demand, Trace) else 0.0 for s in stores]
            ),
            store_limits=Limits.of([s.orders for s in stores], whole),
            store_lead_max=int(longest.max()),
            store_lead_groups=tuple(groups) if constant else (),
            warehouse_unlimited=warehouse.unlimited,
            warehouse_holding_cost=warehouse.holding_cost,
            warehouse_order_cost=warehouse.order_cost,
            warehouse_unit_cost=warehouse.unit_cost,
            rationing=warehouse.rationing,
            warehouse_limits=Limits.of([warehouse.orders], whole),
            warehouse_lead_max=warehouse.lead_time.maximum,
            supplier_unlimited=supplier.unlimited,
            capacity=scenario.capacity,
            supplier_holding_cost=supplier.holding_cost,
            supplier_order_cost=supplier.order_cost,
            supplier_unit_cost=supplier.unit_cost,
            supplier_limits=Limits.of([supplier.orders], whole),
            supplier_lead_max=supplier.lead_time.maximum,
            remembers_orders=scenario.learning_tiers() != ("stores",),
        )
