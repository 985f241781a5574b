"""Recorded demand: what is read, mended, refused, and that no tape sees another part's dates."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from inventory_env.description.demand import Trace
from inventory_env.description.demand_drift import DemandDrift
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario import Scenario, Store, StoreDefaults
from inventory_env.description.scenario_files import load_scenario, load_with_report, scenario_text
from inventory_env.errors import InputError
from inventory_env.recorded.demand_csv import read_demand, write_history
from inventory_env.recorded.history import DemandFile, History
from inventory_env.recorded.import_report import ImportReport
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rollout import run_episodes

DATA = Path(__file__).parents[2] / "shared" / "data"
START = date(2020, 1, 1)
Row = tuple[str, str, str]


def days(count: int, step: int = 1) -> list[str]:
    return [(START + timedelta(days=step * i)).isoformat() for i in range(count)]


def rows(count: int = 200, step: int = 1, stores: tuple[str, ...] = ("a", "b")) -> list[Row]:
    """Demand 100 x the date's number + the store's number + 1: a value tells where it is from."""
    return [
        (day, store, str(100 * i + s + 1))
        for i, day in enumerate(days(count, step))
        for s, store in enumerate(stores)
    ]


def written(
    folder: Path, lines: list[Row] | list[str], header: str = "date,store,demand"
) -> DemandFile:
    path = folder / "demand.csv"
    text = [line if isinstance(line, str) else ",".join(line) for line in lines]
    path.write_text("\n".join([header, *text]) + "\n", encoding="utf-8")
    return DemandFile(path=path)


def read(file: DemandFile, **changes: object) -> tuple[History, ImportReport]:
    return read_demand(file.model_copy(update=changes), whole=True)


def test_reads_every_value_where_it_belongs(tmp_path: Path) -> None:
    lines = rows()
    np.random.default_rng(0).shuffle(lines[2:])
    history, report = read(written(tmp_path, lines))
    assert history.stores == ("a", "b")
    assert history.dates[0] == START and len(history.dates) == 200
    assert np.array_equal(history.demand, 100 * np.arange(200)[:, None] + [[1, 2]])
    assert history.bounds("train") == (0, 120)
    assert history.bounds("validate") == (120, 150)
    assert history.bounds("test") == (150, 200)
    assert report.period == "day"
    assert any("no gaps, no duplicates" in line for line in report.lines())


def test_row_order_does_not_matter(tmp_path: Path) -> None:
    lines = rows()
    order = np.random.default_rng(1).permutation(len(lines) - 2)
    shuffled = lines[:2] + [lines[2 + i] for i in order]
    assert read(written(tmp_path, shuffled))[0] == read(written(tmp_path, lines))[0]


def test_weeks_are_recognised(tmp_path: Path) -> None:
    file = written(tmp_path, rows(150, step=7))
    scenario, report = scenario_with_demand(load_scenario("three-stores"), file)
    assert report.period == scenario.period == "week"
    assert not any("a period is now" in line for line in report.lines())


def test_other_column_names_separator_spaces_and_marks(tmp_path: Path) -> None:
    plain, _ = read(written(tmp_path, rows()))
    path = tmp_path / "other.csv"
    lines = [f"{d} 00:00:00; {s};{v};note" for d, s, v in rows()]
    text = "\r\n".join(["Day;Shop;Sold units;remark", *lines[:3], "", *lines[3:], ""])
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    file = DemandFile(path=path, date_column="Day", store_column="Shop", demand_column="Sold units")
    assert read(file)[0] == plain


def test_few_missing_rows_are_zero_and_reported(tmp_path: Path) -> None:
    gone = {("2020-01-11", "a"), ("2020-01-12", "a"), ("2020-01-12", "b")}
    lines = [line for line in rows() if line[:2] not in gone]
    history, report = read(written(tmp_path, lines))
    assert len(history.dates) == 200
    assert history.demand[10:13].tolist() == [[0, 1002], [0, 0], [1201, 1202]]
    assert [store.filled for store in report.stores] == [2, 1]
    assert "2 missing dates read as 0" in report.lines()[1]


def test_identical_rows_count_once_and_different_ones_add_up(tmp_path: Path) -> None:
    lines = [
        *rows(),
        ("2020-01-03", "a", "201"),
        ("2020-01-03", "b", "5"),
        ("2020-01-04", "a", "7"),
    ]
    history, report = read(written(tmp_path, lines))
    assert history.demand[2:4].tolist() == [[201, 207], [308, 302]]
    assert (report.repeated, report.summed) == (1, 2)
    assert "1 identical rows left out" in report.lines()


def test_equal_sales_on_two_receipts_add_up(tmp_path: Path) -> None:
    lines = [
        f"{d},{s},{v},{i}" for i, (d, s, v) in enumerate([*rows(), ("2020-01-03", "a", "201")])
    ]
    history, report = read(written(tmp_path, lines, "date,store,demand,receipt"))
    assert history.demand[2, 0] == 402
    assert (report.repeated, report.summed) == (0, 1)


def test_outliers_and_intermittent_stores_are_told_not_changed(tmp_path: Path) -> None:
    lines = [(d, s, "0" if s == "b" and i % 8 else "10") for i, (d, s, _) in enumerate(rows())]
    lines[40] = (lines[40][0], "a", "500")
    history, report = read(written(tmp_path, lines))
    steady, rare = report.stores
    assert (steady.outliers, steady.largest, steady.intermittent) == (1, 500, False)
    assert rare.intermittent and rare.zeros == pytest.approx(np.mean(history.demand[:, 1] == 0))
    assert history.demand.max() == 500


def test_report_of_many_stores_stays_short(tmp_path: Path) -> None:
    file = written(tmp_path, rows(stores=tuple(f"s{i}" for i in range(60))))
    _, report = scenario_with_demand(load_scenario("three-stores"), file)
    assert len(report.stores) == 60
    assert "and 40 more stores" in report.lines()
    assert any("settings of s0, s1, s2, s3, s4 and 55 more:" in line for line in report.lines())


def test_split_at_given_dates(tmp_path: Path) -> None:
    file = written(tmp_path, rows())
    both, _ = read(file, validate_from=date(2020, 2, 1), test_from=date(2020, 3, 1))
    assert (both.validate_from, both.test_from) == (31, 60)
    one, _ = read(file, test_from=START + timedelta(days=100))
    assert (one.validate_from, one.test_from) == (80, 100)


ITEMS = "date,store,sku,demand"


def test_item_is_chosen_from_the_column_that_tells_rows_apart(tmp_path: Path) -> None:
    lines = [f"{d},{s},{k},{v}{k}" for d, s, v in rows() for k in (7, 8)]
    file = written(tmp_path, lines, ITEMS)
    history, report = read(file, item="8")
    assert report.item == "8"
    assert history.demand[3].tolist() == [3018, 3028]
    assert read(file, item="8", item_column="sku")[0] == history


def test_only_item_needs_no_choice(tmp_path: Path) -> None:
    file = written(tmp_path, [f"{d},{s},7,{v}" for d, s, v in rows()], ITEMS)
    assert read(file)[0] == read(file, item_column="sku")[0] == read(file, item="7")[0]


def swapped(row: int, line: str, count: int = 200) -> list[str]:
    """Good lines, but for the given row of the file (the header is row 1)."""
    lines = [",".join(values) for values in rows(count)]
    lines[row - 2] = line
    return lines


def without(*gone: int) -> list[Row]:
    return [line for i, line in enumerate(rows()) if i not in gone]


REFUSED: dict[str, tuple[list[Row] | list[str], str, dict[str, object], str]] = {
    "missing column": (
        rows(),
        "day,store,demand",
        {},
        r"row 1: no column 'date' \(date_column\); the columns are day, store, demand",
    ),
    "missing item column": (rows(), "", {"item_column": "sku"}, r"no column 'sku' \(item_column\)"),
    "column twice": (rows(), "date,store,store", {}, "'store' stands there more than once"),
    "one column for two": (rows(), "", {"store_column": "date"}, "need columns of their own"),
    "date": (swapped(9, "01/12/2020,a,3"), "", {}, "row 9: date '01/12/2020' is not a date"),
    "no such day": (swapped(9, "2020-02-30,a,3"), "", {}, "row 9: date '2020-02-30' is not a"),
    "no such hour": (swapped(9, "2020-01-05 24:00,a,3"), "", {}, "row 9: date '2020-01-05 24:00'"),
    "blank lines count": (
        ["", "", *swapped(9, "2020-01-05,a,-1")],
        "",
        {},
        "row 11: demand '-1' is negative",
    ),
    "negative": (swapped(9, "2020-01-05,a,-3"), "", {}, "row 9: demand '-3' is negative"),
    "text": (swapped(9, "2020-01-05,a,many"), "", {}, "row 9: demand 'many' is not a number"),
    "nan": (swapped(9, "2020-01-05,a,nan"), "", {}, "row 9: demand 'nan' is not a number"),
    "infinite": (swapped(9, "2020-01-05,a,inf"), "", {}, "row 9: demand 'inf' is above 1e[+]12"),
    "empty cell": (swapped(9, "2020-01-05,a,"), "", {}, "row 9: demand '' is empty; write 0"),
    "short row": (swapped(9, "2020-01-05,a"), "", {}, "row 9: demand '' is empty"),
    "long row": (swapped(9, "2020-01-05,a,3,4"), "", {}, "row 9: 4 values, the header has 3"),
    "long rows": (["2020-01-05,a,3,4"], "", {}, "row 2: more values than the header"),
    "fraction": (swapped(9, "2020-01-05,a,2.5"), "", {}, "row 9: demand '2.5' is not whole"),
    "no store": (swapped(9, "2020-01-05, ,2"), "", {}, "row 9: store '' is no name"),
    "long name": (swapped(9, f"2020-01-05,{'n' * 61},2"), "", {}, "row 9: .* exceeds 60 letters"),
    "header only": ([], "", {}, "no rows below the header"),
    "one date": (rows(1), "", {}, r"only one date \(2020-01-01\)"),
    "months": (rows(20, step=30), "", {}, "daily or weekly, got 2020-01-01 and .* 30 days later"),
    "odd weeks": (
        [*rows(30, step=7), ("2020-08-06", "a", "1")],
        "",
        {},
        "daily or weekly, got 2020-07-22 and next 2020-08-06, 15 days later",
    ),
    "days closed": (
        [row for row in rows() if date.fromisoformat(row[0]).weekday() != 6],
        "",
        {},
        r"no row at all on 28 of the 200 dates .* at most 5% .* Write 0",
    ),
    "typing error in a year": (swapped(9, "2200-01-05,a,3"), "", {}, "gap starts after 2020-07-18"),
    "store opens late": (
        without(*range(0, 60, 2)),
        "",
        {},
        "store 'a' has no row on 30 of 200 dates, the first 2020-01-01",
    ),
    "many duplicates": ([*rows(), *rows()], "", {}, "row 402: store 'a' has another row on 2020"),
    "items": (
        [f"{d},{s},{k},{v}" for d, s, v in rows() for k in "xyz"],
        ITEMS,
        {},
        r"has a column 'sku' with 3 values; choose one with item \(x, y, z\)",
    ),
    "items, column given": (
        [f"{d},{s},{k},{v}" for d, s, v in rows() for k in "xyz"],
        ITEMS,
        {"item_column": "sku"},
        "with 3 values; choose one with item",
    ),
    "unknown item": (
        [f"{d},{s},{k},{v}" for d, s, v in rows() for k in "xyz"],
        ITEMS,
        {"item": "w"},
        "no item 'w' in column 'sku'; it has x, y, z",
    ),
    "item without column": (rows(), "", {"item": "w"}, "no column holds items"),
    "test date after the last": (
        rows(),
        "",
        {"test_from": date(2021, 1, 1)},
        "test_from must be after 2020-01-01, .* not after 2020-07-18, the last, got 2021-01-01",
    ),
    "all dates for test": (rows(), "", {"test_from": START}, "test_from must be after 2020-01-01"),
    "order of the split": (
        rows(),
        "",
        {"validate_from": date(2020, 4, 1), "test_from": date(2020, 4, 1)},
        r"validate_from \(2020-04-01\) must be before test_from \(2020-04-01\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_file_row_and_value(tmp_path: Path, case: str) -> None:
    lines, header, changes, message = REFUSED[case]
    file = written(tmp_path, lines, header or "date,store,demand")
    with pytest.raises(InputError, match=f"demand.csv: .*{message}") as raised:
        read(file, **changes)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        (b"PK\x03\x04\xff\xfe\x00\x80", "not a CSV file in UTF-8"),
        (b"date,store,demand\n\x00\x00,a,1\n", "binary content"),
        (b"just words\n", "no column 'date'"),
        (None, "No such file"),
    ],
)
def test_files_that_are_no_csv(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "file.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"file.csv: .*{message}"):
        read(DemandFile(path=path))
    with pytest.raises(InputError, match="Is a directory"):
        read(DemandFile(path=tmp_path))


def test_fractions_are_fine_where_units_are_continuous(tmp_path: Path) -> None:
    file = written(tmp_path, swapped(9, "2020-01-04,b,2.5"))
    base = load_scenario("three-stores").model_copy(update={"units": "continuous"})
    assert scenario_with_demand(base, file)[0].history.demand[3, 1] == 2.5  # type: ignore[union-attr]


# --- the scenario -----------------------------------------------------------------------------


def test_stores_take_their_settings_from_their_table_or_the_defaults(tmp_path: Path) -> None:
    base = load_scenario("three-stores")
    file = written(tmp_path, rows(stores=("north", "city")))
    scenario, report = scenario_with_demand(base, file)
    north, city = scenario.stores
    assert (north.shortage_cost, north.lead_time.maximum) == (9.0, 3)
    assert (city.shortage_cost, city.lead_time.maximum) == (14.0, 2)
    known = 100 * np.arange(120) + 1
    assert isinstance(north.demand, Trace)
    assert north.demand.moments == pytest.approx((known.mean(), known.std()))
    assert scenario.name == "demand"
    assert "three-stores" in scenario.description
    assert scenario.demand_correlation == 0
    assert scenario.period == "day"
    assert (scenario.warehouse, scenario.supplier) == (base.warehouse, base.supplier)
    text = "\n".join(report.lines())
    assert "settings of north: the [store_defaults]" in text
    assert "settings of city: the [[stores]] tables" in text
    assert "a period is now a day, not a week" in text


def test_seasons_are_those_of_the_record(tmp_path: Path) -> None:
    file = written(tmp_path, rows(stores=("store-01", "new")))
    base = load_scenario("fifty-stores").model_copy(
        update={
            "store_defaults": StoreDefaults.model_validate(
                {"lead_time": 1, "holding_cost": 1, "shortage_cost": 9}
            )
        }
    )
    assert base.seasonal
    assert not scenario_with_demand(base, file)[0].seasonal


def test_missing_setting_is_named(tmp_path: Path) -> None:
    file = written(tmp_path, rows(stores=("north",)))
    with pytest.raises(InputError, match=r"store 'north' of .*demand.csv: lead_time missing; give"):
        scenario_with_demand(load_scenario("fifty-stores"), file)
    with pytest.raises(InputError, match="lead_time, holding_cost, shortage_cost missing"):
        scenario_with_demand(load_scenario("single-store"), file)


def test_defaults_that_do_not_suit_the_chain(tmp_path: Path) -> None:
    defaults = {"lead_time": 1, "holding_cost": 1, "shortage_cost": 9, "orders": {"minimum": 2.5}}
    base = load_scenario("three-stores").model_copy(
        update={"store_defaults": StoreDefaults.model_validate(defaults)}
    )
    with pytest.raises(
        InputError, match=r"three-stores with .*: orders.minimum of store a must be"
    ):
        scenario_with_demand(base, written(tmp_path, rows()))


def test_episode_fits_twice_into_the_shortest_part(tmp_path: Path) -> None:
    base = load_scenario("three-stores")
    scenario, report = scenario_with_demand(base, written(tmp_path, rows()))
    assert (scenario.periods, scenario.warm_up) == (15, 3)
    assert any("15 periods, not 130" in line for line in report.lines())
    long, report = scenario_with_demand(base, written(tmp_path, rows(2000)))
    assert (long.periods, long.warm_up) == (130, 26)
    assert not any("periods, not" in line for line in report.lines())


def test_too_few_dates(tmp_path: Path) -> None:
    file = written(tmp_path, rows(80))
    with pytest.raises(
        InputError, match="80 dates are too few: the validate part has 12, it needs 14"
    ):
        scenario_with_demand(load_scenario("three-stores"), file)


def test_store_without_demand_on_training_dates(tmp_path: Path) -> None:
    lines = [(d, s, v if s == "a" or d > "2020-06" else "0") for d, s, v in rows()]
    with pytest.raises(InputError, match="store 'b' has no demand on the training dates"):
        scenario_with_demand(load_scenario("three-stores"), written(tmp_path, lines))


def test_capacity_below_demand_is_told(tmp_path: Path) -> None:
    base = load_scenario("three-stores")
    supplier = base.supplier.model_copy(update={"capacity": 7.0, "capacity_ratio": None})
    base = base.model_copy(update={"supplier": supplier})
    _, report = scenario_with_demand(base, written(tmp_path, rows()))
    assert any("capacity (7 a day) is below" in line for line in report.lines())


@pytest.mark.parametrize("purpose", [p for p in Purpose if p is not Purpose.FUTURE])
def test_no_tape_sees_the_dates_of_another_part(tmp_path: Path, purpose: Purpose) -> None:
    base = load_scenario("three-stores").model_copy(update={"demand_drift": DemandDrift()})
    scenario, _ = scenario_with_demand(base, written(tmp_path, rows(stores=("a", "b"))))
    first, end = {
        Purpose.TRAIN: (0, 120),
        Purpose.TUNE: (0, 150),
        Purpose.VALIDATE: (120, 150),
        Purpose.TEST: (150, 200),
    }[purpose]
    tape = draw_tape(scenario, seed=3, purpose=purpose, worlds=500)
    dates, stores = np.divmod(tape.demand, 100)
    assert (stores == [1, 2]).all()
    assert (dates[..., 0] == dates[..., 1]).all()
    following = np.diff(dates, axis=0) == 1
    if purpose is Purpose.TRAIN:  # resampled in blocks of 28 dates on average
        assert abs(1 - following.mean() - 1 / 28) < 0.01
    else:
        assert following.all()
    assert set(np.unique(dates)) == set(range(first, end))


def test_training_dates_alone_decide_the_stores(tmp_path: Path) -> None:
    base = load_scenario("three-stores")
    scenario, _ = scenario_with_demand(base, written(tmp_path, rows()))
    later = [(d, s, v if int(v) < 12000 else "7") for d, s, v in rows()]
    changed, _ = scenario_with_demand(base, written(tmp_path, later))
    assert changed.stores == scenario.stores
    assert changed.history != scenario.history


# --- files and folders ------------------------------------------------------------------------


def test_history_and_scenario_read_back_equal(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    lines = [(d, s, repr(float(rng.gamma(2, 5)))) for d, s, _ in rows(stores=("ö, ä", 'q"x'))]
    lines = [(d, '"' + s.replace('"', '""') + '"', v) for d, s, v in lines]
    base = load_scenario("three-stores").model_copy(update={"units": "continuous"})
    file = written(tmp_path, lines[:60] + lines[61:])
    file = file.model_copy(
        update={"validate_from": date(2020, 4, 2), "test_from": date(2020, 5, 9)}
    )
    scenario, _ = scenario_with_demand(base, file)
    assert scenario.history is not None
    run = tmp_path / "run"
    run.mkdir()
    demand_file = write_history(scenario.history, run / "demand.csv")
    kept = scenario.model_copy(update={"demand_file": demand_file})
    (run / "scenario.toml").write_text(scenario_text(kept), encoding="utf-8")
    back = load_scenario(run / "scenario.toml")
    assert back == kept
    assert back.history == scenario.history
    assert back.store_defaults == base.store_defaults
    assert (
        (run / "demand.csv")
        .read_text(encoding="utf-8")
        .startswith("date,store,demand\n2020-01-01,")
    )
    assert sorted(path.name for path in run.iterdir()) == ["demand.csv", "scenario.toml"]


def test_histories_differ_where_anything_does(tmp_path: Path) -> None:
    history, _ = read(written(tmp_path, rows()))
    assert history == replace(history, demand=history.demand.copy())
    assert history != replace(history, demand=history.demand + 1)
    assert history != replace(history, test_from=151)
    assert history != replace(history, stores=("a", "c"))


OWN = """
name = "mine"
periods = 20
[demand_file]
path = "data/demand.csv"
[store_defaults]
lead_time = 1
holding_cost = 1.0
shortage_cost = 5.0
"""


def own(folder: Path, text: str, lines: list[Row] | None = None) -> Path:
    (folder / "data").mkdir()
    written(folder / "data", lines or rows())
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return folder / "mine.toml"


def test_scenario_file_with_its_own_demand(tmp_path: Path) -> None:
    table = '[[stores]]\nname = "b"\nholding_cost = 3.0\ndemand = { kind = "trace", sd = 0.7 }'
    scenario, report = load_with_report(own(tmp_path, OWN + table))
    assert report is not None and len(report.lines()) > 5
    assert [store.name for store in scenario.stores] == ["a", "b"]
    assert [store.holding_cost for store in scenario.stores] == [1.0, 3.0]
    assert isinstance(scenario.stores[1].demand, Trace)
    assert scenario.stores[1].demand.sd == 0.7
    assert scenario.stores[1].demand.mean == np.mean(100 * np.arange(120) + 2)
    assert (scenario.periods, scenario.period) == (15, "day")
    again = tmp_path / "again.toml"
    again.write_text(scenario_text(scenario), encoding="utf-8")
    assert load_scenario(again) == scenario


def test_weekly_file_sets_the_period(tmp_path: Path) -> None:
    assert load_scenario(own(tmp_path, OWN, rows(step=7))).period == "week"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OWN.replace("demand.csv", "none.csv"), "none.csv: No such file"),
        (OWN.replace("path", "file"), "mine.toml: demand_file: path"),
        (OWN.replace("periods", "test_from = 1\nperiods"), "test_from: unknown key"),
        (OWN.replace("lead_time = 1", ""), "store 'a' of .*demand.csv: lead_time missing"),
        (
            OWN.replace("lead_time = 1", "lead_tim = 1"),
            "mine.toml: store_defaults: lead_tim: unknown key",
        ),
        (OWN.replace("5.0", "-5.0"), "shortage_cost: .* greater than or equal to 0, got -5.0"),
        (OWN.replace("periods", 'period = "week"\nperiods'), "period: .* days apart, got 'week'"),
        (OWN.replace("periods", "demand_correlation = 0.2\nperiods"), "demand_correlation must be"),
        (OWN + '[[stores]]\nname = "c"', "store 'c' is not in .*; its stores are a, b"),
        (OWN + '[[stores]]\nname = "a"\n[[stores]]\nname = "a"', "names must be unique"),
        (
            OWN + '[[stores]]\nname = "a"\ndemand = { kind = "poisson", mean = 3 }',
            "demand of store a must be left out .* got kind poisson",
        ),
        (
            OWN + '[[stores]]\nname = "a"\ndemand = { kind = "trace", season = {} }',
            "season must be left out",
        ),
        (OWN + "[[stores]]\nholding_cost = 3.0", "stores.0.name: Field required"),
        (OWN.replace("[store_defaults]", "[history]\n[store_defaults]"), "history: unknown key"),
        ("stores = 3\n" + OWN, "stores: "),
        ("stores = [3]\n" + OWN, "stores.0: "),
    ],
)
def test_bad_scenario_file_with_demand(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        load_scenario(own(tmp_path, text))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["three-stores", "original", "single-store", "fifty-stores"])
def test_store_defaults_are_kept(name: str, tmp_path: Path) -> None:
    scenario = load_scenario(name)
    assert (scenario.store_defaults == StoreDefaults()) == (name == "single-store")
    (tmp_path / "copy.toml").write_text(scenario_text(scenario), encoding="utf-8")
    assert load_scenario(tmp_path / "copy.toml") == scenario


def test_store_defaults_offer_every_key_of_a_store() -> None:
    assert set(StoreDefaults.model_fields) == set(Store.model_fields) - {"name"}


# --- real files -------------------------------------------------------------------------------


def real(name: str) -> DemandFile:
    if not (DATA / name).is_file():
        pytest.skip(f"{name} is not here")
    return DemandFile(path=DATA / name)


class _UpTo:
    """Order up to four periods' mean demand."""

    name = "up-to"

    def __init__(self, scenario: Scenario) -> None:
        self.level = 4 * scenario.demand_mean

    def wishes(self, situation):  # type: ignore[no-untyped-def]
        short = self.level - situation.position[:, : situation.params.stores]
        return situation.of_stores(np.maximum(short, 0.0))


