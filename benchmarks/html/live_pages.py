"""Pages of what is still going on: all runs side by side, and a training that is under way.

They are made of the files that a training writes, so they can be asked for before, during and after
it, and never disturb it.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from benchmarks.evaluation.words import NO_NUMBER, share, signed
from benchmarks.evaluation.words import number as written
from benchmarks.html.evaluation_page import SUMMARY, read_summary
from benchmarks.html.page import Cell, Page, Section, Table, number, text
from benchmarks.html.run_page import EVALUATION, PROGRESS, run_page, training_sections
from inventory_env.errors import InputError
from policies.runs.run_folder import CONFIG, MANIFEST, RECIPE, read_problems, read_recipe

LEAST_SILENCE = 10.0  # seconds without news after which a training may have been killed
PATIENCE = 5.0  # of the usual time between two updates
TUNING_SILENCE = 1800.0  # seconds that the search of a start rule may take


@dataclass(frozen=True)
class Standing:
    """How far a run is."""

    state: str  # "finished", "training", "tuning its start rule" or "silent"
    words: str
    steps: int
    total: int | None
    rate: float  # steps a second, of the newest updates
    progress: pd.DataFrame | None

    @property
    def seconds_left(self) -> float | None:
        """Until the end, at the present rate."""
        if self.total is None or not self.rate > 0 or self.state != "training":
            return None
        return max(self.total - self.steps, 0) / self.rate


def standing(folder: Path, now: float | None = None) -> Standing:
    """How far a run is, by its files.

    Args:
        folder: of the run.
        now: seconds since the epoch; left out, the clock's.
    """
    now = time.time() if now is None else now
    progress = _progress(folder)
    total = read_recipe(folder).settings.steps if (folder / RECIPE).is_file() else None
    if progress is None or not len(progress):
        age = now - (folder / CONFIG).stat().st_mtime
        if (folder / MANIFEST).is_file():
            return Standing("finished", "Finished.", 0, total, 0.0, None)
        if age > TUNING_SILENCE:
            return Standing("silent", _silent(folder, age), 0, total, 0.0, None)
        return Standing("tuning its start rule", "Tuning its start rule.", 0, total, 0.0, None)
    steps, elapsed = progress["steps"], progress["time/time_elapsed"]
    last = progress.tail(6)
    seconds = float(last["time/time_elapsed"].iloc[-1] - last["time/time_elapsed"].iloc[0])
    rate = float(last["steps"].iloc[-1] - last["steps"].iloc[0]) / seconds if seconds > 0 else 0.0
    if not rate:
        rate = float(steps.iloc[-1]) / max(float(elapsed.iloc[-1]), 1.0)
    done = int(steps.iloc[-1])
    if (folder / MANIFEST).is_file():
        return Standing("finished", "Finished.", done, total, rate, progress)
    age = now - (folder / PROGRESS).stat().st_mtime
    usual = float(elapsed.iloc[-1]) / len(progress)
    if age > max(LEAST_SILENCE, PATIENCE * usual):
        return Standing("silent", _silent(folder, age), done, total, rate, progress)
    return Standing("training", "Training.", done, total, rate, progress)


def _silent(folder: Path, age: float) -> str:
    return (
        f"No news for {_duration(age)}: perhaps stopped or killed. "
        f"Continue it with: hmarl train --resume {folder}"
    )


def _progress(folder: Path) -> pd.DataFrame | None:
    """progress.csv as far as it is whole."""
    try:
        table = pd.read_csv(folder / PROGRESS, on_bad_lines="skip")
    except (OSError, ValueError):
        return None
    return table.dropna(subset=["steps", "time/time_elapsed"])


def live_run_page(folder: Path) -> Page:
    """A run under way, or its page once it has finished.

    Raises:
        InputError: naming the file that cannot be used.
    """
    now = standing(folder)
    if now.state == "finished":
        return run_page(folder)
    scenario = read_problems(folder)
    verdict, sections = [now.words], list[Section]()
    if now.progress is not None:
        of_all = "" if now.total is None else f" of {now.total:,}"
        verdict.append(f"{now.steps:,}{of_all} experiences, {now.rate:,.0f} a second.")
        if now.seconds_left is not None:
            verdict.append(f"About {_duration(now.seconds_left)} left.")
        judged = _judged(now.progress)
        if judged is not None:
            change = 100 * (judged["validation/cost"].min() / judged["rule"].iloc[-1] - 1)
            verdict.append(
                f"Best validation cost {written(judged['validation/cost'].min())}, "
                f"{signed(change)} % against the start rule's {written(judged['rule'].iloc[-1])}."
            )
        sections += training_sections(now.progress)
        sections.append(Section("Updates", tables=(_updates(now.progress),)))
    title = f"Run {folder.resolve().name} of {scenario.name}"
    return Page(title, tuple(verdict), tuple(sections))


def _judged(progress: pd.DataFrame) -> pd.DataFrame | None:
    """Validations so far."""
    if "validation/cost" not in progress:
        return None
    found = progress.dropna(subset=["validation/cost"])
    return found.assign(rule=found["validation/rule_cost"]) if len(found) else None


SHOWN = {
    "steps": "experiences",
    "time/time_elapsed": "seconds",
    "train/approx_kl": "KL",
    "train/entropy_loss": "entropy loss",
    "train/explained_variance": "explained variance",
    "train/value_loss": "value loss",
    "validation/cost": "validation cost",
    "validation/fill_rate": "fill rate",
}
NEWEST = 100  # updates on a page


def _updates(progress: pd.DataFrame) -> Table:
    """The newest first."""
    names = [name for name in SHOWN if name in progress]
    rows = [
        tuple(_cell(name, row[name]) for name in names)
        for row in progress.tail(NEWEST).iloc[::-1].to_dict("records")
    ]
    more = len(progress) - len(rows)
    return Table(
        "Updates of the network, newest first",
        tuple(SHOWN[name] for name in names),
        tuple(rows),
        f"{more} more in progress.csv." if more else "",
    )


def _cell(name: str, value: float) -> Cell:
    if not math.isfinite(value):
        return number(math.nan, NO_NUMBER)
    if name == "validation/fill_rate":
        return number(value, share(value))
    whole = name in ("steps", "time/time_elapsed")
    return number(value, f"{value:,.0f}" if whole else f"{value:.4g}")


def runs_below(root: Path) -> list[Path]:
    """Folders of runs, newest first."""
    found = [folder for folder in root.glob("*") if (folder / CONFIG).is_file()]
    return sorted(found, key=lambda folder: (folder / CONFIG).stat().st_mtime, reverse=True)


def runs_page(root: Path, folders: Sequence[Path]) -> Page:
    """All runs side by side."""
    rows = []
    for folder in folders:
        try:
            rows.append(_run_row(folder))
        except InputError as error:
            rows.append((text(folder.name), text(str(error)), *[text("")] * 6))
    states = [row[2].text for row in rows]
    verdict = f"{len(rows)} runs in {root}; {states.count('training')} training now."
    headings = (
        *("run", "chain", "state", "done", "best validation cost", "against its rule, %"),
        *("saving a year, evaluated", "an episode"),
    )
    sections = [Section("Runs", tables=(Table("Newest first", headings, tuple(rows)),))]
    evaluated = [folder.name for folder in folders if (folder / EVALUATION / SUMMARY).is_file()]
    if len(evaluated) > 1:
        newest, *others = evaluated
        pairs = tuple(
            (text(newest), Cell(name, name, f"/compare?a={quote(newest)}&b={quote(name)}"))
            for name in others
        )
        sections.append(Section("Compare", tables=(Table("Two runs", ("run", "beside"), pairs),)))
    return Page(f"Runs in {root}", (verdict,), tuple(sections))


def _run_row(folder: Path) -> tuple[Cell, ...]:
    now, scenario = standing(folder), read_problems(folder)
    judged = None if now.progress is None else _judged(now.progress)
    done = now.steps / now.total if now.total else math.nan
    best = math.nan if judged is None else float(judged["validation/cost"].min())
    rule = math.nan if judged is None else float(judged["rule"].iloc[-1])
    change = 100 * (best / rule - 1) if rule else math.nan
    saving = math.nan
    if (folder / EVALUATION / SUMMARY).is_file():
        summary = read_summary(folder / EVALUATION)
        found = [c for c in summary["comparisons"] if c["metric"] == "cost_per_period"]
        dearest = max((c["difference"] for c in found), default=math.nan)
        saving = -dearest * summary["periods_per_year"]
    return (
        Cell(folder.name, folder.name, f"/run/{quote(folder.name)}"),
        text(scenario.name),
        text(now.state),
        _part(done),
        _value(best, written(best)),
        _value(change, signed(change)),
        _value(saving, signed(saving)),
        Cell("play", "play", f"/twin/{quote(folder.name)}")
        if now.state == "finished"
        else text(""),
    )


def compared_page(first: Path, second: Path) -> Page:
    """Two evaluated runs beside each other.

    Raises:
        InputError: if one has no evaluation.
    """
    summaries = []
    for folder in (first, second):
        if not (folder / EVALUATION / SUMMARY).is_file():
            raise InputError(f"{folder}: not evaluated yet; hmarl eval --run {folder} does it")
        summaries.append(read_summary(folder / EVALUATION))
    ours, theirs = (summary["policies"][summary["judged"]] for summary in summaries)
    rows = [
        (
            text(kpi.replace("_", " ")),
            _value(ours[kpi], written(ours[kpi])),
            _value(theirs[kpi], written(theirs[kpi])),
            _value(ours[kpi] - theirs[kpi], signed(ours[kpi] - theirs[kpi])),
        )
        for kpi in ours
        if ours[kpi] is not None and theirs.get(kpi) is not None
    ]
    same = ("scenario", "seed", "episodes", "periods")
    alike = all(summaries[0][key] == summaries[1][key] for key in same)
    words = (
        "Both on the same test demand."
        if alike
        else "Not on the same chain, demand or number of episodes: differences say little."
    )
    table = Table("Means", ("measure", first.name, second.name, "difference"), tuple(rows))
    title = f"{first.name} beside {second.name}"
    return Page(title, (words,), (Section("Measures", tables=(table,)),))


def _part(value: float) -> Cell:
    return _value(value, share(min(value, 1.0)) if math.isfinite(value) else "")


def _value(value: float, told: str) -> Cell:
    return number(value, told) if math.isfinite(value) else number(math.nan, NO_NUMBER)


def _duration(seconds: float) -> str:
    """Seconds, minutes or hours for people.

    >>> _duration(42.0), _duration(150.0), _duration(7300.0)
    ('42 s', '2 min', '2 h 1 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
