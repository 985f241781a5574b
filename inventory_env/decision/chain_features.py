"""Features of the chain around a site: other sites' stock, the calendar, who the site is."""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np

from inventory_env.decision.feature import (
    UNSCALED,
    Facts,
    Feature,
    Scale,
    View,
    Yardstick,
    only,
)
from inventory_env.description.population import Shape
from inventory_env.description.settings import Tier
from inventory_env.frozen import Array
from inventory_env.simulation.worlds import over_sites


class WarehouseStock(Feature):
    """For learning stores under shared information: the warehouse's stock, its pipeline, what it is
    owed and owes, in periods of the chain's demand; what it owes the store itself, in periods of
    its own; all stores' mean position, in sd over the cover."""

    kind: Literal["warehouse"] = "warehouse"
    slots: int

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        seen = facts.shared and not facts.upstream_learns and facts.shape.upstream
        return cls.asked(facts) if seen else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(slots=facts.slots.get("warehouse", 0))

    def names(self, shape: Shape) -> Sequence[str]:
        return [
            "warehouse_stock",
            *(f"warehouse_pipeline_{k + 1}" for k in range(self.slots)),
            *("supplier_owes", "owed_to_stores", "owed", "stores_position"),
        ]

    def values(self, view: View) -> list[Array]:
        state, by = view.situation.state, view.yardstick
        if "warehouse" not in view.shape.tiers:
            nothing = np.zeros((1, 1))
            stock, coming, owed, owes = nothing, [nothing] * self.slots, nothing, nothing
        else:
            column = view.column("warehouse")
            stock, owed = state.on_hand[:, column], state.owed[:, column]
            coming = [view.slot(k)[:, column] for k in range(self.slots)]
            owes = state.backorders[:, column]
        stores = view.stores
        positions = (state.position - by.over_cover)[:, stores] / by.cover_sd[:, stores]
        mean_position = over_sites(positions)[:, None] / view.shape.stores
        return [stock, *coming, owed, owes, state.owed, mean_position]

    def scales(self, by: Yardstick) -> list[Scale]:
        total = by.total
        stocks: list[Scale] = [(total, total)] * (1 + self.slots)
        return [*stocks, (0.0, total), (0.0, total), (0.0, by.mean), UNSCALED]


class WholeChain(Feature):
    """Position and stock of every store less what it expects to sell over its cover, in sd (of more
    than 10 stores, their mean and spread); stock, debts and pipelines of warehouse and supplier in
    periods of the chain's demand. The same for every site."""

    kind: Literal["chain"] = "chain"
    told_apart: int
    warehouse_slots: int | None
    supplier_slots: int | None

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls.asked(facts) if facts.shared and facts.upstream_learns else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(
            told_apart=facts.told_apart,
            warehouse_slots=facts.slots.get("warehouse"),
            supplier_slots=facts.slots.get("supplier"),
        )

    @property
    def _upstream(self) -> list[tuple[Tier, int]]:
        slots: list[tuple[Tier, int | None]] = [
            ("warehouse", self.warehouse_slots),
            ("supplier", self.supplier_slots),
        ]
        return [(tier, count) for tier, count in slots if count is not None]

    def names(self, shape: Shape) -> Sequence[str]:
        of_stores = [f"store_{i}" for i in range(self.told_apart)] or [
            "stores_mean",
            "stores_spread",
        ]
        names = [f"{store}_{what}" for what in ("position", "stock") for store in of_stores]
        for tier, slots in self._upstream:
            names += [f"chain_{tier}_stock", f"chain_{tier}_owes"]
            names += [f"chain_{tier}_pipeline_{k + 1}" for k in range(slots)]
        return names

    def values(self, view: View) -> list[Array]:
        state, by, stores = view.situation.state, view.yardstick, view.stores
        found: list[Array] = []
        for units in (view.situation.adjusted_position(), view.available):
            if self.told_apart:
                found += [units[:, [i]] for i in range(self.told_apart)]
            else:
                values = (units - by.over_cover)[:, stores] / by.cover_sd[:, stores]
                mean = over_sites(values)[:, None] / view.shape.stores
                spread = over_sites((values - mean) ** 2)[:, None] / view.shape.stores
                found += [mean, np.sqrt(spread)]
        for tier, slots in self._upstream:
            column = view.column(tier)
            found += [state.on_hand[:, column], state.backorders[:, column]]
            found += [view.slot(k)[:, column] for k in range(slots)]
        return found

    def scales(self, by: Yardstick) -> list[Scale]:
        scales: list[Scale] = [
            (by.over_cover[:, [i]], by.cover_sd[:, [i]]) for i in range(self.told_apart)
        ] or [UNSCALED, UNSCALED]
        scales = scales * 2
        for _, slots in self._upstream:
            scales += [(by.total, by.total), (0.0, by.total)]
            scales += [(by.total, by.total)] * slots
        return scales


