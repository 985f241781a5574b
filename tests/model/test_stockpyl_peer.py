"""stockpyl's simulator as an independent peer: same serial chain, same demand, path by path.

stockpyl's stages order after demand, each seeing the order of the next, so its store lead time is
one period longer than here, its local base-stock levels are this model's echelon levels less those
downstream, and its upstream stages are one period ahead: what they hold, less what they owe, at the
end of its period t, they hold here at the end of period t + 1.
"""

import warnings

import numpy as np

from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from stockpyl.sim import simulation
    from stockpyl.supply_chain_network import serial_system

PERIODS = 120
LEVELS = {"supplier": 15.0, "warehouse": 7.0, "store": 17.0}
LEAD_TIMES = {"supplier": 2, "warehouse": 1, "store": 2}


def _ours():
    rule = {"kind": "base-stock", "position": "echelon"}
    scenario = Scenario.model_validate(
        {
            "name": "peer",
            "periods": PERIODS,
            "unmet_demand": "backorder",
            "stores": [
                {
                    "name": "store",
                    "demand": {"kind": "poisson", "mean": 5.0},
                    "lead_time": LEAD_TIMES["store"] - 1,
                    "holding_cost": 3.0,
                    "shortage_cost": 20.0,
                    "starting_stock": LEVELS["store"],
                    "starting_pipeline": 0,
                }
            ],
            "warehouse": {
                "lead_time": LEAD_TIMES["warehouse"],
                "rule": {**rule, "level": LEVELS["warehouse"] + LEVELS["store"]},
                "starting_stock": LEVELS["warehouse"],
                "starting_pipeline": 0,
            },
            "supplier": {
                "unlimited": False,
                "lead_time": LEAD_TIMES["supplier"],
                "rule": {**rule, "level": sum(LEVELS.values())},
                "starting_stock": LEVELS["supplier"],
                "starting_pipeline": 0,
            },
        }
    )
    tape = draw_tape(scenario, seed=8, purpose=Purpose.TEST, worlds=1)
    chain = Chain(scenario)
    chain.reset(tape)
    rule = BaseStock(np.array(LEVELS["store"]))
    net: dict[str, list[float]] = {tier: [] for tier in LEVELS}
    while not chain.ended:
        ledger = chain.step(chain.situation.of_stores(chain.situation.store_orders(rule)))
        after = chain.situation.state
        net["store"].append(ledger.closing[0, 0] - ledger.backorders[0, 0])
        net["warehouse"].append(ledger.closing[0, 1] - after.owed[0, 0])
        net["supplier"].append(ledger.closing[0, 2] - after.owed[0, 1])
    return tape.demand[:, 0, 0], net


def _theirs(demand):
    tiers = ["supplier", "warehouse", "store"]
    network = serial_system(
        num_nodes=3,
        node_order_in_system=[3, 2, 1],
        node_order_in_lists=[3, 2, 1],
        local_holding_cost=[1, 2, 3],
        stockout_cost=[0, 0, 20],
        shipment_lead_time=[LEAD_TIMES[tier] for tier in tiers],
        demand_type="D",
        demand_list=[int(units) for units in demand],
        policy_type="BS",
        base_stock_level=[LEVELS[tier] for tier in tiers],
        initial_inventory_level=[LEVELS[tier] for tier in tiers],
    )
    simulation(network, PERIODS, rand_seed=1, progress_bar=False)
    return {
        tier: [
            next(iter(now.inventory_level.values())) for now in network.nodes_by_index[i].state_vars
        ]
        for tier, i in zip(tiers, (3, 2, 1), strict=True)
    }


def test_stock_of_every_stage_follows_the_same_path():
    demand, ours = _ours()
    theirs = _theirs(demand)
    assert min(ours["store"]) < 0 < max(ours["store"])
    assert min(ours["warehouse"]) < 0 < max(ours["warehouse"])
    np.testing.assert_array_equal(ours["store"], theirs["store"][:PERIODS])
    np.testing.assert_array_equal(ours["warehouse"][1:], theirs["warehouse"][: PERIODS - 1])
    np.testing.assert_array_equal(ours["supplier"][1:], theirs["supplier"][: PERIODS - 1])
