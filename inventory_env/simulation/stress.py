"""The same future, made harder: what policies were not chosen for and are not told of."""

from dataclasses import dataclass, replace

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.tape import Tape

# Steps from world to world and from store to store that fill the unit square evenly: 1 / x and its
# square, x^3 = x + 1; Roberts (2018), "The unreasonable effectiveness of quasirandom sequences".
EVENLY = (0.7548776662466927, 0.5698402909980532)


@dataclass(frozen=True)
class Stress:
    """What is harder than on the tape; as it stands, nothing."""

    demand: float = 1.0  # factor on demand from the first period on, at least 0
    shift: float = 1.0  # further factor from the middle of the episode on, at least 0
    late: int = 0  # periods that every shipment takes longer
    outage: int = 0  # periods from the middle on in which the supplier cannot ship


def stressed(tape: Tape, stress: Stress) -> Tape:
    """The tape under a stress; without one, the same tape.

    Demand that comes in whole units stays whole: a store's running total is rounded, up or down by
    world and store as evenly as can be, so that no unit is lost on the way and the mean over worlds
    is right. What was seen before the episode stays, as do announced disruptions. A chain without a
    warehouse of its own has no supplier that could fail.

    Args:
        tape: of an episode.
        stress: what becomes of it.
    """
    middle = tape.periods // 2
    factor = np.full((tape.periods, 1, 1), stress.demand)
    factor[middle:] *= stress.shift
    supplier_up = tape.supplier_up
    if stress.outage:
        supplier_up = np.ones(tape.demand.shape[:2]) if supplier_up is None else supplier_up.copy()
        supplier_up[middle : middle + stress.outage] = 0.0
    return replace(
        tape,
        demand=tape.demand if (factor == 1).all() else _multiplied(tape.demand, factor),
        supplier_up=supplier_up,
        lead_time=None if tape.lead_time is None else tape.lead_time + stress.late,
        late=tape.late + stress.late,
    )


def _multiplied(demand: Array, factor: Array) -> Array:
    """(period, world, store) demand times a factor, in whole units where it was."""
    found = demand * factor
    if (demand % 1).any():
        return found
    _, worlds, stores = demand.shape
    by_world, by_store = EVENLY
    begin = (np.arange(worlds)[:, None] * by_world + np.arange(stores) * by_store + 0.5) % 1
    total = np.floor(np.add.accumulate(found, axis=0) + begin)
    return np.diff(total, axis=0, prepend=0.0)
