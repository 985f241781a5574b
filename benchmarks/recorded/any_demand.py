"""What the network for demand that nobody tells is worth on problems drawn for that alone.

    python -m benchmarks.recorded.any_demand any-demand runs/seed-1 runs/seed-2

Each run plays chains of `any-demand` that no training drew. It is set against the rule whose level
is searched for the chain (projected inventory, on tuning demand), and that against the formula's
level: what is saved in percent of the rule's cost, a mean over chains. It is trusted where
validation demand of the chain tells that it surely saves.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measurement import EVALUATION_SEED
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    Stream,
    load_problems,
)
from inventory_env.files import write_json
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.intervals import student_interval
from policies.learning.trust import LEAST_SAVING, SURE
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.chain_start import KIND, searched_points
from policies.rules.rule_based import FittedRulePolicy
from policies.runs.certificate import certificate
from policies.runs.generalist import load_generalist, run_named

RESULTS = Path("benchmarks/results/recorded/any-demand.json")
CHAINS, TAPES = 400, 48


def measured(run: Path) -> dict[str, Any]:
    """One network's savings."""
    network = load_generalist(run)
    problems = load_problems("any-demand")
    assert isinstance(problems, ProblemDistribution)
    chains = problems.draw(CHAINS, stream=Stream.SUITE)
    formula = FittedRulePolicy(KIND)
    tuned = FittedRulePolicy(KIND, searched_points(chains, seed=EVALUATION_SEED))
    learned = network.learned(chains, tuned)

    def saved(rule: Policy, policy: Policy, purpose: Purpose) -> tuple[Array, Array]:
        """(chain,) percent of the rule's cost, and its standard error."""
        tape = draw_tape(chains, seed=EVALUATION_SEED, purpose=purpose, worlds=CHAINS * TAPES)
        before, now = (
            mean_costs(each, chains, tape).reshape(CHAINS, TAPES) for each in (rule, policy)
        )
        found = 100 * (before - now) / before.mean(axis=1, keepdims=True)
        return found.mean(axis=1), found.std(axis=1, ddof=1) / TAPES**0.5

    mean, error = saved(tuned, learned, Purpose.VALIDATE)
    trusted = mean > np.maximum(LEAST_SAVING, SURE * error)
    mean, error = saved(tuned, learned, Purpose.TEST)
    kept = np.where(trusted, mean, 0.0)
    return {
        "seed": network.seed,
        "tuned_over_formula": _told(saved(formula, tuned, Purpose.TEST)[0]),
        "network_everywhere": _told(mean),
        "where_trusted": _told(kept),
        "trusted": float(trusted.mean()),
        "surely_dearer": float((trusted & (mean < -SURE * error)).mean()),
        "worst": float(kept.min()),
    }


def _told(saved: Array) -> dict[str, Any]:
    return {"mean": float(saved.mean()), "ci95": list(student_interval(saved))}


def main(runs: list[str]) -> None:
    """Measure some runs and write the results."""
    rows = [measured(run_named(run)) for run in runs]
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_json(RESULTS, {"rows": rows, "chains": CHAINS, "tapes": TAPES, **certificate()})
    for row in rows:
        print(row)


if __name__ == "__main__":
    main(sys.argv[1:] or ["any-demand"])
