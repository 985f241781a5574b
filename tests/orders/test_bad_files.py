"""Bad files of a morning end in one line with file, row and value; lenient leaves such rows out."""

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from policies.orders.morning import read_morning

TODAY = date(2026, 3, 2)
STOCK = "date,site,on_hand\n2026-03-02,north,6\n2026-03-02,south,4\n2026-03-02,warehouse,20\n"


def chain(**changes: object) -> Scenario:
    """Two shops behind a warehouse."""
    store = {
        "demand": {"kind": "poisson", "mean": 4},
        "lead_time": 2,
        "holding_cost": 1.0,
        "shortage_cost": 9.0,
    }
    table = {
        "name": "shops",
        "period": "day",
        "periods": 30,
        "warm_up": 5,
        "stores": [{"name": name, **store} for name in ("north", "south")],
        "warehouse": {"lead_time": 3, "holding_cost": 0.2},
    }
    return Scenario.model_validate({**table, **changes})


def read(folder: Path, *, lenient: bool = False, scenario: Scenario | None = None, **texts: str):  # type: ignore[no-untyped-def]
    names = {"stock": "stock.csv", "open_orders": "open.csv", "demand": "d.csv"}
    names["overrides"] = "o.csv"
    files = {}
    for kind, text in {"stock": STOCK, **texts}.items():
        files[kind] = folder / names[kind]
        files[kind].write_text(text, encoding="utf-8")
    return read_morning(
        chain() if scenario is None else scenario,
        files.pop("stock"),
        today=TODAY,
        lenient=lenient,
        **files,
    )


OPEN = "item,to,quantity,due_date,status,order_date\n"
OVERRIDES = "item,site,from,until,quantity,factor,freeze,who,reason\n"
WHY = "a promotion in the paper"

BAD = [
    ({"stock": "date,site\n"}, "stock.csv: row 1: column 'on_hand' is missing; columns are "),
    ({"stock": "date,site,on_hand,colour\n"}, "row 1: column 'colour' is unknown; allowed: date"),
    ({"stock": STOCK + "2026-03-02,east,1\n"}, "row 5: site 'east' is unknown; allowed: north"),
    ({"stock": STOCK + "2026-03-09,north,1\n"}, "row 5: date '2026-03-09' is after 2026-03-02"),
    ({"stock": STOCK + "2026-03-02,north,7\n"}, "row 5: site 'north' has a row already"),
    ({"stock": STOCK.replace(",4\n", ",-4\n")}, "row 3: on_hand '-4' is negative"),
    ({"stock": STOCK.replace(",4\n", ",four\n")}, "row 3: on_hand 'four' is not a number"),
    ({"stock": STOCK.replace(",4\n", ",\n")}, "row 3: on_hand '' is empty"),
    ({"stock": STOCK.replace(",4\n", ",4.5\n")}, "row 3: on_hand '4.5' is not whole"),
    ({"stock": STOCK.replace("2026-03-02,south,4\n", "")}, "no row for site 'south' on 2026-03-02"),
    ({"stock": STOCK + "2026-03-02,north\n"}, "row 5: has 2 values, the header has 3"),
    ({"stock": "date,item,site,on_hand\n2026-03-02,tea,north,1\n"}, "item 'tea' is unknown; allo"),
    ({"open_orders": OPEN + ",mars,5,2026-03-04,owed,\n"}, "open.csv: row 2: to 'mars' is unknown"),
    (
        {"open_orders": OPEN + ",north,5,2026-03-04,lost,\n"},
        "status 'lost' is unknown; allowed",
    ),
    ({"open_orders": OPEN + ",north,5,,on-the-way,\n"}, "row 2: due_date '' is empty; what"),
    (
        {"open_orders": OPEN + ",north,5,2026-03-03,on-the-way,2026-03-04\n"},
        "row 2: due_date '2026-03-03' is before its order_date",
    ),
    ({"open_orders": OPEN + ",north,-5,2026-03-03,on-the-way,\n"}, "quantity '-5' is negative"),
    ({"open_orders": OPEN + ",north,5,soon,on-the-way,\n"}, "row 2: due_date 'soon' is not a date"),
    (
        {"open_orders": OPEN + 2 * ",north,5,2026-03-03,on-the-way,\n"},
        "row 3: to 'north' stands in two rows that are the same",
    ),
    ({"demand": "date,site,demand\n2026-03-01,north,-1\n"}, "d.csv: row 2: demand '-1' is negati"),
    (
        {"demand": "date,site,demand\n2026-03-01,north,1\n2026-03-01,north,1\n"},
        "row 3: site",
    ),
    (
        {"overrides": OVERRIDES + ",north,2026-03-01,2026-03-09,5,,,ann,ok\n"},
        "o.csv: row 2: reason 'ok' is too short; give at least 10 characters",
    ),
    (
        {"overrides": OVERRIDES + f",north,2026-03-01,2026-03-09,5,2,,ann,{WHY}\n"},
        "needs one",
    ),
    ({"overrides": OVERRIDES + f",north,2026-03-01,2026-03-09,5,,,,{WHY}\n"}, "who '' is empty"),
    ({"overrides": OVERRIDES + f",north,2026-03-09,2026-03-01,5,,,ann,{WHY}\n"}, "is before from"),
    (
        {"overrides": OVERRIDES + 2 * f",north,2026-03-01,2026-03-09,5,,,ann,{WHY}\n"},
        "row 3: site 'north' has a row already with the same site",
    ),
]


