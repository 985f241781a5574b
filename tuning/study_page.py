"""The page of a study, from its folder: what was confirmed, what was tried."""

import math
from pathlib import Path

import pandas as pd

from benchmarks.evaluation.words import number as written
from benchmarks.evaluation.words import share, signed
from benchmarks.html.page import Cell, Page, Section, Table, glossary, number, read_picture, text
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from policies.runs.run_folder import read_problems
from tuning.measure import Measure, measure_of
from tuning.results import CONFIRMED, TRIALS

STUDY_PICTURES = {
    "history": "Cost of every trial in the order of the study, and the best so far",
    "importance": "How much each parameter mattered for the cost of a trial",
    "front": "Cost and fill rate of every trial",
    "weights": "Cost of trials by the weights of the reward",
    "parallel": "The values that the best trials have in common",
}
MOST_TRIALS = 500  # on a page; the CSV has them all
TRIAL_MEANINGS = {
    "gain": "cost of the default settings less the trial's",
    "kept rule": "trainings after which the run kept its tuned rule",
    "state": "complete, pruned (stopped early) or failed",
}


def study_page(folder: Path) -> Page:
    """The page of a study's folder.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    problems = read_problems(folder)
    confirmed, trials = _table(folder / CONFIRMED), _table(folder / TRIALS)
    measure, year = measure_of(problems), _times_shown(problems)
    best = confirmed[confirmed["chosen"]].iloc[0]
    report = (folder / "report.txt").read_text(encoding="utf-8").splitlines()
    if best["default"]:
        verdict = "No trial was clearly better than the default settings."
    else:
        gain, low, high = (
            written(best[name] * year)
            for name in (f"gain_{measure.suffix}", "gain_low", "gain_high")
        )
        amount = f"{gain} % of its start rule's cost" if measure.percent else f"{gain} a year"
        verdict = (
            f"Trial {best['trial']} saves {amount} against the default settings "
            f"(95 % interval {low} to {high}, {best['seeds']} fresh training "
            "seeds, fresh demand)."
        )
    pictures = tuple(
        read_picture(folder / f"{name}.svg", alt)
        for name, alt in STUDY_PICTURES.items()
        if (folder / f"{name}.svg").is_file()
    )
    return Page(
        f"Study {folder.resolve().name} of {problems.name}",
        (verdict, *report[1:2]),
        (
            Section("Figures", pictures=pictures),
            Section("Confirmed", tables=(_confirmed(confirmed, measure, year),)),
            Section("Trials", tables=(_trials(trials, measure),)),
            glossary([(measure.heading, measure.meaning), *TRIAL_MEANINGS.items()]),
        ),
    )


def _times_shown(problems: Scenario | ProblemDistribution) -> float:
    """What gains are multiplied by: money is shown by the year."""
    return problems.periods_per_year if isinstance(problems, Scenario) else 1.0


def _table(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}; run hmarl tune again, it adds nothing else") from None


def _confirmed(table: pd.DataFrame, measure: Measure, year: float) -> Table:
    cost, gain = f"cost_{measure.suffix}", f"gain_{measure.suffix}"
    rows = [
        (
            text(f"{row['trial']} (default)" if row["default"] else str(row["trial"])),
            number(row[cost], written(row[cost])),
            number(row[gain] * year, signed(row[gain] * year)),
            number(row["gain_low"] * year, signed(row["gain_low"] * year)),
            number(row["gain_high"] * year, signed(row["gain_high"] * year)),
            number(row["fill_rate"], share(row["fill_rate"])),
            text(f"{row['kept_rule']} of {row['seeds']}"),
        )
        for row in table.to_dict("records")
    ]
    gained = "gain, %" if measure.percent else "gain a year"
    headings = ("trial", measure.heading, gained, "95 % from", "to", "fill rate", "kept rule")
    return Table("On fresh seeds and fresh demand", headings, tuple(rows))


def _trials(table: pd.DataFrame, measure: Measure) -> Table:
    """Cheapest first; the settings that were tried in each."""
    cost = f"cost_{measure.suffix}"
    ranked = table.sort_values(cost, kind="stable").head(MOST_TRIALS)
    names = [str(name) for name in ranked if name != "default" and not ranked[name].isna().all()]
    rows = [tuple(_cell(name, row[name]) for name in names) for row in ranked.to_dict("records")]
    more = len(table) - len(rows)
    return Table(
        "Means over a trial's training seeds, on validation demand; cheapest first",
        tuple(measure.heading if name == cost else name.replace("_", " ") for name in names),
        tuple(rows),
        f"{more} more in {TRIALS}." if more else "",
    )


def _cell(name: str, value: object) -> Cell:
    if isinstance(value, str):
        return text(value)
    assert isinstance(value, int | float)
    if not math.isfinite(value):
        return number(math.nan, "–")  # noqa: RUF001
    if name == "fill_rate":
        return number(value, share(value))
    return number(value, written(value) if name.startswith("cost_") else f"{value:g}")