def simulated(scenario: Scenario) -> dict[str, np.ndarray]:
    tape = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=20)
    return run_episodes(_UpTo(scenario), scenario, tape).kpis()


def test_three_real_stores() -> None:
    scenario, report = scenario_with_demand(
        load_scenario("three-stores"), real("three-stores-daily-demand.csv")
    )
    assert scenario.name == "three-stores-daily-demand"
    history = scenario.history
    assert history is not None
    assert (len(history.dates), history.stores) == (501, ("north", "centre", "south"))
    assert (history.dates[0], history.dates[-1]) == (date(2010, 12, 1), date(2012, 4, 14))
    assert history.demand[0].tolist() == [32, 19, 45]
    assert history.demand.mean(axis=0) == pytest.approx([53, 41, 46], abs=0.6)
    assert not any(store.zeros or store.filled for store in report.stores)
    assert (scenario.periods, scenario.warm_up) == (37, 7)
    assert 0.5 < simulated(scenario)["fill_rate"].mean() <= 1


def test_intermittent_real_stores_need_an_item() -> None:
    file = real("online-retail-daily-demand.csv")
    base = load_scenario("three-stores")
    with pytest.raises(InputError, match=r"column 'sku' with 6 values; choose one with item \(21"):
        scenario_with_demand(base, file)
    scenario, report = scenario_with_demand(base, file.model_copy(update={"item": "22423"}))
    assert scenario.name == "online-retail-daily-demand-22423"
    flags = {store.name: store.intermittent for store in report.stores}
    assert flags == {"DE": True, "FR": True, "IE": True, "UK": False}
    uk = report.stores[3]
    assert uk.zeros == pytest.approx(0.195, abs=0.001) and uk.largest == 324
    assert 0 < simulated(scenario)["fill_rate"].mean() <= 1
