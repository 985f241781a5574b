"""Offsets fade where the present is unlike training."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from inventory_env.decision.interface import Interface
from inventory_env.description.population import shape_of
from policies.learning.familiar import Familiar
from policies.learning.learned import LearnedPolicy
from policies.runs.run_folder import load_run

GOLDEN = Path(__file__).parent.parent / "golden"
sys.path.insert(0, str(GOLDEN))

from make import rebuilt  # noqa: E402

LOW, HIGH = np.full((1, 20), -1.0), np.full((1, 20), 2.0)
LEVELS, AS_TOLD = (-1.0, 1.0), np.zeros((1, 1))


@pytest.mark.parametrize(
    ("strange", "weight"),
    [(0, 1.0), (1, 1.0), (2, 0.5), (3, 0.0), (9, 0.0)],
)
def test_offsets_fade_with_the_share_of_strange_values(strange: int, weight: float) -> None:
    """Of twenty values one is usually outside its range: with two more the rule decides alone."""
    seen = np.zeros((3, 20), dtype=np.float32)
    seen[1, :strange] = 2.1
    familiar = Familiar(LOW, HIGH, usual=0.05, levels=LEVELS)
    np.testing.assert_allclose(familiar.weight(seen, AS_TOLD)[:, 0], [1.0, weight, 1.0], atol=1e-12)


@pytest.mark.parametrize(("times", "weight"), [(1, 1.0), (2.7, 1.0), (3.4, 0.446), (5, 0.0)])
def test_offsets_fade_where_demand_is_far_more_or_less_than_in_training(
    times: float, weight: float
) -> None:
    """Training saw up to e = 2.72 times the demand; at 1.5 times that the rule decides alone."""
    familiar = Familiar(LOW, HIGH, usual=0.05, levels=LEVELS)
    seen = np.zeros((2, 20), dtype=np.float32)
    level = np.log([[times], [1 / times]])
    np.testing.assert_allclose(familiar.weight(seen, level)[:, 0], weight, atol=5e-3)


def test_a_value_that_is_cut_off_is_strange_whatever_training_saw() -> None:
    familiar = Familiar(np.full((1, 20), -9.0), np.full((1, 20), 9.0), usual=0.0, levels=LEVELS)
    seen = np.zeros((2, 20), dtype=np.float32)
    seen[0, :2] = 6.0
    np.testing.assert_allclose(familiar.weight(seen, AS_TOLD)[:, 0], [0.0, 1.0])


def test_what_is_written_is_read_again() -> None:
    again = Familiar.read(Familiar(LOW, HIGH, usual=0.05, levels=LEVELS).written())
    np.testing.assert_array_equal(again.low, LOW)
    np.testing.assert_array_equal(again.high, HIGH)
    assert again.usual == 0.05 and again.levels == LEVELS


@pytest.mark.parametrize("units", ["whole", "continuous"])
def test_the_share_that_is_told_is_the_share_that_orders_fade_by(units: str) -> None:
    """Each order is the rule's in that share, and the network's in the rest."""
    run = load_run(GOLDEN / units)
    interface = Interface(run.recipe, shape_of(run.scenario))
    agents, width = interface.agents, len(interface.names)
    size = (agents.count, width)
    familiar = Familiar(np.full(size, -0.4), np.full(size, 0.4), usual=0.5, levels=LEVELS)
    network = run.learned._network
    plain = LearnedPolicy(interface, run.start_rule, network)
    fading = LearnedPolicy(interface, run.start_rule, network, familiar=familiar)
    shares = []
    for line in (GOLDEN / units / "decisions.jsonl").read_text(encoding="utf-8").splitlines():
        seen = rebuilt(run.scenario, json.loads(line))
        wishes, share = fading.wishes(seen), fading.share_of_rule(seen)
        rule, own = agents.of(run.start_rule.wishes(seen)), agents.of(plain.wishes(seen))
        np.testing.assert_allclose(
            agents.of(wishes), share * rule + (1 - share) * own, rtol=1e-6, atol=1e-6
        )
        assert (plain.share_of_rule(seen) == 0).all()
        # Asked of a situation that it did not just decide on, it says the same.
        again = rebuilt(run.scenario, json.loads(line))
        np.testing.assert_array_equal(fading.share_of_rule(again), share)
        observed = interface.observe(seen, run.start_rule.wishes(seen))
        counted = {
            name: (abs(observed[:, k]) == 6).mean() for k, name in enumerate(interface.names)
        }
        assert fading.clipped(seen) == counted
        shares += share.ravel().tolist()
    assert 0 < np.mean(shares) < 1
