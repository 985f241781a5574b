"""Small networks fitted to a table, and evaluated with numpy alone: a mean of a few of them."""

from typing import Any

import numpy as np
import torch
from torch import nn

from inventory_env.frozen import Array

NETWORKS, HIDDEN, ROUNDS = 3, 24, 2000
LEAST_SCALE = 1e-4  # of a number; one that varies less tells nothing


def fitted_networks(values: Array, aims: Array, weights: Array) -> dict[str, Any]:
    """Networks of two hidden layers, as `policies.rules.fitted_levels.evaluated` reads them.

    Args:
        values: (row, number) what is known.
        aims: (row, output) what is to be told; errors count by Huber's loss.
        weights: (row, output) how much a row counts.
    """
    centre, scale = values.mean(axis=0), values.std(axis=0)
    scale = np.where(scale < LEAST_SCALE, 1.0, scale)
    seen = (values - centre) / scale
    return {
        "centre": centre.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "least": seen.min(axis=0).round(4).tolist(),
        "largest": seen.max(axis=0).round(4).tolist(),
        "networks": [_trained(seen, aims, weights, seed=seed) for seed in range(NETWORKS)],
    }


def _trained(seen: Array, aims: Array, weights: Array, *, seed: int) -> list[Any]:
    """Weights and biases of a network's layers."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(seen.shape[1], HIDDEN),
            nn.Tanh(),
            nn.Linear(HIDDEN, HIDDEN),
            nn.Tanh(),
            nn.Linear(HIDDEN, aims.shape[1]),
        )
    inputs, outputs, weigh = (
        torch.tensor(each, dtype=torch.float32) for each in (seen, aims, weights / weights.mean())
    )
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, ROUNDS)
    for _ in range(ROUNDS):
        optimizer.zero_grad()
        error = nn.functional.smooth_l1_loss(network(inputs), outputs, reduction="none", beta=0.3)
        (weigh * error).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return [
            [layer.weight.numpy().round(4).tolist(), layer.bias.numpy().round(4).tolist()]
            for layer in network
            if isinstance(layer, nn.Linear)
        ]
