"""`hmarl tune`: search, confirm, write down."""

from rich.console import Console

from inventory_env.description.scenario import Scenario
from policies.runs.run_folder import SCENARIO, write_scenario
from tuning.confirm import FRESH_SEEDS, Confirmation, confirm
from tuning.live import Board
from tuning.places import DEFAULT
from tuning.plan import Plan
from tuning.plots import write_plots
from tuning.ranking import candidates
from tuning.report import write_report
from tuning.results import settings_of, write_results
from tuning.storage import open_storage, sqlite_url
from tuning.study import open_study, storage_errors
from tuning.trial import rule_book
from tuning.worker import work, work_in_processes


def tune(
    plan: Plan,
    *,
    trials: int,
    workers: int,
    confirmed: int,
    console: Console,
    fresh_seeds: int = FRESH_SEEDS,
) -> Confirmation:
    """Make or continue a study, confirm its best trials, and fill its folder.

    Args:
        plan: what is to be found out.
        trials: how many the study shall have in all.
        workers: processes on this machine; 1 works in this one.
        confirmed: how many of the best trials are confirmed.
        console: where progress is shown.
        fresh_seeds: how many trainings confirm a trial.

    Raises:
        InputError: if the storage cannot be used, the study asks another question, or no trial
            came to its end.
    """
    if plan.storage == sqlite_url(plan.folder):
        plan.folder.mkdir(parents=True, exist_ok=True)
    with open_storage(plan.storage) as storage:
        study = open_study(plan, storage)
        plan.folder.mkdir(parents=True, exist_ok=True)
        if not (plan.folder / SCENARIO).exists():
            write_scenario(plan.folder, plan.scenario)
        if isinstance(plan.scenario, Scenario):
            with console.status("tuning the rule to start from"):
                rule_book(plan.scenario, plan).start()
        with Board(console, study, plan, trials):
            if workers == 1:
                work(plan, trials)
            else:
                work_in_processes(plan, trials, workers)
        with storage_errors():
            found = study.get_trials(deepcopy=False)
    chosen = candidates(plan, found, confirmed)
    default = next(trial for trial in reversed(found) if DEFAULT in trial.user_attrs)
    with console.status("") as status:

        def tell(done: int, of: int) -> None:
            status.update(f"confirming on fresh seeds: {done} of {of} trainings")

        confirmation = confirm(
            plan,
            (default.number, settings_of(plan, default)),
            [(trial.number, settings_of(plan, trial)) for trial in chosen],
            workers=workers,
            seeds=fresh_seeds,
            tell=tell,
        )
    write_results(plan, found, confirmation, keep=max(confirmed, 1))
    write_report(plan, found, confirmation)
    write_plots(plan, found, confirmation)
    return confirmation
