"""Problems of InventoryBench side by side: one item each, demand and arrivals fixed beforehand."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inventory_env.frozen import Array

Mask = npt.NDArray[np.bool_]

SETTINGS = ("0", "4", "stochastic")
PROMISED = {"0": 0, "4": 4, "stochastic": 2}  # periods
LONGEST_LEAD_TIME = 4  # of an order that comes; no setting has a longer one
PROFITS = (1.0, 4.0, 19.0)  # per unit sold, at a holding cost of 1
TOLD = 5  # historic demands before the first period


@dataclass(frozen=True)
class Instances:
    """Problems of one lead-time setting; arrays have a column for each."""

    setting: str  # one of SETTINGS
    names: tuple[str, ...]  # pattern/variant/realisation
    history: Array  # (told, instance) units, oldest first
    demand: Array  # (period, instance) units
    lead_time: Array  # (period, instance) periods of the order placed then; inf: it never comes
    profit: Array  # (instance,) per unit sold
    holding: Array  # (instance,) per unit left at the end of a period

    @property
    def promised(self) -> int:
        """The lead time that the supplier promises, in periods."""
        return PROMISED[self.setting]

    @property
    def patterns(self) -> tuple[str, ...]:
        """(instance,) the first part of each name."""
        return tuple(name.partition("/")[0] for name in self.names)

    @property
    def perfect(self) -> Array:
        """(instance,) the profit of all demand, nothing ever left: what a score is a share of."""
        return self.profit * self.demand.sum(axis=0)

    def score(self, reward: Array) -> Array:
        """(instance,) scores of total rewards, at least 0."""
        return np.maximum(reward / self.perfect, 0.0)

    def pick(self, wanted: Mask) -> "Instances":
        """Some of the problems."""
        numbers = np.flatnonzero(wanted)
        return Instances(
            setting=self.setting,
            names=tuple(self.names[i] for i in numbers),
            history=np.ascontiguousarray(self.history[:, numbers]),
            demand=np.ascontiguousarray(self.demand[:, numbers]),
            lead_time=np.ascontiguousarray(self.lead_time[:, numbers]),
            profit=self.profit[numbers],
            holding=self.holding[numbers],
        )
