"""Rates on a clock that only simulated work moves; targets, result files and their page."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import cli
from benchmarks.page.results_page import page_text
from benchmarks.speed import speed
from benchmarks.speed.first_win import FirstWin
from benchmarks.speed.idle_env import IdleVecEnv
from benchmarks.speed.peers import Peer
from benchmarks.speed.speed import PeerSpeed, SimulatorSpeed, Speed, TrainingSpeed, measure_speed
from benchmarks.speed.speed_report import read_speed, speed_lines, speed_table, write_speed
from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario_files import load_scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy

ROOT = Path(__file__).parent.parent.parent
MEASURED = Speed(
    simulator=(
        SimulatorSpeed("three-stores", 1, 3, 2e4, 60.0),
        SimulatorSpeed("three-stores", 1024, 3, 10e6, 3.0),
        SimulatorSpeed("three-stores", 8192, 3, 12e6, 2.0),
        SimulatorSpeed("fifty-stores", 1024, 50, 10e6, 2.0),
    ),
    plain_chain=(
        SimulatorSpeed("plain-chain", 1, 3, 3e4, 50.0),
        SimulatorSpeed("plain-chain", 1024, 3, 15e6, 1.0),
    ),
    peers=(PeerSpeed("gym-invmgmt", None, None), PeerSpeed("stockpyl", "1.0.2", 3e3)),
    vec_env_rows=1032,
    vec_env_rows_per_second=1.5e6,
    training=TrainingSpeed("three-stores", 90_000.0, 100_000.0, 0.9, (0.8, 0.95)),
    every_tier=TrainingSpeed("three-stores-plant", 85_000.0, 100_000.0, 0.85, (0.8, 0.9)),
    first_wins=(FirstWin(0, 8.0, 0.0, 20.0), FirstWin(1, 10.0, 50.0, None)),
    peak_memory_mb=500.0,
)


def verdicts(found: Speed) -> list[str]:
    return [line.verdict for line in speed_lines(found) if line.target]


# --- measuring --------------------------------------------------------------------------------


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def before(self, seconds: float, work: Callable[..., Any]) -> Callable[..., Any]:
        def slowed(*args: Any, **kwargs: Any) -> Any:
            self.now += seconds
            return work(*args, **kwargs)

        return slowed


def test_rates_follow_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    chain = load_scenario("three-stores")
    monkeypatch.setattr(speed.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(speed, "SIMULATIONS", (("three-stores", 8), ("fifty-stores", 2)))
    monkeypatch.setattr(Chain, "step", clock.before(0.5, Chain.step))
    monkeypatch.setattr(IdleVecEnv, "step_wait", clock.before(0.4, IdleVecEnv.step_wait))
    drawing = clock.before(chain.periods / 4, speed._draw_demand)
    monkeypatch.setattr(speed, "_draw_demand", drawing)
    episode = clock.before(26.0, lambda: np.zeros((130, 3)))
    both = (Peer("here", "2.0", episode), Peer("gone", None, None))
    monkeypatch.setattr(speed, "peers", lambda demand: both)
    monkeypatch.setattr(speed, "tuned_rules", lambda kind, chain, seed: formula_rule(kind, chain))
    monkeypatch.setattr(
        speed, "first_win", lambda chain, rule, seed: FirstWin(seed, 1.0, 2.0, None)
    )
    told: list[str] = []
    found = measure_speed(repetitions=2, pairs=2, updates=1, seeds=(4, 5), tell=told.append)

    small, large = found.simulator
    assert (small.stores, large.stores) == (3, 50)
    assert small.store_periods_per_second == pytest.approx(8 * 3 / 0.5)
    assert large.store_periods_per_second == pytest.approx(2 * 50 / 0.5)
    assert small.over_demand_draw == pytest.approx(2.0)
    rows = 3 * resolve(chain, chain.training).worlds
    assert found.vec_env_rows == rows
    assert found.vec_env_rows_per_second == pytest.approx(rows / 0.5)
    assert found.training.rows_per_second == pytest.approx(rows / 0.5)
    assert found.training.ceiling_rows_per_second == pytest.approx(rows / 0.4)
    assert found.training.share == pytest.approx(0.8)
    assert found.training.share_range == pytest.approx((0.8, 0.8))
    assert found.every_tier.share == pytest.approx(0.8)
    assert [run.store_periods_per_second for run in found.plain_chain] == pytest.approx(
        [1 * 3 / 0.5, 1024 * 3 / 0.5]
    )
    here = PeerSpeed("here", "2.0", pytest.approx(130 * 3 / 26.0))  # type: ignore[arg-type]
    assert found.peers == (here, PeerSpeed("gone", None, None))
    assert [win.seed for win in found.first_wins] == [4, 5]
    assert len(told) == 9


def test_the_idle_env_looks_like_the_chain_and_shares_no_array() -> None:
    chain = load_scenario("three-stores")
    rule = RulePolicy("base-stock", formula_rule("base-stock", chain))
    env = ChainVecEnv(chain, resolve(chain, chain.training), rule, seed=0)
    idle = IdleVecEnv(env)
    assert idle.num_envs == env.num_envs
    assert (idle.observation_space, idle.action_space) == (env.observation_space, env.action_space)
    real = env.reset()
    actions = np.zeros(idle.num_envs, dtype=np.int64)
    steps = [idle.step(actions) for _ in range(40)]
    observation, rewards, dones, infos = steps[0]
    assert isinstance(observation, np.ndarray)
    assert isinstance(real, np.ndarray)
    assert (observation.shape, observation.dtype) == (real.shape, real.dtype)
    assert rewards.shape == dones.shape == (idle.num_envs,)
    assert not dones.any()
    assert len({id(info) for info in infos}) == idle.num_envs
    for part in (0, 1, 2):
        arrays: list[Any] = [step[part] for step in steps]
        assert not any(np.shares_memory(arrays[0], later) for later in arrays[1:])


# --- targets ----------------------------------------------------------------------------------


def test_targets_are_met_exactly_at_their_edge() -> None:
    assert verdicts(MEASURED) == ["met"] * 9
    one, three, many, fifty = MEASURED.simulator
    slower = replace(three, store_periods_per_second=9.99e6, over_demand_draw=3.01)
    worse = replace(
        MEASURED,
        simulator=(
            one,
            slower,
            replace(many, store_periods_per_second=9e6),
            replace(fifty, store_periods_per_second=9e6),
        ),
        training=replace(MEASURED.training, share=0.899),
        every_tier=replace(MEASURED.every_tier, share=0.849),
        first_wins=(*MEASURED.first_wins, FirstWin(2, 10.1, 50.0, 51.0)),
    )
    assert verdicts(worse) == ["missed"] * 2 + ["met"] * 2 + ["missed"] * 5
    assert speed_table(worse).row_count == len(speed_lines(worse))


def told(quantity: str, found: Speed = MEASURED) -> str:
    """What stands beside the one quantity that begins so."""
    (measured,) = [line.measured for line in speed_lines(found) if line.quantity == quantity]
    return measured


def test_wins_are_told_with_range_and_misses() -> None:
    assert told("tuning and PPO, until below the tuned reorder point") == "34.0 s (8.0 to 60.0)"
    assert told("PPO, until below the tuned reorder point") == "25.0 s (0.0 to 50.0)"
    late = "20.0 s (20.0 to 20.0); 1 of 2 not within 60 s"
    assert told("PPO, until below its own start rule") == late
    never = replace(MEASURED, first_wins=(FirstWin(0, 8.0, None, None),))
    quantity = "tuning and PPO, until below the tuned reorder point"
    assert told(quantity, never) == "1 of 1 not within 60 s"
    assert verdicts(never)[-1] == "missed"


def test_peers_are_told_as_ratios_or_not_installed() -> None:
    assert told("gym-invmgmt, plain-chain") == "not installed"
    assert told("stockpyl 1.0.2, plain-chain, 1 x 3") == "3,000 store-periods/s"
    assert told("simulator over stockpyl, plain-chain, 1 x 3") == "10.0 times"
    assert told("simulator over stockpyl, plain-chain, 1024 x 3") == "5,000.0 times"


def test_growth_is_time_over_size() -> None:
    assert told("time over size, three-stores, 8192 x 3 against three-stores, 1024 x 3") == "0.833"
    assert told("time over size, fifty-stores, 1024 x 50 against three-stores, 1024 x 3") == "1"


# --- files ------------------------------------------------------------------------------------


def test_a_result_file_reads_as_written(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    write_speed(file, MEASURED)
    found, made_by = read_speed(file)
    assert found == MEASURED
    assert {"versions", "machine", "command", "commit"} <= made_by.keys()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"made_by": {}, "simulator": 3}'])
def test_a_broken_result_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "speed.json").write_text(text)
    with pytest.raises(InputError, match=r"speed\.json: not written by"):
        page_text(tmp_path)
    (tmp_path / "speed.json").unlink()
    (tmp_path / "seeds-x.json").write_text(text)
    with pytest.raises(InputError, match=r"seeds-x\.json: not written by"):
        page_text(tmp_path)


def seeds_file(folder: Path, optimum: float | None) -> None:
    """Two seeds; each lists the rules in an order of its own, the second kept its start rule."""
    rules = ("min-max", "random")
    runs = [
        {
            "seed": seed,
            "training_seconds": 30.0 + seed,
            "kept_rule": seed == 1,
            "cost": cost,
            "fill_rate": 0.95,
            "reward_per_episode": 100.0 * cost,
            "policies": {
                name: {"reward_per_episode": 100.0 * cost}
                for name in ("kept-rule" if seed else "ppo", *rules)
            },
            "comparisons": [
                {
                    "baseline": rule,
                    "percent": percent if rule == "min-max" else -50.0,
                    "ci95": [-3.0, -1.0],
                    "verdict": "",
                }
                for rule in (rules if seed else rules[::-1])
            ],
        }
        for seed, cost, percent in ((0, 4.04, -2.5), (1, 4.08, -1.5))
    ]
    made_by = {
        "versions": {"python": "3.12"},
        "machine": {"cpu": "abacus", "cores": 2},
        "commit": None,
        "written": "2025-01-31T00:00:00+00:00",
        "command": "hmarl bench seeds",
    }
    content = {"scenario": "shop", "steps": 5000, "episodes": 100, "published_optimum": optimum}
    content |= {"seeds": [0, 1], "runs": runs, "made_by": made_by}
    (folder / "seeds-shop.json").write_text(json.dumps(content))


def test_the_page_of_seeds_tells_interval_spread_and_gap(tmp_path: Path) -> None:
    seeds_file(tmp_path, 4.0)
    text = page_text(tmp_path)
    assert "fill rate, % | against random | against min-max | gap" in text
    told = "| 30 | 4.04 | 95.00 | -50.00 [-3.00, -1.00] | -2.50 [-3.00, -1.00] | +1.00 |"
    assert f"| 0 {told}" in text
    kept = "| 31 | 4.08 | 95.00 | -50.00 [-3.00, -1.00] | -1.50 [-3.00, -1.00] | +2.00 |"
    assert f"| 1 (kept its start rule) {kept}" in text
    assert "| -50.00 ± 0 | -2.00 ± 0.71 | +1.50 ± 0.71 |" in text
    assert "`hmarl bench seeds`, 2025-01-31; abacus, 2 cores; python 3.12." in text
    assert "mean over seeds: learned 406.0, random 406.0, min-max 406.0." in text
    assert "## Speed" not in text
    seeds_file(tmp_path, None)
    assert "gap to optimum" not in page_text(tmp_path)


def test_the_page_shows_misses(tmp_path: Path) -> None:
    slow = replace(MEASURED, training=replace(MEASURED.training, share=0.5))
    write_speed(tmp_path / "speed.json", slow)
    above, below = page_text(tmp_path).split("## Speed")
    assert "| share of that ceiling: >= 0.9 | 0.500 (" in above
    assert above.count("**missed**") == below.count("**missed**") == 1


def test_the_page_in_the_docs_is_that_of_the_results() -> None:
    page, results = ROOT / "docs" / "benchmarks.md", ROOT / "benchmarks" / "results"
    fresh = page.read_text(encoding="utf-8") == page_text(results)
    assert fresh, "results changed since the page was made; run hmarl bench page"


# --- commands ---------------------------------------------------------------------------------


@pytest.fixture
def empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("speed", "--out", "nowhere/speed.json"), "there is no folder nowhere"),
        (("page",), "no results"),
    ],
)
def test_mistakes_end_in_one_line(
    empty_folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    result = CliRunner().invoke(cli.app, ["bench", *arguments], catch_exceptions=False)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not any(empty_folder.iterdir())


def test_speed_and_page_commands(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "measure_speed", lambda tell: MEASURED)
    assert CliRunner().invoke(cli.app, ["bench", "speed"]).exit_code == 0
    assert read_speed(empty_folder / "speed.json")[0] == MEASURED
    for folder in ("benchmarks/results", "docs"):
        (empty_folder / folder).mkdir(parents=True)
    result = CliRunner().invoke(cli.app, ["bench", "speed"], catch_exceptions=False)
    assert "share of that ceiling" in result.output
    assert CliRunner().invoke(cli.app, ["bench", "page"]).exit_code == 0
    written = (empty_folder / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert written == page_text(empty_folder / "benchmarks" / "results")
