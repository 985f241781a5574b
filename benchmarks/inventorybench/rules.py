"""Capped order-up-to rules on a forecast: the authors', ten lines, and tuned ones."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from benchmarks.inventorybench.arrivals import Arrivals, AsPromised, WrittenOff
from benchmarks.inventorybench.forecasts import (
    AllHistory,
    Following,
    Forecast,
    Forecaster,
    Smoothing,
)
from benchmarks.inventorybench.play import Morning
from inventory_env.frozen import Array

CAP_QUANTILE = 0.95  # of the authors' cap


class Levels(NamedTuple):
    """What a rule's level and cap are made of; a number, or one for each instance."""

    safety: Array | float  # standard deviations of demand until an order comes, above its mean
    further: Array | float  # next periods' mean demand above that
    cap_mean: Array | float  # of the mean demand of the period in which an order comes
    cap_spread: Array | float  # standard deviations of the next period's demand


def position(morning: Morning, chances: Array) -> Array:
    """(instance,) stock and what is expected of the open orders.

    Args:
        morning: what is known.
        chances: (age, instance) that they come; orders older than that count for nothing.
    """
    return morning.stock + (chances * morning.open_orders(len(chances))).sum(axis=0)


def capped_order(position: Array, forecast: Forecast, promised: int, levels: Levels) -> Array:
    """(instance,) what lacks to the level, at most the cap.

    level = mean over promised + 1 periods + safety x its standard deviation + further x next mean;
    cap = cap_mean x mean of the last of these periods + cap_spread x standard deviation of the next
    period. With the authors' levels (Xin, 2021, has the policy): safety = z(p / (p + h)),
    further = 0, cap_mean = 1, cap_spread = z(0.95).

    >>> from benchmarks.inventorybench.forecasts import steady
    >>> forecast = steady(np.array([100.0]), np.array([20.0]))
    >>> capped_order(np.array([350.0]), forecast, 3, Levels(1.0, 0.0, 1.0, 1.0))
    array([90.])
    >>> capped_order(np.array([0.0]), forecast, 3, Levels(1.0, 0.0, 1.0, 1.0))
    array([120.])
    """
    total, spread = forecast.total, forecast.spread
    last = total[promised] - (total[promised - 1] if promised else 0.0)
    level = total[promised] + levels.safety * spread[promised] + levels.further * total[0]
    cap = levels.cap_mean * last + levels.cap_spread * spread[0]
    return np.maximum(np.minimum(level - position, cap), 0.0)


@dataclass
class FormulaRule:
    """The authors' formula for level and cap, whole units rounded as `whole` says."""

    forecaster: Forecaster
    arrivals: Arrivals
    whole: np.ufunc = np.rint

    def __post_init__(self) -> None:
        self._following = Following(self.forecaster)

    def orders(self, morning: Morning) -> Array:
        share = morning.profit / (morning.profit + morning.holding)
        levels = Levels(norm.ppf(share), 0.0, 1.0, float(norm.ppf(CAP_QUANTILE)))
        has = position(morning, self.arrivals.chances(morning))
        forecast = self._following.forecast(morning.demand)
        return self.whole(capped_order(has, forecast, morning.promised, levels))


def authors_rule() -> FormulaRule:
    """Mean and standard deviation of all demand, every open order counted (Baek et al., 2026)."""
    return FormulaRule(AllHistory(), AsPromised(), np.ceil)


def ten_line_rule() -> FormulaRule:
    """Exponential smoothing, and open orders of a supplier who promises 2 written off by age."""
    return FormulaRule(Smoothing(0.3, 0.3), WrittenOff((0.75, 0.5, 0.25)))
