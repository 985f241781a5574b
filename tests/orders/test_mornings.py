"""Files in, files out: what is ordered from files is what the simulator orders."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from shop import read_orders, write_morning
from typer.testing import CliRunner

import cli
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.orders import futures
from policies.orders.folder import make_orders, write_orders
from policies.orders.futures import play_futures
from policies.orders.morning import OPEN_ORDERS, STOCK, read_morning
from policies.orders.proposal import Decider, propose
from policies.orders.recent_demand import DEMAND
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy
from policies.runs.run_folder import load_run

GOLDEN = Path(__file__).parent.parent / "golden"


def recorded(tmp_path: Path) -> Scenario:
    """Three shops with two years of recorded demand, behind the warehouse of three-stores."""
    rng = np.random.default_rng(5)
    first, shops = date(2022, 1, 3), {"city": 20.0, "suburb": 9.0, "coast": 4.0}
    rows = [
        [(first + timedelta(days=7 * week)).isoformat(), shop, rng.poisson(mean * (1 + week / 400))]
        for week in range(300)
        for shop, mean in shops.items()
    ]
    file = tmp_path / "sales.csv"
    pd.DataFrame(rows, columns=["date", "store", "demand"]).to_csv(file, index=False)
    return scenario_with_demand(load_scenario("three-stores"), DemandFile(path=file))[0]


def by_rule(scenario: Scenario, kind: str = "capped-base-stock") -> Decider:
    rule = RulePolicy(kind, formula_rule(kind, scenario))
    return Decider(scenario, rule, rule, "", 0)


def play_from_files(
    decider: Decider, folder: Path, mornings: int, *, plan: bool = False
) -> tuple[list[Ledger], list[Ledger]]:
    """So many mornings as the simulator decides, and from files alone."""
    scenario = decider.scenario
    tape = draw_tape(scenario, seed=11, purpose=Purpose.TEST, worlds=1)
    simulated, shop = Chain(scenario), Chain(scenario)
    simulated.reset(tape)
    shop.reset(tape)
    own: list[Ledger] = []
    filed: list[Ledger] = []
    for number in range(mornings):
        own.append(simulated.step(decider.policy.wishes(simulated.situation)))
        place = folder / str(number)
        today = write_morning(place, shop, filed, scenario)
        start = today - timedelta(days=number * (7 if scenario.period == "week" else 1))
        morning = read_morning(
            scenario,
            place / STOCK,
            open_orders=place / OPEN_ORDERS,
            demand=place / DEMAND,
            plan_start=start if plan else None,
        )
        write_orders(make_orders(decider, morning, futures=4), place / "out", {})
        filed.append(shop.place(read_orders(place / "out" / "orders.csv", scenario)))
    return own, filed


@pytest.mark.parametrize("kind", ["capped-base-stock", "reorder-point"])
def test_ten_mornings_on_recorded_demand(tmp_path: Path, kind: str) -> None:
    decider = by_rule(recorded(tmp_path), kind)
    own, filed = play_from_files(decider, tmp_path, 10)
    for ours, theirs in zip(own, filed, strict=True):
        for name, units in vars(ours).items():
            np.testing.assert_array_equal(getattr(theirs, name), units, err_msg=name)


def drawn_once(drawn: list[int], *given, **named) -> Tape:  # type: ignore[no-untyped-def]
    tape = draw_tape(*given, **named)
    drawn.append(len({tape.demand[:, world].tobytes() for world in range(tape.worlds)}))
    return tape


def test_without_a_demand_file_the_runs_own_record_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = recorded(tmp_path)
    assert scenario.history is not None
    day = scenario.history.dates[-1] + timedelta(days=7)
    sites = [*(store.name for store in scenario.stores), "warehouse"]
    stock = tmp_path / "stock.csv"
    stock.write_text("date,site,on_hand\n" + "".join(f"{day},{site},9\n" for site in sites))
    empty = tmp_path / "demand.csv"
    empty.write_text("date,item,site,demand\n")
    for demand in (None, empty):
        morning = read_morning(scenario, stock, demand=demand)
        np.testing.assert_array_equal(morning.facts.demand, scenario.history.demand)
        assert morning.old == {}
    # A file with the newest days alone: futures still come from the whole record.
    newest = scenario.history.dates[-1] + timedelta(days=7)
    sold = "".join(f"{newest},{site},9\n" for site in sites[:3])
    empty.write_text("date,site,demand\n" + sold)
    few = read_morning(scenario, stock, demand=empty, today=newest + timedelta(days=7))
    assert few.past is not None and few.facts.demand is not None
    assert (len(few.past), len(few.facts.demand)) == (301, 28)
    drawn: list[int] = []
    monkeypatch.setattr(futures, "draw_tape", lambda *a, **k: drawn_once(drawn, *a, **k))
    make_orders(by_rule(scenario), few, futures=40)
    assert drawn == [40]  # futures, all with demand of their own
    late = day + timedelta(days=70)
    assert "newest demand is of" in read_morning(scenario, stock, today=late).old["demand"]
    empty.write_text("date,site,demand\n" + "".join(f"{late},{s},9\n" for s in sites[:3]))
    with pytest.raises(InputError, match=r"demand.csv: .* needs at least 7 periods .* got 1"):
        read_morning(scenario, stock, demand=empty, today=late + timedelta(days=7))


@pytest.mark.parametrize("units", ["whole", "continuous"])
def test_a_trained_network_orders_from_files_as_in_the_simulation(
    tmp_path: Path, units: str
) -> None:
    decider = Decider.of_run(load_run(GOLDEN / units))
    own, filed = play_from_files(decider, tmp_path, 8, plan=True)
    for ours, theirs in zip(own, filed, strict=True):
        for name, values in vars(ours).items():
            got = getattr(theirs, name)
            if units == "whole":
                np.testing.assert_array_equal(got, values, err_msg=name)
            else:  # files keep six decimals
                np.testing.assert_allclose(got, values, atol=1e-4, err_msg=name)


def test_the_same_files_give_the_same_bytes(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    scenario = load_run(GOLDEN / "whole").scenario
    chain = Chain(scenario)
    chain.reset(draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=1))
    write_morning(tmp_path / "m", chain, [], scenario)
    told = ["orders", "--stock", "m/stock.csv", "--run", str(GOLDEN / "whole"), "--out"]
    kept = []
    for out in ("one", "two"):
        result = CliRunner().invoke(cli.app, [*told, f"{out}/day"])
        assert result.exit_code == 0, result.output
        files = sorted(file for file in Path(out).rglob("*") if file.is_file())
        kept.append({file.relative_to(out): file.read_bytes() for file in files})
    assert kept[0] == kept[1]
    names = {str(name) for name in kept[0]}
    assert names >= {"day/orders.csv", "day/exceptions.csv", "day/morning.json"}
    assert "day/inputs/stock.csv" in names


def one_store(**changes: object) -> Scenario:
    """One shop, certain demand of 4 a day, two days from order to shelf: up to 3 days' demand."""
    store = {
        "name": "shop",
        "demand": {"kind": "deterministic", "mean": 4},
        "lead_time": 2,
        "holding_cost": 1.0,
        "shortage_cost": 9.0,
    }
    table = {
        "name": "one-shop",
        "period": "day",
        "periods": 30,
        "warm_up": 5,
        "units": "whole",
        "stores": [store],
        "warehouse": {"unlimited": True},
    }
    return Scenario.model_validate({**table, **changes})


