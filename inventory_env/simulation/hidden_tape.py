"""Recorded demand on a tape, drawn anew where the record does not show it."""

from collections.abc import Callable

import numpy as np

from inventory_env.frozen import Array, Integers
from inventory_env.recorded.history import History
from inventory_env.simulation.recorded_tape import as_recorded


def redrawn(
    history: History, dates: Integers, generator: Callable[[int], np.random.Generator]
) -> Array:
    """(period, world, store) demand of (period, world) dates; each time they come, what was hidden
    is another of the values that it may have had.

    Args:
        history: the record.
        dates: indices into it.
        generator: of a store, by its number.
    """
    demand = as_recorded(history.demand, dates)
    if history.hidden is None:
        return demand
    draws = history.hidden.possible.shape[1]
    for store, rows in enumerate(history.hidden.row.T):
        row = rows[dates]
        hidden = row >= 0
        draw = generator(store).integers(0, draws, dates.T.shape).T
        demand[..., store][hidden] = history.hidden.possible[row[hidden], draw[hidden]]
    return demand
