"""Why a line: the network by brute force, lines that it does not know, what needs an eye."""

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import softmax
from shop import write_morning
from test_bad_files import STOCK, TODAY, chain
from typer.testing import CliRunner

import cli
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.learned import LearnedPolicy
from policies.orders.folder import make_orders
from policies.orders.morning import OPEN_ORDERS, read_morning
from policies.orders.morning import STOCK as STOCK_FILE
from policies.orders.proposal import Decider, propose, rules_of
from policies.orders.reasons import rule_words
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import FittedRulePolicy, RulePolicy
from policies.runs.run_folder import load_run

GOLDEN = Path(__file__).parent.parent / "golden" / "whole"


def learned() -> Decider:
    """The golden run's network, whatever the run recommends."""
    run = load_run(GOLDEN)
    return Decider(run.scenario, run.learned, run.start_rule, "golden", run.seed)


def morning_of(decider: Decider, folder: Path, periods: int = 5):  # type: ignore[no-untyped-def]
    world, ledgers = Chain(decider.scenario), []
    world.reset(draw_tape(decider.scenario, seed=4, purpose=Purpose.TEST, worlds=1))
    for _ in range(periods):
        ledgers.append(world.step(decider.policy.wishes(world.situation)))
    today = write_morning(folder, world, ledgers, decider.scenario)
    return read_morning(
        decider.scenario,
        folder / STOCK_FILE,
        open_orders=folder / OPEN_ORDERS,
        plan_start=today - timedelta(days=periods),
    )


