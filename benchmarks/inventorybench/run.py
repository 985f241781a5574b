"""`hmarl bench inventorybench`: policies on the published instances, each played once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.inventorybench.instances import SETTINGS, Instances, Mask
from benchmarks.inventorybench.network import ANCHOR, SEEDS, shipped_network
from benchmarks.inventorybench.play import OrderPolicy, play
from benchmarks.inventorybench.rules import authors_rule, ten_line_rule
from benchmarks.inventorybench.tuned import shipped_rule, tunable
from benchmarks.measurement import Tell
from inventory_env.frozen import Array, Frozen
from policies.intervals import Interval, student_interval
from policies.runs.certificate import certificate

REFERENCE = "ten-lines"  # what every policy is compared with, instance by instance
NETWORKS = "networks"  # the mean of all networks' answers
MARGIN = 0.005  # of a score, that counts as worse


class Scores(Frozen):
    """A policy's scores; each a mean over instances."""

    policy: str
    """Its name."""
    instances: int
    """How many were played."""
    by_setting: dict[str, float]
    """Mean by lead-time setting."""
    by_pattern: dict[str, dict[str, float]]
    """Mean by pattern of demand and lead-time setting."""
    gain: float
    """Mean difference to the ten-line rule."""
    gain_interval: Interval
    """Its 95 % interval; the demand series are the independent draws."""
    worse: float
    """Share of instances with a score below the ten-line rule's by more than 0.005."""
    worst: float
    """The lowest difference to the ten-line rule."""
    over_rule: dict[str, float]
    """Mean difference to the tuned rule that the networks start from, by lead-time setting."""
    over_rule_interval: Interval
    """95 % interval of the mean of them all, over series of demand."""

    @property
    def mean(self) -> float:
        """Over lead-time settings, which have as many instances each."""
        return sum(self.by_setting.values()) / len(self.by_setting)


class InventoryBenchResult(Frozen):
    """All policies on one set of instances."""

    policies: tuple[Scores, ...]
    """The ten-line rule among them."""
    made_by: dict[str, Any]
    """Versions, machine and command."""


def measured_policies() -> dict[str, OrderPolicy]:
    """Every policy by name."""
    return {
        "authors": authors_rule(),
        REFERENCE: ten_line_rule(),
        **{name: shipped_rule(name) for name in tunable()},
        **{f"network-{seed}": shipped_network([seed]) for seed in SEEDS},
        NETWORKS: shipped_network(SEEDS),
    }


def measure(
    instances: Sequence[Instances], policies: Mapping[str, OrderPolicy], tell: Tell
) -> InventoryBenchResult:
    """Play every policy on every instance.

    Args:
        instances: as `read_instances` gives them.
        policies: by name, the ten-line rule and the one that networks start from among them.
        tell: is told of each policy.
    """
    found = {}
    for name, policy in policies.items():
        found[name] = [each.score(play(each, policy)) for each in instances]
        tell(f"{name}: {np.concatenate(found[name]).mean():.4f}")
    rows = tuple(
        _scores(name, own, found[REFERENCE], found[ANCHOR], instances)
        for name, own in found.items()
    )
    return InventoryBenchResult(policies=rows, made_by=certificate())


def _scores(
    name: str,
    own: list[Array],
    reference: list[Array],
    rule: list[Array],
    instances: Sequence[Instances],
) -> Scores:
    settings = np.concatenate([np.full(len(each.names), each.setting) for each in instances])
    patterns = np.concatenate([np.array(each.patterns) for each in instances])
    numbers: dict[bytes, int] = {}  # of series of demand; instances may differ in profit alone
    columns = [column for each in instances for column in each.demand.T]
    series = np.array([numbers.setdefault(each.tobytes(), len(numbers)) for each in columns])
    scores, gains = np.concatenate(own), np.concatenate(own) - np.concatenate(reference)
    known = [setting for setting in SETTINGS if setting in settings]

    def by_setting(rows: Mask) -> dict[str, float]:
        return {s: float(scores[rows & (settings == s)].mean()) for s in known}

    over = scores - np.concatenate(rule)

    def interval(differences: Array) -> Interval:
        return student_interval(np.bincount(series, differences) / np.bincount(series))

    return Scores(
        policy=name,
        instances=len(scores),
        by_setting=by_setting(np.full(len(scores), True)),
        by_pattern={str(p): by_setting(patterns == p) for p in np.unique(patterns)},
        gain=float(gains.mean()),
        gain_interval=interval(gains),
        worse=float((gains < -MARGIN).mean()),
        worst=float(gains.min()),
        over_rule={s: float(over[settings == s].mean()) for s in known},
        over_rule_interval=interval(over),
    )
