"""InventoryBench: its files, its periods, and rules beside published and hand-worked numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.inventorybench.arrivals import LearnedArrivals, WrittenOff
from benchmarks.inventorybench.instances import SETTINGS, TOLD, Instances
from benchmarks.inventorybench.laws import LAWS, draw_instances
from benchmarks.inventorybench.network import ANCHOR
from benchmarks.inventorybench.page import page_text, read_scores, screen_table
from benchmarks.inventorybench.play import Game, Morning, play
from benchmarks.inventorybench.reading import read_instances
from benchmarks.inventorybench.rules import authors_rule, ten_line_rule
from benchmarks.inventorybench.run import NETWORKS, REFERENCE, measure
from benchmarks.inventorybench.tuned import shipped_rule, tunable
from benchmarks.result_files import write_result
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose

DATA = Path(__file__).parents[3] / "shared" / "data" / "inventorybench" / "synthetic.csv.gz"


@pytest.fixture(scope="module")
def published() -> list[Instances]:
    if not DATA.exists():
        pytest.skip("the published instances are not beside this checkout")
    return read_instances(DATA)


# --- the published instances ------------------------------------------------------------------


def mean_scores(instances: list[Instances], policy) -> list[float]:  # type: ignore[no-untyped-def]
    return [float(each.score(play(each, policy)).mean()) for each in instances]


def test_the_authors_rule_scores_as_published(published: list[Instances]) -> None:
    assert [each.setting for each in published] == list(SETTINGS)
    assert sum(len(each.names) for each in published) == 720
    scores = mean_scores(published, authors_rule())
    assert scores == pytest.approx([0.8179, 0.5359, 0.1068], abs=5e-5)


def test_the_ten_line_rule_scores_as_reported(published: list[Instances]) -> None:
    """0.8649, 0.5477 and 0.4246 were reported; how it treats old orders is not known exactly."""
    scores = mean_scores(published, ten_line_rule())
    assert scores[:2] == pytest.approx([0.8649, 0.5477], abs=2e-4)
    assert scores[2] == pytest.approx(0.4246, abs=4e-3)


def test_tuned_rules_beat_the_ten_lines(published: list[Instances]) -> None:
    ten = np.mean(mean_scores(published, ten_line_rule()))
    smoothing = np.mean(mean_scores(published, shipped_rule("tuned-smoothing")))
    mixture = np.mean(mean_scores(published, shipped_rule("tuned-mixture")))
    assert ten < smoothing < mixture
    assert smoothing > 0.675


# --- the periods ------------------------------------------------------------------------------


def problem(
    demand: list[float], lead_time: list[float], *, setting: str = "stochastic"
) -> Instances:
    """One instance with profit 4 and holding cost 1, ten units told in each period."""
    return Instances(
        setting=setting,
        names=("hand/1",),
        history=np.full((TOLD, 1), 10.0),
        demand=np.array(demand)[:, None],
        lead_time=np.array(lead_time)[:, None],
        profit=np.array([4.0]),
        holding=np.array([1.0]),
    )


def test_a_game_worked_by_hand() -> None:
    """Orders 10, 20, 5.4, 7 with lead times 1, never, 0, 1."""
    game = Game(problem([4, 6, 8, 2], [1, np.inf, 0, 1]))
    mornings: list[Morning] = []
    for order in (10.0, 20.0, 5.4, 7.0):
        mornings.append(game.morning)
        game.step(np.array([order]))
    assert game.over
    # nothing; 10 come, 6 sold, 4 left; 5 come, 8 of 9 sold, 1 left; 1 sold, the last order is late
    assert game.reward[:, 0].tolist() == [0, 24 - 4, 32 - 1, 4]
    assert [m.stock[0] for m in mornings] == [0, 0, 4, 1]
    assert [m.periods_left for m in mornings] == [4, 3, 2, 1]
    assert mornings[1].open_orders(3)[:, 0].tolist() == [10, 0, 0]
    assert mornings[2].open_orders(3)[:, 0].tolist() == [20, 0, 0]  # the first has come
    assert mornings[3].open_orders(3)[:, 0].tolist() == [0, 20, 0]
    assert mornings[3].arrived_after[:, 0].tolist() == [1, np.inf, 0]
    assert mornings[3].demand[:, 0].tolist() == [10] * 5 + [4, 6, 8]
    instances = problem([4, 6, 8, 2], [1, np.inf, 0, 1])
    assert instances.score(game.reward.sum(axis=0)) == pytest.approx([55 / 80])
    assert instances.score(np.array([-3.0])) == [0]


class _Given:
    """Orders written beforehand."""

    def __init__(self, quantities: Array) -> None:
        self.quantities = quantities

    def orders(self, morning: Morning) -> Array:
        return self.quantities[morning.period]


@given(seed=st.integers(0, 10_000), setting=st.sampled_from(SETTINGS))
def test_games_are_those_of_a_slow_reference(seed: int, setting: str) -> None:
    instances = draw_instances(setting, 13, seed=seed, purpose=Purpose.TEST)
    orders = np.random.default_rng(seed).integers(0, 300, instances.demand.shape).astype(float)
    reward = play(instances, _Given(orders))
    for i in range(13):
        stock, total, lost, sold_in_all = 0.0, 0.0, 0.0, 0.0
        for t, demand in enumerate(instances.demand[:, i]):
            came = [u for u in range(t + 1) if u + instances.lead_time[u, i] == t]
            stock += sum(orders[u, i] for u in came)
            sold = min(stock, demand)
            stock, lost, sold_in_all = stock - sold, lost + demand - sold, sold_in_all + sold
            total += instances.profit[i] * sold - instances.holding[i] * stock
        assert reward[i] == pytest.approx(total)
        arrived = instances.lead_time[:, i] + np.arange(50) < 50
        assert orders[arrived, i].sum() == pytest.approx(sold_in_all + stock)  # units are kept
        assert sold_in_all + lost == instances.demand[:, i].sum()


@pytest.mark.parametrize("name", ["authors", REFERENCE, *tunable()])
def test_policies_keep_their_duties(name: str) -> None:
    """Orders are numbers of at least 0, the same when played again, each instance for itself."""
    policy = {"authors": authors_rule, REFERENCE: ten_line_rule}.get(
        name, lambda: shipped_rule(name)
    )()
    for setting in SETTINGS:
        instances = draw_instances(setting, 24, seed=3, purpose=Purpose.TEST)
        reward = play(instances, policy)
        assert np.isfinite(reward).all()
        assert np.array_equal(play(instances, policy), reward)
        some = np.arange(24) % 5 == 1
        assert play(instances.pick(some), policy) == pytest.approx(reward[some])


# --- open orders ------------------------------------------------------------------------------


def test_chances_are_learned_from_orders() -> None:
    """Orders that took 1, 2, never, never, 1: before the sixth, worked by hand."""
    game = Game(problem([5] * 8, [1, 2, np.inf, np.inf, 1, 1, 1, 1]))
    for _ in range(5):
        game.step(np.array([5.0]))
    learned = LearnedArrivals(before=0.0, at=0.5, after=0.5, weight=2.0)
    # Could have come after 1: orders 1 to 4 (for order 5 that is today), of which 1 did. After 2,
    # not having come after 1: orders 2 and 3, of which 2 did. After 3: none yet.
    shares = learned.shares(game.morning)[:, 0]
    assert shares == pytest.approx([0, 1 / 6, (1 + 1) / (2 + 2), 1 / 2, 1 / 2])
    chance = learned.chances(game.morning)[:, 0]
    assert chance == pytest.approx([1 - 5 / 6 / 8, 1 - 1 / 8, 1 - 1 / 4, 1 / 2])


def test_promises_are_kept_but_by_the_supplier_who_promises_two() -> None:
    late, kept = WrittenOff((0.75, 0.5, 0.25)), problem([5, 5], [4, 4], setting="4")
    assert late.chances(Game(problem([5, 5], [1, 1])).morning)[:, 0].tolist() == [0.75, 0.5, 0.25]
    assert late.chances(Game(kept).morning).min() == 1


# --- drawn laws -------------------------------------------------------------------------------


def test_drawn_problems_have_addresses() -> None:
    few = draw_instances("stochastic", 30, seed=5, purpose=Purpose.TUNE)
    many = draw_instances("stochastic", 90, seed=5, purpose=Purpose.TUNE)
    other = draw_instances("stochastic", 30, seed=5, purpose=Purpose.VALIDATE)
    first = np.arange(90) < 30
    assert few.names == many.names[:30]
    for name in ("history", "demand", "lead_time", "profit"):
        assert np.array_equal(getattr(few, name), getattr(many.pick(first), name))
    assert not np.array_equal(few.demand, other.demand)


def test_drawn_problems_are_what_they_are_called() -> None:
    drawn = draw_instances("stochastic", 6000, seed=1, purpose=Purpose.TUNE)
    assert set(drawn.patterns) == set(LAWS)
    assert (drawn.demand >= 0).all() and np.array_equal(drawn.demand, np.rint(drawn.demand))
    for lead_time in (1, 2, 3, np.inf):
        assert (drawn.lead_time == lead_time).mean() == pytest.approx(0.25, abs=0.01)
    laws, unit = np.array(drawn.patterns), drawn.history.mean(axis=0)
    for law, least, most in [
        ("stationary", 0.9, 1.1),
        ("mean-increase", 1.3, 3.5),
        ("mean-decrease", 0.25, 0.8),
        ("increasing-trend", 1.3, 3.5),
        ("decreasing-trend", 0.25, 0.8),
    ]:
        own = laws == law
        assert least < np.median(drawn.demand[40:, own].mean(axis=0) / unit[own]) < most
    kinds = [set(drawn.profit[laws == law]) for law in LAWS]
    assert all(each == {1.0, 4.0, 19.0} for each in kinds)


# --- files ------------------------------------------------------------------------------------


def table(**changes: object) -> pd.DataFrame:
    """Two instances of two periods."""
    rows = [
        (name, setting, period, 10 + period, lead_time if period >= 0 else np.nan, 4, 1)
        for name, setting, lead_time in [("p/v/r1", "0", 0), ("p/v/r1", "stochastic", np.inf)]
        for period in range(-TOLD, 2)
    ]
    names = ["instance", "lead_time_setting", "period", "demand", "lead_time", "profit"]
    made = pd.DataFrame(rows, columns=[*names, "holding_cost"])
    for column, value in changes.items():
        made[column] = made[column].astype(object)
        made.loc[6, column] = value
    return made


def test_a_table_is_read(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "a.csv.gz", index=False)
    assert len(read_instances(tmp_path)) == 2
    found = read_instances(tmp_path / "a.csv.gz")
    assert [(each.setting, each.promised) for each in found] == [("0", 0), ("stochastic", 2)]
    assert found[0].history[:, 0].tolist() == [5, 6, 7, 8, 9]
    assert found[1].demand[:, 0].tolist() == [10, 11]
    assert np.isinf(found[1].lead_time).all() and found[1].patterns == ("p",)


def test_a_checkout_is_read(tmp_path: Path) -> None:
    """Folders as the authors publish them."""
    for kind, name in (("synthetic_trajectory", "p01/v1/r1"), ("real_trajectory", "1087")):
        folder = tmp_path / "benchmark" / kind / "lead_time_stochastic" / name
        folder.mkdir(parents=True)
        told = pd.DataFrame({"exact_dates_7": list("abcde"), "demand_7": [1, 2, 3, 4, 5]})
        told.to_csv(folder / "train.csv", index=False)
        played = {"exact_dates_7": ["f", "g"], "demand_7": [6, 7], "description_7": ["x", "x"]}
        played |= {"lead_time_7": [2, "inf"], "profit_7": [19, 19], "holding_cost_7": [1, 1]}
        pd.DataFrame(played).to_csv(folder / "test.csv", index=False)
    (found,) = read_instances(tmp_path)
    assert found.names == ("p01/v1/r1", "real/1087")
    assert found.history[:, 1].tolist() == [1, 2, 3, 4, 5]
    assert found.lead_time[:, 0].tolist() == [2, np.inf]
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n"
    (folder / "test.csv").write_text(pointer, encoding="utf-8")
    with pytest.raises(InputError, match=r"test\.csv: .*git lfs pull"):
        read_instances(tmp_path)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("lead_time_setting", "7", "row 8: lead_time_setting must be one of 0, 4, stochastic, got"),
        ("period", 1.5, "row 8: period must be whole, at least -5, got 1.5"),
        ("period", 0, r"p/v/r1, lead_time_setting 0: periods -5 to 0 must stand there once each"),
        ("demand", -3, "row 8: demand must be whole, at least 0, got -3"),
        ("demand", "many", "row 8: demand must be a number, got many"),
        ("lead_time", -1, r"row 8: lead_time must be whole, at least 0, or inf \(from period 0\)"),
        ("profit", 0, "row 8: profit must be above 0, got 0"),
        ("profit", 5, "p/v/r1: profit must be the same in all periods"),
        ("holding_cost", "", "row 8: holding_cost must be a number"),
    ],
)
def test_what_is_not_allowed_is_named(
    tmp_path: Path, column: str, value: object, message: str
) -> None:
    file = tmp_path / "a.csv"
    table(**{column: value}).to_csv(file, index=False)
    with pytest.raises(InputError, match=message) as raised:
        read_instances(file)
    assert str(raised.value).startswith(str(file))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data .*nowhere: there is no such file or folder"):
        read_instances(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no synthetic_trajectory"):
        read_instances(tmp_path)
    table().drop(columns="profit").to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(InputError, match="no column 'profit'; the columns are instance, "):
        read_instances(tmp_path / "a.csv")


# --- results ----------------------------------------------------------------------------------


def test_results_are_kept_and_shown(tmp_path: Path) -> None:
    drawn = [draw_instances(s, 36, seed=2, purpose=Purpose.TEST) for s in SETTINGS]
    told: list[str] = []
    policies = {
        "authors": authors_rule(),
        REFERENCE: ten_line_rule(),
        ANCHOR: shipped_rule(ANCHOR),
        NETWORKS: ten_line_rule(),
    }
    found = measure(drawn, policies, tell=told.append)
    authors, ten, rule, networks = found.policies
    assert [line.split(":")[0] for line in told] == list(policies)
    assert set(rule.over_rule.values()) == {0} and rule.over_rule_interval == (0, 0)
    lead = np.mean(list(networks.over_rule.values()))
    assert lead == pytest.approx(ten.mean - rule.mean)
    assert (ten.gain, ten.worse, ten.worst) == (0, 0, 0)
    own = [each.score(play(each, authors_rule())) for each in drawn]
    assert authors.mean == pytest.approx(np.concatenate(own).mean())
    assert authors.gain == pytest.approx(authors.mean - ten.mean)
    assert authors.gain_interval[0] <= authors.gain <= authors.gain_interval[1]
    file = tmp_path / "scores.json"
    write_result(file, found)
    assert read_scores(file) == found
    assert screen_table(found).row_count == 4
    page = page_text(found)
    assert f"{authors.by_setting['4']:.4f}" in page and "0.8391" in page
    assert page.count("**missed**") == 2 and "| 0.0 % | met |" in page
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="not written by hmarl bench inventorybench"):
        read_scores(file)
