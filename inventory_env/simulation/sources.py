"""Addresses of random numbers: (seed, chain, purpose, episode, source, site)."""

from enum import IntEnum
from typing import Protocol

import numpy as np

from inventory_env.recorded.history import Part


class Purpose(IntEnum):
    """What a tape is for; tapes of different purposes are independent."""

    TRAIN = 0
    TUNE = 1
    VALIDATE = 2
    TEST = 3
    FUTURE = 4

    @property
    def part(self) -> Part:
        """The dates of recorded demand that may be used; a future is drawn from all until today."""
        parts: tuple[Part, ...] = ("train", "known", "validate", "test", "known")
        return parts[self]


class Source(IntEnum):
    """Which random quantity a generator draws."""

    DEMAND = 0
    COMMON_DEMAND = 1
    CALENDAR = 2
    STORE_LEAD_TIME = 3
    WAREHOUSE_LEAD_TIME = 4
    SUPPLIER_LEAD_TIME = 5
    DISRUPTION = 6
    START = 7
    RATIONING = 8
    WAITING = 9
    RESAMPLING = 10
    ROUNDING = 11
    PRECEDING = 12
    COMMON_PRECEDING = 13
    DRIFT = 14
    COMMON_DRIFT = 15
    SPREAD = 16
    STAYING_AWAY = 17
    COMING = 18


class Generators(Protocol):
    """Hands out a chain's generator at an address; a new one, at its beginning, each time."""

    def __call__(self, source: Source, site: int = 0) -> np.random.Generator: ...
