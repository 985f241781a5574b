"""The ledger of a period, in units and in money: the only source of business metrics and reward."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.worlds import over_sites


@dataclass(frozen=True)
class Ledger:
    """What one period did to every site's stock; (world, site), units.

    Customers of a site upstream are the sites it ships to: their orders are its demand.
    """

    opening: Array  # on hand before arrivals
    received: Array
    ordered: Array
    shipped: Array  # left the site upstream for this one; production started, at the top
    demand: Array  # of the period
    served: Array  # of this period's demand, on time from stock
    sold: Array  # left the site: served and backorders filled
    lost: Array  # unmet demand that does not wait
    backorders: Array  # waiting at the end
    closing: Array  # on hand at the end

    def imbalance(self) -> float:
        """Largest |opening + received - sold - closing| at any site, in units.

        0 for whole units, rounding error else.
        """
        return float(np.abs(self.opening + self.received - self.sold - self.closing).max())


@dataclass(frozen=True)
class Money:
    """What one period cost, by site and kind; (world, site), money."""

    holding: Array
    shortage: Array  # of customers; 0 upstream
    ordering: Array

    @classmethod
    def of(cls, params: Params, ledger: Ledger) -> Self:
        """Holding on closing stock; shortage on units lost and waiting; orders and their units."""
        short = ledger.lost
        if params.shape.unmet_demand != "lost":
            short = short + ledger.backorders
        ordered = ledger.ordered
        return cls(
            holding=params.holding_cost * ledger.closing,
            shortage=params.shortage_cost * short,
            ordering=(
                params.order_cost * (ordered > 0) + params.unit_cost * ordered
                if params.orders_cost
                else np.zeros_like(ordered)
            ),
        )

    def kinds(self) -> dict[str, Array]:
        """By kind of cost."""
        return {"holding": self.holding, "shortage": self.shortage, "ordering": self.ordering}

    @cached_property
    def site(self) -> Array:
        """(world, site) cost of each site."""
        return self.holding + self.shortage + self.ordering

    @cached_property
    def chain(self) -> Array:
        """(world,) cost of all sites: the yardstick."""
        return over_sites(self.site)
