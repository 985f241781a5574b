"""What a store's agent observes: seven features, and named extras that a scenario switches on.

All features are scaled by the scenario's own constants, so that unlike stores can share one
network, and clipped to +-6. The seven, in order:

| feature | value |
|---|---|
| on_hand | (units on hand - backorders) / (mean demand over the cover) |
| on_the_way | units in the pipeline and owed / (mean demand over the cover) |
| unmet | units not served last period / sd of a period's demand |
| last_demand | (last period's demand - mean) / sd |
| forecast | (forecast of this period's demand - long-run mean) / sd |
| service | 5 x (1 - recent fill rate), exponentially weighted |
| position | (inventory position - forecast over the cover) / sd of demand over the cover |

Extras: `projected-stock` (stock and receipts of k periods less their forecast, in sd sqrt(k), for k
up to the lead time), `pipeline` (each slot / mean - 1), `rule` (the start rule's order / mean - 1),
`warehouse` (stock, on the way, owed by the supplier and owed to the stores in periods of the
chain's demand, and all stores' mean position), `calendar` (weekday and year as sine and cosine,
the season's factors up to the cover, known disruptions ahead), `store` (its own parameters),
`history` (each of the last 7 periods' demand / mean - 1, for recorded demand).
"""

import numpy as np
import numpy.typing as npt

from inventory_env.frozen import Array
from inventory_env.params import Params
from inventory_env.scenario import CalendarDisruptions, Scenario
from inventory_env.settings import Extra
from inventory_env.situation import RECENT, Situation

FEATURES = ("on_hand", "on_the_way", "unmet", "last_demand", "forecast", "service", "position")
CLIP = 6.0


