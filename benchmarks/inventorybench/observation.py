"""What a network sees of a morning, in units of the present demand, and the rule it starts from.

Everything is written in torch, so that a training can follow an order through stock and the
features of later mornings back to what it earned.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from benchmarks.inventorybench.arrivals import AGES
from benchmarks.inventorybench.forecasts import AHEAD, Forecast
from benchmarks.inventorybench.instances import PROMISED
from benchmarks.inventorybench.play import Morning
from benchmarks.inventorybench.tuned import Book, levels_for
from inventory_env.frozen import Array

CLIP = 5.0  # of every feature
REACH = 2.0  # steps of an offset, at most
LAGS = 6  # demands that are seen one by one
MEMORIES = (0.1, 0.3, 0.5)  # weights of the smoothings beside the forecast
HORIZON = 10  # periods from the start and to the end that are told apart
LEAST = 1.0  # unit of demand, and of its spread
FEATURES = len(PROMISED) + 5 + 2 * AGES + AHEAD + 3 + LAGS + len(MEMORIES) + 1


@dataclass(frozen=True)
class Known:
    """What a morning tells that no order of this item changes; (..., instance) each."""

    promised: int  # lead time, periods
    total: Tensor  # (ahead, instance) forecast, as `Forecast`
    spread: Tensor  # (ahead, instance)
    chances: Tensor  # (age, instance) that open orders come
    levels: Tensor  # (level, instance) of the rule to start from, as `Levels`
    fixed: Tensor  # (feature, instance) features that follow from all this alone

    @classmethod
    def of(cls, morning: Morning, forecast: Forecast, chances: Array, book: Book) -> Self:
        """What a morning tells.

        Args:
            morning: of the game.
            forecast: of the next periods.
            chances: (age, instance) that orders 1, 2, ... periods old come.
            book: levels of the rule to start from.
        """
        demand, promised = morning.demand, morning.promised
        ratio = morning.profit / morning.holding
        levels = levels_for(book[promised], ratio)
        total, spread = forecast.total, forecast.spread
        unit, sd = np.maximum(total[0], LEAST), np.maximum(spread[0], LEAST)
        known = np.zeros((AGES, len(unit)))
        known[: len(chances)] = chances[:AGES]
        ones = np.ones_like(unit)
        newest = demand[::-1][:LAGS]
        lags = np.concatenate([newest, np.repeat(newest[-1:], LAGS - len(newest), axis=0)])
        fixed = [
            *(ones * (promised == own) for own in PROMISED.values()),
            ones * (min(morning.periods_left, HORIZON) / 5 - 1),
            ones * (min(morning.period, HORIZON) / 5 - 1),
            np.log(ratio) - 1.5,
            *(2 * known - 1),
            4 * sd / unit - 1,
            4 * spread[-1] / np.maximum(total[-1], LEAST) - 1,
            3 * ((total[-1] - total[-2]) / unit - 1),
            *((lags - unit) / sd / 2),
            *(3 * (_smoothed(demand, weight) / unit - 1) for weight in MEMORIES),
            3 * (demand.mean(axis=0) / unit - 1),
        ]
        return cls(
            promised=promised,
            total=_tensor(total),
            spread=_tensor(spread),
            chances=_tensor(known),
            levels=torch.stack([_tensor(each * ones) for each in levels]),
            fixed=_tensor(np.stack(fixed)),
        )

    def pick(self, chosen: Tensor) -> Self:
        """Of some of the problems, by number."""
        arrays = (self.total, self.spread, self.chances, self.levels, self.fixed)
        return type(self)(self.promised, *(each[:, chosen] for each in arrays))


def rule_order(known: Known, stock: Tensor, open_orders: Tensor) -> Tensor:
    """(instance,) units, as `rules.capped_order` says, not rounded.

    Args:
        known: of the morning.
        stock: (instance,) units on hand.
        open_orders: (age, instance) units ordered 1, 2, ... periods ago and not yet seen to come.
    """
    total, spread, promised = known.total, known.spread, known.promised
    safety, further, cap_mean, cap_spread = known.levels
    last = total[promised] - total[promised - 1] if promised else total[promised]
    position = stock + (known.chances * open_orders).sum(dim=0)
    level = total[promised] + safety * spread[promised] + further * total[0]
    cap = cap_mean * last + cap_spread * spread[0]
    return torch.minimum(level - position, cap).clamp(min=0.0)


def features(known: Known, stock: Tensor, open_orders: Tensor, anchor: Tensor) -> Tensor:
    """(instance, feature) within -CLIP to CLIP.

    Args:
        known: of the morning.
        stock: (instance,) units on hand.
        open_orders: (age, instance) units.
        anchor: (instance,) units, the rule's order.
    """
    unit = known.total[0].clamp(min=LEAST)
    expected = known.chances * open_orders
    coming = [torch.zeros_like(stock) for _ in range(AHEAD)]
    for age in range(1, AGES + 1):  # what is late is expected next
        place = max(known.promised - age, 0)
        coming[place] = coming[place] + expected[age - 1]
    left = stock + torch.stack(coming).cumsum(dim=0) - known.total
    ahead = left / known.spread.clamp(min=LEAST) / 2
    moving = torch.cat(
        [(anchor / unit - 1)[None], (stock / unit - 1)[None], open_orders / unit, ahead]
    )
    return torch.cat([known.fixed, moving]).clamp(-CLIP, CLIP).T


def offset_order(known: Known, answer: Tensor, anchor: Tensor) -> Tensor:
    """(instance,) units, at least 0: the rule's order and the network's (instance,) answer in steps
    of 0.6 standard deviations and 0.2 means of a period's demand."""
    step = 0.6 * known.spread[0].clamp(min=LEAST) + 0.2 * known.total[0].clamp(min=LEAST)
    return (anchor + answer.clamp(-REACH, REACH) * step).clamp(min=0.0)


def _smoothed(demand: Array, weight: float) -> Array:
    """(instance,) exponential smoothing of all that was seen."""
    weights = weight * (1 - weight) ** np.arange(len(demand), dtype=np.float64)[::-1]
    weights[0] /= weight
    return np.asarray((weights[:, None] * demand).sum(axis=0))


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
