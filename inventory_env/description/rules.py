"""Rules that turn an inventory position into an order, and how a scarce stock is shared.

A rule exists twice: as what a user writes (`...Config`, levels given or "auto") and as arrays of
levels that answer for every world and store at once. Positions and orders are in units. Where the
mean of demand has a season, the caller passes the position less the forecast excess demand over
the lead time, so that one level serves all seasons, and `factor`, the season's factor when an
order placed now will arrive; it scales what a rule orders as a rate.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

import numpy as np
from pydantic import Field, model_validator

from inventory_env.description.need import Need
from inventory_env.frozen import Array, Frozen, NonNegative, Positive

Level = NonNegative | Literal["auto"]
Rationing = Literal["proportional", "fair-share", "priority", "random"]
Stock = Literal[
    "position", "arrival"
]  # inventory position; what is expected at the order's arrival

SMALLEST = 1e-12  # factor, as no cap (infinity) times 0 is not a number
TIE = 1e-9  # units; a forecast's rounding error does not decide whether a point is reached


class OrderRule(Protocol):
    """Order quantity from a stock, elementwise over (world, site)."""

    @property
    def kind(self) -> str:
        """Its name in `KINDS`."""

    @property
    def looks_at(self) -> Stock:
        """The stock that `order` is given."""

    def order(self, position: Array, factor: Array | float) -> Array:
        """Units to order, at least 0, before order constraints; same shape as `position`."""


@dataclass(frozen=True)
class BaseStock:
    """Order up to a level every period: q = max(S - position, 0).

    The newsvendor of Snyder & Shen (2019), Example 4.3, has S = 56.6:

    >>> BaseStock(np.array(56.6)).order(np.array([20.0, 60.0]), 1.0)
    array([36.6,  0. ])
    """

    kind: ClassVar[str] = "base-stock"
    looks_at: ClassVar[Stock] = "position"
    level: Array  # S, units

    def order(self, position: Array, factor: Array | float) -> Array:
        return np.maximum(self.level - position, 0.0)


@dataclass(frozen=True)
class CappedBaseStock:
    """Order up to a level, never more than a cap: q = min(max(S - position, 0), cap).

    Xin (2021), "Understanding the performance of capped base-stock policies in lost-sales
    inventory models", Operations Research 69(1).

    >>> rule = CappedBaseStock(level=np.array(30.0), cap=np.array(8.0))
    >>> rule.order(np.array([10.0, 25.0, 35.0]), 1.0)
    array([8., 5., 0.])
    >>> rule.order(np.array([10.0]), 0.5)
    array([4.])
    """

    kind: ClassVar[str] = "capped-base-stock"
    looks_at: ClassVar[Stock] = "position"
    level: Array  # S, units
    cap: Array  # units per order

    def order(self, position: Array, factor: Array | float) -> Array:
        return np.minimum(np.maximum(self.level - position, 0.0), self.cap * factor)


@dataclass(frozen=True)
class ProjectedInventory:
    """Order so that the stock expected at the order's arrival reaches a level: q = max(U - E, 0).

    van Jaarsveld & Arts (2024), "Projected inventory-level policies for lost sales inventory
    systems", Operations Research 72(5): E is the stock on hand when the order arrives, before it
    is added, in the mean over the demand until then (`Situation.stock_at_arrival`). With
    backorders it is the order-up-to rule of level U + mean demand over the lead time.

    >>> ProjectedInventory(level=np.array(7.0)).order(np.array([2.4, 9.0]), 1.0)
    array([4.6, 0. ])
    """

    kind: ClassVar[str] = "projected-inventory"
    looks_at: ClassVar[Stock] = "arrival"
    level: Array  # U, units

    def order(self, position: Array, factor: Array | float) -> Array:
        return np.maximum(self.level - position, 0.0)


@dataclass(frozen=True)
class ReorderPoint:
    """At or below s order multiples of Q until above it: the (s, nQ) rule, (s, Q) in practice.

    Snyder & Shen (2019), Example 5.2, rounded: s = 214, Q = 319.

    >>> rule = ReorderPoint(point=np.array(214.0), quantity=np.array(319.0))
    >>> rule.order(np.array([215.0, 214.0, -105.0]), 1.0)
    array([  0., 319., 638.])
    """

    kind: ClassVar[str] = "reorder-point"
    looks_at: ClassVar[Stock] = "position"
    point: Array  # s, units
    quantity: Array  # Q, units

    def order(self, position: Array, factor: Array | float) -> Array:
        lots = np.floor((self.point - position + TIE) / self.quantity) + 1
        return np.maximum(lots, 0.0) * self.quantity


@dataclass(frozen=True)
class MinMax:
    """At or below s order up to S, never more than a cap: the (s, S) rule.

    Snyder & Shen (2019), Example 4.7: s = 4, S = 10 for Poisson demand of 6 at h = 1, p = 4, K = 5.

    >>> rule = MinMax(point=np.array(4.0), span=np.array(6.0), cap=np.array(np.inf))
    >>> rule.order(np.array([5.0, 4.0, -2.0]), 1.0)
    array([ 0.,  6., 12.])
    """

    kind: ClassVar[str] = "min-max"
    looks_at: ClassVar[Stock] = "position"
    point: Array  # s, units
    span: Array  # S - s, units
    cap: Array  # units per order

    def order(self, position: Array, factor: Array | float) -> Array:
        cap = self.cap * np.maximum(factor, SMALLEST)
        order = np.minimum(self.point + self.span - position, cap)
        return np.where(position <= self.point + TIE, order, 0.0)


@dataclass(frozen=True)
class ConstantOrder:
    """The same quantity every period, whatever the stock (scaled by the season).

    >>> ConstantOrder(np.array(5.0)).order(np.array([0.0, 99.0]), 1.2)
    array([6., 6.])
    """

    kind: ClassVar[str] = "constant-order"
    looks_at: ClassVar[Stock] = "position"
    quantity: Array  # units per period

    def order(self, position: Array, factor: Array | float) -> Array:
        return np.broadcast_to(self.quantity * factor, position.shape).copy()


KINDS: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "base-stock": (BaseStock, ("level",)),
    "capped-base-stock": (CappedBaseStock, ("level", "cap")),
    "projected-inventory": (ProjectedInventory, ("level",)),
    "reorder-point": (ReorderPoint, ("point", "quantity")),
    "min-max": (MinMax, ("point", "span")),
    "capped-min-max": (MinMax, ("point", "span", "cap")),
    "constant-order": (ConstantOrder, ("quantity",)),
}


def rule_of(kind: str, levels: Mapping[str, Array]) -> OrderRule:
    """The rule of a kind with these levels; a cap that its kind lacks does not bind.

    Raises:
        KeyError: if there is no such kind, or a level is missing.
    """
    build, names = KINDS[kind]
    given = {name: levels[name] for name in names}
    if kind == "min-max":
        given["cap"] = np.full_like(given["span"], np.inf)
    rule: OrderRule = build(**given)
    return rule


def levels_of(rule: OrderRule) -> tuple[str, dict[str, Array]]:
    """A rule's kind and levels, as `rule_of` takes them."""
    kind = rule.kind
    if isinstance(rule, MinMax) and np.isfinite(rule.cap).all():
        kind = "capped-min-max"
    return kind, {name: getattr(rule, name) for name in KINDS[kind][1]}


