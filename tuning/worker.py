"""Workers: processes that take a trial after another until the study has its number.

They know of each other through the storage alone, on one machine or on many.
"""

import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import optuna
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState, create_trial

from benchmarks.processes import leave_interrupts_to_parent, one_core_each
from inventory_env.errors import InputError
from tuning.places import DEFAULT, SET_ASIDE, takes_a_place
from tuning.plan import Plan
from tuning.storage import (
    GRACE,
    HEARTBEAT,
    open_storage,
    put_back_once,
    without_experimental_warnings,
)
from tuning.study import open_study, storage_errors
from tuning.trial import FailedTrialError, run_trial

PAUSE = 0.5  # seconds between two looks at what others do
PATIENCE = 15.0  # seconds that an interrupted worker has to put its trial back
DEATHS = 20  # of workers in a row before it is given up
Signs = tuple[int, int]  # heartbeat and grace, seconds
SIGNS: Signs = (HEARTBEAT, GRACE)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def work(plan: Plan, trials: int, signs: Signs = SIGNS) -> None:
    """Take trials until `trials` of the study are finished, by whomever.

    Args:
        plan: the study's.
        trials: how many the study shall have in all.
        signs: seconds between two signs of life, and without one until a trial is orphaned.
    """
    with (
        open_storage(plan.storage, *signs) as storage,
        storage_errors(),
        without_experimental_warnings(),
    ):
        study = open_study(plan, storage)
        while True:
            _fail_unborn(study, signs)
            optuna.storages.fail_stale_trials(study)
            counted = _counted(study)
            waiting = any(trial.state == TrialState.WAITING for trial in counted)
            if waiting or len(counted) < trials:
                _take_one(study, plan, trials)
            elif any(trial.state == TrialState.RUNNING for trial in counted):
                time.sleep(PAUSE)  # one of these may be orphaned
            else:
                return


def _counted(study: Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if takes_a_place(trial)]


def _take_one(study: Study, plan: Plan, trials: int) -> None:
    taken: list[int] = []

    def objective(trial: Trial) -> float | tuple[float, float]:
        taken.append(trial.number)
        trial.storage.record_heartbeat(trial._trial_id)  # type: ignore[attr-defined]
        trial.set_user_attr("worker", f"{os.uname().nodename}:{os.getpid()}")
        ahead = [other for other in _counted(study) if other.number < trial.number]
        default_again = DEFAULT in trial.user_attrs and any(
            DEFAULT in other.user_attrs for other in ahead
        )
        if len(ahead) >= trials or default_again:  # two workers saw a gap in the same moment
            trial.set_user_attr(SET_ASIDE, "one too many")
            raise FailedTrialError
        try:
            return run_trial(trial, plan)
        except KeyboardInterrupt:
            _put_back(study, trial)
            raise

    try:
        study.optimize(objective, n_trials=1, catch=(FailedTrialError,))
    except (UpdateFinishedTrialError, ValueError):
        # A machine that slept was taken for dead, and the trial is another worker's now.
        if not taken or not study.trials[taken[0]].state.is_finished():
            raise


def _put_back(study: Study, trial: Trial) -> None:
    """Queue an interrupted trial again."""
    trial.set_user_attr(SET_ASIDE, "interrupted")
    stopped = study.trials[trial.number]
    study.add_trial(
        create_trial(
            state=TrialState.WAITING,
            params=stopped.params,
            distributions=stopped.distributions,
            user_attrs={DEFAULT: True} if DEFAULT in stopped.user_attrs else {},
            system_attrs=stopped.system_attrs,
        )
    )


def _fail_unborn(study: Study, signs: Signs) -> None:
    """Put back trials whose worker died before it could give a sign of life."""
    latest = datetime.now() - timedelta(seconds=2 * signs[1])
    for trial in study.get_trials(deepcopy=True, states=(TrialState.RUNNING,)):
        began = trial.datetime_start
        if "worker" not in trial.user_attrs and began is not None and began < latest:
            with suppress(ValueError, UpdateFinishedTrialError):  # somebody else did
                study.tell(trial.number, state=TrialState.FAIL)
                put_back_once(study, trial)


# --- processes ----------------------------------------------------------------------------------


def work_in_processes(plan: Plan, trials: int, workers: int, *, signs: Signs = SIGNS) -> None:
    """Keep this many workers at it until the study has its trials.

    Args:
        plan: the study's.
        trials: how many the study shall have in all.
        workers: processes.
        signs: as for `work`.

    Raises:
        InputError: if a worker met one.
    """
    context = one_core_each()
    crew: list[tuple[BaseProcess, Connection]] = []

    def hire() -> None:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_worker, args=(plan, trials, signs, theirs))
        process.start()
        theirs.close()
        crew.append((process, ours))

    deaths = 0
    try:
        for _ in range(workers):
            hire()
        while crew:
            wait([process.sentinel for process, _ in crew])
            for process, messages in [member for member in crew if not member[0].is_alive()]:
                crew.remove((process, messages))
                process.join()
                if messages.poll():
                    with suppress(EOFError):
                        raise InputError(messages.recv())
                if process.exitcode is not None and process.exitcode < 0 and deaths < DEATHS:
                    deaths += 1  # killed; its trial is put back when its heartbeat is missed
                    hire()
                elif process.exitcode:
                    raise RuntimeError(f"a worker ended with exit code {process.exitcode}")
    finally:
        for process, _ in crew:
            process.terminate()
        for process, _ in crew:
            process.join(PATIENCE)
            process.kill()


def _worker(plan: Plan, trials: int, signs: Signs, messages: Connection) -> None:
    """A worker process: the parent hears Ctrl-C, and tells this one to put its trial back."""
    leave_interrupts_to_parent()
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work(plan, trials, signs)
    except InputError as error:
        messages.send(str(error))
    except KeyboardInterrupt:
        return


def _end_with_parent() -> None:
    """Stop working when the command itself was killed.

    An interrupt can be lost, in a destructor, or leave a thread that goes on: then the process is
    ended, and others put the trial back when its heartbeat is missed.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os.kill(os.getpid(), signal.SIGKILL)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
