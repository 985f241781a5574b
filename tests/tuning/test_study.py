"""Studies: seeded, continued, checked, and safe from what trials may do."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna import Study
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from tiny import CHAIN, chain, plan

from inventory_env.description.training_config import with_training
from inventory_env.errors import InputError
from policies.runs.training import DivergedError, train
from tuning import trial as trial_module
from tuning import worker
from tuning.live import Board
from tuning.places import DEFAULT, takes_a_place
from tuning.plan import Plan
from tuning.ranking import candidates, feasible, front
from tuning.storage import open_storage, without_experimental_warnings
from tuning.study import open_study
from tuning.worker import work

pytestmark = pytest.mark.filterwarnings("ignore:Heartbeat of storage is supposed")
QUICK = (1, 1)  # heartbeat and grace, seconds


OPEN = ExitStack()


@pytest.fixture(autouse=True)
def closed_in_the_end() -> Iterator[None]:
    with OPEN:
        yield


def study_of(made: Plan) -> Study:
    return open_study(made, OPEN.enter_context(open_storage(made.storage, *QUICK)))


def results(made: Plan) -> list[tuple[Any, ...]]:
    return [(t.number, t.state, t.values, t.params) for t in study_of(made).trials]


def counted(made: Plan) -> list[FrozenTrial]:
    return [trial for trial in study_of(made).trials if takes_a_place(trial)]


def test_the_same_seed_gives_the_same_trials_however_often_stopped(tmp_path: Path) -> None:
    whole, broken, other = (
        plan(tmp_path / name, seed=seed) for name, seed in (("a", 7), ("b", 7), ("c", 8))
    )
    work(whole, 3)
    work(broken, 1)
    work(broken, 3)
    work(other, 2)
    assert results(whole) == results(broken)
    assert results(whole)[1][3] != results(other)[1][3]


def test_proposals_of_the_model_are_the_same_too(tmp_path: Path, played: Any) -> None:
    """Past the random start."""
    random = np.random.default_rng(1)
    played({number: [cost] for number, cost in enumerate(random.uniform(5, 9, 14))})
    whole, broken = plan(tmp_path / "a"), plan(tmp_path / "b")
    work(whole, 14)
    for trials in (1, 6, 12, 14):
        work(broken, trials)
    assert results(whole) == results(broken)
    drawn = [tuple(row[3].values()) for row in results(whole)]
    assert len(set(drawn)) == len(drawn) == 14


def test_the_default_comes_first_and_trains_the_scenarios_settings(tmp_path: Path) -> None:
    made = plan(tmp_path)
    work(made, 2)
    first, second = study_of(made).trials
    assert DEFAULT in first.user_attrs
    assert DEFAULT not in second.user_attrs
    assert made.space.settings(first.params) == made.scenario.training
    run = tmp_path / "trials" / "0000" / "seed-0"
    assert len((run / "progress.csv").read_text().splitlines()) > 2
    # by hand: the same training, judged on the same tape
    short = made.scenario.training.model_copy(update={"steps": made.steps})
    scenario = made.scenario.model_copy(update={"training": short})
    (tmp_path / "own").mkdir()
    book = trial_module.rule_book(chain(), made)
    own = train(scenario, seed=made.training_seeds()[0], folder=tmp_path / "own", book=book)
    tape = trial_module.judging_tape(scenario, made.seed)
    cost, fill = trial_module.judge(own.learned, scenario, tape)
    assert first.value == cost
    assert first.user_attrs["fill_rate"] == fill


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        (
            {"scenario": chain(CHAIN.replace("shortage_cost = 9.0", "shortage_cost = 8.0"))},
            "scenario.stores.0.shortage_cost was 9.0, is 8.0",
        ),
        ({"groups": ("ppo",)}, "search.reward.choices was ['cost', 'original'], is none"),
        ({"min_fill_rate": 0.9}, "min-fill-rate was None, is 0.9"),
        ({"seeds": 3}, "seeds was 1, is 3"),
    ],
)
def test_a_study_of_another_question_is_refused(
    tmp_path: Path, changes: dict[str, Any], shown: str
) -> None:
    made = plan(tmp_path)
    study_of(made)
    with pytest.raises(InputError) as error:
        study_of(replace(made, **changes))
    assert shown in str(error.value)
    study_of(replace(made, folder=tmp_path / "elsewhere"))  # the same question


# --- training that goes wrong -------------------------------------------------------------------


def test_a_training_that_diverges_says_so(tmp_path: Path) -> None:
    wild = with_training(chain(), None, learning_rate=1e30, max_grad_norm=1e30)
    with pytest.raises(DivergedError, match=r"diverged within .* lower learning_rate"):
        train(plan(tmp_path / "rules", wild).scenario, seed=0, folder=made_folder(tmp_path))


def made_folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def test_a_trial_that_diverges_fails_and_the_study_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(tmp_path)

    def wild(scenario: Any, **options: Any) -> Any:
        if "0001" in str(options["folder"]):
            scenario = with_training(scenario, None, learning_rate=1e30, max_grad_norm=1e30)
        return train(scenario, **options)

    monkeypatch.setattr(trial_module, "train", wild)
    work(made, 3)
    trials = study_of(made).trials
    assert [t.state for t in trials][1] == TrialState.FAIL
    assert "diverged" in trials[1].user_attrs["error"]
    assert len(trials) == len(counted(made)) == 3


def test_where_no_trial_came_to_its_end_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(tmp_path)

    def broken(*_: Any, **__: Any) -> Any:
        raise DivergedError("training diverged")

    monkeypatch.setattr(trial_module, "train", broken)
    work(made, 2)
    with pytest.raises(InputError, match=r"0 pruned, 2 failed .*training diverged"):
        candidates(made, study_of(made).trials, 3)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # heartbeat's
def test_a_database_that_goes_away_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(tmp_path)
    real = worker.run_trial

    def lost(trial: Any, made: Plan) -> Any:
        file = Path(made.storage.removeprefix("sqlite:///"))
        file.write_bytes(b"not a database any more" * 1000)
        return real(trial, made)

    monkeypatch.setattr(worker, "run_trial", lost)
    with pytest.raises(InputError, match=r"does not answer \(.*\); finished trials are kept"):
        work(made, 2)


# --- pruning and service ------------------------------------------------------------------------


class Played:
    """Trainings whose costs are given, by trial number: one a training seed."""

    def __init__(self, costs: dict[int, list[float]], fill: dict[int, float]) -> None:
        self.costs, self.fill = costs, fill
        self.trainings: dict[int, int] = {}  # so far, by trial
        self.current = self.index = 0

    def train(self, scenario: Any, *, seed: int, folder: Path, book: Any) -> Any:
        self.current = int(folder.parent.name)
        self.index = int(folder.name.removeprefix("seed-"))
        self.trainings[self.current] = self.trainings.get(self.current, 0) + 1
        return type("Run", (), {"learned": None})()

    def judge(self, *_: Any) -> tuple[float, float]:
        return self.costs[self.current][self.index], self.fill.get(self.current, 0.9)


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    def play(costs: dict[int, list[float]], fill: dict[int, float] | None = None) -> Played:
        made = Played(costs, fill or {})
        monkeypatch.setattr(trial_module, "train", made.train)
        monkeypatch.setattr(trial_module, "judge", made.judge)
        return made

    return play


COSTS = {
    0: [7.0, 7.0],
    1: [8.0, 8.0],
    2: [6.0, 4.0],
    3: [9.0, 9.0],
    4: [7.5, 7.5],
    5: [7.4, 7.8],  # first training: below the median of those before, 7.5
    6: [8.1, 1.0],  # above it, 7.45: nobody learns how good the second would have been
    7: [7.5, 7.5],  # at it, as the stopped one counts: 6, 7, 7.4, [7.5], 8, 8.1, 9
}


def test_a_trial_above_the_median_after_a_training_is_stopped(tmp_path: Path, played: Any) -> None:
    made = plan(tmp_path, seeds=2)
    trainings = played(COSTS).trainings
    work(made, 8)
    trials = study_of(made).trials
    assert [t.number for t in trials if t.state == TrialState.PRUNED] == [6]
    assert trainings == {number: 1 if number == 6 else 2 for number in COSTS}
    assert trials[6].intermediate_values == {0: 8.1}
    assert trials[2].intermediate_values == {0: 6.0, 1: 5.0}  # means over the seeds so far
    assert trials[2].value == 5.0


def test_a_trial_is_compared_with_those_that_give_the_service_asked_for(
    tmp_path: Path, played: Any
) -> None:
    made = plan(tmp_path, seeds=2, min_fill_rate=0.95)
    dear = {number: [20.0, 20.0] for number in (1, 3, 5, 7, 9)}
    cheap = {number: [10.0, 10.0] for number in (0, 2, 4, 6, 8)}
    played({**dear, **cheap, 10: [19.0, 19.0], 11: [21.0, 21.0]}, dict.fromkeys((*dear, 10), 0.96))
    work(made, 12)
    trials = study_of(made).trials
    assert [t.number for t in trials if t.state == TrialState.PRUNED] == [11]
    assert trials[11].user_attrs["fill_rate"] == 0.9
    assert trials[11].constraints["fill_rate"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    "changes",
    [{"prune": False, "seeds": 2}, {"seeds": 1}, {"seeds": 2, "objectives": ("cost", "fill-rate")}],
    ids=["not asked for", "one training", "a front"],
)
def test_without_pruning_every_trial_comes_to_its_end(
    tmp_path: Path, played: Any, changes: dict[str, Any]
) -> None:
    made = plan(tmp_path, **changes)
    played(COSTS)
    work(made, 8)
    assert {t.state for t in study_of(made).trials} == {TrialState.COMPLETE}


def test_service_is_a_constraint(tmp_path: Path, played: Any) -> None:
    made = plan(tmp_path, min_fill_rate=0.95)
    played({0: [7.0], 1: [7.3], 2: [4.0], 3: [7.0]}, {0: 0.90, 1: 0.96, 2: 0.94, 3: 0.97})
    work(made, 4)
    trials = study_of(made).trials
    assert [t.constraints["fill_rate"] for t in trials] == pytest.approx([0.05, -0.01, 0.01, -0.02])
    assert study_of(made).best_trial.number == 3
    assert [t.number for t in candidates(made, trials, 5)] == [3]  # cheaper and better than 1


def test_the_front_is_what_none_surpasses(tmp_path: Path) -> None:
    made = plan(tmp_path, objectives=("cost", "fill-rate"))
    work(made, 6)
    study = study_of(made)
    points = {t.number: t.values for t in study.trials}
    expected = {
        a
        for a, (cost, fill) in points.items()
        if not any(c <= cost and f >= fill and (c, f) != (cost, fill) for c, f in points.values())
    }
    assert {t.number for t in study.best_trials} == expected
    assert {points[t.number][0] for t in front(feasible(made, study.trials))} == {
        points[number][0] for number in expected
    }


# --- workers that stop --------------------------------------------------------------------------


def test_an_interrupted_trial_is_put_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, untouched = plan(tmp_path / "a"), plan(tmp_path / "b")
    real, calls = worker.run_trial, []

    def interrupted(trial: Any, made: Plan) -> Any:
        calls.append(trial.number)
        if len(calls) in (1, 3):
            made.space.draw(trial)
            raise KeyboardInterrupt
        return real(trial, made)

    monkeypatch.setattr(worker, "run_trial", interrupted)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            work(made, 3)
    work(made, 3)
    monkeypatch.setattr(worker, "run_trial", real)
    work(untouched, 3)
    found = counted(made)
    assert [t.state for t in found] == [TrialState.COMPLETE] * 3
    assert DEFAULT in found[0].user_attrs
    assert found[0].value == counted(untouched)[0].value
    stopped = study_of(made).trials[2]
    assert stopped.params in [t.params for t in found]


def test_an_orphan_is_retried_once_and_then_has_failed(tmp_path: Path) -> None:
    made = plan(tmp_path)
    work(made, 1)
    study = study_of(made)

    def abandoned() -> FrozenTrial:
        """A worker that dies with its trial half way."""
        trial = study.ask()
        trial.storage.record_heartbeat(trial._trial_id)
        trial.set_user_attr("worker", "elsewhere")
        made.space.draw(trial)
        return study.trials[trial.number]

    lost = abandoned()
    time.sleep(3)
    with without_experimental_warnings():
        optuna.storages.fail_stale_trials(study)
    again = abandoned()  # takes what was put back
    assert again.params == lost.params
    assert len(counted(made)) == 2
    time.sleep(3)
    work(made, 4, QUICK)
    found = counted(made)
    assert len(found) == 4
    assert [t.state for t in found].count(TrialState.FAIL) == 1
    assert found[1].number == again.number
    assert sum(t.params == lost.params for t in study_of(made).trials) == 2


def test_a_trial_whose_worker_died_at_once_is_not_waited_for(tmp_path: Path) -> None:
    made = plan(tmp_path)
    study = study_of(made)
    study.ask()  # the default; no sign of life ever
    time.sleep(2.5)
    work(made, 2, QUICK)
    found = counted(made)
    assert [t.state for t in found] == [TrialState.COMPLETE] * 2
    assert DEFAULT in found[0].user_attrs


def test_a_worker_that_was_taken_for_dead_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(tmp_path)
    real, calls = worker.run_trial, []

    def asleep(trial: Any, made: Plan) -> Any:
        calls.append(trial.number)
        if len(calls) == 2:
            study_of(made).tell(trial.number, state=TrialState.FAIL)
        return real(trial, made)

    monkeypatch.setattr(worker, "run_trial", asleep)
    work(made, 3)
    assert [t.number for t in counted(made)] == [0, 2, 3]
    assert {t.state for t in counted(made)} <= {TrialState.COMPLETE, TrialState.PRUNED}


def test_one_too_many_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers see the last free place at the same moment."""
    made = plan(tmp_path)
    work(made, 2)
    real = worker._counted
    looks = iter([1])
    monkeypatch.setattr(worker, "_counted", lambda study: real(study)[: next(looks, None)])
    work(made, 2)
    assert len(study_of(made).trials) == 3
    assert [t.number for t in counted(made)] == [0, 1]


