"""Dates and amounts as people write them: read as all rows together say, never guessed."""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from typer.testing import CliRunner

import cli
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario_fields import scenario_keys
from inventory_env.description.scenario_files import load_scenario, load_with_report, scenario_text
from inventory_env.errors import InputError
from inventory_env.recorded.amounts import read_amounts
from inventory_env.recorded.column import Column
from inventory_env.recorded.dates import Dates, read_dates
from inventory_env.recorded.demand_csv import read_demand
from inventory_env.recorded.history import DemandFile, History
from inventory_env.recorded.import_report import ImportReport
from policies.runs import training

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# The format, and how a date is written in it, said without strptime.
SURE: dict[str, Callable[[date], str]] = {
    "%Y-%m-%d": lambda d: f"{d.year}-{d.month:02}-{d.day:02}",
    "%Y/%m/%d": lambda d: f"{d.year}/{d.month:02}/{d.day:02}",
    "%Y.%m.%d": lambda d: f"{d.year}.{d.month}.{d.day}",
    "%Y%m%d": lambda d: f"{d.year}{d.month:02}{d.day:02}",
    "%d %b %Y": lambda d: f"{d.day} {MONTHS[d.month - 1][:3]} {d.year}",
    "%d-%b-%Y": lambda d: f"{d.day:02}-{MONTHS[d.month - 1][:3].upper()}-{d.year}",
    "%d %B %Y": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    "%B %d, %Y": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
}
UNSURE: dict[str, Callable[[date], str]] = {
    "%d/%m/%Y": lambda d: f"{d.day:02}/{d.month:02}/{d.year}",
    "%d.%m.%Y": lambda d: f"{d.day}.{d.month}.{d.year}",
    "%d-%m-%Y": lambda d: f"{d.day:02}-{d.month:02}-{d.year}",
    "%m/%d/%Y": lambda d: f"{d.month}/{d.day}/{d.year}",
    "%m-%d-%Y": lambda d: f"{d.month:02}-{d.day:02}-{d.year}",
}
TIMES = (
    *("", " 00:00", " 00:00:00", "T00:00:00.000", " 13:45", "T13:45", "T23:59:59Z"),
    *(" 13:45:00+01:00", "T13:45:00.123456-0500", " 1:45 PM", " 1:45:00 am", " 09:30 CET"),
)

some_dates = st.lists(
    st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 12, 31)), min_size=1, max_size=20
)


def dates_of(texts: Sequence[str], date_format: str | None = None) -> Dates:
    index = range(2, len(texts) + 2)
    return read_dates(Column(Path("d.csv"), "date", pd.Series(texts, index=index)), date_format)


def days_of(dates: Dates) -> list[date]:
    return [day.date() for day in dates.days]


@given(dates=some_dates, written=st.sampled_from(sorted(SURE)), time=st.sampled_from(TIMES))
def test_a_sure_format_reads_back(dates: list[date], written: str, time: str) -> None:
    found = dates_of([SURE[written](day) + time for day in dates])
    assert days_of(found) == dates
    assert found.timed == (time != "")


@given(dates=some_dates, written=st.sampled_from(sorted(UNSURE)), time=st.sampled_from(TIMES))
@example(dates=[date(2024, 2, 1), date(2024, 3, 1)], written="%d/%m/%Y", time="")
@example(dates=[date(2024, 2, 1), date(2024, 2, 13)], written="%m/%d/%Y", time="")
def test_day_and_month_are_told_apart_or_asked_for(
    dates: list[date], written: str, time: str
) -> None:
    texts = [UNSURE[written](day) + time for day in dates]
    assert days_of(dates_of(texts, written)) == dates
    if all(day.day <= 12 for day in dates) and any(day.day != day.month for day in dates):
        with pytest.raises(InputError, match="date_format"):
            dates_of(texts)
    else:
        assert days_of(dates_of(texts)) == dates


def test_a_regular_calendar_does_not_decide() -> None:
    """Twelve days in a row as day-first, months apart as month-first: still not known."""
    with pytest.raises(InputError) as raised:
        dates_of([f"{day:02}/03/2024" for day in range(1, 13)])
    assert str(raised.value) == (
        "d.csv: row 2: date '01/03/2024' may be 2024-03-01 (%d/%m/%Y) or 2024-01-03 (%m/%d/%Y), "
        "and no row decides; give date_format (date_format in a [demand_file])"
    )


