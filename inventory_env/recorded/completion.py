"""Sales completed to demand: draws of what was hidden where something was sold out."""

from zlib import crc32

import numpy as np

from inventory_env.frozen import Array
from inventory_env.recorded.history import Hidden
from inventory_env.recorded.unseen_demand import Sales, Unseen, fitted_demand

DRAWS = 16  # of each period that was not seen


def completed(
    sales: Sales, stores: tuple[str, ...], ends: tuple[int, ...]
) -> tuple[Array, Hidden | None]:
    """(date, store) one completion, and what else demand may have been; None if all was seen.

    What is drawn for a date follows from the dates of its part and those before, so that nothing
    leaks from test dates. Draws are stratified: those of a period have its mean and spread, and so
    has the completion of a store's part. A store draws the same in any company.

    Args:
        sales: of all dates; each store has been seen in full at least once before the first end.
        stores: their names.
        ends: one past the last date of each part, ascending.
    """
    hidden = sales.seen < 1
    if not hidden.any():
        return sales.sold, None
    row = np.where(hidden, np.cumsum(hidden).reshape(hidden.shape) - 1, -1)
    possible, chosen = np.empty((int(hidden.sum()), DRAWS)), np.empty(int(hidden.sum()), np.int64)
    strata, ranks = _addressed(hidden.shape, stores)
    first = 0
    for end in ends:
        part = sales.until(end)
        where = np.nonzero(hidden[first:end])
        where = (where[0] + first, where[1])
        unseen, rows = Unseen.of(part, fitted_demand(part), where), row[where]
        for draw in range(DRAWS):
            possible[rows, draw] = unseen.drawn((draw + strata[where][:, draw]) / DRAWS)
        for store in range(len(stores)):
            own = where[1] == store
            place = np.argsort(np.argsort(ranks[where][own]))
            chosen[rows[own]] = (place * DRAWS + DRAWS // 2) // max(own.sum(), 1)
        first = end
    demand = sales.sold.copy()
    demand[hidden] = possible[np.arange(len(possible)), chosen]
    return demand, Hidden(row, possible)


def _addressed(shape: tuple[int, ...], stores: tuple[str, ...]) -> tuple[Array, Array]:
    """(date, store, draw) and (date, store) uniform numbers, at an address for each store."""
    drawn = [
        np.random.default_rng(crc32(name.encode())).random((shape[0], DRAWS + 1)) for name in stores
    ]
    numbers = np.stack(drawn, axis=1)
    return numbers[..., :-1], numbers[..., -1]
