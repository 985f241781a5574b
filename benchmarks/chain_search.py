"""Tunes the warehouse's rule together with its stores' capped base-stock rules, by simulation.

`python -m benchmarks.chain_search FILE [--uncapped]` prints the levels found for a scenario whose
warehouse follows a base-stock or capped base-stock rule, with or without caps at the stores; this
is how levels in benchmarks/published that nobody published were found.
"""

import sys
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from inventory_env.frozen import Array
from inventory_env.rules import CappedBaseStock
from inventory_env.scenario import Scenario
from inventory_env.scenario_files import load_scenario
from inventory_env.tape import Purpose, draw_tape
from policies.rollout import mean_costs
from policies.rule_based import RulePolicy

STORE_PERIODS = 300_000  # a candidate is judged on


@dataclass(frozen=True)
class ChainRules:
    """A chain with its warehouse's rule, and the rule of its stores."""

    scenario: Scenario
    stores: CappedBaseStock

    def policy(self) -> RulePolicy:
        """The stores' rule, ready to run."""
        return RulePolicy("capped base-stock", self.stores)


def tune_chain(scenario: Scenario, *, seed: int = 0, capped_stores: bool = True) -> ChainRules:
    """Levels that minimise simulated cost; all candidates face the same demand.

    First four numbers in standard units, alike for all stores, by Nelder and Mead's simplex; then
    each store's level for itself by Powell's method.
    """
    worlds = max(STORE_PERIODS // (scenario.periods * len(scenario.stores)), 16)
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=worlds)
    capped = scenario.warehouse.rule.kind == "capped-base-stock"

    def rules(point: Array) -> ChainRules:
        level, cap, store_cap, *safety = point
        bounded = np.array([level, cap if capped else np.inf])
        return _rules(scenario, bounded, np.asarray(safety), store_cap if capped_stores else np.inf)

    def cost(point: Array) -> float:
        candidate = rules(point)
        return float(mean_costs(candidate.policy(), candidate.scenario, tape).mean())

    start = np.array([1.0, 0.1, 0.5, 1.0])
    shared = minimize(cost, start, method="Nelder-Mead", options={"xatol": 0.01, "fatol": 1e-4})
    own = np.concatenate([shared.x[:3], np.full(len(scenario.stores), shared.x[3])])
    return rules(minimize(cost, own, method="Powell", options={"xtol": 0.01, "ftol": 1e-4}).x)


def _rules(scenario: Scenario, warehouse: Array, safety: Array, store_cap: float) -> ChainRules:
    """Rules at a point in standard units: sds over the cover, sds of one period."""
    need = scenario.warehouse_need()
    mean, sd = scenario.demand_mean, scenario.demand_sd
    found = {"level": round(need.level(float(warehouse[0])), 3)}
    if np.isfinite(warehouse[1]):
        found["cap"] = round(max(float(mean.sum() + warehouse[1] * sd.sum()), 0.0), 3)
    rule = scenario.warehouse.rule.model_copy(update=found)
    needs = scenario.store_needs()
    levels = [n.level(z) for n, z in zip(needs, np.resize(safety, len(needs)), strict=True)]
    chain = scenario.model_copy(
        update={"warehouse": scenario.warehouse.model_copy(update={"rule": rule})}
    )
    caps = np.maximum(mean + store_cap * sd, 0.0)
    return ChainRules(chain, CappedBaseStock(np.array(levels).round(3), caps.round(3)))


if __name__ == "__main__":
    best = tune_chain(load_scenario(sys.argv[1]), capped_stores="--uncapped" not in sys.argv)
    print(best.scenario.warehouse.rule.model_dump(exclude_none=True))
    print("levels", best.stores.level.tolist(), "caps", best.stores.cap.tolist())