def test_the_default_is_tried_once(tmp_path: Path) -> None:
    """Two machines make the study at the same moment, and both queue it."""
    made = plan(tmp_path)
    study_of(made).enqueue_trial(made.space.defaults, user_attrs={DEFAULT: True})
    work(made, 2)
    found = counted(made)
    assert [DEFAULT in t.user_attrs for t in found] == [True, False]
    assert len(study_of(made).trials) == 3


def test_a_terminal_shows_a_live_table(tmp_path: Path, played: Any) -> None:
    made = plan(tmp_path, seeds=2)
    played(COSTS)
    shown = StringIO()
    console = Console(file=shown, force_terminal=True, width=100)
    with Board(console, study_of(made), made, 8):
        work(made, 7)
    lines = shown.getvalue().splitlines()
    assert any("pruned" in line and "8.10" in line for line in lines)  # its first training's cost
    assert any("complete" in line and "7.00" in line and "default" in line for line in lines)
    assert any("best so far 5.00 (trial 2); 7 of 8, about" in line for line in lines)


def test_trials_differ_in_their_randomness_by_address(tmp_path: Path) -> None:
    """Two studies opened with one seed, as two workers do, draw different start-up trials."""
    made = plan(tmp_path)
    first, second = study_of(made), study_of(made)
    first.ask()  # the default
    drawn = [made.space.draw(study.ask()) for study in (first, second)]
    assert not set(drawn[0].items()) <= set(drawn[1].items())
    rates = [np.log(float(values["learning_rate"])) for values in drawn]
    assert abs(rates[0] - rates[1]) > 1e-6
