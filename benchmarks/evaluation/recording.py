"""What is kept of a few episodes, period by period, so that they can be drawn."""

from dataclasses import dataclass
from statistics import fmean

import numpy as np

from inventory_env.frozen import Array
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.situation import Situation
from policies.policy import OfNetwork, Policy

RECORDED_WORLDS = 16


@dataclass(frozen=True)
class Recording:
    """The first worlds of a tape under one policy; arrays are (period, world, store), in units."""

    position: Array  # inventory position when the order was decided
    ordered: Array
    reference: Array | None  # what the start rule would have ordered in the same situations
    demand: Array
    unmet: Array  # demand not served on time
    stock: Array  # on hand at the end of the period
    clipped: dict[str, float]  # by value: in what share of all decisions it was cut off


class Recorder:
    """Watches a rollout and keeps its first worlds.

    Args:
        policy: that is watched.
        reference: a policy without memory of its own that is asked what it would order.
    """

    def __init__(self, policy: Policy, reference: Policy | None = None) -> None:
        self._network = policy if isinstance(policy, OfNetwork) else None
        self._reference = reference
        self._clipped: list[dict[str, float]] = []
        self._rows: dict[str, list[Array]] = {}

    def __call__(self, seen: Situation, ledger: Ledger, money: Money) -> None:
        """Keep one period."""
        if self._network is not None:
            self._clipped.append(self._network.clipped(seen))
        kept = {
            "position": seen.position,
            "ordered": ledger.ordered,
            "demand": ledger.demand,
            "unmet": ledger.demand - ledger.served,
            "stock": ledger.closing,
        }
        if self._reference is not None:
            kept["reference"] = seen.ordered(self._reference.wishes(seen))
        for name, values in kept.items():
            of_stores = values[:RECORDED_WORLDS, : seen.params.stores]
            self._rows.setdefault(name, []).append(of_stores.copy())

    def recording(self) -> Recording:
        """Everything kept so far."""
        kept = {name: np.stack(rows) for name, rows in self._rows.items()}
        names = self._clipped[0] if self._clipped else {}
        clipped = {name: fmean(period[name] for period in self._clipped) for name in names}
        return Recording(reference=kept.pop("reference", None), clipped=clipped, **kept)
