"""What sites must cover: the facts behind every "auto" level, and the formulas that use them."""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import ndtri

from inventory_env.frozen import Array

LEAST_SPREAD = 0.1  # of the mean: a cap leaves some room where demand hardly varies


@dataclass(frozen=True)
class Need:
    """What each site must cover; all arrays have one shape, (chain, site) for whole chains.

    >>> need = Need.of_one(mean=50.0, sd=8.0, holding=0.18, shortage=0.70)
    >>> round(need.level().item(), 2)  # Snyder & Shen (2019), example 4.3: one period, no lead time
    56.6
    """

    mean: Array  # units per period
    sd: Array  # units, of one period
    lead_time: Array  # mean periods from order to arrival (echelon: to the customer)
    lead_time_sd: Array  # periods
    review: Array  # periods between two chances to order
    holding: Array  # money per unit and period
    shortage: Array  # money per unit short
    order_cost: Array  # money per order
    waiting: Array  # share of unmet demand that waits; 1 upstream, where orders are owed
    pack: Array  # units of which an order is a multiple: 1 of whole stock, 0 where any will do
    in_sequence: Array  # 1 where no shipment overtakes another, though lead times are random

    @classmethod
    def of_one(
        cls,
        *,
        mean: float,
        sd: float,
        holding: float,
        shortage: float,
        lead_time: float = 0.0,
        lead_time_sd: float = 0.0,
        review: float = 1.0,
        order_cost: float = 0.0,
        waiting: float = 0.0,
        pack: float = 0.0,
        in_sequence: float = 0.0,
    ) -> Self:
        """What one site must cover, shape ()."""
        times, prices = (lead_time, lead_time_sd, review), (holding, shortage, order_cost)
        numbers = (mean, sd, *times, *prices, waiting, pack, in_sequence)
        return cls(*(np.array(number, dtype=np.float64) for number in numbers))

    def at(self, place: int | slice) -> Self:
        """Only these sites, (chain, ...)."""
        return type(self)(*(getattr(self, field.name)[:, place] for field in fields(self)))

    @cached_property
    def cover(self) -> Array:
        """Protection interval: lead time plus review, periods."""
        return self.lead_time + self.review

    @cached_property
    def cover_sd(self) -> Array:
        """Sd of demand over the protection interval; Silver, Pyke & Thomas (2017), eq. 6.11."""
        return np.sqrt(self.cover * self.sd**2 + (self.mean * self.lead_time_sd) ** 2)

    @cached_property
    def safety_factor(self) -> Array:
        """Newsvendor z(p / (p + h)); Snyder & Shen (2019), section 4.3.2.

        >>> Need.of_one(mean=1.0, sd=1.0, holding=1.0, shortage=19.0).safety_factor.round(3).item()
        1.645
        """
        both = self.shortage + self.holding
        ratio = np.divide(self.shortage, both, out=np.full_like(both, 0.5), where=self.shortage > 0)
        return np.asarray(ndtri(np.clip(ratio, 0.01, 0.9999)))

    def level(self, safety_factor: Array | float | None = None) -> Array:
        """Order-up-to level S = mean x cover + z x sd of demand over the cover, units."""
        z = self.safety_factor if safety_factor is None else safety_factor
        return np.maximum(self.mean * self.cover + z * self.cover_sd, 0.0)

    def level_on_arrival(self, safety_factor: Array | float | None = None) -> Array:
        """Stock expected when an order has arrived, units: the order-up-to level less the mean over
        the lead time, mean over a review + z x sd over the cover; where z is negative, it falls as
        steeply at first, and stays above 0.

        >>> need = Need.of_one(mean=5.0, sd=2.0, holding=1.0, shortage=1.0, lead_time=3.0)
        >>> need.level_on_arrival(1.5).item()
        11.0
        """
        z = np.asarray(self.safety_factor if safety_factor is None else safety_factor)
        mean = self.mean * self.review
        below = mean * np.exp(np.minimum(z, 0.0) * self.cover_sd / mean)
        return np.asarray(np.where(z < 0, below, mean + z * self.cover_sd))

    @property
    def lot(self) -> Array:
        """Economic order quantity sqrt(2 K d / h), at least one review's demand, units.

        >>> need = Need.of_one(
        ...     mean=1300 / 52, sd=0.0, holding=0.225 / 52, shortage=0.0, order_cost=8.0
        ... )
        >>> round(need.lot.item(), 1)  # Snyder & Shen (2019), example 3.1, in weeks
        304.0
        """
        free = self.holding <= 0
        economic = np.sqrt(2 * self.order_cost * self.mean / np.where(free, 1.0, self.holding))
        return np.maximum(np.where(free, 0.0, economic), self.mean * self.review)

    def cap(self, sds: Array | float = 0.5) -> Array:
        """Largest order: a review's mean demand and some of its standard deviations, units.

        A deviation counts as at least a tenth of the mean.

        >>> Need.of_one(mean=100.0, sd=20.0, holding=1.0, shortage=1.0).cap().item()
        110.0
        """
        spread = np.maximum(self.sd, LEAST_SPREAD * self.mean) * np.sqrt(self.review)
        return np.maximum(self.mean * self.review + sds * spread, 0.0)
