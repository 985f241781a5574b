"""What an agent observes: seven features, and named extras that a scenario switches on.

All features are scaled by the scenario's own constants, so that unlike sites can share one
network, and clipped to +-6. The seven, in order, for a store (for a site upstream see
`UpstreamFeatures`):

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
up to the lead time), `pipeline` (each slot / mean - 1), `rule` (the start's order / mean - 1),
`warehouse` (stock, on the way, owed by the supplier and owed to the stores in periods of the
chain's demand, and all stores' mean position; for stores only), `chain` (see `ChainFeatures`),
`orders` (each store's last order / mean - 1, for the warehouse), `calendar` (weekday and year as
sine and cosine, the season's factors up to the cover, known disruptions ahead), `store` (the site's
own parameters), `role` (which tier it is of), `history` (each of the last 7 periods' demand / mean
- 1, for recorded demand).
"""

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from inventory_env.decision.agents import Agents
from inventory_env.decision.chain_features import MOST_SINGLE, ChainFeatures
from inventory_env.decision.upstream_features import UpstreamFeatures
from inventory_env.description.rules import Need
from inventory_env.description.scenario import TIERS, CalendarDisruptions, Scenario
from inventory_env.description.settings import Extra
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import RECENT, Situation

FEATURES = ("on_hand", "on_the_way", "unmet", "last_demand", "forecast", "service", "position")
CLIP = 6.0
OF_OTHERS: tuple[Extra, ...] = ("warehouse", "chain")  # not to be seen under local information


