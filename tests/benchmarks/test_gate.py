"""The regression gate notices what got worse, and nothing else; on cases that take seconds."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from scipy import stats
from typer.testing import CliRunner

import cli
from benchmarks.gate import gate
from benchmarks.gate import speed as gate_speed
from benchmarks.gate.cases import CASES, Cases, LearningCase, ModelCase, SpeedCase
from benchmarks.gate.gate import GateLine, check, gate_table, margin, slowest, update
from benchmarks.gate.measure import measure_model
from benchmarks.gate.reference import SHIPPED, Reference, read_reference
from benchmarks.gate.speed import drawing, plain_work, simulation, time_ratio, vec_env
from inventory_env.decision.resolve import resolve
from inventory_env.envs import vec_env as vec_env_module
from inventory_env.errors import InputError
from inventory_env.simulation import chain as chain_module
from inventory_env.simulation import tape as tape_module
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.one_store import OneStore
from policies.learning.learned import LearnedPolicy
from policies.rules import search as rule_search

CHAIN = """
name = "tiny"
periods = 40
warm_up = 10

[[stores]]
name = "store"
demand = { kind = "poisson", mean = 5.0 }
lead_time = 1
holding_cost = 1.0
shortage_cost = 9.0

[warehouse]
unlimited = true

[training]
worlds = 32
n_steps = 20
batch_size = 320
epochs = 3
learning_rate = 1e-2
hidden = [16]
validations = 4
validation_worlds = 32
actions = { scheme = "order-up-to", levels = 11 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gate")
    (folder / "tiny.toml").write_text(CHAIN, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def cases(folder: Path) -> Cases:
    tiny = str(folder / "tiny.toml")
    return Cases(
        models=(ModelCase(tiny, "base-stock", 100), ModelCase("three-stores", "base-stock", 50)),
        learning=(LearningCase(tiny, 12_000, worlds=200, quick=True),),
        speeds=(SpeedCase("simulator", tiny, 64, simulation),),
    )


@pytest.fixture(scope="module", autouse=True)
def small_efforts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rule_search, "STORE_PERIODS", 2000)
        patch.setattr(gate_speed, "SECONDS", 0.2)
        patch.setattr(gate, "REFERENCE_SEEDS", 6)
        yield


@pytest.fixture(scope="module")
def reference(folder: Path, cases: Cases, small_efforts: None) -> Path:
    file = folder / "reference.json"
    update(file, "first", quick=True, workers=1, cases=cases)
    return file


def lines_of(file: Path, cases: Cases) -> list[GateLine]:
    return check(file, quick=True, workers=1, cases=cases)


def failed(lines: list[GateLine]) -> list[str]:
    return [line.what.partition(":")[0] for line in lines if not line.passed]


def models_of(cases: Cases) -> Cases:
    return replace(cases, learning=(), speeds=())


def learning_of(cases: Cases) -> Cases:
    return replace(cases, models=(), speeds=())


# --- what passes --------------------------------------------------------------------------------


def test_an_untouched_checkout_passes(reference: Path, cases: Cases) -> None:
    lines = lines_of(reference, cases)
    kinds = [line.what.partition(":")[0] for line in lines]
    assert kinds == ["model", "model", "tuned rule", "learned", "time"]
    assert not failed(lines)
    part = read_reference(reference).quick
    assert part.reason == "first"
    assert part.made_by["versions"]["hmarl"]
    taught = part.learning[cases.learning[0].name]
    assert [run.seed for run in taught.runs] == list(range(6))
    assert {run.tuned for run in taught.runs} != {run.learned for run in taught.runs}


def test_other_demand_is_compared_by_its_mean(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.SeedSequence
    monkeypatch.setattr(
        tape_module.np.random, "SeedSequence", lambda seed, **address: draw(seed + 1, **address)
    )
    lines = lines_of(reference, models_of(cases))
    assert not failed(lines)
    assert all("other demand" in line.allowed for line in lines)
    of = Money.of
    monkeypatch.setattr(Money, "of", lambda params, ledger: doubled_shortage(of(params, ledger)))
    assert failed(lines_of(reference, models_of(cases))) == ["model", "model"]


# --- a changed model ----------------------------------------------------------------------------


def doubled_shortage(money: Money) -> Money:
    return replace(money, shortage=2 * money.shortage)


def test_shortage_charged_twice_fails(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = Money.of
    monkeypatch.setattr(Money, "of", lambda params, ledger: doubled_shortage(of(params, ledger)))
    lines = lines_of(reference, models_of(cases))
    assert failed(lines) == ["model", "model"]
    assert "shortage_cost_per_period +100 %" in lines[0].verdict


def test_a_cheaper_model_fails_too(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holding cost on half of the closing stock."""
    of = Money.of

    def halved(params: Any, ledger: Any) -> Money:
        money = of(params, ledger)
        return replace(money, holding=money.holding / 2)

    monkeypatch.setattr(Money, "of", halved)
    assert failed(lines_of(reference, models_of(cases))) == ["model", "model"]


def test_one_lost_unit_fails(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one world of each, in one period."""
    step = chain_module.step
    periods = count()

    def losing(*args: Any) -> Any:
        state, ledger = step(*args)
        if next(periods) in (20, 100):
            on_hand = state.on_hand.copy(order="K")
            on_hand[on_hand[:, 0].argmax(), 0] -= 1
            state = replace(state, on_hand=on_hand)
        return state, ledger

    monkeypatch.setattr(chain_module, "step", losing)
    assert failed(lines_of(reference, models_of(cases))) == ["model", "model"]


def test_later_shipments_fail(folder: Path, reference: Path, cases: Cases) -> None:
    """A lead time that is one longer, on the same demand."""
    file = folder / "tiny.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("lead_time = 1", "lead_time = 2"), encoding="utf-8")
    try:
        lines = lines_of(reference, models_of(cases))
    finally:
        file.write_text(before, encoding="utf-8")
    assert [line.passed for line in lines] == [False, True]
    assert lines[0].allowed == "the same"


def test_every_shipped_case_is_a_chain_of_its_own() -> None:
    """Tapes are drawn, KPIs are found, and demand tells the tapes apart."""
    small = [measure_model(replace(case, worlds=3)) for case in CASES.models]
    assert len({found.demand for found in small}) == len(CASES.models)
    assert all(found.kpis["cost_per_period"] > 0 for found in small)


# --- a worse policy -----------------------------------------------------------------------------


def test_a_learner_that_goes_the_wrong_way_fails(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rewards of the wrong sign; the run itself would hide it and keep its rule."""
    rewards = vec_env_module.site_rewards
    monkeypatch.setattr(
        vec_env_module, "site_rewards", lambda *args, **named: -rewards(*args, **named)
    )
    assert failed(lines_of(reference, learning_of(cases))) == ["learned"]


def test_a_learner_that_does_not_learn_fails(folder: Path, reference: Path, cases: Cases) -> None:
    file = folder / "tiny.toml"
    before = file.read_text(encoding="utf-8")
    still = "learning_rate = 1e-9\nfinal_learning_rate = 1e-9"
    file.write_text(before.replace("learning_rate = 1e-2", still), encoding="utf-8")
    try:
        assert failed(lines_of(reference, learning_of(cases))) == ["learned"]
    finally:
        file.write_text(before, encoding="utf-8")


def test_a_policy_that_orders_too_much_fails(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = LearnedPolicy.wishes
    monkeypatch.setattr(LearnedPolicy, "wishes", lambda self, seen: wishes(self, seen) + 10)
    assert failed(lines_of(reference, learning_of(cases))) == ["learned"]


def test_worse_tuning_fails(reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = OneStore.costs
    monkeypatch.setattr(OneStore, "costs", lambda self, *args: -costs(self, *args))
    assert "tuned rule" in failed(lines_of(reference, learning_of(cases)))


# --- a slower simulator -------------------------------------------------------------------------


def test_a_slower_simulator_fails(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Chain.step

    def again_and_again(self: Chain, wishes: Any) -> Any:
        for _ in range(30):
            step(copy.copy(self), wishes)
        return step(self, wishes)

    monkeypatch.setattr(Chain, "step", again_and_again)
    lines = lines_of(reference, replace(cases, models=(), learning=()))
    assert failed(lines) == ["time"]
    assert lines[0].verdict.startswith("slower")


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.waited = 0.0
        monkeypatch.setattr(gate_speed.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(gate_speed, "_waited", lambda: self.waited)

    def work(self, *seconds: float) -> Callable[[], None]:
        """Takes so long the first, second, ... time, then as long as the last."""
        left = list(seconds)

        def pass_time() -> None:
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return pass_time


def test_only_the_fastest_turns_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    work = clock.work(50.0, 9.0, 7.0, 3.0, 8.0)
    plain = clock.work(50.0, 2.5, 2.0, 4.0)
    assert time_ratio(work, plain) == pytest.approx(1.5)


def test_waiting_for_a_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    def interrupted() -> None:
        clock.now += 10.0
        clock.waited += 7.0

    assert time_ratio(interrupted, clock.work(2.0)) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("ratios", "passed"),
    [([1.0], True), ([3.0, 1.0], True), ([3.0, 2.0, 1.0], True), ([3.0, 3.0, 3.0, 1.0], False)],
)
def test_a_slow_ratio_is_measured_again(
    reference: Path,
    cases: Cases,
    monkeypatch: pytest.MonkeyPatch,
    ratios: list[float],
    passed: bool,
) -> None:
    was = read_reference(reference).quick.speeds[cases.speeds[0].name]
    measured: list[float] = []

    def measure(case: SpeedCase) -> float:
        measured.append(slowest(was) * 0.9 * ratios[len(measured)])
        return measured[-1]

    monkeypatch.setattr(gate, "measure_ratio", measure)
    lines = lines_of(reference, replace(cases, models=(), learning=()))
    assert lines[0].passed is passed
    assert len(measured) == min(len(ratios), gate.TRIES)


def test_every_kind_of_work_can_be_timed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_speed, "SECONDS", 0.0)
    monkeypatch.setattr(gate_speed, "TURNS", 1)
    for case in CASES.speeds:
        scenario = case.scenario()
        assert time_ratio(*case.prepare(scenario, 16)) > 0
    assert {case.prepare for case in CASES.speeds} > {simulation, drawing, vec_env}
    plain_work(CASES.speeds[0].scenario(), 2)()


# --- what is allowed ----------------------------------------------------------------------------


def test_the_margin_is_exceeded_once_in_a_thousand() -> None:
    rng = np.random.default_rng(3)
    n, k, times = 6, 2, 10_000
    old, new = rng.normal(size=(times, n)), rng.normal(size=(times, k)).mean(axis=1)
    exceeded = [new[i] > old[i].mean() + margin(old[i].tolist(), k) for i in range(0, times)]
    low, high = stats.binom(times, 1e-3).interval(0.999)
    assert low <= sum(exceeded) <= high


def test_steady_times_get_the_least_factor_and_unsteady_ones_more() -> None:
    assert slowest([2.0, 2.0, 2.0]) == pytest.approx(2.0 * gate.LEAST_FACTOR)
    assert slowest([2.0, 4.0, 8.0]) > 4.0 * gate.LEAST_FACTOR


# --- the file -----------------------------------------------------------------------------------


def test_a_quick_update_keeps_the_rest(folder: Path, cases: Cases) -> None:
    file = folder / "both.json"
    tiny = models_of(cases)
    both = replace(tiny, models=(tiny.models[0], replace(tiny.models[1], quick=False)))
    update(file, "all", quick=False, workers=1, cases=both)
    before = read_reference(file)
    update(file, " quick again ", quick=True, workers=1, cases=both)
    after = read_reference(file)
    assert before.more == after.more
    assert (before.quick.reason, after.quick.reason) == ("all", "quick again")
    assert list(after.quick.models) == [both.models[0].name]
    assert len(check(file, quick=False, workers=1, cases=both)) == 2
    assert len(check(file, quick=True, workers=1, cases=both)) == 1


@pytest.mark.parametrize("quick", [True, False])
def test_the_shipped_reference_has_every_case(quick: bool) -> None:
    """With its present settings."""
    reference = read_reference(SHIPPED)
    part = reference.quick if quick else reference.more
    assert part is not None
    todo = CASES.part(quick=quick)
    assert {case.name: case.worlds for case in todo.models} == {
        name: entry.worlds for name, entry in part.models.items()
    }
    assert {case.name: case.steps for case in todo.learning} == {
        name: entry.steps for name, entry in part.learning.items()
    }
    assert {case.name for case in todo.speeds} == set(part.speeds)


def test_one_case_teaches_more_than_one_tier() -> None:
    tiers = {
        case.name: resolve(case.scenario(), case.scenario().training).learns
        for case in CASES.learning
    }
    assert tiers.pop("published/every-tier/three-stores-shared") == ("stores", "warehouse")
    assert set(tiers.values()) == {("stores",)}


def test_learning_gains_more_than_its_margin() -> None:
    """Else a learner that only returns its tuned rule would pass."""
    for name, entry in read_reference(SHIPPED).quick.learning.items():
        learned = [run.learned for run in entry.runs]
        allowed = np.mean(learned) + max(margin(learned, gate.QUICK_SEEDS), gate.LEAST_MARGIN)
        # Where the reward is not the cost, losses are counted from the formula rule's reward.
        rule = 0.0 if name == "original" else np.mean([run.tuned for run in entry.runs])
        assert allowed < rule, name


def test_other_settings_and_missing_cases_are_refused(
    reference: Path, cases: Cases, folder: Path
) -> None:
    longer = replace(cases, learning=(replace(cases.learning[0], steps=30_000),))
    with pytest.raises(InputError, match=r"reference\.json: .*steps: must be 30000 .*got 12000"):
        lines_of(reference, longer)
    unknown = replace(cases, models=(ModelCase("original", "base-stock"),))
    with pytest.raises(InputError, match=r"case 'original, base-stock' is missing; .*--update"):
        lines_of(reference, unknown)
    with pytest.raises(InputError, match="only quick cases are in it"):
        check(reference, quick=False, workers=1, cases=cases)
    with pytest.raises(InputError, match="there is no folder"):
        update(folder / "no" / "x.json", "why", quick=True, workers=1, cases=cases)


# --- the command --------------------------------------------------------------------------------


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["bench", "check", "--quick", *words])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "Invalid JSON"),
        (lambda text: "[]", "not a reference"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "version: .*got 2"),
        (lambda text: text.replace('"reason": "first"', '"why": "first"'), "quick.reason"),
        (lambda text: text.replace('"more": null', '"more": null, "x": 1'), "x: unknown key"),
        (lambda text: json.dumps({"version": 1}), "quick"),
        (
            lambda text: text.replace("cost_per_period", "cost_per_year"),
            "must have cost_per_period",
        ),
        (lambda text: text.replace('"reason": "first"', '"reason": " "'), "quick.reason"),
    ],
)
def test_a_reference_that_cannot_be_used_is_one_line(
    reference: Path, tmp_path: Path, change: Callable[[str], str], message: str
) -> None:
    file = tmp_path / "other.json"
    text = reference.read_text(encoding="utf-8")
    assert change(text) != text
    file.write_text(change(text), encoding="utf-8")
    code, out, err = run("--reference", str(file))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert str(file) in err
    assert re.search(message, err), err


def test_a_missing_reference_and_an_empty_reason_are_one_line(tmp_path: Path) -> None:
    for words, message in (
        (("--reference", str(tmp_path / "none.json")), "no such file"),
        (("--update", " ", "--reference", str(tmp_path / "new.json")), "empty reason"),
    ):
        code, out, err = run(*words)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert message in err
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_failed(
    reference: Path, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = GateLine("model: a", "1", "1", "the same", "pass")
    bad = GateLine("time: b", "1", "9", "up to 1.5", "slower: 9.00 times")
    for lines, code in (([good, good], 0), ([good, bad], 1)):
        monkeypatch.setattr(gate, "check", lambda *args, lines=lines, **kwargs: lines)
        found = run("--reference", str(reference))
        assert found[0] == code
        assert f"{2 - code} of 2 comparisons pass" in found[1]
    console = Console(width=100)
    with console.capture() as shown:
        console.print(gate_table([good, bad]))
    assert "slower: 9.00 times" in shown.get()


def test_the_command_updates(
    reference: Path, cases: Cases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measured(file: Path, reason: str, **options: Any) -> None:
        update(file, reason, **options, cases=models_of(cases))

    monkeypatch.setattr(gate, "update", measured)
    code, out, _ = run("--reference", str(tmp_path / "new.json"), "--update", "a new chain")
    assert code == 0
    assert "new.json" in out
    found = read_reference(tmp_path / "new.json")
    assert isinstance(found, Reference)
    assert found.quick.reason == "a new chain"
    assert found.more is None
