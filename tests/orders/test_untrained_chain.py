"""`hmarl orders` by a network for many problems: no training, its reasons, and where its rule
orders."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import cli
import hmarl
from inventory_env.description.scenario_files import load_scenario
from inventory_env.simulation.params import Params
from policies.learning.learned import LearnedPolicy
from policies.orders.morning import read_morning
from policies.orders.proposal import Decider, propose
from policies.runs import generalist

SHOP = """
name = "corner-shop"
periods = 120
warm_up = 20
[warehouse]
unlimited = true
[store_defaults]
holding_cost = 1.0
[[stores]]
name = "north"
demand = { kind = "poisson", mean = 4.0 }
lead_time = 3
shortage_cost = 9.0
[[stores]]
name = "south"
demand = { kind = "negative-binomial", mean = 2.0, sd = 2.5 }
lead_time = 5
shortage_cost = 19.0
"""
MORNING = Path("runs/generalist-on-corner-shop/orders/2026-11-02")
GOLDEN = str(Path(__file__).parents[1] / "golden" / "whole")
STOCK = "date,site,on_hand\n2026-11-02,north,9\n2026-11-02,south,3\n"


@pytest.fixture(autouse=True)
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chain.toml").write_text(SHOP)
    Path("stock.csv").write_text(STOCK)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, ["orders", *arguments], catch_exceptions=False)


def orders(*arguments: str) -> Result:
    return run("--scenario", "chain.toml", "--stock", "stock.csv", *arguments)


def lines() -> pd.DataFrame:
    return pd.read_csv(MORNING / "orders.csv", index_col="to")


def test_the_shipped_network_orders_for_a_chain_that_nobody_trained() -> None:
    """The same as in Python, with the rule's arithmetic and what moves the network."""
    result = orders("--run", "generalist")
    assert result.exit_code == 0, result.stderr
    found, own = lines(), hmarl.orders(hmarl.generalist().on(hmarl.load("chain.toml")), "stock.csv")
    assert list(found["quantity"]) == list(own.lines["quantity"])
    assert found.loc["north", "policy"] == "generalist"
    reason = found.loc["north", "reason"]
    assert "expected on arrival" in reason and "learned offset" in reason
    assert (MORNING / "report.html").is_file()
    assert list(Path("runs").iterdir()) == [Path("runs/generalist-on-corner-shop")]


def test_a_store_outside_training_is_told_and_gets_the_rules_order() -> None:
    Path("chain.toml").write_text(SHOP.replace("19.0", "1900.0"))
    result = orders("--run", "generalist")
    assert result.exit_code == 0, result.stderr
    assert "store south: shortage cost / holding cost is 1900, training had 1 to" in result.output
    assert "store north" not in result.output
    south = lines().loc["south"]
    assert south["quantity"] == south["rule_quantity"] and south["learned_offset"] == 0
    assert south["policy"] == "projected-inventory" and south["reason_code"] == "rule-as-outside"
    assert "beyond what the policy was trained on" in south["reason"]
    assert lines().loc["north", "policy"] == "generalist"


def test_where_it_should_save_nothing_the_rule_orders_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chain = load_scenario("chain.toml")
    monkeypatch.setattr(generalist, "saves", lambda *_, **__: np.array([[True, False]]))
    found = hmarl.generalist().on(chain).policy
    assert isinstance(found, LearnedPolicy)
    result = orders("--run", "generalist")
    assert "store south: the network should save nothing here" in result.output
    line = lines().loc["south"]
    assert line["policy"] == "projected-inventory" and line["learned_offset"] == 0
    assert "the policy should save nothing here, so the rule orders" in line["reason"]
    assert "outside" not in str(line["flags"]) and "outside-training" not in result.output
    decider = Decider.of_run(hmarl.generalist().on(chain))
    proposal = propose(decider, read_morning(chain, Path("stock.csv")))
    assert list(proposal.untrusted) == [False, True] and not proposal.outside.any()
    assert found.follows_start(Params.of(chain)) is not None


def test_its_mornings_are_played_again() -> None:
    assert orders("--run", "generalist").exit_code == 0
    days = pd.date_range("2026-11-02", periods=20)
    rows = [f"{day.date()},{site},3" for day in days for site in ("north", "south")]
    Path("demand.csv").write_text("\n".join(["date,site,demand", *rows]))
    again = ["--run", "generalist", "--scenario", "chain.toml", "--demand", "demand.csv"]
    result = run("replay", *again)
    assert result.exit_code == 0, result.stderr
    assert "1 mornings. Against the rule" in result.output


def test_the_template_says_how_to_go_on() -> None:
    asked = ["--run", "generalist", "--scenario", "chain.toml", "--date", "2026-11-02"]
    told = run("template", *asked).output
    assert "hmarl orders --stock morning/stock.csv --run generalist --scenario chain.toml" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "generalist"], "serves any chain; name one with --scenario"),
        (["--scenario", "chain.toml"], "goes with either --rule or a --run that serves any chain"),
        (
            ["--scenario", "chain.toml", "--run", "generalist", "--rule", "base-stock"],
            "goes with either --rule or a --run that serves any chain",
        ),
        (
            ["--scenario", "chain.toml", "--run", GOLDEN],
            "trained on one chain (golden-whole); a run on a problem distribution serves others",
        ),
        (["--scenario", "any-store", "--run", "generalist"], "describes many chains"),
        (["--scenario", "chain.toml", "--run", "none"], "none: no such run folder"),
    ],
)
def test_what_does_not_fit_is_one_line(arguments: list[str], message: str) -> None:
    result = run("--stock", "stock.csv", *arguments)
    assert result.exit_code == 2 and message in result.stderr
    assert len(result.stderr.splitlines()) == 1 and not Path("runs").exists()
