"""Levels of rules in standard units, in which one box of bounds serves every site.

Standard deviations of demand over the cover, shares of a lot: what is 1 here is a like amount for a
shop that sells one a month and for one that sells a thousand a day.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inventory_env.description.need import Need
from inventory_env.description.rules import KINDS, OrderRule, Stock, rule_of
from inventory_env.frozen import Array

LEAST_LOT = 1e-6  # units, where they can be divided


@dataclass(frozen=True)
class Level:
    """One level of a rule in standard units: bounds, the start, and its value in units."""

    low: float
    high: float
    auto: Callable[[Need], Array]
    units: Callable[[Need, Array], Array]
    rounded: bool = True  # to whole units where stock is whole


def _stock(periods: Callable[[Need], Array]) -> Level:
    return Level(
        -3.0,
        4.0,
        lambda need: need.safety_factor,
        lambda need, x: np.maximum(need.mean * periods(need) + x * need.cover_sd, 0.0),
    )


def _zero(need: Need) -> Array:
    return np.zeros_like(need.mean)


_UP_TO = _stock(lambda need: need.cover)
_POINT = _stock(lambda need: need.lead_time)
_ARRIVAL = Level(
    -3.0,
    4.0,
    lambda need: need.safety_factor,
    lambda need, x: need.level_on_arrival(x),
    rounded=False,
)
_CAP = Level(-0.5, 5.0, lambda need: _zero(need) + 0.5, lambda need, x: need.cap(x))
_LOT = Level(-2.0, 1.5, _zero, lambda need, x: np.exp(x) * need.lot)
_RATE = Level(-0.9, 0.6, _zero, lambda need, x: need.mean * need.review * (1 + x))

SEARCHED: dict[str, dict[str, Level]] = {
    "reorder-point": {"point": _POINT, "quantity": _LOT},
    "min-max": {"point": _POINT, "span": _LOT},
    "base-stock": {"level": _UP_TO},
    "capped-base-stock": {"level": _UP_TO, "cap": _CAP},
    "projected-inventory": {"level": _ARRIVAL},
    "capped-min-max": {"point": _POINT, "span": _LOT, "cap": _CAP},
    "constant-order": {"quantity": _RATE},
}


def standard_levels(kind: str) -> list[Level]:
    """The levels of a kind of rule in standard units, in order."""
    return list(SEARCHED[kind].values())


def auto_levels(kind: str, need: Need) -> Array:
    """(..., level) where a kind's levels are before any search."""
    return np.stack([level.auto(need) for level in standard_levels(kind)], axis=-1)


@dataclass(frozen=True)
class StandardRule:
    """A kind of rule with levels in standard units, for demand that is believed to be now this, now
    that: what it is in units is asked of the present need."""

    kind: str
    point: Array  # (world or 1, site, level)

    @property
    def looks_at(self) -> Stock:
        """The stock that its orders depend on."""
        found: Stock = KINDS[self.kind][0].looks_at
        return found

    def at(self, need: Need, *, whole: bool) -> OrderRule:
        """The rule in units, for what sites must cover, (world or 1, site)."""
        return rule_at(self.kind, need, self.point, whole=whole)

    def order(self, position: Array, factor: Array | float) -> Array:
        """Not without a need.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"levels of {self.kind} are in standard units; ask Situation.present")


def rule_at(kind: str, need: Need, point: Array, *, whole: bool) -> OrderRule:
    """The rule at a point in standard units.

    Args:
        kind: of rule.
        need: of the sites, (..., site).
        point: (..., site, level).
        whole: whether stock comes in whole units; levels then do, too.
    """
    values = {}
    for place, (name, level) in enumerate(SEARCHED[kind].items()):
        units = level.units(need, point[..., place])
        if whole and level.rounded:
            units = np.rint(units)
        if name == "cap" or (name == "quantity" and kind == "reorder-point"):
            units = np.maximum(units, 1.0 if whole else LEAST_LOT)
        values[name] = units
    return rule_of(kind, values)
