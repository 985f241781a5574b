"""What a chain holds at the moment of decision: after arrivals, before orders."""

from dataclasses import dataclass
from functools import cached_property

from inventory_env.frozen import Array, over_stores


@dataclass(frozen=True)
class State:
    """Stock everywhere in the chain, in units. Slot k of a pipeline arrives in k + 1 periods."""

    store_on_hand: Array  # (world, store) arrivals of this period included
    store_received: Array  # (world, store) what arrived in step 1 of this period
    store_pipeline: Array  # (slot, world, store) on the way from the warehouse
    store_owed: Array  # (world, store) ordered and not yet shipped by the warehouse
    store_backorders: Array  # (world, store) customers waiting
    warehouse_on_hand: Array  # (world,)
    warehouse_received: Array  # (world,)
    warehouse_pipeline: Array  # (slot, world) on the way from the supplier
    warehouse_owed: Array  # (world,) ordered and not yet shipped by the supplier
    supplier_on_hand: Array  # (world,)
    supplier_received: Array  # (world,) produced
    supplier_pipeline: Array  # (slot, world) in production

    # Inventory position: on hand + pipeline + owed - backorders, at each tier.

    @cached_property
    def store_stock(self) -> Array:
        """(world, store) on hand and on the way, less backorders: the store's echelon stock."""
        return self.store_on_hand + self.store_pipeline.sum(axis=0) - self.store_backorders

    @property
    def store_position(self) -> Array:
        """(world, store) inventory position of each store, units."""
        return self.store_stock + self.store_owed

    @property
    def warehouse_position(self) -> Array:
        """(world,) local inventory position of the warehouse, units owed to stores taken off."""
        return (
            self.warehouse_on_hand
            + self.warehouse_pipeline.sum(axis=0)
            + self.warehouse_owed
            - over_stores(self.store_owed)
        )

    @property
    def warehouse_echelon_stock(self) -> Array:
        """(world,) at the warehouse and on the way to it, at the stores and on the way to them."""
        return (
            self.warehouse_on_hand
            + self.warehouse_pipeline.sum(axis=0)
            + over_stores(self.store_stock)
        )

    @property
    def warehouse_echelon_position(self) -> Array:
        """(world,) echelon inventory position: the echelon stock and what the supplier owes."""
        return self.warehouse_echelon_stock + self.warehouse_owed

    @property
    def supplier_position(self) -> Array:
        """(world,) local inventory position of the supplier, units owed downstream taken off."""
        return self.supplier_on_hand + self.supplier_pipeline.sum(axis=0) - self.warehouse_owed

    @property
    def supplier_echelon_position(self) -> Array:
        """(world,) the supplier's stock and production and everything downstream of it."""
        return (
            self.supplier_on_hand
            + self.supplier_pipeline.sum(axis=0)
            + self.warehouse_echelon_stock
        )
