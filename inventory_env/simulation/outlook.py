"""What may be known of the future at the moment of decision."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from inventory_env.frozen import Array


@dataclass(frozen=True)
class Outlook:
    """The calendar and what it tells: never what is drawn.

    Row k of an array speaks of the period that is k periods from now.
    """

    WORLD_SECOND: ClassVar = ("cumulative_factors", "down")

    day: Array  # (world,) calendar period of today
    cumulative_factors: Array | None  # (ahead, world, store) season factors before; None: all are 1
    down: Array | None  # (ahead, world) 1 where the supplier is known to be disrupted


def cumulated(factors: Array) -> Array:
    """(period + 1, world, store) sum of the factors before each period."""
    return np.concatenate([factors[:1] * 0, np.add.accumulate(factors, axis=0)])