@pytest.mark.parametrize(
    ("texts", "date_format", "message"),
    [
        (["31/01/2024", "01/31/2024"], None, "row 3: date '01/31/2024' is not a date, read like"),
        (["2024-01-31", "31/01/2024"], None, r"row 3: .* read like others \(%Y-%m-%d\)"),
        (["31/01/24", "30/01/24"], None, "row 2: date '31/01/24' is not a date; .*date_format"),
        (["2024111", "2024112"], None, "row 2: date '2024111' is not"),
        (["2024-01-31 25:00"], None, "row 2: date '2024-01-31 25:00' is not"),
        (["2024-02-30"], None, "row 2: date '2024-02-30' is not"),
        (["today"], None, "row 2: date 'today' is not"),
        ([""], None, "row 2: date '' is not"),
        (["2024-01-31"], "%d/%m/%Y", "row 2: date '2024-01-31' .* format given is %d/%m/%Y"),
    ],
)
def test_dates_that_are_refused(texts: list[str], date_format: str | None, message: str) -> None:
    with pytest.raises(InputError, match=f"^d.csv: {message}"):
        dates_of(texts, date_format)


@pytest.mark.parametrize(
    "date_format",
    ["", "%d/%m", "%H:%M", "%Y-%m-%d %H:%M", "%Y %Y", "%Q", "day", "%Y-%m-%", "%Y-%m"],
)
def test_date_formats_that_are_no_date(date_format: str) -> None:
    with pytest.raises(ValueError, match="must give year, month and day"):
        DemandFile(path=Path("d.csv"), date_format=date_format)


def test_two_digit_years_need_the_format() -> None:
    assert days_of(dates_of(["31.01.24", "1.2.24"], "%d.%m.%y")) == [
        date(2024, 1, 31),
        date(2024, 2, 1),
    ]


# --- amounts ----------------------------------------------------------------------------------


def amounts_of(texts: list[str], whole: bool = False) -> tuple[list[float], list[str]]:
    column = Column(Path("d.csv"), "demand", pd.Series(texts, index=range(2, len(texts) + 2)))
    amounts, told = read_amounts(column, whole=whole)
    return amounts.tolist(), told


@pytest.mark.parametrize(
    ("texts", "amounts"),
    [
        (["3", "2.5", "1e3"], [3, 2.5, 1000]),
        (["3,5", "12", "0,25"], [3.5, 12, 0.25]),
        (["3,5", "1,234"], [3.5, 1.234]),
        (["1.234,5", "2.345"], [1234.5, 2345]),
        (["1,234.5", "2,345", "7"], [1234.5, 2345, 7]),
        (["1.234.567"], [1234567]),
        (["1.234", "2.5"], [1.234, 2.5]),
    ],
)
def test_amounts_are_read_as_all_rows_say(texts: list[str], amounts: list[float]) -> None:
    found, told = amounts_of(texts)
    assert found == amounts
    assert bool(told) == any("," in text or text.count(".") > 1 for text in texts)


def test_whole_amounts_may_have_decimals_that_are_zero() -> None:
    assert amounts_of(["32.000", "5.000"], whole=True) == ([32, 5], [])
    assert amounts_of(["32.0", "5", "0"], whole=True) == ([32, 5, 0], [])
    assert amounts_of(["3,0", "1.250,0"], whole=True)[0] == [3, 1250]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_decimal_commas_read_back(cents: list[int]) -> None:
    texts = [f"{value // 100},{value % 100:02}" for value in cents]
    found, told = amounts_of(texts)
    assert found == [float(f"{value // 100}.{value % 100:02}") for value in cents]
    assert "(decimal comma)" in told[0]


@pytest.mark.parametrize(
    ("texts", "whole", "message"),
    [
        (["1,234", "12"], False, "row 2: demand '1,234' may be 1.234 .* or 1234 .* separator"),
        (["12", "1.234"], True, "row 3: demand '1.234' may be 1.234 .* or 1234 .* separator"),
        (["500", "1.000"], True, "row 3: demand '1.000' may be 1.000 .* or 1000 .* separator"),
        (["3,5", "4,5", "2.5"], False, "row 4: demand '2.5' is not a number"),
        (["3,5", "1 234"], False, "row 3: demand '1 234' is not a number"),
        (["1,23,456"], False, "row 2: demand '1,23,456' is not a number"),
        (["3,5", "-1,5"], False, "row 3: demand '-1,5' is negative"),
        (["3,0", "3,5"], True, "row 3: demand '3,5' is not whole.*units continuous"),
        (["2", "2.5"], True, "row 3: demand '2.5' is not whole.*units continuous"),
    ],
)
def test_amounts_that_are_refused(texts: list[str], whole: bool, message: str) -> None:
    with pytest.raises(InputError, match=f"^d.csv: {message}"):
        amounts_of(texts, whole)


# --- whole files ------------------------------------------------------------------------------

START = date(2024, 1, 1)


def csv_file(folder: Path, text: str) -> DemandFile:
    path = folder / "demand.csv"
    path.write_text(text, encoding="utf-8")
    return DemandFile(path=path)


