"""Small networks fitted to costs, and evaluated with numpy alone: a mean of a few."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inventory_env.frozen import Array
from policies.learning.level_costs import LevelCosts

NETWORKS, HIDDEN = 3, 48
ROUNDS, ROWS = 5000, 768  # of the fit, and chains drawn for each
OUTSIDE = 0.3  # share of the least cost, for a point outside of the known by its width
LEAST_SCALE = 1e-4  # of a number; one that varies less tells nothing


Loss = Callable[[Tensor, Tensor], Tensor]  # of (row, output) and the rows' numbers


def cheapest_networks(values: Array, known: LevelCosts) -> dict[str, Any]:
    """Networks of two hidden layers, as `policies.rules.fitted_levels.evaluated` reads them, whose
    levels cost least in the mean over chains.

    Args:
        values: (chain, number) what is known.
        known: costs of levels of each chain.
    """
    low, high, dearer = _tensor(known.low), _tensor(known.high), _tensor(known.relative)

    def loss(found: Tensor, rows: Tensor) -> Tensor:
        share = (found - low[rows]) / (high[rows] - low[rows])
        outside = (share - share.detach().clamp(0, 1)).square().sum(dim=1)
        return (_between(dearer, rows, share) + OUTSIDE * outside).mean()

    return _networks(values, loss, known.low.shape[1])


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


def _networks(values: Array, loss: Loss, outputs: int) -> dict[str, Any]:
    """A few networks, and how their numbers are scaled."""
    centre, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale < LEAST_SCALE, 1.0, scale)
    seen = (values - centre) / scale
    return {
        "centre": centre.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "least": seen.min(axis=0).round(4).tolist(),
        "largest": seen.max(axis=0).round(4).tolist(),
        "networks": [_trained(seen, loss, outputs, seed) for seed in range(NETWORKS)],
    }


def _trained(seen: Array, loss: Loss, outputs: int, seed: int) -> list[Any]:
    """Weights and biases of a network's layers."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(seen.shape[1], HIDDEN),
            nn.Tanh(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.Tanh(),
            nn.Linear(HIDDEN, outputs),
        )
    inputs = _tensor(seen)
    draws = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS)
    for _ in range(ROUNDS):
        rows = torch.randint(len(seen), (ROWS,), generator=draws)
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
