"""What planners type goes out as it is, with its cost; a log keeps it; replay judges it."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from test_bad_files import OVERRIDES, STOCK, TODAY, chain

from inventory_env.description.scenario import Scenario
from policies.orders.folder import OVERRIDES_LOG, Orders, make_orders, write_orders
from policies.orders.morning import read_morning
from policies.orders.proposal import Decider
from policies.orders.replay import replay
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy

WHY = "the festival is in town"


def decider(scenario: Scenario) -> Decider:
    rule = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    return Decider(scenario, rule, rule, "", 0)


def ordered(folder: Path, rows: str = "", scenario: Scenario | None = None) -> Orders:
    who = decider(chain() if scenario is None else scenario)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stock.csv").write_text(STOCK.replace("warehouse,20", "warehouse,60"))
    (folder / "overrides.csv").write_text(OVERRIDES + rows)
    morning = read_morning(
        who.scenario, folder / "stock.csv", overrides=folder / "overrides.csv", today=TODAY
    )
    return make_orders(who, morning, futures=20)


def test_quantity_factor_and_freeze(tmp_path: Path) -> None:
    packs = [
        dict(store.model_dump(mode="json"), orders={"pack_size": 4}) for store in chain().stores
    ]
    scenario = chain(stores=packs)
    plain = ordered(tmp_path / "plain", "", scenario).lines.set_index("to")
    rows = (
        f",north,2026-03-01,2026-03-05,7,,,ann,{WHY}\n"
        f",south,2026-03-02,2026-03-02,,0.5,,bob,{WHY}\n"
        f",warehouse,2026-03-02,2026-03-02,,,yes,bob,{WHY}\n"
    )
    typed = ordered(tmp_path / "typed", rows, scenario).lines.set_index("to")
    assert typed.loc["north", "quantity"] == 7.0  # as typed, though no full pack
    assert typed.loc["south", "quantity"] == np.ceil(plain.loc["south", "rule_quantity"] / 8) * 4
    assert typed.loc["warehouse", "quantity"] == 0.0
    assert typed["proposed_quantity"].tolist() == plain["quantity"].tolist()
    assert typed["override"].tolist() == ["quantity 7", "factor 0.5", "freeze"]
    assert typed["reason_code"].tolist() == ["override"] * 3
    cost = typed["expected_cost"] - typed["override_cost"]
    np.testing.assert_allclose(cost, plain["expected_cost"])


def test_only_on_its_days(tmp_path: Path) -> None:
    early = f",north,2026-02-01,2026-03-01,7,,,ann,{WHY}\n"
    late = f",north,2026-03-03,2026-03-09,8,,,ann,{WHY}\n"
    assert (ordered(tmp_path, early + late).lines["override"] == "").all()


def test_the_log_keeps_each_morning_once(tmp_path: Path) -> None:
    rows = f",north,2026-03-01,2026-03-05,7,,,=ann,{WHY}\n"
    orders = ordered(tmp_path / "in", rows)
    for _ in range(2):
        write_orders(orders, tmp_path / "mornings" / "2026-03-02", {})
    log = pd.read_csv(tmp_path / "mornings" / OVERRIDES_LOG)
    assert log[["date", "to", "quantity", "override"]].values.tolist() == [
        ["2026-03-02", "north", 7, "quantity 7"]
    ]
    assert log["reason"].tolist() == [WHY]
    assert log["override_who"].tolist() == ["'=ann"]  # no spreadsheet runs it
    without = ordered(tmp_path / "in", "")
    write_orders(without, tmp_path / "mornings" / "2026-03-02", {})
    assert len(pd.read_csv(tmp_path / "mornings" / OVERRIDES_LOG)) == 0


def test_replay_judges_by_what_came(tmp_path: Path) -> None:
    """Nobody came for 20 days: every unit that a planner left unordered saved its holding cost."""
    rows = f",north,2026-03-02,2026-03-02,,,yes,ann,{WHY}\n"
    orders = ordered(tmp_path / "in", rows)
    inputs = {name: tmp_path / "in" / name for name in ("stock.csv", "overrides.csv")}
    folder = tmp_path / "mornings" / "2026-03-02"
    write_orders(orders, folder, inputs)
    days = [TODAY + timedelta(days=k) for k in range(20)]
    came = "".join(f"{day},{shop},0\n" for day in days for shop in ("north", "south"))
    (tmp_path / "came.csv").write_text("date,site,demand\n" + came)
    found = replay(orders.proposal.decider, [folder], tmp_path / "came.csv")
    lines = found.lines.set_index("to")
    horizon = orders.outcomes.horizon
    proposed = lines.loc["north", "proposed_quantity"]
    # 6 on hand; the order arrives on day 2. Frozen, the same is ordered a day later.
    assert lines.loc["north", "cost_proposed"] == 6 * horizon + proposed * (horizon - 2)
    assert lines.loc["north", "cost_ordered"] == 6 * horizon + proposed * (horizon - 3)
    assert found.worth["overrides_over_proposals"] == proposed
    assert (found.worth["overrides"], found.worth["overrides_that_helped"]) == (1, 1)
    short = "".join(f"{day},{shop},0\n" for day in days[:3] for shop in ("north", "south"))
    (tmp_path / "came.csv").write_text("date,site,demand\n" + short)
    assert replay(orders.proposal.decider, [folder], tmp_path / "came.csv").waiting == (
        date(2026, 3, 2),
    )
