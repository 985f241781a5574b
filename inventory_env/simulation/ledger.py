"""The ledger of a period, in units and in money: the only source of business metrics and reward."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from inventory_env.frozen import Array, over_stores
from inventory_env.simulation.params import Params


@dataclass(frozen=True)
class Ledger:
    """What one period did to every site's stock, in units."""

    store_opening: Array  # (world, store) on hand before arrivals
    store_received: Array  # (world, store)
    store_ordered: Array  # (world, store)
    store_shipped: Array  # (world, store) left the warehouse for the store
    demand: Array  # (world, store)
    served: Array  # (world, store) of this period's demand, on time from stock
    sold: Array  # (world, store) left the store: served and backorders filled
    lost: Array  # (world, store) unmet demand that does not wait
    store_backorders: Array  # (world, store) waiting at the end
    store_closing: Array  # (world, store) on hand at the end
    warehouse_opening: Array  # (world,) on hand before arrivals
    warehouse_received: Array  # (world,)
    warehouse_ordered: Array  # (world,)
    warehouse_shipped: Array  # (world,) to all stores
    warehouse_closing: Array  # (world,)
    supplier_opening: Array  # (world,) on hand before arrivals
    supplier_received: Array  # (world,) produced
    supplier_ordered: Array  # (world,) production started
    supplier_shipped: Array  # (world,) to the warehouse
    supplier_closing: Array  # (world,)

    def imbalance(self, params: Params) -> float:
        """Largest |opening + received - shipped or sold - closing| at any site, in units.

        0 for whole units, rounding error else. A site without a stock of its own has no balance.
        """
        gaps = [self.store_opening + self.store_received - self.sold - self.store_closing]
        if not params.warehouse_unlimited:
            gaps.append(
                self.warehouse_opening
                + self.warehouse_received
                - self.warehouse_shipped
                - self.warehouse_closing
            )
            if not params.supplier_unlimited:
                gaps.append(
                    self.supplier_opening
                    + self.supplier_received
                    - self.supplier_shipped
                    - self.supplier_closing
                )
        return max(float(np.abs(gap).max()) for gap in gaps)


@dataclass(frozen=True)
class Money:
    """What one period cost, by site and kind, in money."""

    store_holding: Array  # (world, store)
    store_shortage: Array  # (world, store)
    store_ordering: Array  # (world, store)
    warehouse_holding: Array  # (world,)
    warehouse_ordering: Array  # (world,)
    supplier_holding: Array  # (world,)
    supplier_ordering: Array  # (world,)

    @classmethod
    def of(cls, params: Params, ledger: Ledger) -> Self:
        """Holding on closing stock; shortage on units lost and waiting; orders and their units."""
        short = ledger.lost
        if params.backorder_share:
            short = short + ledger.store_backorders
        return cls(
            store_holding=params.holding_cost * ledger.store_closing,
            store_shortage=params.shortage_cost * short,
            store_ordering=(
                _ordering(ledger.store_ordered, params.order_cost, params.unit_cost)
                if params.stores_pay
                else np.zeros(ledger.store_ordered.shape)
            ),
            warehouse_holding=params.warehouse_holding_cost * ledger.warehouse_closing,
            warehouse_ordering=_ordering(
                ledger.warehouse_ordered, params.warehouse_order_cost, params.warehouse_unit_cost
            ),
            supplier_holding=params.supplier_holding_cost * ledger.supplier_closing,
            supplier_ordering=_ordering(
                ledger.supplier_ordered, params.supplier_order_cost, params.supplier_unit_cost
            ),
        )

    @property
    def store(self) -> Array:
        """(world, store) cost of each store."""
        return self.store_holding + self.store_shortage + self.store_ordering

    @property
    def upstream(self) -> Array:
        """(world,) cost of warehouse and supplier."""
        return (
            self.warehouse_holding
            + self.warehouse_ordering
            + self.supplier_holding
            + self.supplier_ordering
        )

    @property
    def chain(self) -> Array:
        """(world,) cost of all sites: the yardstick."""
        return over_stores(self.store) + self.upstream


def _ordering(ordered: Array, order_cost: Array | float, unit_cost: Array | float) -> Array:
    """Cost of placing orders and of the units in them."""
    if isinstance(order_cost, float) and not order_cost:
        return unit_cost * ordered
    return order_cost * (ordered > 0) + unit_cost * ordered