@pytest.mark.parametrize(("texts", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_one_line_with_file_row_and_value(
    tmp_path: Path, texts: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message) as raised:
        read(tmp_path, **texts)
    assert "\n" not in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path))


def test_lenient_leaves_rows_out_and_lists_them(tmp_path: Path) -> None:
    stock = STOCK.replace(",4\n", ",four\n")
    orders = OPEN + ",north,5,2026-03-04,lost,\n,north,3,2026-03-04,on-the-way,\n"
    morning = read(tmp_path, lenient=True, stock=stock, open_orders=orders)
    assert morning.missing == ("south",)
    assert morning.facts.on_hand["south"] == 16.0  # 3 days of 4, and 1.28 sd of their demand
    assert [line.split(":")[0] for line in morning.left_out] == ["stock.csv", "open.csv"]
    assert [shipment.units for shipment in morning.facts.on_the_way] == [3.0]


def test_negative_stock_waits_where_customers_wait(tmp_path: Path) -> None:
    stock = STOCK.replace(",4\n", ",-4\n")
    morning = read(tmp_path, stock=stock, scenario=chain(unmet_demand="backorder"))
    assert morning.facts.backorders["south"] == 4.0
    assert morning.facts.on_hand["south"] == 0.0


def test_a_plan_that_counts_days_needs_its_start(tmp_path: Path) -> None:
    weekly = [dict(store.model_dump(mode="json"), orders={"review": 7}) for store in chain().stores]
    scenario = chain(stores=weekly)
    with pytest.raises(InputError, match=r"plan_start is missing: shops has reviews"):
        read(tmp_path, scenario=scenario)
    (tmp_path / "stock.csv").write_text(STOCK)
    morning = read_morning(
        scenario, tmp_path / "stock.csv", today=TODAY, plan_start=date(2026, 2, 27)
    )
    assert morning.facts.period == 3


def test_the_command_line_writes_nothing_when_files_are_bad(tmp_path: Path) -> None:
    (tmp_path / "stock.csv").write_text(STOCK.replace(",4\n", ",four\n"))
    golden = Path(__file__).parent.parent / "golden" / "whole"
    told = ["orders", "--stock", str(tmp_path / "stock.csv"), "--run", str(golden)]
    result = CliRunner().invoke(cli.app, [*told, "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "row 2: site 'north' is unknown; allowed: pier, hill, warehouse" in result.stderr
    assert not (tmp_path / "out").exists()
