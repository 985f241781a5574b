"""Sales are not demand: what is read of stock, what is estimated, and what is drawn of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

import cli
from benchmarks.recorded.censoring import KNOWN, TRUTHS, read, sold_by
from inventory_env.description.demand_drift import DemandDrift
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario_files import load_scenario, load_with_report
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.recorded.demand_csv import read_demand, write_history
from inventory_env.recorded.demand_law import DemandLaw
from inventory_env.recorded.history import DemandFile, Hidden, History
from inventory_env.recorded.import_report import ImportReport
from inventory_env.recorded.unseen_demand import FittedDemand, Sales, Unseen, fitted_demand
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.runs.run_folder import read_scenario, write_scenario

DATES = 200


# --- the law above a floor --------------------------------------------------------------------

LAWS = {
    "poisson": (stats.poisson(3.0), 3.0, 3.0),
    "negative binomial": (stats.nbinom(2, 0.2), 8.0, 40.0),
    "intermittent": (stats.nbinom(0.2, 0.4), 0.3, 0.75),
}


@pytest.mark.parametrize("floor", [0, 1, 4, 12])
@pytest.mark.parametrize("name", LAWS)
def test_law_above_a_floor_is_that_summed_term_by_term(name: str, floor: int) -> None:
    reference, mean, variance = LAWS[name]
    units = np.arange(floor, 2000)
    chances = reference.pmf(units) / reference.pmf(units).sum()
    expected = (chances @ units, chances @ units**2 - (chances @ units) ** 2)
    law = DemandLaw.of(np.array([mean]), np.array([variance]), whole=True)
    found = law.moments_above(np.array([float(floor)]))
    assert np.concatenate(found) == pytest.approx(expected, rel=2e-3)
    uniform = (np.arange(20_000) + 0.5) / 20_000
    law = DemandLaw.of(np.full(20_000, mean), np.full(20_000, variance), whole=True)
    drawn = law.above(np.full(20_000, float(floor)), uniform)
    assert drawn.min() == floor
    assert drawn.mean() == pytest.approx(expected[0], rel=2e-3)
    assert drawn.var() == pytest.approx(expected[1], rel=2e-2)


@pytest.mark.parametrize(("mean", "variance", "whole"), [(50.0, 20.0, True), (20.0, 60.0, False)])
def test_gamma_law_above_a_floor(mean: float, variance: float, whole: bool) -> None:
    reference = stats.gamma(mean**2 / variance, scale=variance / mean)
    floor = mean + 3
    sample = reference.ppf((np.arange(200_000) + 0.5) / 200_000)  # rounding adds 1 / 12
    sample = np.rint(sample) if whole else sample
    above = sample[sample >= floor]
    law = DemandLaw.of(np.array([mean]), np.array([variance]), whole=whole)
    found = law.moments_above(np.array([floor]))
    assert found[0][0] == pytest.approx(above.mean(), rel=1e-3)
    assert found[1][0] == pytest.approx(above.var() - whole / 12, rel=4e-2)


def test_a_floor_that_is_never_reached_is_demand() -> None:
    law = DemandLaw.of(np.array([1.0]), np.array([1.0]), whole=True)
    floor = np.array([5000.0])
    assert np.concatenate(law.moments_above(floor)).tolist() == [5000, 0]
    assert law.above(floor, np.array([0.5])).tolist() == [5000]


# --- one period -------------------------------------------------------------------------------


def unseen(sold: float, seen: float, mean: float, phi: float, *, whole: bool = True) -> Unseen:
    """Of one period of one line."""
    sales = Sales(np.array([[sold]]), np.array([[seen]]), None, whole)
    fitted = FittedDemand(np.array([[mean]]), np.array([phi]), whole)
    return Unseen.of(sales, fitted, (np.array([0]), np.array([0])))


def test_sold_out_at_the_close() -> None:
    # Poisson(1), at least 2: (1 - e^-1) / (1 - 2 e^-1)
    assert unseen(2, 0, 1.0, 0.0).moments[0][0] == pytest.approx(2.39221, rel=1e-3)


def test_a_day_without_any_stock_has_the_mean_and_the_spread() -> None:
    mean, variance = unseen(0, 0, 8.0, 0.5).moments
    assert (mean[0], variance[0]) == pytest.approx((8, 8 + 0.5 * 64))


def test_a_share_of_a_day() -> None:
    # Poisson: the rest of the day has its share of the mean
    assert unseen(7, 0.6, 10.0, 0.0).moments[0][0] == pytest.approx(7 + 0.4 * 10)
    # negative binomial, 2 successes: gamma rate (2 + 7) / (2 / 10 + 0.6) = 11.25 by what was sold
    assert unseen(7, 0.6, 10.0, 0.5).moments[0][0] == pytest.approx(7 + 0.4 * 11.25)
    # fractions of units: the rest does not depend on the part that was seen
    mean, variance = unseen(7, 0.6, 10.0, 0.5, whole=False).moments
    assert (mean[0], variance[0]) == pytest.approx((7 + 0.4 * 10, 0.4 * 50))


# --- lines ------------------------------------------------------------------------------------

WEEK = np.array([0.6, 0.7, 0.9, 1.0, 1.2, 1.7, 0.9])


def test_all_seen_is_the_plain_mean_and_spread() -> None:
    demand = np.random.default_rng(0).negative_binomial(5, 0.25, (600, 6)).astype(np.float64)
    fitted = fitted_demand(Sales(demand, np.ones_like(demand), None, whole=True))
    assert fitted.mean.mean(axis=0) == pytest.approx(demand.mean(axis=0), rel=0.01)
    spread = (demand.var(axis=0) - demand.mean(axis=0)) / demand.mean(axis=0) ** 2
    assert fitted.phi == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("closed", [0.0, 3.0])
def test_a_stretch_with_little_or_nothing_to_sell_has_the_level_around_it(closed: float) -> None:
    rng = np.random.default_rng(1)
    demand = rng.negative_binomial(5, 0.2, (365, 6)).astype(np.float64)
    stock = np.full_like(demand, 35.0)
    stock[150:230] = closed
    sold, seen = np.minimum(demand, stock), (demand < stock).astype(np.float64)
    fitted = fitted_demand(Sales(sold, seen, np.arange(365) % 7, whole=True))
    assert fitted.mean[150:230].mean() == pytest.approx(20, rel=0.06)


def test_a_share_of_each_day_tells_the_whole() -> None:
    """Customers come at any time of the day with equal chance, until nothing is left."""
    rng = np.random.default_rng(2)
    mean = 12 * WEEK[np.arange(500) % 7][:, None] * np.ones(4)
    demand = rng.negative_binomial(5, 5 / (5 + mean)).astype(np.float64)
    stock = np.rint(rng.normal(12, 4, demand.shape)).clip(0)
    sold = np.minimum(demand, stock)
    out = (demand >= stock) & (stock > 0)
    seen = np.where(demand < stock, 1.0, 0.0)
    seen[out] = rng.beta(stock[out], demand[out] - stock[out] + 1)  # when the last one is sold
    assert 0.3 < np.mean(seen < 1) < 0.6
    fitted = fitted_demand(Sales(sold, seen, np.arange(500) % 7, whole=True))
    assert fitted.mean.mean() == pytest.approx(demand.mean(), rel=0.02)
    by_day = np.array([fitted.mean[day::7].mean() for day in range(7)])
    assert by_day / by_day.mean() == pytest.approx(WEEK / WEEK.mean(), rel=0.1)


def test_a_short_line_is_helped_by_its_neighbours() -> None:
    """Its weekdays can hardly be told from 8 weeks with a third of them sold out."""
    rng = np.random.default_rng(3)
    mean = np.linspace(5, 40, 12) * WEEK[np.arange(56) % 7][:, None]
    errors = []
    for lines in (slice(0, 1), slice(0, 12)):
        found = []
        for _ in range(10):
            demand = rng.negative_binomial(5, 5 / (5 + mean)).astype(np.float64)
            stock = np.rint(mean * rng.uniform(0.6, 2.5, mean.shape))
            sold, seen = np.minimum(demand, stock), (demand < stock).astype(np.float64)
            sales = Sales(sold[:, lines], seen[:, lines], np.arange(56) % 7, whole=True)
            factor = fitted_demand(sales).mean[:7, 0]
            found.append(np.abs(factor / factor.mean() - WEEK / WEEK.mean()).mean())
        errors.append(np.mean(found))
    assert errors[1] < 0.85 * errors[0]


def drawn(values: Array, statistic: Callable[..., Array], rng: np.random.Generator) -> Array:
    """Bootstrap draws of a statistic."""
    return statistic(rng.choice(values, (2000, len(values))), axis=1)


@pytest.mark.parametrize("name", TRUTHS)
def test_mean_and_spread_return_from_sales_of_a_lean_store(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(4)
    demand = TRUTHS[name].draw(rng)
    sold, closing = sold_by(read(tmp_path / "true.csv", demand=demand), np.array([1.05]), seed=4)
    sold, closing = sold[:, 0], closing[:, 0]
    assert 0.2 < np.mean(closing == 0) < 0.45
    sales, stock = demand.copy(), np.full_like(demand, 99.0)
    sales[:KNOWN], stock[:KNOWN] = sold, closing
    history = read(tmp_path / "sales.csv", sales=sales, on_hand=stock).history
    assert history is not None and history.hidden is not None
    assert np.array_equal(history.hidden.where, stock == 0)
    assert np.array_equal(history.demand[stock > 0], sales[stock > 0])
    assert np.all(history.demand >= sales)
    redrawn = history.hidden.possible.mean(axis=1)
    for store in range(3):
        true, completed = demand[:KNOWN, store], history.demand[:KNOWN, store]
        low, high = np.quantile(drawn(true, np.mean, rng), [0.005, 0.995])
        assert sold[:, store].mean() < low < completed.mean() < high
        spread = drawn(completed, np.std, rng) / drawn(true, np.std, rng)
        low, high = np.quantile(spread, [0.005, 0.995])  # nine comparisons in all
        assert low < 1 < high
        own = stock[:, store] == 0
        again = redrawn[history.hidden.row[own, store]].mean()
        assert again == pytest.approx(history.demand[own, store].mean(), rel=0.02)
    if name == "shift":  # sold-out days have the level of their time
        half = KNOWN // 2
        moved = [d[half:KNOWN].mean() / d[:half].mean() for d in (demand, history.demand)]
        assert moved[1] == pytest.approx(moved[0], rel=0.08)


# --- files ------------------------------------------------------------------------------------


def table(seed: int = 0, stock: float = 10) -> tuple[Array, Array]:
    """(date, store) sales and stock at the close of two stores, Poisson(8), sold out at 10."""
    demand = np.random.default_rng(seed).poisson(8, (DATES, 2)).astype(np.float64)
    return np.minimum(demand, stock), np.maximum(stock - demand, 0)


def csv(folder: Path, header: str, *columns: Array, name: str = "sales.csv") -> DemandFile:
    days = np.datetime64("2024-01-01") + np.arange(DATES)
    lines = [
        ",".join([str(day), store, *(f"{column[i, s]:g}" for column in columns)])
        for i, day in enumerate(days)
        for s, store in enumerate(("a", "b"))
    ]
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return DemandFile(path=path)


def imported(file: DemandFile, *, whole: bool = True) -> tuple[History, ImportReport]:
    return read_demand(file, whole=whole)


def test_stock_columns_in_every_form_say_the_same(tmp_path: Path) -> None:
    sales, left = table()
    plain, report = imported(csv(tmp_path, "date,store,sales,on_hand", sales, left))
    assert plain.hidden is not None
    assert np.array_equal(plain.hidden.where, left == 0)
    yes = (left > 0).astype(np.float64)
    assert imported(csv(tmp_path, "date,store,sales,in_stock", sales, yes))[0] == plain
    both = csv(tmp_path, "date,store,sales,in_stock,on_hand", sales, np.ones_like(yes), left)
    assert imported(both)[0] == plain
    negative = csv(tmp_path, "date,store,sales,on_hand", sales, np.where(left == 0, -3, left))
    assert imported(negative)[0] == plain
    named = csv(tmp_path, "date,store,Sold,Left", sales, left)
    named = named.model_copy(update={"sales_column": "Sold", "on_hand_column": "Left"})
    assert imported(named)[0] == plain
    beside = csv(tmp_path, "date,store,demand,sales,on_hand", sales * 0, sales, left)
    assert imported(beside)[0].hidden is None
    assert imported(beside.model_copy(update={"sales_column": "sales"}))[0] == plain
    text = "\n".join(report.lines())
    count = int((left == 0).sum())
    assert f"sold out on {count} of 400 store-days ({count / 400:.0%})" in text
    assert f"; {int((left[:, 0] == 0).sum())} dates sold out, sales mean " in text


def test_sales_with_stock_all_the_time_are_demand(tmp_path: Path) -> None:
    sales, left = table(stock=100)
    history, report = imported(csv(tmp_path, "date,store,sales,on_hand", sales, left))
    assert np.array_equal(history.demand, sales)
    assert history.hidden is None
    assert not any("sold out" in line for line in report.lines())


def test_sales_may_be_taken_as_demand(tmp_path: Path) -> None:
    sales, left = table()
    file = csv(tmp_path, "date,store,sales,on_hand", sales, left)
    history, _ = imported(file.model_copy(update={"demand_column": "sales"}))
    assert np.array_equal(history.demand, sales)
    assert history.hidden is None


def test_a_share_with_stock_adds_at_least_the_rest(tmp_path: Path) -> None:
    sales, left = table()
    share = np.where(left == 0, 0.5, 1.0)
    history, _ = imported(csv(tmp_path, "date,store,sales,in_stock", sales, share))
    assert history.hidden is not None
    assert np.all(history.demand >= sales)
    added = history.hidden.possible.mean(axis=1) - sales[left == 0]
    assert np.all(added >= 0.5 * 8)


def test_a_date_without_a_row_stays_sold_out(tmp_path: Path) -> None:
    sales, left = table()
    left[[50, 90]], sales[[51, 91]] = [[0, 5], [0, 5]], 0
    file = csv(tmp_path, "date,store,sales,on_hand", sales, left)
    gone = {"2024-02-21", "2024-04-01"}  # dates 51 and 91
    lines = file.path.read_text().splitlines()
    file.path.write_text("\n".join(line for line in lines if line[:10] not in gone))
    history, _ = imported(file)
    assert history.hidden is not None
    assert history.hidden.where[[51, 91]].tolist() == [[True, False]] * 2
    assert history.demand[[51, 91], 1].tolist() == [0, 0]
    assert np.all(history.demand[[51, 91], 0] > 0)


def test_nothing_leaks_from_later_parts(tmp_path: Path) -> None:
    sales, left = table()
    history, _ = imported(csv(tmp_path, "date,store,sales,on_hand", sales, left))
    for part in ("validate", "test"):
        first = history.bounds(part)[0]
        others, other_left = sales.copy(), left.copy()
        others[first:], other_left[first:] = 7 * sales[first:], left[first:][::-1]
        changed, _ = imported(csv(tmp_path, "date,store,sales,on_hand", others, other_left))
        assert np.array_equal(changed.demand[:first], history.demand[:first])
        assert history.hidden is not None and changed.hidden is not None
        count = int(history.hidden.where[:first].sum())
        assert np.array_equal(changed.hidden.possible[:count], history.hidden.possible[:count])
        assert not np.array_equal(changed.demand[first:], history.demand[first:])


@pytest.mark.parametrize("units", ["whole", "continuous"])
def test_a_run_keeps_what_demand_may_have_been(tmp_path: Path, units: str) -> None:
    sales, left = table()
    factor = 1.0 if units == "whole" else 1.37
    file = csv(tmp_path, "date,store,sales,on_hand", factor * sales, left)
    base = load_scenario("three-stores").model_copy(update={"units": units})
    scenario, _ = scenario_with_demand(base, file)
    write_scenario(tmp_path, scenario)
    kept = read_scenario(tmp_path)
    assert kept.history == scenario.history
    assert kept.history is not None and kept.history.hidden is not None
    assert kept.demand_file is not None and kept.demand_file.possible_column == "possible"
    _, report = load_with_report(str(tmp_path / "scenario.toml"))
    assert report is not None
    assert any(line.startswith("sold out on") for line in report.lines())


def test_rules_and_learners_read_the_completed_demand(tmp_path: Path) -> None:
    sales, left = table()
    file = csv(tmp_path, "date,store,sales,on_hand", sales, left)
    scenario, _ = scenario_with_demand(load_scenario("three-stores"), file)
    assert scenario.history is not None
    training = scenario.history.demand[: scenario.history.validate_from]
    assert scenario.demand_mean == pytest.approx(training.mean(axis=0))
    assert scenario.demand_sd == pytest.approx(training.std(axis=0))
    assert np.all(scenario.demand_mean > sales[: scenario.history.validate_from].mean(axis=0))


def test_scenario_file_names_the_columns(tmp_path: Path) -> None:
    sales, left = table()
    csv(tmp_path, "date,store,Sold,Left", sales, left)
    text = """
        name = "own"
        periods = 20
        [demand_file]
        path = "sales.csv"
        sales_column = "Sold"
        on_hand_column = "Left"
        [store_defaults]
        lead_time = 1
        holding_cost = 1
        shortage_cost = 9
    """
    (tmp_path / "own.toml").write_text(text)
    scenario = load_scenario(tmp_path / "own.toml")
    assert scenario.history is not None and scenario.history.hidden is not None
    assert np.array_equal(scenario.history.hidden.where, left == 0)


BAD = {
    "no stock": ("date,store,sales", {}, "row 1: 'sales' is less than demand .* add a column on_"),
    "no such stock": (
        "date,store,sales,on_hand",
        {"on_hand_column": "stock"},
        r"row 1: no column 'stock' \(on_hand_column\)",
    ),
    "no such sales": (
        "date,store,sales,on_hand",
        {"sales_column": "sold"},
        r"row 1: no column 'sold' \(sales_column\)",
    ),
    "stock of demand": (
        "date,store,demand,on_hand",
        {"on_hand_column": "on_hand"},
        "on_hand_column says where sales are less than demand, but 'demand' is read as demand",
    ),
    "no demand": ("date,store,units,on_hand", {}, r"no column 'demand' \(demand_column\)"),
    "one for two": (
        "date,store,sales,on_hand",
        {"on_hand_column": "sales"},
        "need columns of their own",
    ),
    "possible sales": (
        "date,store,sales,on_hand",
        {"possible_column": "on_hand"},
        r"possible_column belongs to demand, not to sales \('sales'\)",
    ),
    "more than a share": (
        "date,store,sales,in_stock",
        {},
        r"row 2: in_stock '5' must be 0 to 1 \(400 such rows\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_named(tmp_path: Path, case: str) -> None:
    header, columns, message = BAD[case]
    fives = [np.full((DATES, 2), 5.0)] * (header.count(",") - 1)
    file = csv(tmp_path, header, *fives).model_copy(update=columns)
    with pytest.raises(InputError, match=f"sales.csv: .*{message}"):
        imported(file)


def test_cells_of_stock_must_not_be_empty(tmp_path: Path) -> None:
    sales, left = table()
    for column, advice in [("on_hand", "write 0"), ("in_stock", "write 1")]:
        file = csv(tmp_path, f"date,store,sales,{column}", sales, np.minimum(left, 1))
        lines = file.path.read_text().splitlines()
        lines[4] = lines[4].rsplit(",", 1)[0] + ","
        file.path.write_text("\n".join(lines))
        with pytest.raises(InputError, match=f"row 5: {column} '' is empty; {advice}"):
            imported(file)


def test_a_store_that_was_never_seen_is_refused(tmp_path: Path) -> None:
    sales, left = table()
    left[:110, 1] = 0
    file = csv(tmp_path, "date,store,sales,on_hand", sales, left)
    with pytest.raises(
        InputError,
        match=r"store 'b' had stock to the end on \d+ of 120 training dates, at least 14",
    ):
        imported(file)


@pytest.mark.parametrize("cell", ["3 x 5", "3 4", "3 -1 5", "3 4.5 5"])
def test_possible_demand_that_a_run_did_not_write(tmp_path: Path, cell: str) -> None:
    demand = np.full((4, 1), 3.0)
    days = tuple(np.arange("2024-01-01", "2024-01-05", dtype="datetime64[D]").tolist())
    hidden = Hidden(np.array([[-1], [0], [-1], [1]]), np.array([[3.0, 4, 5], [3, 6, 9]]))
    history = History(days, ("a",), demand, 1, 2, hidden)
    file = write_history(history, tmp_path / "demand.csv")
    file = file.model_copy(update={"path": tmp_path / "demand.csv"})
    assert imported(file)[0] == history
    text = file.path.read_text()
    file.path.write_text(text.replace("3 6 9", cell))
    with pytest.raises(InputError, match=f"row 5: possible '{cell}' must be 3 amounts"):
        imported(file)


def test_command_line_says_what_sales_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sales, left = table()
    csv(tmp_path, "date,store,Sold,left", sales, left)
    runner = CliRunner()
    asked = ["train", "--demand", "sales.csv", "--sales-column", "Sold"]
    result = runner.invoke(cli.app, asked)
    assert result.exit_code == 2
    assert "take it as demand with --demand-column Sold" in " ".join(result.output.split())
    result = runner.invoke(cli.app, [*asked, "--in-stock-column", "left"])
    assert result.exit_code == 2
    assert "must be 0 to 1" in " ".join(result.output.split())


# --- tapes ------------------------------------------------------------------------------------


def test_training_and_tuning_draw_anew_what_was_hidden(tmp_path: Path) -> None:
    sales, left = table()
    file = csv(tmp_path, "date,store,sales,on_hand", sales, left)
    scenario, _ = scenario_with_demand(load_scenario("three-stores"), file)
    history = scenario.history
    assert history is not None and history.hidden is not None
    # a date tells itself, and a draw: 1000 x date, and where hidden, 1 to 16 of 16
    dates = 1000.0 * np.arange(DATES)[:, None] + np.zeros(2)
    possible = np.repeat(dates[history.hidden.where], 16).reshape(-1, 16) + np.arange(1, 17)
    told = replace(history, demand=dates, hidden=replace(history.hidden, possible=possible))
    chain = scenario.model_copy(update={"history": told, "demand_drift": DemandDrift()})
    for purpose in (Purpose.TRAIN, Purpose.TUNE, Purpose.VALIDATE, Purpose.TEST):
        demand = draw_tape(chain, seed=1, purpose=purpose, worlds=400).demand
        date, draw = (demand // 1000).astype(int), demand % 1000
        hidden = told.hidden.where[date, np.arange(2)] if told.hidden else None
        assert hidden is not None and hidden.any()
        assert not draw[~hidden].any()
        if purpose in (Purpose.VALIDATE, Purpose.TEST):
            assert not draw.any()
        else:
            counts = np.bincount(draw[hidden].astype(int), minlength=17)[1:]
            assert stats.chisquare(counts).pvalue > 1e-3
            few = draw_tape(chain, seed=1, purpose=purpose, worlds=3).demand
            assert np.array_equal(few, demand[:, :3])
