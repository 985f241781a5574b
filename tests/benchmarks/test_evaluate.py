"""An evaluation and its files, against plain recomputation and the episodes' own numbers."""

import csv
import json
import math
import re
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chains import SINGLE, HalfARule, OrderUpTo, chain
from rich.console import Console

from benchmarks.evaluation.evaluate import evaluate
from benchmarks.evaluation.evaluation import Evaluation, Outcome, run_policies
from benchmarks.evaluation.recording import RECORDED_WORLDS
from benchmarks.evaluation.report import report_text
from benchmarks.evaluation.statement import money_rows, unit_rows
from benchmarks.evaluation.verdicts import by_the_rule, comparison_table
from benchmarks.html.evaluation_page import measured
from inventory_env.description.demand import Trace
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.recorded.history import History
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.kpis import KPIS
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape

GOOD, LOW, SAME = OrderUpTo("good", 18.0), OrderUpTo("too-low", 3.0), OrderUpTo("twin", 18.0)
FIGURES = (
    *("service_level_comparison", "stockouts_comparison", "rewards_comparison"),
    *("cost_split", "episode", "learned_order"),
)
FILES = {
    *(f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")),
    "episode_metrics.csv",
    "summary_metrics.csv",
    "evaluation_report.txt",
    "summary.json",
}
EPISODES = 24


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation") / "deeper" / "still"


@pytest.fixture(scope="module")
def evaluation(folder: Path) -> Evaluation:
    return evaluate(
        chain(),
        [LOW, GOOD, SAME],
        episodes=EPISODES,
        seed=3,
        out=folder,
        learned="good",
        start_rule=SAME,
    )


@pytest.fixture(scope="module")
def summary(evaluation: Evaluation, folder: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads((folder / "summary.json").read_text(), parse_constant=refuse)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_cost_is_that_of_a_plain_run_on_the_same_test_tape(evaluation: Evaluation) -> None:
    scenario = chain()
    tape = draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=EPISODES)
    for policy in (GOOD, LOW):
        run = Chain(scenario)
        run.reset(tape)
        costs = []
        while not run.ended:
            costs.append(Money.of(run.params, run.step(policy.wishes(run.situation))).chain)
        expected = np.mean(costs[scenario.warm_up :], axis=0)
        assert evaluation.outcomes[policy.name].kpis["cost_per_period"] == pytest.approx(expected)


def test_policies_come_cheapest_first_and_twins_are_the_same(evaluation: Evaluation) -> None:
    assert list(evaluation.outcomes) == ["good", "twin", "too-low"]
    twin = evaluation.comparison("twin", "cost_per_period")
    assert (twin.difference, twin.ci95) == (0.0, (0.0, 0.0))
    assert twin.verdict.startswith("no difference")


def test_a_clearly_worse_policy_is_called_worse() -> None:
    """Level 3 leaves most of a demand of 5 and 6 unserved."""
    found = run_policies(chain(), [LOW, GOOD], episodes=8, seed=0)
    verdicts = {c.metric: c.verdict for c in found.comparisons}
    assert verdicts["cost_per_period"] == "too-low costs more"
    assert verdicts["fill_rate"] == "too-low gives worse service"
    assert verdicts["stockouts_per_period"] == "too-low has more stockouts"
    assert verdicts["reward_per_episode"] == "too-low earns less"


def test_all_files_are_there_and_nothing_half_written(evaluation: Evaluation, folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == FILES
    for file in folder.glob("*.png"):
        content = file.read_bytes()
        assert content.startswith(b"\x89PNG\r\n")
        assert content.endswith(b"IEND\xaeB`\x82")


def test_an_existing_folder_is_written_anew(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).write_text("old")
    (tmp_path / "mine.txt").write_text("kept")
    evaluate(chain(1), [GOOD, LOW], episodes=2, seed=1, out=tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == FILES | {"mine.txt"}
    assert all((tmp_path / name).read_bytes()[:3] != b"old" for name in FILES)
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_episode_metrics_hold_every_episode_of_every_policy(
    evaluation: Evaluation, folder: Path
) -> None:
    table = rows(folder / "episode_metrics.csv")
    assert len(table) == 3 * EPISODES
    assert list(table[0]) == ["policy", "episode", *KPIS]
    for row in table:
        for kpi in KPIS:
            value = evaluation.outcomes[row["policy"]].kpis[kpi][int(row["episode"])]
            given = float(row[kpi]) if row[kpi] else math.nan
            assert given == pytest.approx(value, nan_ok=True)


def test_summary_metrics_are_means_of_episode_metrics(evaluation: Evaluation, folder: Path) -> None:
    episodes, table = rows(folder / "episode_metrics.csv"), rows(folder / "summary_metrics.csv")
    assert len(table) == 3 * len(KPIS)
    assert list(table[0]) == ["policy", "metric", "mean", "sd", "ci95_low", "ci95_high"]
    for row in table:
        mine = [e[row["metric"]] for e in episodes if e["policy"] == row["policy"]]
        values = [float(value) for value in mine if value]
        if len(values) < 2:
            continue
        assert float(row["mean"]) == pytest.approx(np.mean(values))
        assert float(row["ci95_low"]) <= float(row["mean"]) <= float(row["ci95_high"])


def test_summary_has_exactly_the_promised_keys(summary: dict[str, Any]) -> None:
    assert set(summary) == {
        *("scenario", "description", "period", "periods", "counted", "periods_per_year"),
        *("episodes", "seed", "judged", "policies", "comparisons", "statement", "made_by"),
        *("unseen_demand", "clipped"),
    }
    expected = (summary["scenario"], summary["episodes"], summary["periods"], summary["seed"])
    assert expected == ("small", EPISODES, 30, 3)
    for kpis in summary["policies"].values():
        assert set(kpis) == {
            "cost_per_period",
            "fill_rate",
            "cycle_service_level",
            "ready_rate",
            "stockouts_per_period",
            "holding_cost_per_period",
            "shortage_cost_per_period",
            "ordering_cost_per_period",
            "bullwhip",
            "reward_per_episode",
            "share_of_rule",
        }
        parts = sum(kpis[f"{kind}_cost_per_period"] for kind in ("holding", "shortage", "ordering"))
        assert kpis["cost_per_period"] == pytest.approx(parts)
    for comparison in summary["comparisons"]:
        assert set(comparison) == {
            "policy",
            "baseline",
            "metric",
            "difference",
            "percent",
            "ci95",
            "verdict",
        }
        assert comparison["policy"] == "good"
    worse = next(c for c in summary["comparisons"] if c["baseline"] == "too-low")
    means = [summary["policies"][name]["cost_per_period"] for name in ("good", "too-low")]
    assert worse["difference"] == pytest.approx(means[0] - means[1])
    assert worse["percent"] == pytest.approx(100 * (means[0] / means[1] - 1))
    assert worse["ci95"][0] < worse["difference"] < worse["ci95"][1] < 0


def test_every_number_has_its_birth_certificate(summary: dict[str, Any]) -> None:
    made_by = summary["made_by"]
    assert {"python", "numpy", "torch"} <= set(made_by["versions"])
    assert made_by["machine"]["cores"] >= 1
    assert made_by["machine"]["cpu"]
    assert "/" not in made_by["command"].split()[0]


def test_a_missing_number_is_null_in_json(tmp_path: Path) -> None:
    """Two periods leave no whole replenishment cycle, so there is no cycle service level."""
    scenario = chain(1, periods=2, warm_up=0)
    evaluate(scenario, [GOOD, SAME], episodes=2, seed=0, out=tmp_path)
    found = json.loads((tmp_path / "summary.json").read_text())
    assert found["policies"]["good"]["cycle_service_level"] is None


@pytest.mark.parametrize(
    ("changes", "sites"),
    [({}, 4), ({"supplier": {"unlimited": True}}, 3), (SINGLE, 2)],
    ids=["three tiers", "unlimited supplier", "unlimited warehouse"],
)
def test_statement_balances_in_units_and_money(changes: dict[str, Any], sites: int) -> None:
    found = run_policies(chain(**changes), [GOOD, LOW], episodes=5, seed=2)
    for outcome in found.outcomes.values():
        units, money = unit_rows(found, outcome), money_rows(found, outcome)
        assert len(units) == len(money) == sites
        for _, (opening, received, gone, closing) in units:
            assert opening + received - gone == closing
        total = sum(sum(values) for _, values in money)
        per_period = total / (found.counted * found.episodes)
        assert per_period == pytest.approx(outcome.kpis["cost_per_period"].mean())
    text = report_text(found)
    assert text.count("every site balances; largest gap 0 units") == 2
    assert text.count("the same as the cost per period above") == 2


def test_a_statement_that_does_not_balance_says_so(evaluation: Evaluation) -> None:
    good = evaluation.outcomes["good"]
    wrong = {**good.statement, "sold": good.statement["sold"] + 1}
    outcomes = {
        **evaluation.outcomes,
        "good": Outcome(good.name, good.kpis, wrong, good.recording),
    }
    text = report_text(Evaluation(**{**vars(evaluation), "outcomes": outcomes}))
    assert "DOES NOT BALANCE" in text


def test_report_tells_what_was_run_who_won_and_what_words_mean(
    evaluation: Evaluation, folder: Path
) -> None:
    text = (folder / "evaluation_report.txt").read_text()
    assert text == report_text(evaluation)
    assert re.search(r"24 joint episodes .* 30 days, the first 5 not counted", text)
    assert "seed 3" in text
    assert "good is cheaper" in text
    assert "no difference" in text
    assert "opening  + received  - sold or shipped  = closing" in text
    assert "cycle service level  replenishment cycles" in text
    assert "other futures" not in text


def replayed() -> Scenario:
    scenario = chain(1, **SINGLE)
    days = tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(200))
    demand = np.random.default_rng(0).poisson(5.0, (200, 1)).astype(np.float64)
    history = History(days, ("store-1",), demand, validate_from=100, test_from=140)
    trace = Trace(kind="trace", mean=5.0, sd=2.2)
    store = scenario.stores[0].model_copy(update={"demand": trace})
    return scenario.with_history(history, [store])


def test_report_on_recorded_demand_says_what_the_interval_covers() -> None:
    text = report_text(run_policies(replayed(), [GOOD, LOW], episodes=4, seed=0))
    assert "2024-05-20 to 2024-07-18" in text
    assert "they do not cover other futures" in text


def screen(evaluation: Evaluation, width: int = 100) -> str:
    text = StringIO()
    Console(width=width, file=text).print(comparison_table(evaluation))
    return text.getvalue()


def test_table_fits_and_names_policies_and_verdicts(evaluation: Evaluation) -> None:
    text = screen(evaluation)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert re.search(r"too-low .*-\d+\.\d \[-\d+\.\d, -\d+\.\d\].* good is cheaper", text)
    assert re.search(r"twin .*\+0\.00 \[\+0\.00, \+0\.00\].* identical", text)


def test_recording_is_of_the_first_episodes(evaluation: Evaluation) -> None:
    tape = draw_tape(chain(), seed=3, purpose=Purpose.TEST, worlds=EPISODES)
    recording = evaluation.outcomes["good"].recording
    assert np.array_equal(recording.demand, tape.demand[:, :RECORDED_WORLDS])
    assert recording.reference is not None
    assert np.array_equal(recording.reference, recording.ordered)
    assert evaluation.outcomes["too-low"].recording.reference is None


@dataclass(frozen=True)
class Erratic:
    """Orders wild quantities, far dearer than anything else."""

    name: str = "erratic"

    def wishes(self, situation: Situation) -> Array:
        return np.full(situation.position.shape, 400.0 if situation.period % 7 == 0 else 0.0)


@pytest.mark.parametrize(
    ("scenario", "policies"),
    [
        (chain(50, periods=12, warm_up=2), [GOOD, LOW, Erratic()]),
        (chain(1, **SINGLE), [GOOD]),
        (chain(2, units="continuous", unmet_demand="backorder"), [GOOD, OrderUpTo("x" * 40, 9.5)]),
        (chain(1, unmet_demand="partial", periods=2, warm_up=0), [GOOD, SAME]),
        (replayed(), [GOOD, LOW]),
    ],
    ids=["fifty stores", "alone", "continuous backorder", "two periods", "recorded demand"],
)
def test_every_kind_of_chain_is_drawn_and_told(
    scenario: Scenario, policies: list[Any], tmp_path: Path
) -> None:
    found = evaluate(scenario, policies, episodes=3, seed=0, out=tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == FILES
    assert screen(found, width=140)


@pytest.mark.parametrize(
    ("policies", "episodes", "learned", "message"),
    [
        ([GOOD, LOW], 1, None, "episodes must be at least 2"),
        ([GOOD, GOOD], 4, None, "different names, got good twice"),
        ([GOOD, LOW], 4, "ppo", "'ppo' is not among those run: good, too-low"),
    ],
)
def test_bad_requests_are_refused_and_write_nothing(
    policies: list[Any], episodes: int, learned: str | None, message: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match=message):
        evaluate(chain(), policies, episodes=episodes, seed=0, out=out, learned=learned)
    assert not out.exists()


def test_the_report_tells_tiers_apart(evaluation: Evaluation) -> None:
    text = report_text(evaluation)
    assert "\nLearned: stores. Not learned in this run: warehouse, supplier.\n" in text
    costs, bullwhips = text.split("Tiers\n-----\n")[1].split("\n\n")[:2]
    heads = [re.split(r"  +", part.splitlines()[0]) for part in (costs, bullwhips)]
    tiers = ["stores", "warehouse", "supplier"]
    assert heads == [["cost a day", *tiers], ["bullwhip", *tiers]]
    for cost, bullwhip in zip(costs.splitlines()[1:], bullwhips.splitlines()[1:], strict=True):
        name, *told = re.split(r"  +", cost)
        kpis = evaluation.outcomes[name].kpis
        expected = [kpis[f"{tier}_cost_per_period"].mean() for tier in ("store", *tiers[1:])]
        assert [float(number) for number in told] == pytest.approx(expected, abs=0.006)
        assert sum(expected) == pytest.approx(kpis["cost_per_period"].mean())
        name, *told = re.split(r"  +", bullwhip)
        kpis = evaluation.outcomes[name].kpis
        expected = [kpis[f"{tier}bullwhip"].mean() for tier in ("", "warehouse_", "supplier_")]
        assert [float(number) for number in told] == pytest.approx(expected, abs=0.006)


def test_all_learners_are_named_and_a_single_tier_needs_no_table() -> None:
    every = chain(training={"learn": "all"})
    text = report_text(run_policies(every, [GOOD, LOW], episodes=4, seed=0))
    assert "\nLearned: stores, warehouse, supplier.\n" in text
    text = report_text(run_policies(chain(**SINGLE), [GOOD, LOW], episodes=4, seed=0))
    assert "\nLearned: stores.\n" in text
    assert "Tiers\n" not in text


def test_what_a_network_left_to_its_rule_and_could_not_see_is_told(tmp_path: Path) -> None:
    """Of two stores in six worlds the rule decides for one in three: 3 of 12 decisions. A value is
    cut off in the second half of the periods."""
    found = evaluate(chain(), [HalfARule("net", 18.0), GOOD], episodes=6, seed=3, out=tmp_path)
    np.testing.assert_array_equal(
        found.outcomes["net"].kpis["share_of_rule"], [0, 0.5, 0, 0.5, 0, 0.5]
    )
    assert np.isnan(found.outcomes["good"].kpis["share_of_rule"]).all()
    assert by_the_rule(found) == "Decisions of net by its rule: 25.0 %"
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["policies"]["net"]["share_of_rule"] == 0.25
    assert summary["policies"]["good"]["share_of_rule"] is None
    assert summary["clipped"] == {"late": 0.5, "often": 0.25}
    report = (tmp_path / "evaluation_report.txt").read_text()
    assert "Decisions of net by its rule: 25.0 %" in report
    assert "cut off, in % of its decisions: late 50.0 %, often 25.0 %" in report
    written = rows(tmp_path / "summary_metrics.csv")
    shares = {row["policy"]: row["mean"] for row in written if row["metric"] == "share_of_rule"}
    assert shares == {"net": "0.25", "good": ""}
    terms = dict(measured(summary).terms)
    assert terms["values cut off, of the network's decisions"] == "late 50.0 %, often 25.0 %"


def test_nothing_is_said_of_a_rule_where_no_network_decides(evaluation: Evaluation) -> None:
    assert by_the_rule(evaluation) == ""
    assert "its rule:" not in report_text(evaluation)
