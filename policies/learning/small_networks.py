"""Small networks fitted to a table or to costs, and evaluated with numpy alone: a mean of a few."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inventory_env.frozen import Array
from policies.learning.level_costs import LevelCosts

NETWORKS = 3
OUTSIDE = 0.3  # share of the least cost, for a point outside of the known by its width
LEAST_SCALE = 1e-4  # of a number; one that varies less tells nothing


@dataclass(frozen=True)
class _Plan:
    """How a network is fitted."""

    hidden: int  # of each of two layers
    rounds: int
    rows: int | None  # a round; None: all


TABLE, COSTS = _Plan(24, 2000, None), _Plan(48, 5000, 768)
Loss = Callable[[Tensor, Tensor], Tensor]  # of (row, output) and the rows' numbers


def fitted_networks(values: Array, aims: Array, weights: Array) -> dict[str, Any]:
    """Networks of two hidden layers, as `policies.rules.fitted_levels.evaluated` reads them.

    Args:
        values: (row, number) what is known.
        aims: (row, output) what is to be told; errors count by Huber's loss.
        weights: (row, output) how much a row counts.
    """
    wanted, weigh = _tensor(aims), _tensor(weights / weights.mean())

    def loss(found: Tensor, rows: Tensor) -> Tensor:
        error = nn.functional.smooth_l1_loss(found, wanted[rows], reduction="none", beta=0.3)
        return (weigh[rows] * error).mean()

    return _networks(values, loss, aims.shape[1], TABLE)


def cheapest_networks(values: Array, known: LevelCosts) -> dict[str, Any]:
    """Networks as of `fitted_networks`, whose levels cost least in the mean over chains.

    Args:
        values: (chain, number) what is known.
        known: costs of levels of each chain.
    """
    low, high, dearer = _tensor(known.low), _tensor(known.high), _tensor(known.relative)

    def loss(found: Tensor, rows: Tensor) -> Tensor:
        share = (found - low[rows]) / (high[rows] - low[rows])
        outside = (share - share.detach().clamp(0, 1)).square().sum(dim=1)
        return (_between(dearer, rows, share) + OUTSIDE * outside).mean()

    return _networks(values, loss, known.low.shape[1], COSTS)


def _between(table: Tensor, rows: Tensor, share: Tensor) -> Tensor:
    """(row,) table (row, point, ...) between its points, linear in each of (row, level) shares."""
    last, levels = table.shape[1] - 1, share.shape[1]
    place = share.clamp(0, 1) * last
    before = place.detach().floor().clamp(max=last - 1).long()
    rest, found = place - before, torch.zeros(len(rows))
    for corner in product((0, 1), repeat=levels):
        ends = torch.tensor(corner)
        weight = torch.where(ends == 1, rest, 1 - rest).prod(dim=1)
        found = found + weight * table[(rows, *(before + ends).T)]
    return found


def _tensor(values: Array) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)


def _networks(values: Array, loss: Loss, outputs: int, plan: _Plan) -> dict[str, Any]:
    """A few networks, and how their numbers are scaled."""
    centre, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale < LEAST_SCALE, 1.0, scale)
    seen = (values - centre) / scale
    return {
        "centre": centre.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "least": seen.min(axis=0).round(4).tolist(),
        "largest": seen.max(axis=0).round(4).tolist(),
        "networks": [_trained(seen, loss, outputs, plan, seed) for seed in range(NETWORKS)],
    }


def _trained(seen: Array, loss: Loss, outputs: int, plan: _Plan, seed: int) -> list[Any]:
    """Weights and biases of a network's layers."""
    hidden = plan.hidden
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(seen.shape[1], hidden),
            nn.Tanh(),
            nn.Linear(hidden, hidden),
            nn.Tanh(),
            nn.Linear(hidden, outputs),
        )
    inputs, everything = _tensor(seen), torch.arange(len(seen))
    draws = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, plan.rounds)
    for _ in range(plan.rounds):
        rows = everything
        if plan.rows is not None:
            rows = torch.randint(len(seen), (plan.rows,), generator=draws)
        optimizer.zero_grad()
        loss(network(inputs[rows]), rows).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return [
            [_rounded(layer.weight), _rounded(layer.bias)]
            for layer in network
            if isinstance(layer, nn.Linear)
        ]


def _rounded(weights: Tensor) -> Any:
    return weights.double().numpy().round(4).tolist()
