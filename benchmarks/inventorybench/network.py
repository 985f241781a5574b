"""A network on top of the tuned rule: offsets to its orders, learned on drawn problems."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.inventorybench.arrivals import AGES, Arrivals
from benchmarks.inventorybench.forecasts import Following, Forecaster
from benchmarks.inventorybench.observation import (
    FEATURES,
    Known,
    features,
    offset_order,
    rule_order,
)
from benchmarks.inventorybench.play import Morning
from benchmarks.inventorybench.tuned import FILE as LEVELS
from benchmarks.inventorybench.tuned import Book, read_books, tunable
from inventory_env.frozen import Array
from policies.runs.run_folder import read_tensors

ANCHOR = "tuned-mixture-learned-arrivals"  # the rule that learning starts from
FILES = Path(__file__).parent / "networks"
HIDDEN = 64
SEEDS = (0, 1, 2)  # of the trainings


def network() -> nn.Sequential:
    """(instance, feature) to (instance, 1); its first answers are 0, the rule's own orders."""
    layers = nn.Sequential(
        *(nn.Linear(FEATURES, HIDDEN), nn.Tanh()),
        *(nn.Linear(HIDDEN, HIDDEN), nn.Tanh()),
        nn.Linear(HIDDEN, 1),
    )
    last = layers[-1]
    assert isinstance(last, nn.Linear)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return layers


class NetworkRule:
    """The rule's orders and a network's offsets; of several networks, their mean.

    Args:
        forecaster: of demand.
        arrivals: chances of open orders.
        book: levels of the rule.
        networks: as `network` makes them.
    """

    def __init__(
        self,
        forecaster: Forecaster,
        arrivals: Arrivals,
        book: Book,
        networks: Sequence[nn.Sequential],
    ) -> None:
        self._following, self._arrivals = Following(forecaster), arrivals
        self._book, self._networks = book, networks

    def orders(self, morning: Morning) -> Array:
        forecast = self._following.forecast(morning.demand)
        known = Known.of(morning, forecast, self._arrivals.chances(morning), self._book)
        stock, open_orders = (
            torch.from_numpy(np.ascontiguousarray(units, dtype=np.float32))
            for units in (morning.stock, morning.open_orders(AGES))
        )
        with torch.no_grad():
            anchor = rule_order(known, stock, open_orders)
            seen = features(known, stock, open_orders, anchor)
            answer = torch.stack([each(seen)[:, 0] for each in self._networks]).mean(dim=0)
            return np.asarray(offset_order(known, answer, anchor), dtype=np.float64)


def shipped_network(seeds: Sequence[int]) -> NetworkRule:
    """Networks of some training seeds, as `benchmarks.inventorybench.training` wrote them."""
    forecaster, arrivals = tunable()[ANCHOR]
    networks = [read_network(FILES / f"seed-{seed}.safetensors") for seed in seeds]
    return NetworkRule(forecaster, arrivals, read_books(LEVELS)[ANCHOR], networks)


def read_network(file: Path) -> nn.Sequential:
    """A network from its file."""
    found = network()
    tensors, _ = read_tensors(file)
    found.load_state_dict({name: torch.from_numpy(values) for name, values in tensors.items()})
    return found
