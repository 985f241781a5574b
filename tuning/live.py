"""Seeing a study run: a live table in a terminal, else a line for each finished trial."""

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from optuna import Study
from optuna.exceptions import OptunaError
from optuna.trial import FrozenTrial, TrialState
from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from tuning.places import DEFAULT, failure, takes_a_place
from tuning.plan import Plan
from tuning.ranking import complete, feasible

SHOWN_TRIALS = 12
REFRESHED_EVERY = 1.0  # seconds


class Board:
    """Follows a study through its storage while its block runs."""

    def __init__(self, console: Console, study: Study, plan: Plan, trials: int) -> None:
        self._console, self._study, self._plan, self._trials = console, study, plan, trials
        self._told = {trial.number for trial in self._look() if trial.state.is_finished()}
        self._before = len(self._told)
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._live is not None:
            self._live.stop()

    def _look(self) -> list[FrozenTrial]:
        return [t for t in self._study.get_trials(deepcopy=False) if takes_a_place(t)]

    def _follow(self) -> None:
        while True:
            last = self._stop.wait(REFRESHED_EVERY)
            with suppress(OptunaError, SQLAlchemyError):  # the workers will say so
                trials = self._look()
                if self._live is None:
                    self._tell(trials)
                else:
                    self._live.update(self.table(trials), refresh=True)
            if last:
                return

    def _tell(self, trials: list[FrozenTrial]) -> None:
        for trial in trials:
            if trial.state.is_finished() and trial.number not in self._told:
                self._told.add(trial.number)
                cells = ", ".join(cell for cell in _cells(trial)[1:] if cell)
                line = f"trial {trial.number}: {cells}; {self._summary(trials)}"
                self._console.print(line, markup=False, soft_wrap=True)

    def table(self, trials: list[FrozenTrial]) -> Group:
        """The newest trials, and how far the study is."""
        table = Table(
            "trial", "state", "cost", "fill rate", "", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for column in table.columns[2:4]:
            column.justify = "right"
        best = feasible(self._plan, trials)[:1]
        for trial in trials[-SHOWN_TRIALS:]:
            style = "bold cyan" if trial in best else "dim" if not _judged(trial) else ""
            table.add_row(*_cells(trial), style=style)
        return Group(table, Text(self._summary(trials)))

    def _summary(self, trials: list[FrozenTrial]) -> str:
        done = sum(trial.state.is_finished() for trial in trials)
        best = feasible(self._plan, trials)[:1]
        found = (
            f"best so far {best[0].user_attrs['cost']:,.2f} (trial {best[0].number})"
            if best
            else "none gives the service yet"
            if complete(trials)
            else "none finished yet"
        )
        left = max(self._trials - done, 0)
        fresh = done - self._before
        if not left or not fresh:
            return f"{found}; {done} of {max(self._trials, done)}"
        minutes = (time.monotonic() - self._started) / fresh * left / 60
        return f"{found}; {done} of {self._trials}, about {max(minutes, 0.1):.1f} min left"


def _judged(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.COMPLETE


def _cells(trial: FrozenTrial) -> tuple[str, str, str, str, str]:
    notes = trial.user_attrs
    cost, fill = notes.get("cost"), notes.get("fill_rate")
    if cost is None and trial.intermediate_values:
        cost = trial.intermediate_values[max(trial.intermediate_values)]
    remark = "default" if DEFAULT in notes else ""
    if trial.state == TrialState.FAIL:
        remark = failure(trial)
    return (
        str(trial.number),
        trial.state.name.lower(),
        "" if cost is None else f"{cost:,.2f}",
        "" if fill is None else f"{fill:.1%}",
        remark,
    )
