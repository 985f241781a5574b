"""Features of the moment at which a store's order arrives, and of the problem that a store has.

They speak in the store's own units and do not depend on the lead time's length, so that one network
serves a shop that sells one a month and one that sells a thousand a day. Upstream they are 0.
"""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from scipy.special import ndtr

from inventory_env.decision.feature import UNSCALED, Facts, Feature, Scale, View, Yardstick, only
from inventory_env.decision.region import packs
from inventory_env.description.need import Need
from inventory_env.description.population import Shape
from inventory_env.frozen import Array

POINTS = (0.25, 0.5, 0.75)  # of the lead time, where stock is looked at
LARGE = 40.0  # units a period; demand of a larger mean is as good as continuous
SMALLEST_SD = 1e-6  # units
RARE = 0.02  # units a period; rarer demand is shown as this


class Arrival(Feature):
    """What a store expects when an order made now arrives, from the projection of two moments:
    stock against what it should be, in sd of the two together; the order that a period's newsvendor
    would make less the start's, in sd; stock's own sd, in sd of a period; the chance of none left;
    stock on the way there and now; the start's order, and what rounds it; the season then."""

    kind: Literal["arrival"] = "arrival"

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return None

    def names(self, shape: Shape) -> Sequence[str]:
        return [
            "arrival_stock",
            "arrival_sd",
            "arrival_empty",
            "newsvendor_order",
            "after_order",
            *(f"stock_at_{round(100 * point)}" for point in POINTS),
            "stock_now",
            "start_order_size",
            "start_order_part",
            "season_at_arrival",
        ]

    def values(self, view: View) -> list[Array]:
        situation, stores, by = view.situation, view.stores, view.yardstick
        need = by.need_of_stores
        sd = np.maximum(by.sd[:, stores], SMALLEST_SD)
        projection = situation.projection
        expected = situation.stock_at_arrival
        order = view.start_orders[:, stores]
        cycle = np.sqrt(need.review) * sd
        spread = np.sqrt(cycle**2 + projection.arrival_sd**2)
        target = need.mean * need.review + need.safety_factor * spread
        left = ndtr(-projection.arrival_mean / np.maximum(projection.arrival_sd, 1e-6))
        found = [
            (expected - need.mean * need.review) / cycle,
            projection.arrival_sd / sd,
            left,
            (np.maximum(target - expected, 0.0) - order) / sd,
            (expected + order - target) / spread,
        ]
        longest = len(projection.mean) - 1
        lead_time = situation.params.lead_time[:, stores]
        for point in POINTS:
            ahead = np.minimum(np.rint(point * lead_time), longest).astype(np.int64)
            ahead = np.broadcast_to(ahead, expected.shape)
            stock = np.take_along_axis(projection.mean, ahead[None], axis=0)[0]
            found.append((stock - need.mean) / (sd * np.sqrt(1.0 + ahead)))
        part = order - np.floor(order) - 0.5 if view.shape.whole else np.zeros_like(order)
        factor = situation.arrival_factor if situation.forecast_varies else np.ones((1, 1))
        found += [
            (view.available[:, stores] - need.mean) / sd,
            (order - need.mean * need.review) / cycle,
            part / np.maximum(sd, 1.0),
            factor - 1.0 + np.zeros_like(order),
        ]
        return [only(values, stores, view) for values in found]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [(0.0, 2.0), UNSCALED, (0.5, 0.5), UNSCALED, UNSCALED] + (
            [(0.0, 2.0)] * len(POINTS) + [(0.0, 3.0), (0.0, 2.0), (0.0, 0.3), (0.0, 0.5)]
        )


class Problem(Feature):
    """What problem a store has: its size, variation, prices, lead time, review, packs, and who
    waits; a mean above 40 units a period is shown as 40."""

    constant = True
    kind: Literal["problem"] = "problem"

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return None

    def names(self, shape: Shape) -> Sequence[str]:
        return [
            "problem_size",
            "problem_one_unit",
            "problem_variation",
            "problem_overdispersion",
            "problem_safety_factor",
            "problem_critical_odds",
            "problem_root_lead_time",
            "problem_lead_time_sd",
            "problem_review",
            "problem_pack",
            "problem_waiting",
            "problem_in_sequence",
        ]

    def values(self, view: View) -> list[Array]:
        stores, params = view.stores, view.situation.params
        need = view.yardstick.need_of_stores
        size = np.clip(need.mean, RARE, LARGE) if view.shape.whole else LARGE + 0 * need.mean
        given = packs(params)
        pack = 0 * need.mean if given is None else given[:, stores]
        found = [
            np.log(size),
            1.0 / np.sqrt(size),
            np.log(need.sd / need.mean + 0.02),
            overdispersion(need),
            need.safety_factor,
            np.log(np.maximum(need.shortage, 1e-3) / np.maximum(need.holding, 1e-6)),
            np.sqrt(need.lead_time),
            need.lead_time_sd,
            np.log(need.review),
            np.log1p(pack / need.mean),
            need.waiting,
            params.in_sequence + 0 * need.mean,
        ]
        return [only(values, stores, view) for values in found]

    def scales(self, by: Yardstick) -> list[Scale]:
        return [
            (1.5, 2.0),
            (0.7, 1.0),
            (-0.2, 1.0),
            (0.5, 0.7),
            (1.4, 0.8),
            (2.7, 1.5),
            (2.2, 1.3),
            (0.0, 2.0),
            (0.0, 1.0),
            (0.0, 1.0),
            UNSCALED,
            UNSCALED,
        ]


def overdispersion(need: Need) -> Array:
    """(variance - mean) / mean^2, at most 2: 0 for Poisson demand, 1 for geometric."""
    return np.asarray(np.clip((need.sd**2 - need.mean) / need.mean**2, -1.0, 2.0))