class StoresOrders(Feature):
    """Each store's last order / mean - 1, for a learning warehouse under local information; 0 for
    other sites."""

    kind: Literal["orders"] = "orders"
    told_apart: int

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        seen = not facts.shared and "warehouse" in facts.learns
        return cls.asked(facts) if seen else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(told_apart=facts.told_apart)

    def names(self, shape: Shape) -> Sequence[str]:
        return [f"orders_of_store_{i}" for i in range(self.told_apart)]

    def values(self, view: View) -> list[Array]:
        if "warehouse" not in view.shape.tiers:
            return [np.zeros((1, 1))] * self.told_apart
        ordered, mean = view.situation.memory.last_ordered, view.yardstick.mean
        column = view.column("warehouse")
        return [
            only(ordered[:, [i]] / mean[:, [i]] - 1.0, column, view) for i in range(self.told_apart)
        ]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [UNSCALED] * self.told_apart


class Calendar(Feature):
    """Year and weekday as sine and cosine, the season's factors up to the cover less 1 (upstream
    their mean by demand), known disruptions ahead."""

    kind: Literal["calendar"] = "calendar"
    periods_per_year: float
    weekly: bool
    seasons: int
    down: int

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls.asked(facts) if facts.seasonal or facts.known_down else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(
            periods_per_year=facts.periods_per_year,
            weekly=facts.weekly,
            seasons=facts.cover if facts.seasonal else 0,
            down=facts.known_down,
        )

    def names(self, shape: Shape) -> Sequence[str]:
        names = ["year_sin", "year_cos"]
        if self.weekly:
            names += ["week_sin", "week_cos", "half_week_sin", "half_week_cos"]
        names += [f"season_{k}" for k in range(self.seasons)]
        return names + [f"supplier_down_{k}" for k in range(self.down)]

    def values(self, view: View) -> list[Array]:
        outlook = view.situation.outlook
        day = outlook.day[:, None]
        year = 2 * np.pi * day / self.periods_per_year
        found: list[Array] = [np.sin(year), np.cos(year)]
        if self.weekly:
            week = 2 * np.pi * day / 7
            found += [np.sin(week), np.cos(week), np.sin(2 * week), np.cos(2 * week)]
        for k in range(self.seasons):
            factor = np.zeros((1, view.shape.stores)) + view.situation.factor(k)
            mean = over_sites(factor * view.situation.params.mean)[:, None] / view.yardstick.total
            everywhere = np.zeros((view.shape.sites, len(factor))).T + mean
            everywhere[:, view.stores] = factor
            found.append(everywhere)
        for k in range(self.down):
            found.append(np.zeros_like(day) if outlook.down is None else outlook.down[k][:, None])
        return found

    def scales(self, by: Yardstick) -> list[Scale]:
        waves = 2 + 4 * self.weekly
        return [UNSCALED] * waves + [(1.0, 1.0)] * self.seasons + [UNSCALED] * self.down


class SiteParameters(Feature):
    """The site's own numbers: safety factor, size, variation, lead time, which store it is."""

    constant = True
    kind: Literal["store"] = "store"
    told_apart: int

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls.asked(facts) if facts.agents > 1 else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(told_apart=facts.told_apart)

    def names(self, shape: Shape) -> Sequence[str]:
        which = (f"store_{i}" for i in range(self.told_apart))
        return ["critical_ratio", "size", "variation", "lead_time", *which]

    def values(self, view: View) -> list[Array]:
        need, total = view.yardstick.need, view.yardstick.total
        which = np.eye(self.told_apart, view.shape.sites)
        return [
            need.safety_factor,
            np.log(need.mean / (total / view.shape.stores)),
            need.sd / need.mean,
            need.lead_time,
            *which[:, None, :],
        ]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(1.3, 1.0), UNSCALED, (0.5, 1.0), (2.0, 2.0), *[UNSCALED] * self.told_apart]


class Role(Feature):
    """Which tier the site is of."""

    constant = True
    kind: Literal["role"] = "role"

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls() if len(facts.learns) > 1 else None

    def names(self, shape: Shape) -> Sequence[str]:
        return ["is_stores", "is_warehouse", "is_supplier"]

    def values(self, view: View) -> list[Array]:
        found = []
        for tier in ("stores", "warehouse", "supplier"):
            row = np.zeros((1, view.shape.sites))
            if tier in view.shape.tiers:
                row[:, view.column(tier)] = 1.0
            found.append(row)
        return found

    def scales(self, by: Yardstick) -> list[Scale]:
        return [UNSCALED] * 3
