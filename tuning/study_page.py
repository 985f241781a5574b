"""The page of a study, from its folder: what was confirmed, what was tried."""

import math
from pathlib import Path

import pandas as pd

from benchmarks.evaluation.words import number as written
from benchmarks.evaluation.words import share, signed
from benchmarks.html.page import Cell, Page, Section, Table, glossary, number, read_picture, text
from inventory_env.errors import InputError
from policies.runs.run_folder import read_scenario
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
    "cost": "money of all sites a period: on validation demand for trials, on fresh demand and "
    "fresh training seeds for confirmed ones",
    "gain": "cost of the default settings less the trial's",
    "kept rule": "trainings after which the run kept its tuned rule",
    "state": "complete, pruned (stopped early) or failed",
}


def study_page(folder: Path) -> Page:
    """The page of a study's folder.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    scenario = read_scenario(folder)
    confirmed, trials = _table(folder / CONFIRMED), _table(folder / TRIALS)
    year = scenario.periods_per_year
    best = confirmed[confirmed["chosen"]].iloc[0]
    report = (folder / "report.txt").read_text(encoding="utf-8").splitlines()
    if best["default"]:
        verdict = "No trial was clearly better than the default settings."
    else:
        gain, low, high = (
            best[name] * year for name in ("gain_per_period", "gain_low", "gain_high")
        )
        verdict = (
            f"Trial {best['trial']} saves {written(gain)} a year against the default settings "
            f"(95 % interval {written(low)} to {written(high)}, {best['seeds']} fresh training "
            "seeds, fresh demand)."
        )
    pictures = tuple(
        read_picture(folder / f"{name}.svg", alt)
        for name, alt in STUDY_PICTURES.items()
        if (folder / f"{name}.svg").is_file()
    )
    return Page(
        f"Study {folder.resolve().name} of {scenario.name}",
        (verdict, *report[1:2]),
        (
            Section("Figures", pictures=pictures),
            Section("Confirmed", tables=(_confirmed(confirmed, year),)),
            Section("Trials", tables=(_trials(trials),)),
            glossary(list(TRIAL_MEANINGS.items())),
        ),
    )


def _table(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: {error}; run hmarl tune again, it adds nothing else") from None


def _confirmed(table: pd.DataFrame, year: float) -> Table:
    rows = [
        (
            text(f"{row['trial']} (default)" if row["default"] else str(row["trial"])),
            number(row["cost_per_period"], written(row["cost_per_period"])),
            number(row["gain_per_period"] * year, signed(row["gain_per_period"] * year)),
            number(row["gain_low"] * year, signed(row["gain_low"] * year)),
            number(row["gain_high"] * year, signed(row["gain_high"] * year)),
            number(row["fill_rate"], share(row["fill_rate"])),
            text(f"{row['kept_rule']} of {row['seeds']}"),
        )
        for row in table.to_dict("records")
    ]
    headings = ("trial", "cost", "gain a year", "95 % from", "to", "fill rate", "kept rule")
    return Table("On fresh seeds and fresh demand", headings, tuple(rows))


def _trials(table: pd.DataFrame) -> Table:
    """Cheapest first; the settings that were tried in each."""
    ranked = table.sort_values("cost_per_period", kind="stable").head(MOST_TRIALS)
    names = [str(name) for name in ranked if name != "default" and not ranked[name].isna().all()]
    rows = [tuple(_cell(name, row[name]) for name in names) for row in ranked.to_dict("records")]
    more = len(table) - len(rows)
    return Table(
        "Means over a trial's training seeds, on validation demand; cheapest first",
        tuple(name.replace("_per_period", "").replace("_", " ") for name in names),
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
    return number(value, f"{value:g}" if name != "cost_per_period" else written(value))