class _RuleConfig(Frozen):
    safety_factor: float | None = None
    """Standard deviations of safety stock in an "auto" level; left out, z(p / (p + h))."""
    position: Literal["local", "echelon"] = "local"
    """Stock the rule looks at: the site's own, or the site's and everything downstream of it."""

    def _pick(self, given: float | Literal["auto"], auto: Array) -> Array:
        return auto if given == "auto" else np.full_like(auto, given)


class BaseStockConfig(_RuleConfig):
    """Order-up-to rule; with position = "echelon" the echelon base-stock rule."""

    kind: Literal["base-stock"]
    level: Level = "auto"
    """Order-up-to level in units, or "auto" = mean x cover + z x sd over the cover."""

    def build(self, need: Need) -> OrderRule:
        return BaseStock(self._pick(self.level, need.level(self.safety_factor)))


class CappedBaseStockConfig(_RuleConfig):
    """Order-up-to rule with an upper bound on each order."""

    kind: Literal["capped-base-stock"]
    level: Level = "auto"
    """Order-up-to level in units, or "auto" = mean x cover + z x sd over the cover."""
    cap: Level = "auto"
    """Largest order in units, or "auto" = mean + sd / 2 of one review's demand (sd at least a tenth
    of the mean)."""

    def build(self, need: Need) -> OrderRule:
        level = self._pick(self.level, need.level(self.safety_factor))
        return CappedBaseStock(level, self._pick(self.cap, need.cap()))