def test_what_moves_an_order_is_what_the_network_does(tmp_path: Path) -> None:
    """Each value set to 0 in turn, and the expected wish worked out from logits and offsets."""
    decider = learned()
    policy = decider.policy
    assert isinstance(policy, LearnedPolicy)
    situation = morning_of(decider, tmp_path).facts.situation(decider.scenario)
    explanation = policy.explain(situation)
    interface, network = policy._interface, policy._network
    start = policy.start.wishes(situation)
    seen = interface.observe(situation, start)
    rule = interface.agents.of(start)[0]
    largest = np.array(interface.recipe.sizes)[:, 0]
    actions = interface.actions

    def expected(values: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            distribution = network.get_distribution(torch.from_numpy(values))
        chance = softmax(distribution.distribution.logits.numpy().astype(float), axis=1)
        wishes = []
        for action in range(chance.shape[1]):
            step = (action - actions.preferred) / actions.steps
            wishes.append(np.maximum(rule + np.rint(step * largest), 0.0))
        return (chance * np.array(wishes).T).sum(axis=1)

    for place, name in enumerate(explanation.names):
        usual = seen.copy()
        usual[:, interface.names.index(name)] = 0.0
        by_hand = expected(seen) - expected(usual)
        np.testing.assert_allclose(explanation.moved[:, place], by_hand, atol=1e-4, err_msg=name)
    assert not {"critical_ratio", "is_stores"} & set(explanation.names)


def test_beyond_what_it_knows_the_rule_orders_and_says_so(tmp_path: Path) -> None:
    """Demand a hundred times the usual yesterday: the network would order otherwise."""
    decider = learned()
    morning = morning_of(decider, tmp_path)
    first = decider.scenario.stores[0].name
    yesterday = morning.day - timedelta(days=1)
    (tmp_path / "demand.csv").write_text(f"date,site,demand,served\n{yesterday},{first},600,0\n")
    far = read_morning(
        decider.scenario,
        tmp_path / STOCK_FILE,
        open_orders=tmp_path / OPEN_ORDERS,
        demand=tmp_path / "demand.csv",
        plan_start=morning.day,
    )
    proposal = propose(decider, far)
    alone = decider.policy.wishes(proposal.situation)[0]
    assert proposal.outside[0] and alone[0] != proposal.rule_wishes[0]
    assert proposal.wishes[0] == proposal.rule_wishes[0]
    orders = make_orders(decider, far, futures=2)
    line = orders.lines.iloc[0]
    assert line["policy"] == decider.rule.name and "outside-training" in line["flags"]
    assert "beyond what the policy was trained on" in line["reason"]
    assert "outside-training" in set(orders.exceptions["kind"])


def test_where_a_network_decides_no_rule_is_named() -> None:
    decider = learned()
    world = Chain(decider.scenario)
    world.reset(draw_tape(decider.scenario, seed=4, purpose=Purpose.TEST, worlds=1))
    stores = len(decider.scenario.stores)
    beside_rule = rules_of(decider, world.situation)
    assert [found is None for found in beside_rule[: stores + 1]] == [False] * (stores + 1)
    on_top = Decider(decider.scenario, decider.policy, decider.policy, "golden", 0)
    of_network = rules_of(on_top, world.situation)
    assert [found is None for found in of_network[: stores + 1]] == [True] * (stores + 1)


def test_the_stock_on_arrival_can_be_checked_by_hand(tmp_path: Path) -> None:
    """Of the projected-inventory rule, with given levels and with a formula's."""
    scenario = load_run(GOLDEN).scenario
    for rule in (
        RulePolicy("projected-inventory", formula_rule("projected-inventory", scenario)),
        FittedRulePolicy("projected-inventory"),
    ):
        folder = tmp_path / type(rule).__name__
        folder.mkdir()
        decider = Decider(scenario, rule, rule, "", 0)
        proposal = propose(decider, morning_of(decider, folder))
        words = rule_words(proposal)
        for site in range(len(scenario.stores)):
            held = proposal.situation.stock_at_arrival[0, site]
            wish, said = proposal.rule_wishes[site], words[site]
            if wish > 0:
                target, less, equals = (float(n) for n in re.findall(r"-?\d+\.?\d*", said)[:3])
                assert less == pytest.approx(held, abs=0.006)
                assert equals == pytest.approx(target - less, abs=0.011)
                assert equals == pytest.approx(wish, abs=0.006)
            else:
                assert "reach the target" in said
        assert any("expected on arrival" in said for said in words)


def test_exceptions_come_most_urgent_first(tmp_path: Path) -> None:
    scenario = chain()
    rule = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    text = STOCK.replace("north,6", "north,0").replace("south,4", "south,900")
    (tmp_path / "stock.csv").write_text(text)
    days = [TODAY - timedelta(days=k) for k in range(12, 2, -1)]
    rows = "".join(f"{day},{shop},{units}\n" for day in days for shop, units in SOLD.items())
    (tmp_path / "demand.csv").write_text("date,site,demand\n" + rows)
    morning = read_morning(
        scenario,
        tmp_path / "stock.csv",
        demand=tmp_path / "demand.csv",
        today=TODAY + timedelta(days=1),
    )
    found = make_orders(Decider(scenario, rule, rule, "", 0), morning, futures=4).exceptions
    assert found["urgency"].tolist() == list(range(1, len(found) + 1))
    told = [(kind, site) for kind, site in zip(found["kind"], found["site"], strict=True)]
    assert told[0] == ("stocked-out", "north")
    assert ("old-data", "stock") in told and ("old-data", "demand") in told
    assert ("demand-unlike-forecast", "south") in told
    assert ("demand-unlike-forecast", "north") not in told
    assert told[-1] == ("excess", "south")


SOLD = {"north": 4, "south": 14}  # both usually sell 4 a day, sd 2


def test_the_template_is_refused_until_it_is_filled_in(tmp_path: Path) -> None:
    out = tmp_path / "morning"
    told = ["orders", "template", "--run", str(GOLDEN), "--out", str(out), "--date", "2026-03-02"]
    result = CliRunner().invoke(cli.app, told)
    assert result.exit_code == 0, result.stderr
    assert (out / "stock.csv").read_text().splitlines()[1] == "2026-03-02,golden-whole,pier,,0"
    assert CliRunner().invoke(cli.app, told).exit_code == 2  # what is there is not written over
    asked = ["orders", "--stock", str(out / "stock.csv"), "--run", str(GOLDEN)]
    result = CliRunner().invoke(cli.app, asked)
    assert result.exit_code == 2 and "row 2: on_hand '' is empty" in result.stderr
