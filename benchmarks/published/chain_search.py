"""Tunes the warehouse's rule together with its stores' capped base-stock rules, by simulation.

`python -m benchmarks.published.chain_search FILE [--uncapped]` prints the levels found for a
scenario whose warehouse follows a base-stock or capped base-stock rule, with or without caps at the
stores; this is how levels in benchmarks/published/problems that nobody published were found.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from inventory_env.description.population import needs
from inventory_env.description.rules import BaseStock, CappedBaseStock, OrderRule
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rollout import mean_costs
from policies.rules.rule_based import RulePolicy
from policies.rules.search import tuned_rules

STORE_PERIODS = 300_000  # a candidate is judged on
ROUNDS = 2  # stores, then warehouse


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

    First numbers in standard units, alike for all stores, together with the warehouse's; then, in
    turn, each store's own levels and the warehouse's. Simplex of Nelder and Mead (1965).

    Args:
        scenario: whose warehouse follows a base-stock or capped base-stock rule.
        seed: of the tuning demand.
        capped_stores: whether the stores' orders are capped, too.
    """
    worlds = max(STORE_PERIODS // (scenario.periods * len(scenario.stores)), 16)
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=worlds)
    need = needs(scenario, echelon=False).at(slice(0, len(scenario.stores)))
    mean, sd = scenario.demand_mean, scenario.demand_sd

    def cost(chain: ChainRules) -> float:
        return float(mean_costs(chain.policy(), chain.scenario, tape).mean())

    def alike(point: Array) -> ChainRules:
        level, cap, store_level, store_cap = point
        levels = need.level(store_level)[0]
        caps = np.maximum(mean + (store_cap if capped_stores else np.inf) * sd, 0.0)
        return ChainRules(_warehouse(scenario, level, cap), CappedBaseStock(levels, caps))

    start = np.array([1.0, 0.1, 1.0, 0.5])
    standard = _simplex(lambda point: cost(alike(point)), start)
    best = alike(standard)
    for _ in range(ROUNDS):
        kind = "capped-base-stock" if capped_stores else "base-stock"
        own = _rounded(tuned_rules(kind, best.scenario, seed=seed))

        def beside(point: Array, own: CappedBaseStock = own) -> ChainRules:
            return ChainRules(_warehouse(scenario, *point), own)

        def cost_beside(point: Array) -> float:
            return cost(beside(point))

        standard[:2] = _simplex(cost_beside, standard[:2])
        best = beside(standard[:2])
    return best


def _rounded(rule: OrderRule) -> CappedBaseStock:
    """Levels, and caps where there are any, with three decimals."""
    assert isinstance(rule, BaseStock | CappedBaseStock)
    level = np.ravel(rule.level).round(3)
    cap = np.ravel(rule.cap).round(3) if isinstance(rule, CappedBaseStock) else level + np.inf
    return CappedBaseStock(level, cap)


def _simplex(cost: Callable[[Array], float], start: Array) -> Array:
    found = minimize(cost, start, method="Nelder-Mead", options={"xatol": 0.005, "fatol": 1e-4})
    return np.asarray(found.x)


def _warehouse(scenario: Scenario, level: float, cap: float) -> Scenario:
    """The chain with its warehouse's rule at a point in standard units: sds over the cover, and
    the sum of the stores' sds of one period."""
    echelon = scenario.warehouse.rule.position == "echelon"
    need = needs(scenario, echelon=echelon).at(len(scenario.stores))
    found = {"level": round(need.level(float(level)).item(), 3)}
    if scenario.warehouse.rule.kind == "capped-base-stock":
        most = scenario.demand_mean.sum() + cap * scenario.demand_sd.sum()
        found["cap"] = round(max(float(most), 0.0), 3)
    rule = scenario.warehouse.rule.model_copy(update=found)
    warehouse = scenario.warehouse.model_copy(update={"rule": rule})
    return scenario.model_copy(update={"warehouse": warehouse})


if __name__ == "__main__":
    best = tune_chain(load_scenario(sys.argv[1]), capped_stores="--uncapped" not in sys.argv)
    print(best.scenario.warehouse.rule.model_dump(exclude_none=True))
    print("levels", best.stores.level.tolist(), "caps", best.stores.cap.tolist())