def test_futures_by_hand(tmp_path: Path) -> None:
    """On hand 6, nothing on the way, level 12: orders 6. The days cost

    with the order: 6-4=2 left; 2 served, 2 lost; 6 arrive, 2 left (rule ordered 4 on day 1);
    then 2+4 on hand, 2 left ...; without it: nothing arrives on day 2, 4 are lost.
    """
    decider = by_rule(one_store(), "base-stock")
    rule = formula_rule("base-stock", decider.scenario)
    assert rule.order(np.array([[6.0]]), 1.0)[0, 0] == 6.0
    (tmp_path / "stock.csv").write_text("date,site,on_hand\n2026-03-02,shop,6\n")
    proposal = propose(decider, read_morning(decider.scenario, tmp_path / "stock.csv"))
    assert proposal.orders.tolist() == [6.0]
    outcomes = play_futures(proposal, futures=3)
    assert (outcomes.arrival.tolist(), outcomes.window.tolist()) == ([2], [3])
    assert outcomes.horizon == 4
    # Day 0: 6 - 4 = 2 kept. Day 1: 2 of 4 served, 2 lost. Day 2: the 6 arrive, 2 kept.
    # Day 1 ordered up to 12: position 2 + 6, so 4; day 3 has 2 + 4, 2 kept.
    assert outcomes.orders.cost[0] == 2 + 9 * 2 + 2 + 2
    # Nothing: day 1 position 2, so 10 are ordered and arrive on day 3: 4 lost on day 2, 6 kept.
    assert outcomes.nothing.cost[0] == 2 + 9 * 2 + 9 * 4 + 6
    assert outcomes.orders.lost.tolist() == [2.0]
    assert outcomes.nothing.lost.tolist() == [6.0]
    assert outcomes.orders.stockout_before.tolist() == [1.0]
    assert outcomes.orders.stockout_after.tolist() == [0.0]
    assert outcomes.nothing.stockout_after.tolist() == [1.0]
    # 8 last for both days before the arrival; only on day 2 does it tell whether 4 were ordered.
    (tmp_path / "stock.csv").write_text("date,site,on_hand\n2026-03-02,shop,8\n")
    proposal = propose(decider, read_morning(decider.scenario, tmp_path / "stock.csv"))
    outcomes = play_futures(proposal, futures=3)
    assert outcomes.nothing.stockout_before.tolist() == [0.0]
    assert outcomes.orders.stockout_after.tolist() == [0.0]
    assert outcomes.nothing.stockout_after.tolist() == [1.0]


