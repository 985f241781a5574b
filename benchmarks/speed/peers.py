"""Other simulators on a plain chain that all can express: three stores behind one warehouse.

What all have: a supplier that never runs out, constant lead times, demand drawn beforehand,
backorders, and at every site a base-stock rule on its own stock, with the same levels. What
differs: here the warehouse shares a scarce stock fairly and owes the rest; gym-invmgmt serves the
stores in turn and drops what it cannot fill, so that they order it again; stockpyl orders after
demand, so that its lead times to the stores are a period longer for the same wait.
"""

import json
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array

Simulate = Callable[[], Array]  # one episode; returns (period, store) stock less backorders


@dataclass(frozen=True)
class Peer:
    """A package that simulates the plain chain; None where it is not installed."""

    package: str
    version: str | None
    simulate: Simulate | None


class Site(NamedTuple):
    """A store of the plain chain: numbers near those of `three-stores`."""

    name: str
    mean: float  # units per period
    lead_time: int  # periods
    level: float  # order-up-to level from the formula, units
    holding_cost: float
    shortage_cost: float


STORES = (
    Site("city", 24.0, 1, 57.0, 1.5, 14.0),
    Site("suburb", 15.0, 2, 54.0, 1.0, 9.0),
    Site("coast", 8.0, 3, 39.0, 0.8, 6.0),
)
LEVELS = np.array([store.level for store in STORES])
WAREHOUSE_LEVEL, WAREHOUSE_LEAD_TIME, WAREHOUSE_HOLDING_COST = 156.0, 2, 0.3


def plain_chain(warehouse_level: float = WAREHOUSE_LEVEL) -> Scenario:
    """The chain as a scenario of this project; every site starts at its level."""
    return Scenario.model_validate(
        {
            "name": "plain-chain",
            "periods": 130,
            "unmet_demand": "backorder",
            "stores": [
                {
                    "name": store.name,
                    "demand": {"kind": "poisson", "mean": store.mean},
                    "lead_time": store.lead_time,
                    "holding_cost": store.holding_cost,
                    "shortage_cost": store.shortage_cost,
                    "starting_stock": store.level,
                    "starting_pipeline": 0,
                }
                for store in STORES
            ],
            "warehouse": {
                "lead_time": WAREHOUSE_LEAD_TIME,
                "holding_cost": WAREHOUSE_HOLDING_COST,
                "rule": {"kind": "base-stock", "level": warehouse_level},
                "starting_stock": warehouse_level,
                "starting_pipeline": 0,
            },
        }
    )


def peers(demand: Array, warehouse_level: float = WAREHOUSE_LEVEL) -> tuple[Peer, ...]:
    """Every package of the extra `peers`, ready for (period, store) demand."""
    builders = {"gym-invmgmt": _gym_invmgmt, "stockpyl": _stockpyl}
    found = []
    for package, build in builders.items():
        try:
            found.append(Peer(package, version(package), build(demand, warehouse_level)))
        except PackageNotFoundError:
            found.append(Peer(package, None, None))
    return tuple(found)


def _gym_invmgmt(demand: Array, warehouse_level: float) -> Simulate:
    """A Gymnasium environment: its agent sees the state and sends every site's order."""
    free = {"p": 0.0, "g": 0.0}  # no prices, and nothing to pay on the way
    nodes: list[dict[str, Any]] = [
        {"id": "supplier"},
        {"id": "warehouse", "I0": warehouse_level, "h": WAREHOUSE_HOLDING_COST},
    ]
    edges = [{"from": "supplier", "to": "warehouse", "L": WAREHOUSE_LEAD_TIME, **free}]
    drawn = {}
    for store, units in zip(STORES, demand.T, strict=True):
        market = f"customers of {store.name}"
        poisson = {"demand_dist": "poisson", "dist_param": {"mu": store.mean}}  # asked for, unused
        nodes += [{"id": store.name, "I0": store.level, "h": store.holding_cost}, {"id": market}]
        edges += [
            {"from": "warehouse", "to": store.name, "L": store.lead_time, **free},
            {"from": store.name, "to": market, "p": 0.0, "b": store.shortage_cost, **poisson},
        ]
        drawn[store.name, market] = units
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "chain.yaml")
        file.write_text(json.dumps({"nodes": nodes, "edges": edges}), encoding="utf-8")
        env = import_module("gym_invmgmt").CoreEnv(
            scenario="custom", config_path=file, num_periods=len(demand), user_D=drawn
        )
    sites = [env.network.node_map[to] for _, to in env.network.reorder_links]
    targets = np.array([warehouse_level, *LEVELS])

    def simulate() -> Array:
        env.reset(seed=0)
        backorders = np.zeros(len(sites))
        ended = False
        while not ended:
            t = env.period
            position = env.inventory[t, sites] + env.pipeline[t] - backorders
            *_, ended, _ = env.step(np.maximum(targets - position, 0.0))
            backorders[1:] = env.standing_backlog[t]
        return np.asarray(env.inventory[1:, sites[1:]] - env.standing_backlog)

    return simulate


def _stockpyl(demand: Array, warehouse_level: float) -> Simulate:
    """A one-warehouse, multiple-retailer system of its simulator."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulation = import_module("stockpyl.sim").simulation
        networks = import_module("stockpyl.supply_chain_network")
        source = import_module("stockpyl.demand_source").DemandSource
    network = networks.owmr_system(
        len(STORES),
        policy_type="BS",
        base_stock_level=[warehouse_level, *LEVELS.tolist()],
        shipment_lead_time=[WAREHOUSE_LEAD_TIME, *(store.lead_time + 1 for store in STORES)],
        local_holding_cost=[WAREHOUSE_HOLDING_COST, *(store.holding_cost for store in STORES)],
        stockout_cost=[0.0, *(store.shortage_cost for store in STORES)],
    )
    retailers = [network.nodes_by_index[i + 1] for i in range(len(STORES))]
    for retailer, units in zip(retailers, demand.T, strict=True):
        retailer.demand_source = source(type="D", demand_list=[int(x) for x in units])

    def simulate() -> Array:
        simulation(network, len(demand), rand_seed=0, progress_bar=False, consistency_checks="N")
        stock = [
            [next(iter(now.inventory_level.values())) for now in retailer.state_vars]
            for retailer in retailers
        ]
        return np.array(stock).T[: len(demand)]

    return simulate
