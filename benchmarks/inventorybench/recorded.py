"""Forecasts made beforehand, so that the same problems can be played many times."""

from dataclasses import dataclass

from benchmarks.inventorybench.forecasts import Forecast, Forecaster
from benchmarks.inventorybench.instances import Instances, Mask
from inventory_env.frozen import Array


@dataclass
class Recorded:
    """A forecaster that plays back the forecasts of problems whose demand does not change."""

    forecasts: tuple[Forecast, ...]  # before each period

    @classmethod
    def of(cls, forecaster: Forecaster, instances: Instances) -> "Recorded":
        """What a forecaster expects before each period."""
        forecaster.begin(instances.history)
        made = [forecaster.forecast()]
        for demand in instances.demand[:-1]:
            forecaster.see(demand)
            made.append(forecaster.forecast())
        return cls(tuple(made))

    def pick(self, wanted: Mask) -> "Recorded":
        """Those of some of the problems."""
        return Recorded(
            tuple(Forecast(f.total[:, wanted], f.spread[:, wanted]) for f in self.forecasts)
        )

    def begin(self, told: Array) -> None:
        self._period = 0

    def see(self, demand: Array) -> None:
        self._period += 1

    def forecast(self) -> Forecast:
        return self.forecasts[self._period]
