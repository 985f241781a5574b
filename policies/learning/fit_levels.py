"""Makes the networks of `fitted_levels`: searches the levels of many drawn chains, fits them.

`python -m policies.learning.fit_levels` draws chains of the shipped distribution, searches each
one's levels, fits them by regression in which a chain weighs as much as its cost bends, and writes
what the formula costs on chains that were not fitted, on fresh demand.
"""

import json
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from inventory_env.description.population import Mixture, needs
from inventory_env.description.problem_distribution import ProblemDistribution, load_problems
from inventory_env.files import write_text
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.worlds import laid_out
from policies.rollout import mean_costs
from policies.rules import fitted_levels
from policies.rules.fitted_levels import numbers
from policies.rules.levels import rule_at, standard_levels
from policies.rules.rule_based import RulePolicy
from policies.rules.search import searched_points

KINDS = ("projected-inventory", "capped-base-stock")
STREAM = 10  # of chains; training, validation and test draw others
STORE_PERIODS = 4000  # that a candidate is judged on
TAPES = 20  # of a chain, on which levels are compared
HELD_OUT = 5  # one chain in so many is not fitted
STEP = 0.2  # standard units, to see how cost bends
LEAST_WEIGHT, MOST_WEIGHT = 0.003, 0.5
NETWORKS, HIDDEN, ROUNDS = 3, 24, 2000


def costs(kind: str, chains: Mixture, points: Array, *, seed: int) -> Array:
    """(chain,) cost per period of a rule at (chain, level) standard units, of one-store chains."""
    need = needs(chains, echelon=False)
    rule = rule_at(kind, need, points[:, None], whole=True)
    levels = {
        each.name: laid_out(np.repeat(getattr(rule, each.name), TAPES, axis=0))
        for each in fields(rule)  # type: ignore[arg-type]
    }
    tape = draw_tape(chains, seed=seed, purpose=Purpose.TUNE, worlds=TAPES * len(points), episode=2)
    policy = RulePolicy(kind, type(rule)(**levels))
    return mean_costs(policy, chains, tape).reshape(-1, TAPES).mean(axis=1)


def fit(kind: str, chains: Mixture, points: Array) -> dict[str, Any]:
    """Networks for (chain, level) searched levels, and what they cost on chains held out."""
    need = needs(chains, echelon=False).at(0)
    held_out = np.arange(len(points)) % HELD_OUT == 0
    values, best = numbers(need), costs(kind, chains, points, seed=0)
    centre, scale = values.mean(axis=0), values.std(axis=0)
    seen = (values - centre) / scale
    moves = STEP * np.eye(points.shape[1])
    bent = np.stack(
        [sum(costs(kind, chains, points + m, seed=0) for m in (-move, move)) for move in moves],
        axis=1,
    )
    weights = np.clip(bent / best[:, None] / 2 - 1, LEAST_WEIGHT, MOST_WEIGHT)
    networks = [
        _trained(*(each[~held_out] for each in (seen, points, weights)), seed=seed)
        for seed in range(NETWORKS)
    ]
    known = standard_levels(kind)
    found = {
        "centre": centre.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "least": seen.min(axis=0).round(4).tolist(),
        "largest": seen.max(axis=0).round(4).tolist(),
        "low": [level.low for level in known],
        "high": [level.high for level in known],
        "networks": networks,
    }
    fitted = fitted_levels.evaluated(found, values)
    searched, formula = (costs(kind, chains, each, seed=1) for each in (points, fitted))
    dearer = 100 * (formula / searched - 1)[held_out]
    found["dearer_than_search_percent"] = {
        "chains_held_out": int(held_out.sum()),
        "mean": round(float(dearer.mean()), 2),
        "median": round(float(np.median(dearer)), 2),
        "95th percentile": round(float(np.quantile(dearer, 0.95)), 2),
        "worst": round(float(dearer.max()), 1),
    }
    return found


def _trained(seen: Array, points: Array, weights: Array, *, seed: int) -> list[Any]:
    """Weights and biases of a network's layers."""
    torch.manual_seed(seed)
    inputs, aims, weigh = (
        torch.tensor(each, dtype=torch.float32) for each in (seen, points, weights / weights.mean())
    )
    network = nn.Sequential(
        nn.Linear(seen.shape[1], HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, HIDDEN),
        nn.Tanh(),
        nn.Linear(HIDDEN, points.shape[1]),
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS)
    for _ in range(ROUNDS):
        optimizer.zero_grad()
        error = nn.functional.smooth_l1_loss(network(inputs), aims, reduction="none", beta=0.3)
        (weigh * error).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return [
            [layer.weight.numpy().round(4).tolist(), layer.bias.numpy().round(4).tolist()]
            for layer in network
            if isinstance(layer, nn.Linear)
        ]


def main(count: int) -> None:
    """Draw, search, fit, write."""
    problems = load_problems("any-store")
    assert isinstance(problems, ProblemDistribution)
    chains, kinds = problems.draw(count, stream=STREAM), {}
    for kind in KINDS:
        points = searched_points(kind, chains, seed=0, store_periods=STORE_PERIODS)
        kinds[kind] = fit(kind, chains, points[:, 0])
        print(f"{kind}: {kinds[kind]['dearer_than_search_percent']}")
    file = Path(fitted_levels.__file__).parent / fitted_levels.FILE
    write_text(file, json.dumps({"chains": count, "kinds": kinds}) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2400)
