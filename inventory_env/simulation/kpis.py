"""Every KPI's definition, in one place: sums over the counted periods of an episode, then ratios.

| KPI | definition |
|---|---|
| cost_per_period | money of all sites / periods: the yardstick |
| holding_, shortage_, ordering_cost_per_period | its parts |
| fill_rate | units served on time from stock / units demanded |
| cycle_service_level | replenishment cycles without a stock-out / replenishment cycles |
| ready_rate | share of store-periods that end with stock |
| stockouts_per_period | units not served on time, all stores / periods |
| days_of_cover | mean stock at the stores / mean demand, periods |
| turns | yearly units sold / mean stock at the stores |
| bullwhip, warehouse_bullwhip, supplier_bullwhip | variance of orders / variance of demand |
| reward_per_episode | sum of all stores' rewards |

A replenishment cycle of a store runs from one receipt to the next; it has a stock-out if any demand
in it was not served on time. A bullwhip compares a tier's orders, added up over its sites, with the
customers' demand, added up over the stores; it is NaN for a tier that never orders.
"""

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Ledger, Money

KPIS = (
    "cost_per_period",
    "holding_cost_per_period",
    "shortage_cost_per_period",
    "ordering_cost_per_period",
    "store_cost_per_period",
    "warehouse_cost_per_period",
    "supplier_cost_per_period",
    "fill_rate",
    "cycle_service_level",
    "ready_rate",
    "stockouts_per_period",
    "days_of_cover",
    "turns",
    "bullwhip",
    "warehouse_bullwhip",
    "supplier_bullwhip",
    "reward_per_episode",
)


class Tally:
    """Adds up the ledgers of an episode and turns them into KPIs, one value a world."""

    def __init__(self, worlds: int, stores: int, periods_per_year: float) -> None:
        self._periods_per_year = periods_per_year
        self._sums: dict[str, Array] = {}
        self._cycles = np.zeros((worlds, stores))
        self._good_cycles = np.zeros((worlds, stores))
        self._cycle_open = np.zeros((worlds, stores), dtype=bool)
        self._cycle_good = np.ones((worlds, stores), dtype=bool)
        self.periods = 0

    def _add(self, name: str, value: Array) -> None:
        self._sums[name] = self._sums[name] + value if name in self._sums else value

    def add(self, ledger: Ledger, money: Money, rewards: Array) -> None:
        """Count one period."""
        self.periods += 1
        for name, value in vars(money).items():
            self._add(name, value)
        for name, value in vars(ledger).items():
            if not name.endswith(("opening", "backorders")):
                self._add(name, value)
        if self.periods == 1:
            self._opening = ledger
        self._last = ledger
        unmet = ledger.demand - ledger.served
        self._add("unmet", unmet)
        self._add("ready", (ledger.store_closing > 0).astype(np.float64))
        self._add("reward", rewards.sum(axis=1))
        for tier, quantity in (
            ("demand", ledger.demand.sum(axis=1)),
            ("store", ledger.store_ordered.sum(axis=1)),
            ("warehouse", ledger.warehouse_ordered),
            ("supplier", ledger.supplier_ordered),
        ):
            self._add(f"{tier}_flow", quantity)
            self._add(f"{tier}_flow_squared", quantity**2)
        starts = ledger.store_received > 0
        closes = starts & self._cycle_open
        self._cycles += closes
        self._good_cycles += closes & self._cycle_good
        self._cycle_open |= starts
        self._cycle_good = (self._cycle_good | starts) & (unmet <= 0)

    def _variance(self, tier: str) -> Array:
        mean = self._sums[f"{tier}_flow"] / self.periods
        return np.maximum(self._sums[f"{tier}_flow_squared"] / self.periods - mean**2, 0.0)

    def _bullwhip(self, tier: str) -> Array:
        ratio = _ratio(self._variance(tier), self._variance("demand"))
        return np.where(self._sums[f"{tier}_flow"] > 0, ratio, np.nan)

    def kpis(self) -> dict[str, Array]:
        """(world,) arrays by KPI name; NaN where a ratio has no denominator."""
        sums, periods = self._sums, self.periods
        stores = self._cycles.shape[1]
        holding = sums["store_holding"].sum(axis=1) + sums["warehouse_holding"]
        holding = holding + sums["supplier_holding"]
        ordering = sums["store_ordering"].sum(axis=1) + sums["warehouse_ordering"]
        ordering = ordering + sums["supplier_ordering"]
        shortage = sums["store_shortage"].sum(axis=1)
        stock = sums["store_closing"].sum(axis=1)
        warehouse_cost = sums["warehouse_holding"] + sums["warehouse_ordering"]
        supplier_cost = sums["supplier_holding"] + sums["supplier_ordering"]
        cost = holding + shortage + ordering
        return {
            "cost_per_period": cost / periods,
            "holding_cost_per_period": holding / periods,
            "shortage_cost_per_period": shortage / periods,
            "ordering_cost_per_period": ordering / periods,
            "store_cost_per_period": (cost - warehouse_cost - supplier_cost) / periods,
            "warehouse_cost_per_period": warehouse_cost / periods,
            "supplier_cost_per_period": supplier_cost / periods,
            "fill_rate": _ratio(sums["served"].sum(axis=1), sums["demand"].sum(axis=1)),
            "cycle_service_level": _ratio(self._good_cycles.sum(axis=1), self._cycles.sum(axis=1)),
            "ready_rate": sums["ready"].sum(axis=1) / (periods * stores),
            "stockouts_per_period": sums["unmet"].sum(axis=1) / periods,
            "days_of_cover": _ratio(stock, sums["demand"].sum(axis=1)),
            "turns": _ratio(sums["sold"].sum(axis=1) * self._periods_per_year, stock),
            "bullwhip": self._bullwhip("store"),
            "warehouse_bullwhip": self._bullwhip("warehouse"),
            "supplier_bullwhip": self._bullwhip("supplier"),
            "reward_per_episode": sums["reward"],
        }

    def statement(self) -> dict[str, Array]:
        """Units and money of each site, summed over worlds and counted periods.

        Keys are those of `Ledger` and `Money`; store values have shape (store,), the others ().
        `..._opening` is the stock before the first counted period, `..._closing` after the last.
        """
        totals = {name: value.sum(axis=0) for name, value in self._sums.items()}
        for tier in ("store", "warehouse", "supplier"):
            totals[f"{tier}_opening"] = getattr(self._opening, f"{tier}_opening").sum(axis=0)
            totals[f"{tier}_closing"] = getattr(self._last, f"{tier}_closing").sum(axis=0)
        return totals


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
