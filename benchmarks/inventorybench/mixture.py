"""A forecast mixed from many simple ones, each weighted by how well it told the past."""

import numpy as np

from benchmarks.inventorybench.change_points import ChangePoints
from benchmarks.inventorybench.forecasts import AHEAD, Forecast
from benchmarks.inventorybench.regressions import Regressions, usual_bank
from inventory_env.frozen import Array

MEMORY = 0.97  # weight of a period's likelihood relative to the next period's
DEGREES = 5  # of freedom of the Student law of a member's errors
ERROR_MEMORY = 0.9  # of a member's squared errors
ERROR_WEIGHT = 4.0  # observations that the told variance counts for there
JUMPS = (1 / 20, 1 / 80)  # probability of a change of level per period
JUMPS_TRUST = 10.0  # weight of each before any demand
SPREAD_MEMORY = 0.93  # of the mixture's squared errors
SPREAD_WEIGHT = 6.0  # observations that their prior counts for
GROWTH = 0.4  # of the prior variance of h periods' sum: h (1 + GROWTH (h - 1)) single variances
LEAST_VARIATION = 0.25  # of told demand: 30 % of the told variance is that of this coefficient


class Mixture:
    """Regressions and change points, mixed for each problem by their discounted likelihood.

    All is computed in units of the mean told demand. The spread of the next h periods' sum comes
    from the mixture's own past errors over h periods, and from how far its members disagree.
    """

    def begin(self, told: Array) -> None:
        self._unit = np.maximum(told.mean(axis=0), 1.0)
        told_variance = told.var(axis=0, ddof=1) / self._unit**2
        self._variance = 0.7 * told_variance + 0.3 * LEAST_VARIATION**2
        bank = usual_bank()
        instances = told.shape[1]
        self._regressions = Regressions(bank, instances)
        self._jumps = [ChangePoints(self._variance, hazard) for hazard in JUMPS]
        trust = np.concatenate([bank.trust, np.full(len(JUMPS), JUMPS_TRUST)])
        self._likelihood = np.repeat(
            np.log(trust)[:, None], instances, axis=1
        )  # (member, instance)
        self._squares, self._squares_weight = np.zeros_like(self._likelihood), 0.0
        self._past: list[Array] = []  # totals forecast one, two, ... periods ago, newest first
        self._recent = np.zeros((0, instances))  # demand since then, newest first
        self._spread_squares = np.zeros((AHEAD, instances))
        self._spread_weights = np.zeros((AHEAD, 1))
        self._learn(told[0] / self._unit)
        for demand in told[1:]:
            self.see(demand)

    def see(self, demand: Array) -> None:
        scaled = demand / self._unit
        self._judge(scaled)
        self._learn(scaled)

    def forecast(self) -> Forecast:
        apart = (self._weights * (self._totals - self._total[:, None]) ** 2).sum(axis=1)
        periods = np.arange(1.0, AHEAD + 1)[:, None]
        weight = SPREAD_WEIGHT
        single = (weight * self._variance + self._spread_squares[0]) / (
            weight + self._spread_weights[0]
        )
        prior = periods * (1 + GROWTH * (periods - 1)) * single
        own = (weight * prior + self._spread_squares) / (weight + self._spread_weights)
        return Forecast(self._unit * self._total, self._unit * np.sqrt(own + apart))

    def _judge(self, scaled: Array) -> None:
        """Members by their last forecast, and the mixture by those of the last periods."""
        variance = (ERROR_WEIGHT * self._variance + self._squares) / (
            ERROR_WEIGHT + self._squares_weight
        )
        squared = (scaled - self._means[0]) ** 2
        told = -0.5 * np.log(variance)
        told -= (DEGREES + 1) / 2 * np.log1p(squared / (DEGREES * variance))
        self._likelihood = MEMORY * self._likelihood + told
        self._squares = ERROR_MEMORY * self._squares + squared
        self._squares_weight = ERROR_MEMORY * self._squares_weight + 1
        self._recent = np.concatenate([scaled[None], self._recent])[:AHEAD]
        for back, total in enumerate(self._past):
            error = self._recent[: back + 1].sum(axis=0) - total[back]
            self._spread_squares[back] = SPREAD_MEMORY * self._spread_squares[back] + error**2
            self._spread_weights[back] = SPREAD_MEMORY * self._spread_weights[back] + 1

    def _learn(self, scaled: Array) -> None:
        """Every member, and the mixture's next totals."""
        self._regressions.see(scaled)
        for jumps in self._jumps:
            jumps.see(scaled)
        levels = np.stack([jumps.mean() for jumps in self._jumps])
        steady = np.repeat(levels[None], AHEAD, axis=0)
        # (ahead, member, instance)
        self._means = np.concatenate([self._regressions.means(), steady], axis=1)
        self._totals = self._means.cumsum(axis=0)
        weights = np.exp(self._likelihood - self._likelihood.max(axis=0))
        self._weights = weights / weights.sum(axis=0)
        self._total = (self._weights * self._totals).sum(axis=1)
        self._past = [self._total, *self._past][:AHEAD]