def csv_text(
    day: Callable[[date], str] = date.isoformat,
    amount: Callable[[int], str] = str,
    separator: str = ",",
    count: int = 200,
) -> str:
    lines = [("date", "store", "demand")]
    for i in range(count):
        lines += [(day(START + timedelta(days=i)), store, amount(i + 1)) for store in "ab"]
    return "\n".join(separator.join(line) for line in lines) + "\n"


def read(folder: Path, text: str, *, whole: bool = True) -> tuple[History, ImportReport]:
    return read_demand(csv_file(folder, text), whole=whole)


def halves(i: int) -> str:
    return f"{i},5"


def test_a_german_file(tmp_path: Path) -> None:
    text = csv_text(lambda d: f"{UNSURE['%d.%m.%Y'](d)} 06:00", halves, ";")
    history, report = read(tmp_path, text, whole=False)
    assert history.dates == tuple(START + timedelta(days=i) for i in range(200))
    assert history.demand.tolist() == [[i + 1.5, i + 1.5] for i in range(200)]
    assert report.lines()[1:4] == [
        "date '1.1.2024' is read as 2024-01-01 (%d.%m.%Y)",
        "times of day dropped: date '1.1.2024 06:00' is 2024-01-01",
        "demand '1,5' is read as 1.5 (decimal comma)",
    ]


def test_the_walkthrough_says_what_is_read() -> None:
    page = Path(__file__).parent.parent / "docs" / "walkthrough.md"
    section = page.read_text(encoding="utf-8").partition("### What a CSV may look like")[2]
    file, told = re.findall(r"```text\n(.*?)```", section, flags=re.DOTALL)[:2]
    rows = [line.split(";") for line in file.splitlines()[1:]]
    dates = dates_of([day for day, _, _ in rows])
    assert told.splitlines() == [*dates.told, *amounts_of([amount for *_, amount in rows])[1]]
    named = re.findall(r"`([^`]*)`", section.partition("**Dates**")[2].partition("All\n")[0])
    whole_dates = [text for text in named if "31" in text]
    assert len(whole_dates) == 7
    assert {day for text in whole_dates for day in days_of(dates_of([text]))} == {date(2024, 1, 31)}


def test_decimal_commas_in_quotes(tmp_path: Path) -> None:
    history, _ = read(tmp_path, csv_text(amount=lambda i: f'"{halves(i)}"'), whole=False)
    assert history.demand[:2, 0].tolist() == [1.5, 2.5]


def test_a_usual_file_has_nothing_to_tell(tmp_path: Path) -> None:
    assert read(tmp_path, csv_text())[1].read_as == ()


def test_rows_of_a_date_add_up_whatever_their_time(tmp_path: Path) -> None:
    """Equal amounts at two times of a day are two sales; the same row twice is one."""
    text = csv_text(lambda d: f"{d} 09:00")
    more = "2024-01-03 17:00,a,3\n2024-01-03 09:00,b,3\n"
    history, report = read(tmp_path, text + more)
    assert history.demand[2].tolist() == [6, 3]
    assert (report.repeated, report.summed) == (1, 1)
    told = "\n".join(report.lines())
    assert "times of day dropped" in told
    assert "1 further rows of a date and store added up" in told


def test_hourly_rows_are_to_be_summed_by_the_user(tmp_path: Path) -> None:
    text = csv_text(lambda d: f"{d} 09:00") + csv_text(lambda d: f"{d} 10:00").partition("\n")[2]
    with pytest.raises(InputError, match=r"row 402: .* times of day left aside; sum them up"):
        read(tmp_path, text)


def test_all_items_decide_how_dates_are_written(tmp_path: Path) -> None:
    rows = [f"{day}/0{month}/2024,a,5,x" for month in (1, 2) for day in (10, 11, 12)]
    text = "\n".join(["date,store,demand,item", *rows, "31/01/2024,a,5,y"])
    file = csv_file(tmp_path, text).model_copy(update={"item": "x", "item_column": "item"})
    with pytest.raises(InputError, match="from 2024-01-10 to 2024-02-12"):
        read_demand(file, whole=True)


@given(
    first=st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 1, 1)),
    count=st.integers(31, 60),
    step=st.sampled_from([1, 7]),
    written=st.sampled_from(sorted(SURE | UNSURE)),
)
def test_a_file_reads_back_in_any_format(
    tmp_path_factory: pytest.TempPathFactory, first: date, count: int, step: int, written: str
) -> None:
    dates = tuple(first + timedelta(days=step * i) for i in range(count))
    rows = [f'"{(SURE | UNSURE)[written](day)}",a,{i}' for i, day in enumerate(dates)]
    history, _ = read(tmp_path_factory.mktemp("csv"), "\n".join(["date,store,demand", *rows]))
    assert history.dates == dates
    assert history.demand[:, 0].tolist() == list(range(count))