class ProjectedInventoryConfig(_RuleConfig):
    """Order so that the stock expected at the order's arrival reaches a level; for stores."""

    kind: Literal["projected-inventory"]
    level: Level = "auto"
    """Stock expected when the order has arrived, in units, or "auto" = mean x review + z x sd over
    the cover."""

    def build(self, need: Need) -> OrderRule:
        return ProjectedInventory(self._pick(self.level, need.level_on_arrival(self.safety_factor)))


class ReorderPointConfig(_RuleConfig):
    """(s, Q): at or below the reorder point order Q (or the fewest lots that pass it)."""

    kind: Literal["reorder-point"]
    point: Level = "auto"
    """Reorder point s in units, or "auto" = the order-up-to level less one review's mean demand."""
    quantity: Positive | Literal["auto"] = "auto"
    """Lot Q in units, above 0, or "auto" = economic order quantity, at least one review's mean."""

    def build(self, need: Need) -> OrderRule:
        point = np.maximum(need.level(self.safety_factor) - need.mean * need.review, 0.0)
        return ReorderPoint(self._pick(self.point, point), self._pick(self.quantity, need.lot))


class MinMaxConfig(_RuleConfig):
    """(s, S): at or below the minimum order up to the maximum."""

    kind: Literal["min-max"]
    point: Level = "auto"
    """Minimum s in units, or "auto" = the order-up-to level less one review's mean demand."""
    span: Level = "auto"
    """Maximum less minimum, S - s, in units, or "auto" = economic order quantity."""

    def build(self, need: Need) -> OrderRule:
        point = np.maximum(need.level(self.safety_factor) - need.mean * need.review, 0.0)
        cap = np.full_like(point, np.inf)
        return MinMax(self._pick(self.point, point), self._pick(self.span, need.lot), cap)


class ConstantOrderConfig(_RuleConfig):
    """The same order every period."""

    kind: Literal["constant-order"]
    quantity: Level = "auto"
    """Units per order, or "auto" = mean demand of one review."""

    def build(self, need: Need) -> OrderRule:
        return ConstantOrder(self._pick(self.quantity, need.mean * need.review))


_OfPositions = (
    BaseStockConfig
    | CappedBaseStockConfig
    | ReorderPointConfig
    | MinMaxConfig
    | ConstantOrderConfig
)
UpstreamRule = Annotated[_OfPositions, Field(discriminator="kind")]
RuleConfig = Annotated[_OfPositions | ProjectedInventoryConfig, Field(discriminator="kind")]


class OrderConstraints(Frozen):
    """What an order on one link may look like."""

    pack_size: Positive | None = None
    """Orders are multiples of this many units, above 0; left out, 1 for whole units."""
    minimum: NonNegative = 0.0
    """Smallest order that is not zero, units; a smaller wish is raised to it."""
    maximum: Positive | None = None
    """Largest order, units, above 0; left out, no limit."""
    review: Annotated[int, Field(ge=1, le=60)] = 1
    """Orders are possible only every so many periods (0, k, 2k, ...), 1 to 60."""
    storage_limit: Positive | None = None
    """An order never takes on hand, on the way and owed above this, units; left out, no limit."""

    @model_validator(mode="after")
    def _an_order_is_possible(self) -> Self:
        smallest = max(self.minimum, self.pack_size or 0.0)
        for name in ("maximum", "storage_limit"):
            most = getattr(self, name)
            if most is not None and most < smallest:
                raise ValueError(
                    f"{name} must be at least minimum and pack_size ({smallest:g}), got {most:g}"
                )
        return self
