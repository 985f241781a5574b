"""Only what fresh seeds and fresh demand show is called a gain."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import plan

from inventory_env.files import write_json
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.runs.run_folder import load_run
from tuning import confirm as confirm_module
from tuning.confirm import (
    FRESH_EPISODE,
    FRESH_WORLDS,
    JUDGEMENT,
    Confirmation,
    FreshTraining,
    confirm,
)
from tuning.plan import Plan
from tuning.trial import judge

DEFAULT = [10.0, 10.2, 9.9, 10.1, 10.3]


def judged(
    plan: Plan,
    monkeypatch: pytest.MonkeyPatch,
    costs: dict[int, list[float]],
    fill: dict[int, float],
    kept: int | None = None,
) -> Confirmation:
    """What is said of trials whose trainings cost that much, seed by seed; 0 is the default.

    One of them may keep its start rule.
    """
    seeds = plan.fresh_seeds(5)

    def run(task: FreshTraining) -> None:
        task.folder.mkdir(parents=True, exist_ok=True)
        cost = costs[task.number][seeds.index(task.seed)]
        kpis = {
            "cost": cost,
            "fill_rate": fill.get(task.number, 0.9),
            "kept_rule": task.number == kept,
        }
        write_json(task.folder / JUDGEMENT, kpis if np.isfinite(cost) else {"error": "diverged"})

    monkeypatch.setattr(FreshTraining, "run", run)
    settings = plan.scenario.training
    others = [(number, settings) for number in costs if number]
    return confirm(plan, (0, settings), others, workers=1, seeds=5)


def test_the_interval_is_students_over_the_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gains = np.array([0.5, 0.3, 0.4, 0.6, 0.2])
    found = judged(
        plan(tmp_path), monkeypatch, {0: DEFAULT, 4: list(np.array(DEFAULT) - gains)}, {}
    )
    (four,) = found.candidates
    half = 2.776 * gains.std(ddof=1) / 5**0.5  # Student's 0.975 quantile, 4 degrees of freedom
    assert four.gain == pytest.approx(0.4)
    assert four.gain_interval == pytest.approx((0.4 - half, 0.4 + half), abs=1e-4)
    assert found.chosen is four
    assert "trial 4 is better than the default" in found.verdict
    assert "3.96 % (95 % interval" in found.verdict  # of 10.1


def test_a_gain_that_is_the_rules_is_not_passed_off_as_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = {0: DEFAULT, 4: [9.0] * 5}
    said = "all 5 runs keep their start rule, whose merit this is"
    assert said in judged(plan(tmp_path / "a"), monkeypatch, costs, {}, kept=4).verdict
    assert said not in judged(plan(tmp_path / "b"), monkeypatch, costs, {}, kept=0).verdict


def test_intervals_hold_for_all_candidates_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gains = np.array([0.5, 0.3, 0.4, 0.6, 0.2])
    costs = {0: DEFAULT, 4: list(np.array(DEFAULT) - gains), 5: DEFAULT, 6: DEFAULT}
    found = judged(plan(tmp_path), monkeypatch, costs, {})
    half = 3.961 * gains.std(ddof=1) / 5**0.5  # the quantile 1 - 0.025 / 3
    assert found.candidates[0].gain_interval[0] == pytest.approx(0.4 - half, abs=1e-3)


def test_if_nothing_beats_the_default_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    luck = [10.5, 9.0, 10.1, 10.2, 9.9]  # cheaper in the mean, not for sure
    found = judged(plan(tmp_path), monkeypatch, {0: DEFAULT, 3: luck}, {})
    assert found.candidates[0].gain > 0
    assert found.chosen is found.default
    assert "nothing beat the default for sure" in found.verdict


@pytest.mark.parametrize(
    ("fill", "chosen", "said"),
    [
        ({0: 0.90, 1: 0.96, 2: 0.951}, 2, "gives a fill rate of 95.0%, as asked"),
        ({0: 0.90, 1: 0.96, 2: 0.949}, 1, "trial 1 costs"),
        ({0: 0.90, 1: 0.94, 2: 0.949}, 0, "neither a trial nor the default"),
        ({0: 0.96, 1: 0.96, 2: 0.96}, 0, "nothing beat the default"),
    ],
)
def test_service_asked_for_must_be_there_on_fresh_demand(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fill: dict[int, float],
    chosen: int,
    said: str,
) -> None:
    costs = {0: DEFAULT, 1: [12.0] * 5, 2: [11.0] * 5}
    found = judged(plan(tmp_path, min_fill_rate=0.95), monkeypatch, costs, fill)
    assert found.chosen.number == chosen
    assert said in found.verdict


def test_what_diverges_is_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = [float("nan")] * 5
    found = judged(plan(tmp_path), monkeypatch, {0: DEFAULT, 1: lost}, {})
    assert found.chosen is found.default
    wild = judged(plan(tmp_path / "b"), monkeypatch, {0: lost, 1: DEFAULT}, {})
    assert wild.chosen.number == 1
    assert "the default settings diverge" in wild.verdict


def test_a_judgement_is_of_a_full_training_on_demand_nobody_saw(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(tmp_path)
    settings = made.scenario.training
    found = confirm(made, (0, settings), [], workers=1, seeds=2)
    seeds = made.fresh_seeds(2)
    assert not set(seeds) & set(made.training_seeds())
    costs = []
    for seed in seeds:
        folder = tmp_path / "confirmation" / "trial-0000" / f"seed-{seed}"
        run = load_run(folder)
        assert run.manifest["steps"] >= settings.steps
        assert run.seed == seed
        tape = draw_tape(
            run.scenario,
            seed=seed,
            purpose=Purpose.VALIDATE,
            worlds=FRESH_WORLDS,
            episode=FRESH_EPISODE,
        )
        cost, _ = judge(run.policy, run.scenario, tape)
        assert json.loads((folder / JUDGEMENT).read_text())["cost"] == cost
        costs.append(cost)
    assert found.default.cost == pytest.approx(np.mean(costs))

    def again(*_: Any) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(confirm_module, "train", again)
    assert confirm(made, (0, settings), [], workers=1, seeds=2) == found
