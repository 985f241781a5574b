"""A real morning, at which the futures of a chain begin."""

from dataclasses import dataclass

from inventory_env.frozen import Array


@dataclass(frozen=True)
class Today:
    """Where and when all worlds of a tape begin."""

    day: int  # calendar period, as `Outlook.day` counts them
    period: int  # periods of the plan that are over
    recorded: Array | None  # (period, store) demand so far, units; None: it is drawn
    level: Array  # (store,) demand per period as now believed, units
    behind: int = 0  # periods just before today of which no demand is recorded yet
