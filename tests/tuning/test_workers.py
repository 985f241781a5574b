"""Several processes on one study: exactly its trials, none drawn twice, none lost to kill -9."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import FrozenTrial, TrialState
from postgres import postgres
from tiny import plan

from tuning.places import DEFAULT, takes_a_place
from tuning.plan import Plan
from tuning.storage import open_storage
from tuning.study import open_study
from tuning.worker import work, work_in_processes

SIGNS = (1, 4)  # heartbeat and grace, seconds


def trials_of(made: Plan) -> list[FrozenTrial]:
    with open_storage(made.storage, *SIGNS) as storage:
        return open_study(made, storage).trials


def check_whole(made: Plan, trials: int) -> None:
    """A finished study has exactly its trials, all drawn independently, and its default."""
    found = [trial for trial in trials_of(made) if takes_a_place(trial)]
    assert len(found) == trials
    assert all(trial.state.is_finished() for trial in found)
    assert sum(DEFAULT in trial.user_attrs for trial in found) == 1
    drawn = {tuple(trial.params.values()) for trial in found}
    assert len(drawn) == trials


@pytest.mark.slow
def test_two_processes_share_a_study(tmp_path: Path) -> None:
    made = plan(tmp_path, prune=False)
    work_in_processes(made, 6, workers=2, signs=SIGNS)
    check_whole(made, 6)
    assert {t.state for t in trials_of(made)} <= {TrialState.COMPLETE, TrialState.FAIL}
    assert len({t.user_attrs["worker"] for t in trials_of(made)}) == 2


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plan]:
    """A plan whose storage several processes can use."""
    if request.param == "sqlite":
        yield plan(tmp_path)
        return
    with postgres() as url:
        yield plan(tmp_path, storage=url)


@pytest.mark.slow
def test_no_kill_loses_a_finished_trial(shared: Plan) -> None:
    """Two workers, of whom one or both are killed at random moments, over and over."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tuning.worker"])
    chance = random.Random(7)
    trials_of(shared)
    total, kills = 30, 0
    kept: dict[int, tuple[Any, ...]] = {}
    crew: list[Any] = []
    deadline = time.monotonic() + 180
    while kills < 12 and time.monotonic() < deadline:
        while len(crew) < 2:
            process = context.Process(target=work, args=(shared, total, SIGNS))
            process.start()
            crew.append(process)
        time.sleep(chance.uniform(0.0, 1.2))
        for process in chance.sample(crew, chance.choice([1, 1, 2])):
            crew.remove(process)
            if process.is_alive():
                process.kill()
                kills += 1
            process.join()
        now = {t.number: t for t in trials_of(shared)}
        for number, before in kept.items():
            assert (now[number].state, now[number].values, now[number].params) == before
        kept = {
            number: (t.state, t.values, t.params)
            for number, t in now.items()
            if t.state in (TrialState.COMPLETE, TrialState.PRUNED)
        }
    for process in crew:
        process.kill()
        process.join()
    assert kills >= 12
    work(shared, total, SIGNS)  # the same command continues
    check_whole(shared, total)
    for trial in trials_of(shared):
        if trial.number in kept:
            assert (trial.state, trial.values, trial.params) == kept[trial.number]
        assert trial.state != TrialState.RUNNING


@pytest.mark.slow
def test_a_killed_worker_is_replaced(shared: Plan) -> None:
    """The command itself goes on when one of its workers dies."""
    context = multiprocessing.get_context("forkserver")
    watched = context.Process(
        target=work_in_processes, args=(shared, 8, 2), kwargs={"signs": SIGNS}
    )
    watched.start()
    killed = None
    while watched.is_alive():
        running = [t for t in trials_of(shared) if t.state == TrialState.RUNNING]
        if killed is None and running and len(running[0].params) == len(shared.space.parameters):
            killed = running[0]
            os.kill(int(killed.user_attrs["worker"].split(":")[1]), signal.SIGKILL)
        time.sleep(0.1)
    watched.join()
    assert killed is not None
    assert watched.exitcode == 0
    check_whole(shared, 8)
    after = trials_of(shared)
    assert after[killed.number].state in (TrialState.FAIL, TrialState.COMPLETE)  # just in time
    assert any(t.params == killed.params and t.state != TrialState.FAIL for t in after)


@pytest.mark.slow
def test_workers_end_with_the_command(tmp_path: Path) -> None:
    """kill -9 of the command: nobody goes on in secret, and the trials are put back."""
    made = plan(tmp_path)
    context = multiprocessing.get_context("forkserver")
    task = {"plan": made, "trials": 500, "workers": 2, "signs": SIGNS}
    command = context.Process(target=work_in_processes, kwargs=task)
    command.start()
    pids: set[int] = set()
    while len(pids) < 2:
        time.sleep(0.1)
        notes = [t.user_attrs.get("worker") for t in trials_of(made)]
        pids = {int(note.split(":")[1]) for note in notes if note}
    command.kill()
    command.join()
    deadline = time.monotonic() + 60
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in pids)
    states = [t.state for t in trials_of(made)]
    work(made, states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED) + 2, SIGNS)
    assert TrialState.RUNNING not in [t.state for t in trials_of(made)]


def alive(pid: int) -> bool:
    """Whether a process runs; one that nobody waits for does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_two_processes_share_a_database(tmp_path: Path) -> None:
    with postgres() as url:
        made = plan(tmp_path, storage=url, prune=False)
        work_in_processes(made, 6, workers=2, signs=SIGNS)
        check_whole(made, 6)
        assert len({t.user_attrs["worker"] for t in trials_of(made)}) == 2
