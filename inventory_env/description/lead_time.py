"""How long a shipment takes: constant, or random, drawn for each shipment.

Random shipments cross, or arrive in the order in which they left: one that would overtake another
then waits for it.
"""

from abc import abstractmethod
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from inventory_env.frozen import Array, Fraction, Frozen, Integers

LONGEST = 60
Periods = Annotated[int, Field(ge=0, le=LONGEST)]


class _LeadTime(Frozen):
    """A distribution over whole periods; 0 means on hand before this period's demand."""

    @property
    @abstractmethod
    def probabilities(self) -> Array:
        """Probability of 0, 1, 2, ... periods."""

    @property
    def minimum(self) -> int:
        """Shortest possible lead time, periods."""
        return int(np.flatnonzero(self.probabilities)[0])

    @property
    def maximum(self) -> int:
        """Longest possible lead time, periods."""
        return len(self.probabilities) - 1

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and standard deviation, periods."""
        values = np.arange(self.maximum + 1)
        mean = float(self.probabilities @ values)
        return mean, max(float(self.probabilities @ values**2) - mean**2, 0.0) ** 0.5

    @property
    def in_sequence(self) -> bool:
        """Whether a shipment waits for those that left before it."""
        return False

    @property
    def drawn(self) -> Array:
        """Probability of 0, 1, 2, ... periods, before one shipment waits for another."""
        return self.probabilities

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Integers:
        """Lead times of shipments that leave one period after the other along the last axis."""


class _RandomLeadTime(_LeadTime):
    crossing: bool = True
    """Whether a shipment may overtake an earlier one; if not, it arrives with it."""

    @property
    def in_sequence(self) -> bool:
        return not self.crossing

    @property
    def probabilities(self) -> Array:
        """In the long run, with a shipment every period: no earlier one, drawn k periods before,
        is still more than k longer on its way."""
        if self.crossing:
            return self.drawn
        below = np.cumsum(self.drawn)
        reached = np.array([below[x:].prod() for x in range(len(below))])
        return np.diff(reached, prepend=0.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Integers:
        edges = np.cumsum(self.drawn)
        edges[-1] = 1.0
        drawn = np.searchsorted(edges, rng.random(shape), side="right").astype(np.int64)
        if self.crossing:
            return drawn
        leaving = np.arange(shape[-1])
        return np.asarray(np.maximum.accumulate(drawn + leaving, axis=-1) - leaving)


class ConstantLeadTime(_LeadTime):
    """Always the same; a bare number in the file means this.

    >>> ConstantLeadTime(periods=2).moments
    (2.0, 0.0)
    """

    kind: Literal["constant"] = "constant"
    periods: Periods
    """Lead time, whole periods, 0 to 60."""

    @property
    def probabilities(self) -> Array:
        return np.eye(self.periods + 1)[self.periods]

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Integers:
        return np.full(shape, self.periods)


class UniformLeadTime(_RandomLeadTime):
    """Every whole number of periods from low to high is equally likely.

    A fair die: mean (low + high) / 2, variance ((high - low + 1)^2 - 1) / 12 = 35 / 12.

    >>> mean, sd = UniformLeadTime(kind="uniform", low=1, high=6).moments
    >>> mean, round(sd, 3)
    (3.5, 1.708)

    One after the other, a shipment arrives at once if it would, and the one before it takes at most
    one period: 1/3 x 2/3.

    >>> UniformLeadTime(kind="uniform", low=0, high=2, crossing=False).probabilities.round(4)
    array([0.2222, 0.4444, 0.3333])
    """

    kind: Literal["uniform"]
    low: Periods
    """Shortest lead time, whole periods, 0 to 60."""
    high: Periods
    """Longest lead time, whole periods, at least low, up to 60."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"high must be at least low = {self.low}, got {self.high}")
        return self

    @property
    def drawn(self) -> Array:
        values = np.arange(self.high + 1)
        return (values >= self.low) / (self.high - self.low + 1)


class DiscreteLeadTime(_RandomLeadTime):
    """Any whole numbers of periods with their probabilities.

    Mean 0.25 x 4 = 1, variance 0.25 x 4^2 - 1^2 = 3:

    >>> lead_time = DiscreteLeadTime(kind="discrete", periods=(4, 0), weights=(0.25, 0.75))
    >>> lead_time.probabilities
    array([0.75, 0.  , 0.  , 0.  , 0.25])
    >>> mean, sd = lead_time.moments
    >>> mean, round(sd**2, 9)
    (1.0, 3.0)
    """

    kind: Literal["discrete"]
    periods: Annotated[tuple[Periods, ...], Field(min_length=1)]
    """Possible lead times, whole periods, each 0 to 60, all different."""
    weights: Annotated[tuple[Fraction, ...], Field(min_length=1)]
    """Their probabilities, as many as periods; they sum to 1."""

    @model_validator(mode="after")
    def _a_distribution(self) -> Self:
        if len(self.weights) != len(self.periods):
            raise ValueError(
                f"weights needs {len(self.periods)} values, one for each of periods, "
                f"got {len(self.weights)}"
            )
        if len(set(self.periods)) != len(self.periods):
            raise ValueError(f"periods must all be different, got {list(self.periods)}")
        if abs(sum(self.weights) - 1) > 1e-6:
            raise ValueError(f"weights must sum to 1, got {sum(self.weights):g}")
        return self

    @property
    def drawn(self) -> Array:
        table = np.zeros(max(self.periods) + 1)
        table[list(self.periods)] = self.weights
        return np.trim_zeros(table, "b") / table.sum()


def _bare_number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"kind": "constant", "periods": value}
    return value


LeadTime = Annotated[
    Annotated[ConstantLeadTime | UniformLeadTime | DiscreteLeadTime, Field(discriminator="kind")],
    BeforeValidator(_bare_number),
]