class Observer:
    """Turns situations into observations, one row for each world and store."""

    def __init__(self, scenario: Scenario) -> None:
        given = scenario.training.observe
        self.extras: tuple[Extra, ...] = _telling(scenario) if given == "auto" else given
        self._scenario = scenario
        params = Params.of(scenario)
        self._mean, self._sd = params.mean, np.maximum(params.sd, 0.05 * params.mean)
        needs = scenario.store_needs()
        self._cover = np.array([[need.cover for need in needs]])
        self._cover_sd = np.maximum(np.array([[need.cover_sd for need in needs]]), self._sd)
        self._longest = params.store_lead_max
        self._parameters = self._store_parameters()
        self._down = self._known_disruptions()
        self._weekly = any(s.demand.season and s.demand.season.weekday for s in scenario.stores)
        self.names = self._names()

    def observe(self, situation: Situation, rule_order: Array) -> npt.NDArray[np.float32]:
        """(world x store, feature) observations; row w x stores + s is store s of world w.

        Args:
            situation: what the agents see.
            rule_order: (world, store) the start rule's order, units.
        """
        state, memory = situation.state, situation.memory
        mean, sd, cover_sd = self._mean, self._sd, self._cover_sd
        available = state.store_on_hand - state.store_backorders
        over_cover = mean * self._cover
        rows: list[Array] = [
            available / over_cover,
            (situation.position - available) / over_cover,
            memory.last_unmet / sd,
            (memory.last_demand - mean) / sd,
            (situation.forecast(1) - mean) / sd,
            5.0 * (1.0 - memory.fill_rate),
            (situation.adjusted_position - over_cover) / cover_sd,
        ]
        for extra in self.extras:
            rows.extend(self._extra(extra, situation, available, rule_order))
        shape = situation.position.shape
        table = np.empty((*shape, len(rows)), dtype=np.float32)
        for i, row in enumerate(rows):
            table[:, :, i] = row
        np.clip(table, -CLIP, CLIP, out=table)
        return table.reshape(-1, len(rows))

    def _extra(
        self, extra: Extra, situation: Situation, available: Array, rule_order: Array
    ) -> list[Array]:
        state = situation.state
        mean, sd, cover_sd = self._mean, self._sd, self._cover_sd
        rows: list[Array] = []
        if extra == "projected-stock":
            stock = available
            for k in range(1, max(self._longest, 1) + 1):
                rows.append((stock - situation.forecast(k)) / (sd * k**0.5))
                if k <= len(state.store_pipeline):
                    stock = stock + state.store_pipeline[k - 1]
        elif extra == "pipeline":
            rows += [slot / mean - 1.0 for slot in state.store_pipeline]
        elif extra == "rule":
            rows.append(rule_order / mean - 1.0)
        elif extra == "warehouse":
            total = mean.sum()
            positions = (situation.position - mean * self._cover) / cover_sd
            rows.append(state.warehouse_on_hand[:, None] / total - 1.0)
            rows += [slot[:, None] / total - 1.0 for slot in state.warehouse_pipeline]
            rows.append(state.warehouse_owed[:, None] / total)
            rows.append(state.store_owed.sum(axis=1, keepdims=True) / total)
            rows.append(state.store_owed / mean)
            rows.append(positions.mean(axis=1, keepdims=True))
        elif extra == "calendar":
            rows += self._calendar(situation)
        elif extra == "history":
            rows += [demand / mean - 1.0 for demand in situation.memory.recent_demand]
        else:
            rows += list(self._parameters[:, None, :])
        return rows

    def _calendar(self, situation: Situation) -> list[Array]:
        day = (situation.tape.first_day + situation.period)[:, None]
        year = 2 * np.pi * day / self._scenario.periods_per_year
        rows: list[Array] = [np.sin(year), np.cos(year)]
        if self._weekly:
            week = 2 * np.pi * day / 7
            rows += [np.sin(week), np.cos(week), np.sin(2 * week), np.cos(2 * week)]
        if situation.tape.cumulative_factor is not None:
            ahead = range(int(np.ceil(self._cover.max())))
            rows += [np.asarray(situation.factor(k)) - 1.0 for k in ahead]
        if self._down is not None:
            here = self._down[situation.period : situation.period + len(self._ahead)]
            rows += [np.full_like(day, down) for down in here]
        return rows

    def _store_parameters(self) -> Array:
        """(parameter, store) critical ratio's z, relative size, variation, lead time, and which."""
        needs = self._scenario.store_needs()
        mean = np.array([need.mean for need in needs])
        stores = len(needs)
        rows = [
            [need.safety_factor - 1.3 for need in needs],
            np.log(mean / mean.mean()),
            [need.sd / need.mean - 0.5 for need in needs],
            [need.lead_time / 2 - 1.0 for need in needs],
            *(np.eye(stores) if stores <= 10 else ()),
        ]
        return np.array(rows)

    def _known_disruptions(self) -> Array | None:
        disruptions = self._scenario.supplier.disruptions
        if not isinstance(disruptions, CalendarDisruptions):
            return None
        self._ahead = range(self._scenario.warehouse.lead_time.maximum + 3)
        down = np.zeros(self._scenario.periods + len(self._ahead) + 1)
        for first, last in disruptions.down:
            down[first : last + 1] = 1.0
        return down

    def _names(self) -> tuple[str, ...]:
        """Names of all features, in order."""
        names = list(FEATURES)
        slots = self._scenario.warehouse.lead_time.maximum - 1
        stores = len(self._scenario.stores)
        cover = int(np.ceil(self._cover.max()))
        for extra in self.extras:
            if extra == "projected-stock":
                names += [f"stock_ahead_{k}" for k in range(1, max(self._longest, 1) + 1)]
            elif extra == "pipeline":
                names += [f"pipeline_{k + 1}" for k in range(max(self._longest, 1) - 1)]
            elif extra == "rule":
                names += ["rule_order"]
            elif extra == "warehouse":
                names += ["warehouse_stock"]
                names += [f"warehouse_pipeline_{k + 1}" for k in range(max(slots, 0))]
                names += ["supplier_owes", "owed_to_stores", "owed", "stores_position"]
            elif extra == "calendar":
                names += ["year_sin", "year_cos"]
                if self._weekly:
                    names += ["week_sin", "week_cos", "half_week_sin", "half_week_cos"]
                if self._scenario.seasonal:
                    names += [f"season_{k}" for k in range(cover)]
                if self._down is not None:
                    names += [f"supplier_down_{k}" for k in self._ahead]
            elif extra == "history":
                recorded = self._scenario.history is not None
                names += [f"demand_{k + 1}_ago" for k in range(RECENT if recorded else 0)]
            else:
                names += ["critical_ratio", "size", "variation", "lead_time"]
                names += [f"store_{i}" for i in range(stores if stores <= 10 else 0)]
        return tuple(names)


def _telling(scenario: Scenario) -> tuple[Extra, ...]:
    """The extras that tell something in this scenario."""
    extras: list[Extra] = ["projected-stock"]
    if max(store.lead_time.maximum for store in scenario.stores) > 1:
        extras.append("pipeline")
    extras.append("rule")
    if not scenario.warehouse.unlimited:
        extras.append("warehouse")
    known = isinstance(scenario.supplier.disruptions, CalendarDisruptions)
    if scenario.seasonal or known:
        extras.append("calendar")
    if len(scenario.stores) > 1:
        extras.append("store")
    if scenario.history is not None:
        extras.append("history")
    return tuple(extras)
