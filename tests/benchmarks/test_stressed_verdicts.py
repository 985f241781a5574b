"""Verdicts under stress: the plain one among them, and what must follow from the stress."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chains import HalfARule, OrderUpTo, chain

from benchmarks.evaluation.evaluation import run_policies
from benchmarks.evaluation.stress import STRESSES, stress_table, stress_test, write_stress
from inventory_env.description.scenario_files import load_scenario
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy

NAMES = ("base-stock", "constant-order", "capped-base-stock")


@pytest.fixture(scope="module")
def rules() -> list[RulePolicy]:
    chain = load_scenario("three-stores")
    return [RulePolicy(name, formula_rule(name, chain)) for name in NAMES]


def test_the_plain_verdict_is_that_of_the_evaluation(rules: list[RulePolicy]) -> None:
    chain = load_scenario("three-stores")
    judged, *others = rules
    found = stress_test(chain, judged, others[0], others, episodes=40, seed=3)
    assert [row.name for row in found] == list(STRESSES)
    plain = run_policies(chain, rules, episodes=40, seed=3)
    cheapest = min(others, key=lambda rule: plain.outcomes[rule.name].mean("cost_per_period"))
    for ours, rival in ((found[0].best, cheapest), (found[0].start, others[0])):
        theirs = plain.comparison(rival.name, "cost_per_period")
        assert (ours.baseline, ours.verdict) == (theirs.baseline, theirs.verdict)
        np.testing.assert_allclose(ours.percent_ci95, theirs.percent_ci95)


def test_a_rule_that_follows_demand_suffers_from_lateness_and_outage(
    rules: list[RulePolicy],
) -> None:
    """A constant order does not even notice that demand has halved: all of the rest piles up."""
    chain = load_scenario("three-stores")
    base, constant, _ = rules
    found = {
        row.name: row for row in stress_test(chain, base, base, [constant], episodes=20, seed=3)
    }
    plain = found["as it is"].cost
    harder = ("demand x 2", "shipments a period late", "no supply for 4 periods")
    assert all(found[name].cost > plain for name in harder)
    assert found["demand x 0.5"].best.percent < -20


def test_a_policy_is_never_worse_than_itself_and_all_is_kept(
    rules: list[RulePolicy], tmp_path: Path
) -> None:
    chain = load_scenario("three-stores")
    found = stress_test(chain, rules[0], rules[0], [], episodes=10, seed=3)
    assert all(row.best.percent == 0 and row.best.ci95 == (0, 0) for row in found)
    write_stress(tmp_path, found)
    table = pd.read_csv(tmp_path / "stress.csv")
    assert table["stress"].tolist() == list(STRESSES)
    np.testing.assert_allclose(table["cost_per_period"], [row.cost for row in found])
    assert (tmp_path / "stress.png").stat().st_size > 10_000
    assert stress_table(found).row_count == len(STRESSES)


def test_each_stress_tells_what_was_left_to_the_rule(tmp_path: Path) -> None:
    """Of two stores in four worlds the rule decides for one in two."""
    start = OrderUpTo("start", 18.0)
    found = stress_test(chain(), HalfARule("net", 17.0), start, [], episodes=4, seed=3)
    write_stress(tmp_path, found)
    assert pd.read_csv(tmp_path / "stress.csv")["share_of_rule"].tolist() == [0.25] * len(STRESSES)
    assert [*stress_table(found).columns[2].cells] == ["25.0"] * len(STRESSES)
