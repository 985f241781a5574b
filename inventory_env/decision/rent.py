"""What a store pays for the shared stock that it has: its rent, what others lack meanwhile.

Stores that share a warehouse's stock divide what the echelon holds, which their orders do not
change. A unit more at one of them is therefore a unit less elsewhere: at the other stores, in a
period in which the warehouse could not fill all orders, else in the warehouse. With lambda the
rent of a unit and x what a store has, its stock and all that is on the way to it,

    cost of a store in the period = its own cost + lambda x (x - reference)

A store that pays it gains by a change of its order what the chain gains, to first order, and is not
paid for what others try. Paid with its own cost alone it would hoard; paid with the chain's, what
it does itself drowns in what the others do. (A price for a shared resource that stands for its
worth to the others: Everett 1963, Operations Research 11; the change that an agent makes to the
team: Wolpert & Tumer 2001, Advances in Complex Systems 4.)

What follows from a unit sold instead of lost, which the echelon lacks until its replacement comes,
is left out.
"""

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.worlds import over_sites

LEAST_LACK = 1e-9  # units
LEAST_SHARE = 1e-6  # of what is lacked, by others


def rent_charges(ledger: Ledger, after: Situation, wanted: Array, worlds_per_tape: int) -> Array:
    """(world, store) money that each store pays for the shared stock it had in a period.

    The reference is what the same store has in the other worlds of its group: it depends on no
    order of its own, and takes the rent's own ups and downs out.

    Args:
        ledger: of the period.
        after: the chain after it.
        wanted: (world, store) as `rents` takes it.
        worlds_per_tape: neighbouring worlds that face the same demand; 1: the reference is 0.
    """
    stores = after.params.shape.columns("stores")
    had = after.state.holdings[:, stores] + ledger.sold[:, stores]
    return rents(ledger, after, wanted) * _beyond_others(had, worlds_per_tape)


def rents(ledger: Ledger, after: Situation, wanted: Array) -> Array:
    """(world, store) what a unit at a store cost the rest of the chain in a period, money.

    Where some orders could not be filled: what a unit was worth to the other stores, each weighted
    by its part of the next unit that the warehouse would have had. Its worth to one of them is
    (shortage + holding cost) x the chance that it is wanted - holding cost, in the period in which
    it can be there. Where all were filled: minus the warehouse's holding cost.

    Args:
        ledger: of the period.
        after: the chain after it.
        wanted: (world, store) chance that a unit more would be sold when it can arrive.
    """
    params = after.params
    shape = params.shape
    stores, warehouse = shape.columns("stores"), shape.columns("warehouse")
    owed = after.state.owed[:, stores]
    lack = owed if shape.owed else ledger.ordered[:, stores] - ledger.shipped[:, stores]
    holding = params.holding_cost[:, stores]
    worth = (params.shortage_cost[:, stores] + holding) * wanted - holding
    part = params.mean * (lack > LEAST_LACK) if shape.rationing == "fair-share" else lack
    total = over_sites(part)[:, None]
    others = total - part
    shared = others > LEAST_SHARE * total
    of_others = over_sites(part * worth)[:, None] - part * worth
    rent = np.where(shared, of_others / np.where(shared, others, 1.0), 0.0)
    return np.where(total > LEAST_LACK, rent, -params.holding_cost[:, warehouse])


def _beyond_others(values: Array, worlds_per_tape: int) -> Array:
    """(world, store) values less their mean in the other worlds of the group."""
    if worlds_per_tape == 1:
        return values
    grouped = values.T.reshape(values.shape[1], -1, worlds_per_tape)
    beyond = grouped - grouped.mean(axis=2, keepdims=True)
    beyond *= worlds_per_tape / (worlds_per_tape - 1)
    return beyond.reshape(values.shape[1], -1).T
