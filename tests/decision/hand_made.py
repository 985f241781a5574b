"""A chain small enough to work out by hand, and one moment of it in which all numbers differ."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from inventory_env.decision.interface import Interface
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import TrainingSettings
from inventory_env.frozen import Array
from inventory_env.recorded.history import History
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.memory import Memory
from inventory_env.simulation.outlook import Outlook, cumulated
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.state import State
from inventory_env.simulation.worlds import laid_out

SEASON = {"weekday": [0.5, 1.5, 1.0, 1.0, 1.0, 1.0, 1.0]}
NEAR = {
    "name": "near",
    "demand": {"kind": "normal", "mean": 10, "sd": 4, "season": SEASON},
    "lead_time": 3,
    "holding_cost": 1.0,
    "shortage_cost": 9.0,
    "order_cost": 5.0,
    "unit_cost": 0.5,
}
FAR = {
    "name": "far",
    "demand": {"kind": "normal", "mean": 6, "sd": 3},
    "lead_time": {"kind": "discrete", "periods": [1, 2], "weights": [0.5, 0.5]},
    "holding_cost": 2.0,
    "shortage_cost": 6.0,
    "order_cost": 3.0,
    "unit_cost": 0.25,
}
WAREHOUSE = {"lead_time": 4, "holding_cost": 0.3, "order_cost": 8.0, "unit_cost": 0.125}
SUPPLIER = {
    "unlimited": False,
    "lead_time": 2,
    "holding_cost": 0.1,
    "order_cost": 10.0,
    "unit_cost": 0.2,
    "disruptions": {"kind": "calendar", "down": [[6, 7]]},
}

# Season's factors at `near` from today on; at `far` they are 1.
FACTORS = (1.2, 0.5, 1.7, 0.8, 1.4, 0.9, 1.1, 0.7, 1.3, 0.6)
DOWN = (0, 1, 1, 0, 1, 0, 0, 1, 1)
RECENT = ((20, 9, 15, 7, 11, 13, 17), (5, 2, 8, 3, 10, 4, 1))  # newest first, of each store
# Averages, all alike, so that near believes in 13 units a day and far in 4.5; 30 periods seen, as
# wide as expected of such levels, wider and less wide of late; a share without demand, and since
# when.
ESTIMATES = (
    (13.0, 13.0, 13.0, 30.0, 1.0, 1.5, 0.1, 0.0),
    (4.5, 4.5, 4.5, 30.0, 1.0, 0.4, 0.3, 2.0),
)
START_ORDERS = np.array([[12.0, 9.5, 29.0, 37.0]])


def chain(**changes: Any) -> Scenario:
    """Two unlike stores, a warehouse and a supplier, all of which order."""
    values = {
        "name": "by-hand",
        "periods": 40,
        "unmet_demand": "partial",
        "demand_correlation": 0.5,
        "stores": [NEAR, FAR],
        "warehouse": WAREHOUSE,
        "supplier": SUPPLIER,
    }
    return Scenario.model_validate({**values, **changes})


def recorded_chain(**changes: Any) -> Scenario:
    """The same chain, its demand replayed: means and deviations as before, uncorrelated."""
    days = tuple(date(2024, 1, 1) + timedelta(k) for k in range(200))
    history = History(days, ("near", "far"), np.ones((200, 2)), validate_from=100, test_from=150)
    traces = (
        {"kind": "trace", "mean": 10, "sd": 4},
        {"kind": "trace", "mean": 6, "sd": 3},
    )
    drawn = chain(demand_correlation=0.0, **changes)
    stores = [
        type(store).model_validate({**store.model_dump(), "demand": trace})
        for store, trace in zip(drawn.stores, traces, strict=True)
    ]
    return drawn.with_history(history, stores)


def row(*values: float) -> Array:
    """(1, site) near, far, warehouse, supplier."""
    return laid_out(np.array([values], dtype=np.float64))


LEDGER = Ledger(
    opening=row(10, 9, 33, 36),
    received=row(16, 2, 17, 19),
    ordered=row(16, 0, 28, 32),
    shipped=row(12, 5, 7, 32),
    demand=row(20, 8, 25, 28),
    served=row(15, 7, 20, 7),
    sold=row(18, 7, 22, 12),
    lost=row(3, 1, 0, 0),
    backorders=row(5, 2, 6, 13),
    closing=row(11, 4, 30, 21),
)


def moment(scenario: Scenario, period: int = 5) -> Situation:
    """One world of the hand-made chain: near, far, warehouse, supplier."""
    sites = shape_of(scenario).sites
    state = State(
        on_hand=row(14, 8, 45, 40)[:, :sites],
        received=row(3, 1, 17, 19)[:, :sites],
        pipeline=np.array([[[9, 5, 15, 23]], [[11, 0, 21, 0]], [[0, 0, 18, 0.0]]])[:, :, :sites],
        owed=row(2, 4, 7, 0)[:, :sites],
        backorders=row(1, 3, 6, 7)[:, :sites],
    )
    recorded = scenario.history is not None
    memory = Memory(
        last_demand=row(19, 5, 26, 28)[:, :sites],
        last_unmet=row(5, 2, 10, 13)[:, :sites],
        last_ordered=row(16, 10, 28, 32)[:, :sites],
        fill_rate=row(0.9, 0.75, 0.6, 0.5)[:, :sites],
        recent_demand=np.array(RECENT, dtype=np.float64).T[:, None]
        if recorded
        else np.empty((0, 1, 2)),
        estimates=np.array(ESTIMATES).T[:, None] if recorded else np.empty((0, 1, 2)),
    )
    factors = np.ones((len(FACTORS), 1, 2))
    factors[:, 0, 0] = FACTORS
    outlook = Outlook(
        day=np.array([100.0]),
        cumulative_factors=cumulated(factors) if scenario.seasonal else None,
        down=np.array(DOWN, dtype=np.float64)[:, None],
    )
    return Situation(Params.of(scenario), state, memory, outlook, period)


def settings(**values: Any) -> TrainingSettings:
    """Training settings, the others as by default."""
    return TrainingSettings.model_validate(values)


def interface(scenario: Scenario, **values: Any) -> Interface:
    """Observations and actions under these training settings."""
    return Interface(resolve(scenario, settings(**values)), shape_of(scenario))


def with_state(situation: Situation, **changes: Array) -> Situation:
    """The same moment with other stocks."""
    state = replace(situation.state, **changes)
    return Situation(situation.params, state, situation.memory, situation.outlook, situation.period)
