"""The list of all features: what every site sees, and what a scenario's settings add.

To add one: a class with names, values and scales, in `EXTRAS` and `AnyFeature`, and its name in
`Extra`.
"""

from typing import Annotated

from pydantic import Field

from inventory_env.decision.arrival_features import Arrival, Problem
from inventory_env.decision.chain_features import (
    Calendar,
    Role,
    SiteParameters,
    StoresOrders,
    WarehouseStock,
    WholeChain,
)
from inventory_env.decision.estimate_features import Estimates
from inventory_env.decision.feature import Facts, Feature
from inventory_env.decision.own_features import (
    DemandHistory,
    Forecast,
    LastDemand,
    OnHand,
    OnTheWay,
    Pipeline,
    Position,
    ProjectedStock,
    Service,
    StartOrder,
    Unmet,
)
from inventory_env.decision.shared_stock import SharedStock
from inventory_env.description.settings import Extra
from inventory_env.errors import InputError

SEVEN: tuple[type[Feature], ...] = (
    OnHand,
    OnTheWay,
    Unmet,
    LastDemand,
    Forecast,
    Service,
    Position,
)
EXTRAS: dict[Extra, type[Feature]] = {
    "projected-stock": ProjectedStock,
    "pipeline": Pipeline,
    "rule": StartOrder,
    "chain": WholeChain,
    "warehouse": WarehouseStock,
    "orders": StoresOrders,
    "calendar": Calendar,
    "store": SiteParameters,
    "role": Role,
    "history": DemandHistory,
    "estimates": Estimates,
    "arrival": Arrival,
    "problem": Problem,
    "shared-stock": SharedStock,
}
OF_OTHERS: tuple[Extra, ...] = ("warehouse", "chain", "shared-stock")  # not seen if local

AnyFeature = Annotated[
    OnHand
    | OnTheWay
    | Unmet
    | LastDemand
    | Forecast
    | Service
    | Position
    | ProjectedStock
    | Pipeline
    | StartOrder
    | WholeChain
    | WarehouseStock
    | StoresOrders
    | Calendar
    | SiteParameters
    | Role
    | DemandHistory
    | Estimates
    | Arrival
    | Problem
    | SharedStock,
    Field(discriminator="kind"),
]


def telling(facts: Facts) -> tuple[Extra, ...]:
    """The extras that tell something in such chains, in order."""
    return tuple(name for name, kind in EXTRAS.items() if kind.telling(facts) is not None)


def features(facts: Facts, extras: tuple[Extra, ...]) -> tuple[Feature, ...]:
    """The seven, and the extras asked for.

    Raises:
        InputError: if an extra cannot be seen.
    """
    for extra in extras:
        if not facts.shared and extra in OF_OTHERS:
            raise InputError(f'observe: {extra!r} cannot be seen under information = "local"')
        if extra == "warehouse" and facts.upstream_learns:
            raise InputError(
                "observe: 'warehouse' is for learning stores only; where a site upstream learns, "
                "'chain' tells it"
            )
    kinds = (*SEVEN, *(EXTRAS[extra] for extra in extras))
    return tuple(kind.asked(facts) for kind in kinds)