def test_reasons_and_columns_by_hand(tmp_path: Path) -> None:
    store = dict(one_store().stores[0].model_dump(mode="json"), orders={"pack_size": 5})
    scenario = one_store(stores=[store])
    decider = by_rule(scenario, "base-stock")
    (tmp_path / "stock.csv").write_text("date,site,on_hand\n2026-03-02,shop,6\n")
    (tmp_path / "open-orders.csv").write_text(
        "to,quantity,due_date,status\nshop,1,2026-03-03,on-the-way\nshop,2,2026-02-27,on-the-way\n"
    )
    morning = read_morning(
        scenario, tmp_path / "stock.csv", open_orders=tmp_path / "open-orders.csv"
    )
    orders = make_orders(decider, morning, futures=2)
    line = orders.lines.iloc[0].to_dict()
    assert line["position"] == 9.0 and line["on_the_way"] == 3.0
    assert (line["rule_quantity"], line["quantity"], line["packs"]) == (5.0, 5.0, 1.0)
    assert line["due_date"] == "2026-03-04"
    assert line["expected_demand"] == 12.0  # lead time 2 and review 1, 4 a day
    assert line["projected_at_arrival"] == 6 + 3 - 8
    assert line["days_of_cover_before"] == 9 / 4
    assert line["days_of_cover_after"] == 14 / 4
    assert (line["from"], line["reason_code"]) == ("warehouse", "pack")
    assert line["reason"].startswith(
        "target 12 less position 9 = 3; raised to 5, full packs of 5; saves"
    )
    assert line["flags"] == "overdue-inbound"
    (kind,) = orders.exceptions["kind"]
    assert kind == "overdue-inbound"
    assert "2 units due since 2026-02-27" in orders.exceptions["words"][0]
