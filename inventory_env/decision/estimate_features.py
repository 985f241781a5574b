"""Features of what a store believes of demand whose law it is not told: a shift, or luck?"""

from collections.abc import Sequence
from typing import Literal, Self

import numpy as np

from inventory_env.decision.feature import UNSCALED, Facts, Feature, Scale, View, Yardstick, only
from inventory_env.description.population import Shape
from inventory_env.frozen import Array

LEAST_SHARE = 0.02  # of the believed mean, that an average counts as at least


class Estimates(Feature):
    """Averages of the past, slowest first, each as the log of its share of the mean that is
    believed; how widely demand scattered of late; the share of periods without demand; how long
    there was none; how little has been seen. For demand that is learned; 0 upstream."""

    kind: Literal["estimates"] = "estimates"

    @classmethod
    def telling(cls, facts: Facts) -> Self | None:
        return cls.asked(facts) if facts.shape.learns_demand else None

    def names(self, shape: Shape) -> Sequence[str]:
        if not shape.learns_demand:
            return []
        averages = ("slow_average", "medium_average", "fast_average")
        return [*averages, "recent_spread", "without_demand", "since_demand", "little_seen"]

    def values(self, view: View) -> list[Array]:
        if not view.shape.learns_demand:
            return []
        estimate = view.situation.estimate
        shares = np.log(np.maximum(estimate.averages / estimate.mean, LEAST_SHARE))
        found = [
            *shares,
            estimate.recent_spread,
            estimate.zeros,
            np.log1p(estimate.since * np.minimum(estimate.mean, 1.0)),
            1 / np.sqrt(1 + estimate.seen),
        ]
        return [only(values, view.stores, view) for values in found]

    def scales(self, by: Yardstick) -> list[Scale]:
        if not by.params.learns_demand:
            return []
        return [(0.0, 0.2), (0.0, 0.2), (0.0, 0.3), (0.0, 0.5), (0.5, 0.5), UNSCALED, (0.1, 0.2)]
