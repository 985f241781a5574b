"""Features of a site's own business: stock, demand, service, what comes when.

For a site upstream, customers are the sites it ships to, their orders its demand.
"""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np

from inventory_env.decision.feature import Facts, Feature, Scale, View, Yardstick, only
from inventory_env.description.population import Shape
from inventory_env.frozen import Array
from inventory_env.simulation.memory import RECENT


class OnHand(Feature):
    """(Units on hand - backorders) / mean demand over the cover."""

    kind: Literal["on_hand"] = "on_hand"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["on_hand"]

    def values(self, view: View) -> list[Array]:
        return [view.available]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(0.0, by.over_cover)]


class OnTheWay(Feature):
    """Units in the pipeline and owed / mean demand over the cover."""

    kind: Literal["on_the_way"] = "on_the_way"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["on_the_way"]

    def values(self, view: View) -> list[Array]:
        return [view.situation.position - view.available]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(0.0, by.over_cover)]


class Unmet(Feature):
    """Units of last period's demand not served at once / sd of a period's demand."""

    kind: Literal["unmet"] = "unmet"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["unmet"]

    def values(self, view: View) -> list[Array]:
        return [view.situation.memory.last_unmet]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(0.0, by.sd)]


class LastDemand(Feature):
    """(Last period's demand - mean) / sd."""

    kind: Literal["last_demand"] = "last_demand"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["last_demand"]

    def values(self, view: View) -> list[Array]:
        return [view.situation.memory.last_demand]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(by.mean, by.sd)]


class Forecast(Feature):
    """(Forecast of this period's demand - long-run mean) / sd."""

    kind: Literal["forecast"] = "forecast"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["forecast"]

    def values(self, view: View) -> list[Array]:
        return [view.situation.forecast(1)]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(by.mean, by.sd)]


class Service(Feature):
    """5 x (1 - recent fill rate), exponentially weighted."""

    kind: Literal["service"] = "service"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["service"]

    def values(self, view: View) -> list[Array]:
        return [1.0 - view.situation.memory.fill_rate]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(0.0, 0.2)]


class Position(Feature):
    """(Inventory position - forecast over the cover) / sd of demand over the cover."""

    kind: Literal["position"] = "position"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["position"]

    def values(self, view: View) -> list[Array]:
        return [view.situation.adjusted_position(echelon=view.yardstick.shared)]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(by.over_cover, by.cover_sd)]


class ProjectedStock(Feature):
    """Stock and receipts of k periods less their forecast, in sd sqrt(k), for k up to the longest
    lead time."""

    kind: Literal["projected-stock"] = "projected-stock"
    periods: int

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(periods=facts.longest)

    def names(self, shape: Shape) -> Sequence[str]:
        return [f"stock_ahead_{k}" for k in range(1, self.periods + 1)]

    def values(self, view: View) -> list[Array]:
        stock, found = view.available, []
        for k in range(1, self.periods + 1):
            found.append(stock - view.situation.forecast(k))
            stock = stock + view.slot(k - 1)
        return found

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(0.0, by.sd * k**0.5) for k in range(1, self.periods + 1)]


class Pipeline(Feature):
    """Units that arrive in k periods / mean - 1; 0 where a site's lead time is no longer than k."""

    kind: Literal["pipeline"] = "pipeline"
    slots: int

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls.asked(facts) if facts.longest > 1 else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(slots=facts.longest - 1)

    def names(self, shape: Shape) -> Sequence[str]:
        return [f"pipeline_{k}" for k in range(1, self.slots + 1)]

    def values(self, view: View) -> list[Array]:
        return [view.slot(k) for k in range(self.slots)]

    def scales(self, by: Yardstick) -> list[Scale]:
        has = [by.params.lead_time > k + 1 for k in range(self.slots)]
        return [(np.where(there, by.mean, 0.0), by.mean) for there in has]


class StartOrder(Feature):
    """What the policy orders that training starts from / mean - 1."""

    kind: Literal["rule"] = "rule"

    def names(self, shape: Shape) -> Sequence[str]:
        return ["rule_order"]

    def values(self, view: View) -> list[Array]:
        return [view.start_orders]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(by.mean, by.mean)]


class DemandHistory(Feature):
    """Each of the last 7 periods' demand / mean - 1, where demand is learned; upstream the stores'
    together, 0 under local information."""

    kind: Literal["history"] = "history"
    periods: int

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls.asked(facts) if facts.shape.learns_demand else None

    @classmethod
    def asked(cls, facts: Facts) -> Self:
        return cls(periods=RECENT if facts.shape.learns_demand else 0)

    def names(self, shape: Shape) -> Sequence[str]:
        return [f"demand_{k}_ago" for k in range(1, self.periods + 1)]

    def values(self, view: View) -> list[Array]:
        recent = view.situation.memory.recent_demand
        found = []
        for demand in recent[: self.periods]:
            everywhere = only(demand, view.stores, view)
            if view.yardstick.shared:
                for tier in view.shape.upstream:
                    everywhere[:, view.column(tier)] = demand.sum(axis=1, keepdims=True)
            found.append(everywhere)
        return found

    def scales(self, by: Yardstick) -> list[Scale]:
        centre = by.mean.copy()
        if not by.shared:
            centre[:, by.params.stores :] = 0.0
        return [(centre, by.mean)] * self.periods
