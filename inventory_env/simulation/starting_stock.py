"""The stock with which an episode starts: given, drawn between two bounds, or from a formula."""

from collections.abc import Callable

import numpy as np

from inventory_env.description.scenario import Scenario, StartingStock, Store, Supplier, Warehouse
from inventory_env.frozen import Array
from inventory_env.simulation.state import State


def starting_state(
    scenario: Scenario, generator: Callable[[int], np.random.Generator], worlds: int
) -> State:
    """The state at the first decision; what a site holds then counts as its opening stock.

    "auto" puts the order-up-to level less the pipeline on a store's shelf, twice the mean demand
    of a review at warehouse and supplier, and one period's mean demand in every slot on the way.

    Args:
        scenario: the chain.
        generator: random numbers by site: supplier 0, warehouse 1, stores 2, 3, ...
        worlds: how many worlds.
    """

    def fill(given: StartingStock, auto: float, uniform: Array) -> Array:
        if isinstance(given, tuple):
            units = given[0] + (given[1] - given[0]) * uniform
        else:
            units = np.full_like(uniform, max(auto, 0.0) if given == "auto" else given)
        return np.rint(units) if scenario.whole else units

    def amounts(
        number: int, site: Store | Warehouse | Supplier, on_hand: float, mean: float
    ) -> tuple[Array, Array]:
        """(world,) on hand and (slot, world) on the way, one slot less than the lead time."""
        uniform = generator(number).random((worlds, max(site.lead_time.maximum, 1))).T
        pipeline = fill(site.starting_pipeline, mean, uniform[1:])
        return fill(site.starting_stock, on_hand, uniform[0]), pipeline

    def upstream(number: int, site: Warehouse | Supplier, exists: bool) -> tuple[Array, Array]:
        mean = float(scenario.demand_mean.sum())
        on_hand, pipeline = amounts(number, site, 2 * mean * site.orders.review, mean)
        return on_hand * exists, pipeline * exists

    longest = max(store.lead_time.maximum for store in scenario.stores)
    shape = (worlds, len(scenario.stores))
    store_on_hand, store_pipeline = np.zeros(shape), np.zeros((max(longest - 1, 0), *shape))
    for i, (store, need) in enumerate(zip(scenario.stores, scenario.store_needs(), strict=True)):
        auto = need.level() - need.mean * max(need.lead_time - 1, 0)
        store_on_hand[:, i], pipeline = amounts(i + 2, store, auto, need.mean)
        store_pipeline[: len(pipeline), :, i] = pipeline
    limited = not scenario.warehouse.unlimited
    produces = limited and not scenario.supplier.unlimited
    warehouse_on_hand, warehouse_pipeline = upstream(1, scenario.warehouse, limited)
    supplier_on_hand, supplier_pipeline = upstream(0, scenario.supplier, produces)
    return State(
        store_on_hand=store_on_hand,
        store_received=np.zeros(shape),
        store_pipeline=store_pipeline,
        store_owed=np.zeros(shape),
        store_backorders=np.zeros(shape),
        warehouse_on_hand=warehouse_on_hand,
        warehouse_received=np.zeros(worlds),
        warehouse_pipeline=warehouse_pipeline,
        warehouse_owed=np.zeros(worlds),
        supplier_on_hand=supplier_on_hand,
        supplier_received=np.zeros(worlds),
        supplier_pipeline=supplier_pipeline,
    )
