"""A study while it runs: its trials so far, from its database."""

import math
from pathlib import Path

import optuna

from benchmarks.evaluation.words import number as written
from benchmarks.html.page import Cell, Page, Section, Table, number, text
from inventory_env.errors import InputError
from policies.runs.run_folder import read_problems
from tuning.measure import measure_of
from tuning.places import takes_a_place
from tuning.results import CONFIRMED
from tuning.study_page import study_page

DATABASE = "study.db"


def live_study_page(folder: Path) -> Page:
    """A study under way, or its page once it is confirmed.

    Raises:
        InputError: if its trials are not in its folder, or cannot be read.
    """
    if (folder / CONFIRMED).is_file():
        return study_page(folder)
    database = folder / DATABASE
    if not database.is_file():
        raise InputError(f"{folder}: its trials are in another database; optuna-dashboard shows it")
    try:
        storage = optuna.storages.RDBStorage(f"sqlite:///{database}")
        names = optuna.get_all_study_names(storage)
        trials = [
            trial
            for name in names
            for trial in optuna.load_study(study_name=name, storage=storage).get_trials()
            if takes_a_place(trial)
        ]
    except Exception as error:
        raise InputError(f"{database}: not a study's database: {error}") from None
    rows = [
        (
            number(trial.number, str(trial.number)),
            text(trial.state.name.lower()),
            _cost(trial.user_attrs.get("cost")),
        )
        for trial in sorted(trials, key=lambda trial: trial.number, reverse=True)
    ]
    known = [t.user_attrs["cost"] for t in trials if t.user_attrs.get("cost") is not None]
    measure = measure_of(read_problems(folder))
    unit = "% of the start rule's cost" if measure.percent else "a period"
    best = f"Cheapest so far: {written(min(known))} {unit}." if known else "None judged yet."
    finished = sum(trial.state.is_finished() for trial in trials)
    table = Table("Newest first", ("trial", "state", measure.heading), tuple(rows))
    return Page(
        f"Study {folder.resolve().name}",
        (f"{finished} of {len(trials)} trials begun are over.", best),
        (Section("Trials", tables=(table,)),),
    )


def _cost(value: float | None) -> Cell:
    return number(math.nan, "–") if value is None else number(value, written(value))  # noqa: RUF001
