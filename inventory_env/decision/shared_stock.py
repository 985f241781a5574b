"""Features of a stock that stores share, whatever their number: how much of it there is and comes,
who else wants it, and what chain it is.

Stock is measured in the chain's demand, other stores in their own standard deviations, by mean and
spread; nothing tells which store it is. Without a warehouse, and upstream, all is 0.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from inventory_env.decision.feature import UNSCALED, Facts, Feature, Scale, View, Yardstick, only
from inventory_env.decision.region import MOST_DEMANDS, warehouse_levels
from inventory_env.description.population import Shape
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.worlds import over_sites

POINTS = (0.0, 0.5, 1.0)  # of the warehouse's lead time, where its stock is looked at
LEAST_SD = 0.02  # of the mean


class SharedStock(Feature):
    """The warehouse's stock in periods of the chain's demand, with all stores' start orders off it,
    on the way there, and with its echelon, in sd; what it owes the store and is owed; the stores'
    start orders together; mean and spread of all stores' stock at arrival; and the chain: how many
    stores, the store's share, the warehouse's link, price, level and cap, the supplier's capacity,
    how demands move together, how stock is shared, and whether orders wait."""

    kind: Literal["shared-stock"] = "shared-stock"

    @classmethod
    def telling(cls, facts: Facts) -> None:
        return None

    def names(self, shape: Shape) -> Sequence[str]:
        return [
            "warehouse_cover",
            "warehouse_after_orders",
            *(f"warehouse_at_{round(100 * point)}" for point in POINTS),
            *("warehouse_echelon", "warehouse_is_owed", "warehouse_owes", "owed_to_store"),
            *("orders_together", "stores_mean", "stores_spread", "store_above_mean"),
            *("chain_size", "chain_share", "chain_root_lead_time", "chain_lead_time_sd"),
            *("chain_holding", "chain_level", "chain_cap", "chain_capacity", "chain_pooling"),
            *("chain_fair", "chain_drops", "chain_whole"),
        ]

    def values(self, view: View) -> list[Array]:
        shape, stores = view.shape, view.stores
        if "warehouse" not in shape.tiers:
            return [np.zeros((1, 1))] * len(self.names(shape))
        found = [*_today(view), *_always(view.situation.params)]
        return [only(values + np.zeros((1, shape.stores)), stores, view) for values in found]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [
            *((1.0, 2.0), (0.0, 3.0), *[(0.0, 2.0)] * len(POINTS)),
            *(UNSCALED, UNSCALED, (0.0, 0.5), UNSCALED),
            *((0.0, 0.5), (0.0, 2.0), (1.0, 1.0), (0.0, 2.0)),
            *((1.5, 1.2), UNSCALED, (1.5, 1.0), UNSCALED),
            *((-1.2, 0.7), (1.3, 1.0), (0.5, 0.5), (0.5, 0.5), (0.6, 0.3)),
            *[UNSCALED] * 3,
        ]


def _today(view: View) -> list[Array]:
    """(world, 1) or (world, store) values that tell of the present."""
    situation, stores, by = view.situation, view.stores, view.yardstick
    state, params = situation.state, situation.params
    column = params.shape.columns("warehouse")
    total, sd = by.mean[:, column], np.maximum(by.sd[:, column], LEAST_SD * by.mean[:, column])
    orders = over_sites(view.start_orders[:, stores])[:, None]
    free = view.available[:, column]
    found = [free / total, (free - orders) / sd]
    lead_time = params.lead_time[:, column]
    coming = [free]
    for k in range(int(lead_time.max())):
        coming.append(coming[-1] + view.slot(k)[:, column])
    ahead = np.stack(
        [stock - situation.forecast(k + 1)[:, column] for k, stock in enumerate(coming)]
    )
    for point in POINTS:
        periods = np.broadcast_to(np.rint(point * lead_time).astype(np.int64), free.shape)
        left = np.take_along_axis(ahead, periods[None], axis=0)[0]
        found.append(left / (sd * np.sqrt(periods + 1.0)))
    need = params.echelon_need
    position = situation.adjusted_position(echelon=True)[:, column]
    found.append((position - (need.mean * need.cover)[:, column]) / need.cover_sd[:, column])
    found += [state.owed[:, column] / total, state.backorders[:, column] / total]
    found += [state.owed[:, stores] / by.sd[:, stores], orders / total - 1.0]
    own = situation.stock_at_arrival - (by.need.mean * by.need.review)[:, stores]
    own = own / by.sd[:, stores]
    mean = over_sites(own * params.mean)[:, None] / total
    spread = np.sqrt(over_sites((own - mean) ** 2 * params.mean)[:, None] / total)
    return [*found, mean, spread, own - mean]


def _always(params: Params) -> list[Array]:
    """(world or 1, 1) or (world or 1, store) numbers of the chain."""
    shape, need, stores = params.shape, params.need, slice(0, params.stores)
    column = shape.columns("warehouse")
    total = need.mean[:, column]
    share = params.mean / total
    level, cap = warehouse_levels(params)
    holding = params.holding_cost[:, column] / np.maximum(params.holding_cost[:, stores], 1e-6)
    pooled = need.sd[:, column] / np.maximum(over_sites(need.sd[:, stores])[:, None], 1e-9)
    one = np.ones_like(total)
    return [
        one * np.log(shape.stores),
        np.log(share * shape.stores),
        np.sqrt(need.lead_time[:, column]),
        need.lead_time_sd[:, column],
        np.log(np.maximum(holding, 0.02)),
        level,
        np.log(np.clip(cap / total, 1.0, MOST_DEMANDS)),
        np.log(np.clip(params.capacity[:, None] / total, 1.0, MOST_DEMANDS)),
        pooled,
        one * (shape.rationing == "fair-share"),
        one * (not shape.owed),
        one * shape.whole,
    ]
