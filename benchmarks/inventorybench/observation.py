"""What a network sees of a morning, in units of the present demand, and the rule it starts from.

Everything is written in torch, so that a training can follow an order through stock and the
features of later mornings back to what it earned.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from benchmarks.inventorybench.arrivals import AGES
from benchmarks.inventorybench.forecasts import AHEAD, Forecast
from benchmarks.inventorybench.instances import PROMISED
from benchmarks.inventorybench.rules import Levels
from inventory_env.frozen import Array

CLIP = 5.0  # of every feature
REACH = 2.0  # steps of an offset, at most
LAGS = 6  # demands that are seen one by one
MEMORIES = (0.1, 0.3, 0.5)  # weights of the smoothings beside the forecast
HORIZON = 10  # periods from the start and to the end that are told apart
LEAST = 1.0  # unit of demand, and of its spread
FEATURES = len(PROMISED) + 5 + 2 * AGES + AHEAD + 3 + LAGS + len(MEMORIES) + 1


@dataclass(frozen=True)
class Told:
    """What a morning tells that no order of this item changes; (..., instance) each."""

    promised: int  # lead time, periods
    odds: Tensor  # log of profit / holding cost
    total: Tensor  # (ahead, instance) forecast, as `Forecast`
    spread: Tensor  # (ahead, instance)
    chances: Tensor  # (age, instance) that open orders come
    levels: Tensor  # (level, instance) of the rule to start from, as `Levels`
    fixed: Tensor  # (feature, instance) features that follow from all this alone


def told(
    demand: Array,
    forecast: Forecast,
    chances: Array,
    levels: Levels,
    odds: Array,
    *,
    promised: int,
    period: int,
    periods_left: int,
) -> Told:
    """What a morning tells.

    Args:
        demand: (told + period, instance) units, all that was seen, oldest first.
        forecast: of the next periods.
        chances: (age, instance) that orders 1, 2, ... periods old come.
        levels: of the rule to start from, a number for each instance.
        odds: (instance,) log of profit / holding cost.
        promised: lead time, periods.
        period: 0 first.
        periods_left: this one included.
    """
    total, spread = forecast.total, forecast.spread
    unit, sd = np.maximum(total[0], LEAST), np.maximum(spread[0], LEAST)
    known = np.zeros((AGES, len(unit)))
    known[: len(chances)] = chances[:AGES]
    ones = np.ones_like(unit)
    newest = demand[::-1][:LAGS]
    lags = np.concatenate([newest, np.repeat(newest[-1:], LAGS - len(newest), axis=0)])
    fixed = [
        *(ones * (promised == own) for own in PROMISED.values()),
        ones * (min(periods_left, HORIZON) / 5 - 1),
        ones * (min(period, HORIZON) / 5 - 1),
        odds - 1.5,
        *(2 * known - 1),
        4 * sd / unit - 1,
        4 * spread[-1] / np.maximum(total[-1], LEAST) - 1,
        3 * ((total[-1] - total[-2]) / unit - 1),
        *((lags - unit) / sd / 2),
        *(3 * (_smoothed(demand, weight) / unit - 1) for weight in MEMORIES),
        3 * (demand.mean(axis=0) / unit - 1),
    ]
    return Told(
        promised=promised,
        odds=_tensor(odds),
        total=_tensor(total),
        spread=_tensor(spread),
        chances=_tensor(known),
        levels=torch.stack([_tensor(each * ones) for each in levels]),
        fixed=_tensor(np.stack(fixed)),
    )


def rule_order(told: Told, stock: Tensor, open_orders: Tensor) -> Tensor:
    """(instance,) units, as `rules.capped_order` says, not rounded.

    Args:
        told: of the morning.
        stock: (instance,) units on hand.
        open_orders: (age, instance) units ordered 1, 2, ... periods ago and not yet seen to come.
    """
    total, spread, promised = told.total, told.spread, told.promised
    safety, further, cap_mean, cap_spread = told.levels
    last = total[promised] - total[promised - 1] if promised else total[promised]
    position = stock + (told.chances * open_orders).sum(dim=0)
    level = total[promised] + safety * spread[promised] + further * total[0]
    cap = cap_mean * last + cap_spread * spread[0]
    return torch.minimum(level - position, cap).clamp(min=0.0)


def features(told: Told, stock: Tensor, open_orders: Tensor, anchor: Tensor) -> Tensor:
    """(instance, feature) within -CLIP to CLIP.

    Args:
        told: of the morning.
        stock: (instance,) units on hand.
        open_orders: (age, instance) units.
        anchor: (instance,) units, the rule's order.
    """
    unit = told.total[0].clamp(min=LEAST)
    expected = told.chances * open_orders
    coming = [torch.zeros_like(stock) for _ in range(AHEAD)]
    for age in range(1, AGES + 1):  # what is late is expected next
        place = max(told.promised - age, 0)
        coming[place] = coming[place] + expected[age - 1]
    left = stock + torch.stack(coming).cumsum(dim=0) - told.total
    ahead = left / told.spread.clamp(min=LEAST) / 2
    moving = torch.cat(
        [(anchor / unit - 1)[None], (stock / unit - 1)[None], open_orders / unit, ahead]
    )
    return torch.cat([told.fixed, moving]).clamp(-CLIP, CLIP).T


def offset_order(told: Told, answer: Tensor, anchor: Tensor) -> Tensor:
    """(instance,) units, at least 0: the rule's order and the network's (instance,) answer in steps
    of 0.6 standard deviations and 0.2 means of a period's demand."""
    step = 0.6 * told.spread[0].clamp(min=LEAST) + 0.2 * told.total[0].clamp(min=LEAST)
    return (anchor + answer.clamp(-REACH, REACH) * step).clamp(min=0.0)


def _smoothed(demand: Array, weight: float) -> Array:
    """(instance,) exponential smoothing of all that was seen."""
    weights = weight * (1 - weight) ** np.arange(len(demand), dtype=np.float64)[::-1]
    weights[0] /= weight
    return np.asarray((weights[:, None] * demand).sum(axis=0))


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
