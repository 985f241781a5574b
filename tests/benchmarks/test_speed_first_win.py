"""When a rule counts as beaten: on a clock that only judging moves, with costs that are told."""

from typing import Any

import numpy as np
import pytest
from chains import OrderUpTo, chain

from benchmarks.speed import first_win as module
from benchmarks.speed.first_win import FirstWin, first_win
from inventory_env.description.rules import CappedBaseStock
from policies.learning.learned import LearnedPolicy
from policies.rules import rule_book
from policies.rules.rule_based import RulePolicy

TUNING = 7.0
ROUND = 0.4  # seconds from one rollout's start to the next
JUDGING = 100.0


@pytest.fixture
def costs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """Savings over reorder point and start rule at each judgement; filled by the test."""
    savings: list[tuple[float, float]] = []
    now = [0.0]
    judged = [0]

    def tuned(kind: str, scenario: Any, seed: int) -> CappedBaseStock:
        now[0] += TUNING
        levels = np.full((1, len(scenario.stores)), 20.0)
        return CappedBaseStock(levels, levels)

    def mean_costs(policy: Any, scenario: Any, tape: Any) -> Any:
        spread = np.linspace(-1, 1, tape.worlds)  # interval of the mean: about +- 0.07
        if isinstance(policy, LearnedPolicy):
            now[0] += JUDGING
            judged[0] += 1
            return np.zeros(tape.worlds)
        over_point, over_start = savings[judged[0] - 1]
        return spread + (over_start if isinstance(policy, RulePolicy) else over_point)

    start = module._Judge._on_rollout_start

    def rollout(judge: Any) -> None:
        start(judge)
        now[0] += ROUND

    monkeypatch.setattr(rule_book, "tuned_rules", tuned)
    monkeypatch.setattr(module, "mean_costs", mean_costs)
    monkeypatch.setattr(module.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(module._Judge, "_on_rollout_start", rollout)
    return savings


def small() -> Any:
    training = {"steps": 8 * 2 * 2 * 60, "worlds": 8, "worlds_per_tape": 8, "n_steps": 2}
    return chain(training={**training, "batch_size": 32, "epochs": 1})


def test_a_win_counts_from_the_first_of_two_clear_judgements(
    costs: list[tuple[float, float]],
) -> None:
    # Judgements come at 0.0, 0.8, 1.6, ... seconds of training.
    costs += [(0.5, -0.5), (0.5, 0.5), (0.5, 0.0), (0.5, 0.5), (0.5, 0.05), (9, 0.5), (9, 0.1)]
    found = first_win(small(), OrderUpTo("reorder-point", 20.0), seed=0)
    assert found.tuning_seconds == TUNING
    assert found.over_reorder_point == pytest.approx(0.0)
    assert found.over_start_rule == pytest.approx(5 * 0.8)


def test_a_win_that_does_not_come_is_told(
    costs: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT", 3.0)
    costs += [(-0.5, 0.05)] * 10
    found = first_win(small(), OrderUpTo("reorder-point", 20.0), seed=1)
    assert found == FirstWin(1, TUNING, None, None)
