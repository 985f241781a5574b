"""Makes the networks of `fitted_levels`: from what levels cost in many drawn chains.

`python -m policies.learning.fit_levels` draws chains of the shipped distribution, and more of
those that the literature has, looks at what levels around the best cost in each, fits networks
whose levels cost least in the mean, and writes what they cost on chains that were not fitted, on
fresh demand, against levels that were searched for each.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from inventory_env.description.levels import standard_levels
from inventory_env.description.population import Mixture, needs
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from inventory_env.files import write_text
from inventory_env.frozen import Array
from policies.learning.level_costs import Judging, LevelCosts, dearer, level_costs
from policies.learning.small_networks import cheapest_networks
from policies.rules import fitted_levels
from policies.rules.fitted_levels import numbers

KINDS = ("projected-inventory", "capped-base-stock")
BATCH = 1000  # chains whose costs are looked at together
SEARCHED = {1: Judging(25, 8, 500), 2: Judging(9, 8, 500)}  # chains held out, by levels of a rule
FRESH = Judging(2, 24, 500)  # on which searched and fitted levels are compared
COMPARED = 300  # chains held out of each distribution

# A few units a period, lost sales, constant lead times: where whole units tell most.
LITERATURE = """
name = "literature"
description = "Stores of a few units a period whose customers leave."
periods = 190
warm_up = 62
unmet_demand = "lost"

[warehouse]
unlimited = true

[[stores]]
name = "store"
holding_cost = 1.0
shortage_cost = { low = 2, high = 150, log = true }
starting_stock = "auto"
lead_time = { low = 0, high = 12, whole = true }

[[stores.demand.choice]]
kind = "negative-binomial"
mean = { low = 1, high = 20, log = true }
dispersion = { low = 0.02, high = 2 }

[[stores.demand.choice]]
kind = "poisson"
mean = { low = 1, high = 20, log = true }

[[stores.demand.choice]]
kind = "geometric"
mean = { low = 1, high = 20, log = true }

[[stores.demand.choice]]
kind = "binomial"
trials = { low = 3, high = 60, log = true, whole = true }
probability = { low = 0.1, high = 0.7 }
"""


def distributions() -> dict[str, ProblemDistribution]:
    """What chains are drawn from, by name."""
    shipped = load_problems("any-store")
    assert isinstance(shipped, ProblemDistribution)
    return {"any-store": shipped, "literature": ProblemDistribution(LITERATURE, "literature")}


def looked_at(kind: str, chains: Mixture) -> LevelCosts:
    """Costs of levels of many chains."""
    found = []
    for first in range(0, len(chains.members), BATCH):
        found.append(level_costs(kind, Mixture(chains.members[first : first + BATCH]), seed=0))
        print(f"{kind}: {first + len(found[-1].low)} chains", flush=True)
    return LevelCosts(
        *(np.concatenate([getattr(f, n) for f in found]) for n in ("low", "high", "costs"))
    )


def fit(kind: str, chains: Mixture, known: LevelCosts) -> dict[str, Any]:
    """Networks for the levels of a kind of rule, from what levels cost in some chains."""
    found = cheapest_networks(numbers(needs(chains, echelon=False).at(0)), known)
    levels = standard_levels(kind)
    found |= {"low": [level.low for level in levels], "high": [level.high for level in levels]}
    return found | {"chains": len(chains.members)}


def levels_of(found: dict[str, Any], chains: Mixture) -> Array:
    """(chain, level) of a fit."""
    return fitted_levels.evaluated(found, numbers(needs(chains, echelon=False).at(0)))


def told(percent: Array) -> dict[str, float]:
    """What is written of chains held out."""
    return {
        "chains held out": len(percent),
        "mean": round(float(percent.mean()), 2),
        "median": round(float(np.median(percent)), 2),
        "95th percentile": round(float(np.quantile(percent, 0.95)), 2),
        "worst": round(float(percent.max()), 1),
    }


def main(count: int) -> None:
    """Draw, look, fit, compare, write."""
    drawn = distributions()
    chains = Mixture(
        drawn["literature"].draw(count // 3, stream=Stream.FIT_LITERATURE).members
        + drawn["any-store"].draw(count, stream=Stream.FIT_LEVELS).members
    )
    kinds, measured = {}, {}
    for kind in KINDS:
        kinds[kind] = fit(kind, chains, looked_at(kind, chains))
        searched = SEARCHED[len(standard_levels(kind))]
        measured[kind] = {
            name: told(dearer(kind, held_out, levels_of(kinds[kind], held_out), searched, FRESH))
            for name, held_out in (
                (name, each.draw(COMPARED, stream=Stream.FIT_HELD_OUT))
                for name, each in drawn.items()
            )
        }
        print(f"{kind}: dearer than search, %: {measured[kind]}")
    file = Path(fitted_levels.__file__).parent / fitted_levels.FILE
    found = {"kinds": kinds, "dearer_than_search_percent": measured}
    write_text(file, json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9000)
