"""The stock with which an episode starts: given, drawn between two bounds, or from a formula."""

from collections.abc import Callable

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.state import State
from inventory_env.simulation.worlds import zeros


def starting_state(
    params: Params,
    chain: int,
    generator: Callable[[int], np.random.Generator],
    worlds: int,
    slots: int,
) -> State:
    """The state at the first decision; what a site holds then counts as its opening stock.

    Args:
        params: of a population.
        chain: number of the chain that is played.
        generator: random numbers by site: supplier 0, warehouse 1, stores 2, 3, ...
        worlds: how many worlds.
        slots: of the pipelines; a site fills one less than its lead time.
    """
    shape, start = params.shape, params.start

    def between(low: Array, high: Array, uniform: Array) -> Array:
        units = low + (high - low) * uniform
        return np.rint(units) if shape.whole else units

    on_hand = zeros(worlds, shape.sites)
    pipeline = np.zeros((slots, shape.sites, worlds)).swapaxes(1, 2)
    for site in range(shape.sites):
        number = site + 2 if site < shape.stores else 1 - (site - shape.stores)
        lead_time = max(int(params.lead_time[chain, site]), 1)
        uniform = generator(number).random((worlds, lead_time)).T
        on_hand[:, site] = between(
            start.on_hand_low[chain, site], start.on_hand_high[chain, site], uniform[0]
        )
        pipeline[: lead_time - 1, :, site] = between(
            start.slot_low[chain, site], start.slot_high[chain, site], uniform[1:]
        )
    return State(
        on_hand=on_hand,
        received=zeros(worlds, shape.sites),
        pipeline=pipeline,
        owed=zeros(worlds, shape.sites),
        backorders=zeros(worlds, shape.sites),
    )
