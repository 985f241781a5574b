"""Makes the networks of `fitted_levels`: searches the levels of many drawn chains, fits them.

`python -m policies.learning.fit_levels` draws chains of the shipped distribution, searches each
one's levels, fits them by regression in which a chain weighs as much as its cost bends, and writes
what the formula costs on chains that were not fitted, on fresh demand.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from inventory_env.description.population import Mixture, needs
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from inventory_env.files import write_text
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.small_networks import fitted_networks
from policies.rollout import mean_costs
from policies.rules import fitted_levels
from policies.rules.fitted_levels import numbers
from policies.rules.levels import rule_at, standard_levels
from policies.rules.rule_based import RulePolicy
from policies.rules.search import rule_of_worlds, searched_points

KINDS = ("projected-inventory", "capped-base-stock")
STORE_PERIODS = 4000  # that a candidate is judged on
TAPES = 20  # of a chain, on which levels are compared
HELD_OUT = 5  # one chain in so many is not fitted
STEP = 0.2  # standard units, to see how cost bends
LEAST_WEIGHT, MOST_WEIGHT = 0.003, 0.5


def costs(kind: str, chains: Mixture, points: Array, *, seed: int) -> Array:
    """(chain,) cost per period of a rule at (chain, level) standard units, of one-store chains."""
    need = needs(chains, echelon=False)
    rule = rule_at(kind, need, points[:, None], whole=True)
    tape = draw_tape(chains, seed=seed, purpose=Purpose.TUNE, worlds=TAPES * len(points), episode=2)
    policy = RulePolicy(kind, rule_of_worlds(rule, TAPES))
    return mean_costs(policy, chains, tape).reshape(-1, TAPES).mean(axis=1)


def fit(kind: str, chains: Mixture, points: Array) -> dict[str, Any]:
    """Networks for (chain, level) searched levels, and what they cost on chains held out."""
    need = needs(chains, echelon=False).at(0)
    held_out = np.arange(len(points)) % HELD_OUT == 0
    values, best = numbers(need), costs(kind, chains, points, seed=0)
    moves = STEP * np.eye(points.shape[1])
    bent = np.stack(
        [sum(costs(kind, chains, points + m, seed=0) for m in (-move, move)) for move in moves],
        axis=1,
    )
    weights = np.clip(bent / best[:, None] / 2 - 1, LEAST_WEIGHT, MOST_WEIGHT)
    known, taken = standard_levels(kind), np.logical_not(held_out)
    found = fitted_networks(values[taken], points[taken], weights[taken])
    found |= {"low": [level.low for level in known], "high": [level.high for level in known]}
    fitted = fitted_levels.evaluated(found, values)
    searched, formula = (costs(kind, chains, each, seed=1) for each in (points, fitted))
    dearer = 100 * (formula / searched - 1)[held_out]
    found["chains"] = len(points)
    found["dearer_than_search_percent"] = {
        "chains_held_out": int(held_out.sum()),
        "mean": round(float(dearer.mean()), 2),
        "median": round(float(np.median(dearer)), 2),
        "95th percentile": round(float(np.quantile(dearer, 0.95)), 2),
        "worst": round(float(dearer.max()), 1),
    }
    return found


def main(count: int) -> None:
    """Draw, search, fit, write."""
    problems = load_problems("any-store")
    assert isinstance(problems, ProblemDistribution)
    chains, kinds = problems.draw(count, stream=Stream.FIT_LEVELS), {}
    for kind in KINDS:
        points = searched_points(kind, chains, seed=0, store_periods=STORE_PERIODS)
        kinds[kind] = fit(kind, chains, points[:, 0])
        print(f"{kind}: {kinds[kind]['dearer_than_search_percent']}")
    file = Path(fitted_levels.__file__).parent / fitted_levels.FILE
    write_text(file, json.dumps({"kinds": kinds}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1600)
