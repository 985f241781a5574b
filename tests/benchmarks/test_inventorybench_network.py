"""The network for InventoryBench: what it starts from, what it may see, and what it learned."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.inventorybench.instances import SETTINGS, Instances
from benchmarks.inventorybench.laws import draw_instances
from benchmarks.inventorybench.network import (
    ANCHOR,
    SEEDS,
    NetworkRule,
    network,
    shipped_network,
)
from benchmarks.inventorybench.play import Game, play
from benchmarks.inventorybench.rules import ten_line_rule
from benchmarks.inventorybench.run import MARGIN
from benchmarks.inventorybench.training import TrainingSet, scores
from benchmarks.inventorybench.tuned import FILE, read_books, shipped_rule, tunable
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose

SEED = 77


def drawn(setting: str, count: int = 72) -> Instances:
    return draw_instances(setting, count, seed=SEED, purpose=Purpose.TEST)


def with_network(own: torch.nn.Sequential) -> NetworkRule:
    forecaster, arrivals = tunable()[ANCHOR]
    return NetworkRule(forecaster, arrivals, read_books(FILE)[ANCHOR], [own])


def some_network() -> torch.nn.Sequential:
    """One that answers something."""
    torch.manual_seed(3)
    found = network()
    torch.nn.init.normal_(found[-1].weight, std=0.2)
    return found


def played_orders(instances: Instances, policy: NetworkRule, periods: int) -> Array:
    game, found = Game(instances), []
    for _ in range(periods):
        found.append(policy.orders(game.morning))
        game.step(found[-1])
    return np.array(found)


@pytest.mark.parametrize("setting", SETTINGS)
def test_untrained_it_is_the_rule(setting: str) -> None:
    game, rule, own = Game(drawn(setting)), shipped_rule(ANCHOR), with_network(network())
    while not game.over:
        expected = rule.orders(game.morning)
        np.testing.assert_allclose(own.orders(game.morning), expected, rtol=1e-4, atol=1e-2)
        game.step(expected)


@pytest.mark.parametrize("setting", SETTINGS)
def test_training_plays_the_same_game(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The game that can be differentiated, against the one that is judged by, without rounding."""
    instances, policy = drawn(setting), some_network()
    forecaster, arrivals = tunable()[ANCHOR]
    problems = TrainingSet.of(instances, forecaster, arrivals, read_books(FILE)[ANCHOR])
    with torch.no_grad():
        trained = scores(problems, policy, torch.arange(len(instances.names))).numpy()
    monkeypatch.setattr(np, "rint", lambda orders: orders)
    game, rule = Game(instances), with_network(policy)
    always = np.ones(len(instances.names), dtype=bool)  # training supposes an order each period
    while not game.over:
        orders = rule.orders(game.morning)
        always &= orders > 0
        game.step(orders)
    judged = game.reward.sum(axis=0) / instances.perfect
    assert always.mean() > 0.2
    np.testing.assert_allclose(trained[always], judged[always], atol=2e-4)


@pytest.mark.parametrize("setting", SETTINGS)
def test_nothing_to_come_is_seen(setting: str) -> None:
    instances, now = drawn(setting), 20
    other = draw_instances(setting, len(instances.names), seed=SEED + 1, purpose=Purpose.TEST)
    later = np.arange(len(instances.demand))[:, None] >= now
    changed = replace(
        instances,
        demand=np.where(later, other.demand, instances.demand),
        lead_time=np.where(later, other.lead_time, instances.lead_time),
    )
    before, after = (
        played_orders(each, with_network(some_network()), now + 2) for each in (instances, changed)
    )
    np.testing.assert_array_equal(before[: now + 1], after[: now + 1])
    assert (before[now + 1] != after[now + 1]).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_shipped_is_seldom_worse_than_the_ten_lines_on_drawn_problems(seed: int) -> None:
    """What it was trained for, at the rule's own mean score."""
    gains, worse = [], []
    for setting in SETTINGS:
        instances = drawn(setting, 720)
        own, rule, ten = (
            instances.score(play(instances, policy))
            for policy in (shipped_network([seed]), shipped_rule(ANCHOR), ten_line_rule())
        )
        gains.append((own - rule).mean())
        worse.append([(each < ten - MARGIN).mean() for each in (own, rule)])
    share, of_rule = np.mean(worse, axis=0)
    assert share < 0.7 * of_rule
    assert np.mean(gains) > -0.001