# --- scenario and command line ----------------------------------------------------------------

CHAIN = """\
name = "mine"
periods = 20
[demand_file]
path = "demand.csv"
date_format = "%d/%m/%Y"
[store_defaults]
lead_time = 1
holding_cost = 1.0
shortage_cost = 5.0
"""


def test_date_format_in_a_scenario_file(tmp_path: Path) -> None:
    csv_file(tmp_path, csv_text(UNSURE["%d/%m/%Y"]))
    (tmp_path / "mine.toml").write_text(CHAIN)
    scenario, report = load_with_report(tmp_path / "mine.toml")
    assert scenario.history is not None and scenario.history.dates[1] == date(2024, 1, 2)
    assert report is not None and "%d/%m/%Y" in report.read_as[0]
    (tmp_path / "again.toml").write_text(scenario_text(scenario))
    assert load_scenario(tmp_path / "again.toml") == scenario
    keys = {key.name: key for part in scenario_keys() for key in part.keys}
    assert "strptime" in keys["date_format"].meaning


def test_units_stand_in_for_those_of_a_scenario_with_its_own_file(tmp_path: Path) -> None:
    csv_file(tmp_path, csv_text(UNSURE["%d/%m/%Y"], lambda i: f"{i}.5"))
    file = tmp_path / "mine.toml"
    file.write_text(CHAIN)
    with pytest.raises(InputError, match=r"row 2: demand '1.5' .*units = \"continuous\""):
        load_scenario(file)
    scenario, _ = load_with_report(file, units="continuous")
    assert scenario.units == "continuous"
    file.write_text('units = "continuous"\n' + CHAIN)
    assert load_scenario(file) == scenario
    with pytest.raises(InputError, match="not whole"):
        load_with_report(file, units="whole")


def test_units_must_suit_the_scenario(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    packs = '[[stores]]\nname = "a"\norders = { pack_size = 4 }\n'
    csv_file(tmp_path, csv_text(UNSURE["%d/%m/%Y"]))
    file.write_text(CHAIN + packs)
    assert load_scenario(file).whole
    with pytest.raises(InputError, match=r"mine.toml: .*pack_size must be given for all stores"):
        load_with_report(file, units="continuous")
    with pytest.raises(InputError, match=r"three-stores: units: .*'half'"):
        load_with_report("three-stores", units="half")


def run(arguments: list[str]) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, arguments)
    if isinstance(result.exception, AssertionError):
        return 0, str(result.exception)
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is trained or searched: what would be says in which units."""

    def train(chain, **options):  # type: ignore[no-untyped-def]
        raise AssertionError(f"training in {chain.units} units from {chain.history.dates[0]}")

    def tune(plan, **options):  # type: ignore[no-untyped-def]
        train(plan.scenario)

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr("tuning.tune.tune", tune)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("command", ["train", "tune"])
def test_options_of_the_command_line(tmp_path: Path, command: str) -> None:
    csv_file(tmp_path, csv_text(lambda d: f"{d:%d/%m/%y}", lambda i: f"{i}.5"))
    told = [command, "--demand", "demand.csv"]
    code, message = run(told)
    assert code == 2 and "--date-format" in message
    told += ["--date-format", "%d/%m/%y"]
    code, message = run(told)
    assert code == 2 and re.search("row 2: demand '1.5' is not whole.*--units continuous", message)
    assert run([*told, "--units", "continuous"]) == (
        0,
        "training in continuous units from 2024-01-01",
    )
    code, message = run([*told, "--units", "half"])
    assert code == 2 and "'whole', 'continuous'" in message
    code, message = run([command, "--demand", "demand.csv", "--date-format", "%d/%m"])
    assert code == 2 and "demand.csv: date_format: must give year, month and day" in message
    code, message = run([command, "--date-format", "%d/%m/%y"])
    assert code == 2 and "--demand" in message


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize(
    "other", [["--resume", "run"], ["--study", "s"], ["--others", "run", "--phase", "2"]]
)
def test_units_are_refused_where_the_chain_is_given(other: list[str]) -> None:
    code, message = run(["train", *other, "--units", "continuous"])
    assert code == 2 and "leave out --units" in message


def test_continuous_units_reach_the_scenario(tmp_path: Path) -> None:
    file = csv_file(tmp_path, csv_text(amount=lambda i: f"{i}.5"))
    base, _ = load_with_report("three-stores", units="continuous")
    scenario, _ = scenario_with_demand(base, file)
    assert scenario.units == "continuous"
