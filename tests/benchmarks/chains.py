"""Small chains and policies that the evaluation's tests share."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation


@dataclass(frozen=True)
class OrderUpTo:
    """Base-stock with one level for every store."""

    name: str
    level: float

    def wishes(self, situation: Situation) -> Array:
        levels = np.full(situation.params.stores, self.level)
        return situation.of_stores(situation.store_orders(BaseStock(levels)))


def chain(stores: int = 2, **changes: Any) -> Scenario:
    """Stores with Poisson(5) demand; warehouse and supplier have stocks of their own."""
    table: dict[str, Any] = {
        "name": "small",
        "description": "A small chain",
        "periods": 30,
        "warm_up": 5,
        "stores": [
            {
                "name": f"store-{i + 1}",
                "demand": {"kind": "poisson", "mean": 5.0 + i},
                "lead_time": 1,
                "holding_cost": 1.0,
                "shortage_cost": 9.0,
                "order_cost": 0.5,
            }
            for i in range(stores)
        ],
        "warehouse": {"lead_time": 1, "holding_cost": 0.5, "order_cost": 2.0},
        "supplier": {
            "unlimited": False,
            "lead_time": 2,
            "holding_cost": 0.2,
            "disruptions": {"kind": "markov", "mean_up": 10, "mean_down": 2},
        },
    }
    return Scenario.model_validate({**table, **changes})


SINGLE = {"warehouse": {"unlimited": True}, "supplier": {}}
