"""A bank of discounted regressions of demand on time: levels, lines and waves.

General exponential smoothing (R. G. Brown, Smoothing, Forecasting and Prediction, 1963): member k
fits demand by least squares with weights discount^age on one to three functions of time, and passes
on a part `carry` of its last error, as an autoregression would.
"""

from dataclasses import dataclass, fields

import numpy as np

from benchmarks.inventorybench.forecasts import AHEAD
from benchmarks.inventorybench.instances import TOLD
from inventory_env.frozen import Array

LINE_LENGTH = 20.0  # periods over which a line's slope is one unit of its coefficient
PENALTY = 0.2  # on slopes and waves, in observations
WAVES = (4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 18, 20, 23, 26)  # periods of a season
_TINY = 1e-9  # keeps matrices without a slope or a wave invertible


@dataclass(frozen=True)
class Bank:
    """Members of a bank."""

    line: Array  # (member,) 1: has a slope
    wave: Array  # (member,) length of its season in periods; 0: none
    discount: Array  # (member,) weight of a period relative to the next
    carry: Array  # (member,) of the last error into the next period, its square into the second ...
    again: Array  # (member,) 1: time begins again after what was told; 0: it goes on
    trust: Array  # (member,) weight before any demand

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.line)


def usual_bank() -> Bank:
    """Levels of several memories, autocorrelated errors, lines, and waves of 4 to 26 periods."""
    rows = [(0, 0, discount, 0.0, 0, 1.0) for discount in (0.5, 0.7, 0.85, 0.93, 0.97, 1.0)]
    rows += [(0, 0, 1.0, carry, 0, 0.5) for carry in (-0.4, 0.35, 0.65, 0.9)]
    rows += [(0, 0, 0.85, 0.5, 0, 0.5)]
    rows += [
        (1, 0, discount, 0.0, again, 0.5) for discount in (0.85, 0.95, 1.0) for again in (0, 1)
    ]
    rows += [(0, length, 1.0, 0.0, again, 0.25) for length in WAVES for again in (0, 1)]
    columns = np.array(rows, dtype=np.float64).T
    return Bank(**{field.name: column for field, column in zip(fields(Bank), columns, strict=True)})


class Regressions:
    """The members' fits to many problems.

    Args:
        bank: the members.
        instances: how many problems.
    """

    def __init__(self, bank: Bank, instances: int) -> None:
        self.bank = bank
        self._seen = 0
        self._squares = np.zeros((bank.size, 3, 3))
        self._products = np.zeros((bank.size, 3, instances))
        self._penalty = np.diag([_TINY, PENALTY, PENALTY]) + _TINY * np.eye(3)
        self._error = np.zeros((bank.size, instances))

    def see(self, demand: Array) -> None:
        """Fit the next period's (instance,) demand too."""
        now = self._functions(self._seen, 1)[0]
        decay = self.bank.discount[:, None, None]
        self._squares = decay * self._squares + now[:, :, None] * now[:, None, :]
        self._products = decay * self._products + now[:, :, None] * demand
        self._error = demand - np.einsum("mf,mfi->mi", now, self._coefficients())
        self._seen += 1

    def means(self) -> Array:
        """(ahead, member, instance) of the next periods, at least 0; something must be seen."""
        fits = np.einsum("amf,mfi->ami", self._functions(self._seen, AHEAD), self._coefficients())
        power = self.bank.carry ** np.arange(1, AHEAD + 1)[:, None]
        return np.maximum(fits + power[:, :, None] * self._error, 0.0)

    def _coefficients(self) -> Array:
        """(member, function, instance) that fit best."""
        found = np.linalg.solve(self._squares + self._penalty, self._products)
        return np.asarray(found, dtype=np.float64)

    def _functions(self, first: int, periods: int) -> Array:
        """(period, member, function) 1, line or sine, cosine of the time of each member."""
        bank = self.bank
        ahead = np.arange(first, first + periods, dtype=np.float64)[:, None] - TOLD
        time = ahead + bank.again * np.where(ahead < 0, TOLD, 0)
        angle = 2 * np.pi * time / np.where(bank.wave > 0, bank.wave, 1.0)
        waving = bank.wave > 0
        second = np.where(waving, np.sin(angle), bank.line * time / LINE_LENGTH)
        return np.stack([np.ones_like(time), second, waving * np.cos(angle)], axis=2)
