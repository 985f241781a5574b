"""Every KPI's definition, in one place: sums over the counted periods of an episode, then ratios.

A replenishment cycle of a store runs from one receipt to the next; it has a stock-out if any demand
in it was not served on time. A bullwhip compares a tier's orders, added up over its sites, with the
customers' demand, added up over the stores; it is NaN for a tier that never orders.
"""

import numpy as np

from inventory_env.description.population import Shape
from inventory_env.description.settings import Tier
from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.worlds import over_sites

KPIS = {
    "cost_per_period": "money of all sites / periods: the yardstick",
    "holding_cost_per_period": "holding cost of all sites / periods",
    "shortage_cost_per_period": "shortage cost of the stores / periods",
    "ordering_cost_per_period": "ordering cost of all sites / periods",
    "store_cost_per_period": "cost of all stores / periods",
    "warehouse_cost_per_period": "cost of the warehouse / periods",
    "supplier_cost_per_period": "cost of the supplier / periods",
    "fill_rate": "units served on time from stock / units demanded",
    "cycle_service_level": "replenishment cycles without a stock-out / replenishment cycles",
    "ready_rate": "share of store-periods that end with stock on hand",
    "stockouts_per_period": "units not served on time, all stores / periods",
    "days_of_cover": "mean closing stock at the stores / mean demand, in periods",
    "turns": "units sold a year / mean closing stock at the stores",
    "bullwhip": "variance of the stores' orders / variance of demand",
    "warehouse_bullwhip": "variance of the warehouse's orders / variance of demand",
    "supplier_bullwhip": "variance of production started / variance of demand",
    "reward_per_episode": "sum of all stores' rewards",
    "share_of_rule": "share of a learned policy's decisions that are its rule's",
}

NOTHING = 1e-9  # units; what rounding leaves is no stock


class Tally:
    """Adds up the ledgers of an episode and turns them into KPIs, one value a world.

    Args:
        shape: of the chains.
        worlds: how many.
    """

    def __init__(self, shape: Shape, worlds: int) -> None:
        self._shape = shape
        self._sums: dict[str, Array] = {}
        stores = (worlds, shape.stores)
        self._cycles = np.zeros(stores)
        self._good_cycles = np.zeros(stores)
        self._cycle_open = np.zeros(stores, dtype=bool)
        self._cycle_good = np.ones(stores, dtype=bool)
        self.periods = 0

    def _add(self, name: str, value: Array) -> None:
        self._sums[name] = self._sums[name] + value if name in self._sums else value

    def add(
        self, ledger: Ledger, money: Money, rewards: Array, share_of_rule: Array | None = None
    ) -> None:
        """Count one period.

        Args:
            ledger: of the period.
            money: of the period.
            rewards: (world, store).
            share_of_rule: (world, agent) of each decision, 0 to 1; None: nothing was learned.
        """
        self.periods += 1
        if share_of_rule is not None:
            self._add("share_of_rule", share_of_rule.mean(axis=1))
        for name, value in (*vars(ledger).items(), *money.kinds().items()):
            if name not in ("opening", "closing", "backorders"):
                self._add(name, value)
        if self.periods == 1:
            self._opening = ledger.opening
        self._closing = ledger.closing
        self._add("stock", ledger.closing)
        stores = self._shape.columns("stores")
        demand, closing = ledger.demand[:, stores], ledger.closing[:, stores]
        unmet = demand - ledger.served[:, stores]
        self._add("unmet", unmet)
        self._add("ready", (closing > NOTHING).astype(np.float64))
        self._add("reward", over_sites(rewards))
        self._add_flow("demand", demand)
        for tier in self._shape.tiers:
            self._add_flow(tier, ledger.ordered[:, self._shape.columns(tier)])
        starts = ledger.received[:, stores] > 0
        closes = starts & self._cycle_open
        self._cycles += closes
        self._good_cycles += closes & self._cycle_good
        self._cycle_open |= starts
        self._cycle_good = (self._cycle_good | starts) & (unmet <= 0)

    def _add_flow(self, name: str, units: Array) -> None:
        quantity = over_sites(units)
        self._add(f"{name}_flow", quantity)
        self._add(f"{name}_flow_squared", quantity**2)

    def _variance(self, flow: str) -> Array:
        mean = self._sums[f"{flow}_flow"] / self.periods
        return np.maximum(self._sums[f"{flow}_flow_squared"] / self.periods - mean**2, 0.0)

    def _bullwhip(self, tier: Tier) -> Array:
        if tier not in self._shape.tiers:
            return np.full_like(self._sums["demand_flow"], np.nan)
        ratio = _ratio(self._variance(tier), self._variance("demand"))
        return np.where(self._sums[f"{tier}_flow"] > 0, ratio, np.nan)

    def _cost_of(self, tier: Tier) -> Array:
        """(world,) money of a tier."""
        if tier not in self._shape.tiers:
            return np.zeros_like(self._sums["demand_flow"])
        sites = self._shape.columns(tier)
        return over_sites(self._sums["holding"][:, sites] + self._sums["ordering"][:, sites])

    def kpis(self) -> dict[str, Array]:
        """(world,) arrays by KPI name; NaN where a ratio has no denominator."""
        sums, periods = self._sums, self.periods
        stores = self._shape.columns("stores")

        def of_stores(name: str) -> Array:
            return over_sites(sums[name][:, stores])

        holding, ordering = over_sites(sums["holding"]), over_sites(sums["ordering"])
        shortage, stock = over_sites(sums["shortage"]), of_stores("stock")
        warehouse_cost, supplier_cost = self._cost_of("warehouse"), self._cost_of("supplier")
        cost = holding + shortage + ordering
        return {
            "cost_per_period": cost / periods,
            "holding_cost_per_period": holding / periods,
            "shortage_cost_per_period": shortage / periods,
            "ordering_cost_per_period": ordering / periods,
            "store_cost_per_period": (cost - warehouse_cost - supplier_cost) / periods,
            "warehouse_cost_per_period": warehouse_cost / periods,
            "supplier_cost_per_period": supplier_cost / periods,
            "fill_rate": _ratio(of_stores("served"), of_stores("demand")),
            "cycle_service_level": _ratio(over_sites(self._good_cycles), over_sites(self._cycles)),
            "ready_rate": over_sites(sums["ready"]) / (periods * self._shape.stores),
            "stockouts_per_period": over_sites(sums["unmet"]) / periods,
            "days_of_cover": _ratio(stock, of_stores("demand")),
            "turns": _ratio(of_stores("sold") * self._shape.periods_per_year, stock),
            "bullwhip": self._bullwhip("stores"),
            "warehouse_bullwhip": self._bullwhip("warehouse"),
            "supplier_bullwhip": self._bullwhip("supplier"),
            "reward_per_episode": sums["reward"],
            "share_of_rule": sums.get("share_of_rule", np.full_like(cost, np.nan)) / periods,
        }

    def statement(self) -> dict[str, Array]:
        """(site,) units and money, summed over worlds and counted periods.

        Keys are the fields of `Ledger` and `Money`; "opening" is the stock before the first counted
        period, "closing" after the last, "stock" the sum of the closing stocks.
        """
        names = ("received", "ordered", "shipped", "demand", "served", "sold", "lost", "stock")
        kinds = ("holding", "shortage", "ordering")
        totals = {name: self._sums[name].sum(axis=0) for name in (*names, *kinds)}
        totals["opening"] = self._opening.sum(axis=0)
        totals["closing"] = self._closing.sum(axis=0)
        return totals


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