class Observer:
    """Turns situations into observations, one row for each world and agent.

    Raises:
        InputError: if the scenario's settings ask for what its agents cannot see.
    """

    def __init__(self, scenario: Scenario) -> None:
        given = scenario.training.observe
        self._agents = Agents(scenario)
        self.extras: tuple[Extra, ...] = (
            _telling(scenario, self._agents) if given == "auto" else given
        )
        _allowed(scenario, self._agents, self.extras)
        self._scenario = scenario
        params = Params.of(scenario)
        self._mean, self._sd = params.mean, np.maximum(params.sd, 0.05 * params.mean)
        needs = scenario.store_needs()
        self._cover = np.array([[need.cover for need in needs]])
        self._cover_sd = np.maximum(np.array([[need.cover_sd for need in needs]]), self._sd)
        self._longest = max(self._agents.lead_times)
        self._upstream = [UpstreamFeatures(scenario, tier) for tier in self._agents.upstream]
        self._whole_chain = ChainFeatures(scenario)
        self._parameters = self._site_parameters(needs, np.eye(len(needs)))
        self._upstream_parameters = self._site_parameters(
            [site.need for site in self._upstream], np.zeros((len(needs), len(self._upstream)))
        )
        self._down = self._known_disruptions()
        self._weekly = any(s.demand.season and s.demand.season.weekday for s in scenario.stores)
        self.names = self._names()
        width = len(self.names) + scenario.central_critic * len(self._whole_chain.names)
        self.space = spaces.Box(-CLIP, CLIP, (width,), dtype=np.float32)

    def observe(self, situation: Situation, start_orders: Array) -> npt.NDArray[np.float32]:
        """(world x agent, feature) observations; row w x agents + a is agent a of world w.

        Args:
            situation: what the agents see.
            start_orders: (world, agent) orders of the policy that training starts from, units.
        """
        agents, worlds = self._agents, situation.tape.worlds
        table = np.empty((worlds, agents.count, len(self.names)), dtype=np.float32)
        if agents.stores_learn:
            for i, row in enumerate(self._store_rows(situation, start_orders[:, : agents.stores])):
                table[:, : agents.stores, i] = row
        first = agents.count - len(self._upstream)
        for place in range(len(self._upstream)):
            column = first + place
            for i, row in enumerate(self._upstream_rows(place, situation, start_orders[:, column])):
                table[:, column, i] = row
        np.clip(table, -CLIP, CLIP, out=table)
        return table.reshape(worlds * agents.count, -1)

    def with_chain(
        self, observation: npt.NDArray[np.float32], situation: Situation
    ) -> npt.NDArray[np.float32]:
        """Observations with the whole chain's features behind them, for a central critic."""
        chain = np.stack(self._whole_chain.rows(situation), axis=1).astype(np.float32)
        np.clip(chain, -CLIP, CLIP, out=chain)
        return np.concatenate([observation, chain.repeat(self._agents.count, axis=0)], axis=1)

    def _store_rows(self, situation: Situation, start_orders: Array) -> list[Array]:
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
            rows.extend(self._extra(extra, situation, available, start_orders))
        return rows

    def _extra(
        self, extra: Extra, situation: Situation, available: Array, start_orders: Array
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
            missing = max(self._longest, 1) - 1 - len(rows)
            rows += [np.zeros_like(available)] * missing
        elif extra == "rule":
            rows.append(start_orders / mean - 1.0)
        elif extra == "warehouse":
            total = mean.sum()
            positions = (situation.position - mean * self._cover) / cover_sd
            rows.append(state.warehouse_on_hand[:, None] / total - 1.0)
            rows += [slot[:, None] / total - 1.0 for slot in state.warehouse_pipeline]
            rows.append(state.warehouse_owed[:, None] / total)
            rows.append(state.store_owed.sum(axis=1, keepdims=True) / total)
            rows.append(state.store_owed / mean)
            rows.append(positions.mean(axis=1, keepdims=True))
        elif extra == "chain":
            rows += [row[:, None] for row in self._whole_chain.rows(situation)]
        elif extra == "orders":
            rows += [np.zeros_like(available)] * self._told_apart
        elif extra == "calendar":
            rows += self._calendar(situation)
        elif extra == "history":
            rows += [demand / mean - 1.0 for demand in situation.memory.recent_demand]
        elif extra == "role":
            rows += [np.full((1, 1), float(tier == "stores")) for tier in TIERS]
        else:
            rows += list(self._parameters[:, None, :])
        return rows

    def _upstream_rows(self, place: int, situation: Situation, start_order: Array) -> list[Array]:
        """The same columns for a site upstream, each (world,) or (1,)."""
        site, tier = self._upstream[place], self._agents.upstream[place]
        local, memory = self._scenario.information == "local", situation.memory
        rows = site.base(situation)
        for extra in self.extras:
            if extra == "projected-stock":
                rows += site.projected(situation, max(self._longest, 1))
            elif extra == "pipeline":
                rows += site.pipeline(situation, max(self._longest, 1) - 1)
            elif extra == "rule":
                rows.append(start_order / site.need.mean - 1.0)
            elif extra == "chain":
                rows += self._whole_chain.rows(situation)
            elif extra == "orders":
                orders = (memory.last_orders / self._mean - 1.0).T[: self._told_apart]
                rows += list(orders if tier == "warehouse" else np.zeros_like(orders))
            elif extra == "calendar":
                rows += [self._over_stores(row) for row in self._calendar(situation)]
            elif extra == "history":
                rows += [
                    demand.sum(axis=1) / site.need.mean - 1.0 if not local else np.zeros(1)
                    for demand in memory.recent_demand
                ]
            elif extra == "role":
                rows += [np.full(1, float(tier == role)) for role in TIERS]
            elif extra == "store":
                rows += list(self._upstream_parameters[:, place, None])
        return rows

    def _over_stores(self, row: Array) -> Array:
        """(world or 1,) mean of (world or 1, store or 1) values, by the stores' demand."""
        if row.shape[1] == 1:
            return row[:, 0]
        return np.asarray(row @ (self._mean[0] / self._mean.sum()))

    @property
    def _told_apart(self) -> int:
        """How many stores' orders the warehouse tells apart."""
        stores = self._agents.stores
        return stores if stores <= MOST_SINGLE else 0

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

    def _site_parameters(self, needs: list[Need], which: Array) -> Array:
        """(parameter, site) safety factor, size, variation, lead time, which store."""
        mean = np.array([need.mean for need in needs])
        rows = [
            [need.safety_factor - 1.3 for need in needs],
            np.log(mean / self._mean.mean()),
            [need.sd / need.mean - 0.5 for need in needs],
            [need.lead_time / 2 - 1.0 for need in needs],
            *which[: self._told_apart],
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
        return (*FEATURES, *(name for extra in self.extras for name in self._extra_names(extra)))

    def _extra_names(self, extra: Extra) -> list[str]:
        longest, several = max(self._longest, 1), range(self._told_apart)
        slots = self._scenario.warehouse.lead_time.maximum - 1
        recorded = self._scenario.history is not None
        names: dict[Extra, list[str]] = {
            "projected-stock": [f"stock_ahead_{k}" for k in range(1, longest + 1)],
            "pipeline": [f"pipeline_{k}" for k in range(1, longest)],
            "rule": ["rule_order"],
            "warehouse": [
                "warehouse_stock",
                *(f"warehouse_pipeline_{k + 1}" for k in range(slots)),
                *("supplier_owes", "owed_to_stores", "owed", "stores_position"),
            ],
            "chain": self._whole_chain.names,
            "orders": [f"orders_of_store_{i}" for i in several],
            "calendar": self._calendar_names(),
            "store": [
                *("critical_ratio", "size", "variation", "lead_time"),
                *(f"store_{i}" for i in several),
            ],
            "role": [f"is_{tier}" for tier in TIERS],
            "history": [f"demand_{k + 1}_ago" for k in range(RECENT if recorded else 0)],
        }
        return names[extra]

    def _calendar_names(self) -> list[str]:
        names = ["year_sin", "year_cos"]
        if self._weekly:
            names += ["week_sin", "week_cos", "half_week_sin", "half_week_cos"]
        if self._scenario.seasonal:
            names += [f"season_{k}" for k in range(int(np.ceil(self._cover.max())))]
        if self._down is not None:
            names += [f"supplier_down_{k}" for k in self._ahead]
        return names


def _telling(scenario: Scenario, agents: Agents) -> tuple[Extra, ...]:
    """The extras that tell something in this scenario."""
    extras: list[Extra] = ["projected-stock"]
    if max(agents.lead_times) > 1:
        extras.append("pipeline")
    extras.append("rule")
    if scenario.information == "shared" and agents.upstream:
        extras.append("chain")
    elif scenario.information == "shared" and not scenario.warehouse.unlimited:
        extras.append("warehouse")
    if scenario.information == "local" and "warehouse" in agents.upstream:
        extras.append("orders")
    known = isinstance(scenario.supplier.disruptions, CalendarDisruptions)
    if scenario.seasonal or known:
        extras.append("calendar")
    if agents.count > 1:
        extras.append("store")
    if len(agents.tiers) > 1:
        extras.append("role")
    if scenario.history is not None:
        extras.append("history")
    return tuple(extras)


def _allowed(scenario: Scenario, agents: Agents, extras: tuple[Extra, ...]) -> None:
    for extra in extras:
        if scenario.information == "local" and extra in OF_OTHERS:
            raise InputError(f'observe: {extra!r} cannot be seen under information = "local"')
        if extra == "warehouse" and agents.upstream:
            raise InputError(
                "observe: 'warehouse' is for learning stores only; where a site upstream learns, "
                "'chain' tells it"
            )
