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


@dataclass(frozen=True)
class HalfARule(OrderUpTo):
    """Says that in the odd worlds the rule decides for the first store, and what it cannot see."""

    def share_of_rule(self, situation: Situation) -> Array:
        share = np.zeros((situation.worlds, situation.params.stores))
        share[1::2, 0] = 1.0
        return share

    def clipped(self, situation: Situation) -> dict[str, float]:
        late = float(situation.period >= 15)
        return {"never": 0.0, "rarely": 0.009, "late": late, "often": 0.25}


SINGLE = {"warehouse": {"unlimited": True}, "supplier": {}}
