"""What warehouse or supplier observes of its own: a store's features, read one tier up.

Its customers are the sites it ships to, their orders its demand. The seven, in a store's order:
stock less what it owes, what is on the way, units asked for and not shipped, units asked for,
forecast of the customers' demand, share shipped at once, position.
"""

from math import ceil

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.upstream import UpstreamTier, upstream_position


class UpstreamFeatures:
    """Features of one upstream site, each (world,), scaled by its own constants."""

    def __init__(self, scenario: Scenario, tier: UpstreamTier) -> None:
        self._tier = tier
        self._echelon = scenario.information == "shared"
        self.need = scenario.upstream_need(tier, echelon=self._echelon)
        self._mean = self.need.mean
        self._sd = max(self.need.sd, 0.05 * self._mean)
        self._cover_sd = max(self.need.cover_sd, self._sd)
        self._cover = ceil(self.need.cover)
        self._place = int(tier == "supplier")

    def base(self, situation: Situation) -> list[Array]:
        """The seven."""
        state, memory = situation.state, situation.memory
        available, over_cover = self._available(situation), self._mean * self.need.cover
        local = upstream_position(state, self._tier, echelon=False)
        position = upstream_position(state, self._tier, echelon=self._echelon)
        forecast = self._forecast(situation, self._cover)
        return [
            available / over_cover,
            (local - available) / over_cover,
            memory.unshipped[:, self._place] / self._sd,
            (memory.asked[:, self._place] - self._mean) / self._sd,
            np.asarray(self._forecast(situation, 1) - self._mean) / self._sd,
            5.0 * (1.0 - memory.shipped_share[:, self._place]),
            (position - forecast + self._mean * (self._cover - self.need.cover)) / self._cover_sd,
        ]

    def projected(self, situation: Situation, longest: int) -> list[Array]:
        """Stock and receipts of 1, 2, ... periods less the customers' forecast, in sds."""
        stock, pipeline = self._available(situation), self._pipeline(situation)
        rows = []
        for k in range(1, longest + 1):
            rows.append((stock - self._forecast(situation, k)) / (self._sd * k**0.5))
            if k <= len(pipeline):
                stock = stock + pipeline[k - 1]
        return rows

    def pipeline(self, situation: Situation, slots: int) -> list[Array]:
        """Each slot over the mean, less 1; 0 for slots the site does not have."""
        own = [slot / self._mean - 1.0 for slot in self._pipeline(situation)]
        return own + [np.zeros(situation.tape.worlds)] * (slots - len(own))

    def _available(self, situation: Situation) -> Array:
        """Stock less what is owed downstream, units."""
        state = situation.state
        if self._tier == "warehouse":
            return np.asarray(state.warehouse_on_hand - state.store_owed.sum(axis=1))
        return state.supplier_on_hand - state.warehouse_owed

    def _pipeline(self, situation: Situation) -> Array:
        """(slot, world) units."""
        state = situation.state
        return state.warehouse_pipeline if self._tier == "warehouse" else state.supplier_pipeline

    def _forecast(self, situation: Situation, periods: int) -> Array | float:
        """(world,) customers' expected demand, units."""
        if not situation.forecast_varies:
            return self._mean * periods
        return np.asarray(situation.forecast(periods).sum(axis=1))
