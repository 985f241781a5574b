"""What a study leaves in its folder for people and programs: tables, configurations, weights."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from optuna.trial import FrozenTrial, TrialState

from benchmarks.evaluation.results import write_table
from inventory_env.description.settings import TrainingSettings
from tuning.confirm import Confirmation
from tuning.measure import Measure
from tuning.places import DEFAULT, failure, takes_a_place
from tuning.plan import Plan
from tuning.ranking import complete
from tuning.study_folder import BEST_CONFIG, TRIAL_CONFIG, trial_folder, write_config

TRIALS, CONFIRMED = "trials.csv", "confirmed.csv"


def trial_table(trials: Sequence[FrozenTrial], measure: Measure) -> pd.DataFrame:
    """One row a trial that takes a place: state, KPIs on validation demand, values."""
    counted = [trial for trial in trials if takes_a_place(trial)]
    return pd.DataFrame([_row(trial, measure) for trial in counted])


def confirmed_table(found: Confirmation) -> pd.DataFrame:
    """One row for the default and each confirmed trial: means on fresh seeds and demand."""
    return pd.DataFrame(
        {
            "trial": each.number,
            "default": each is found.default,
            "chosen": each is found.chosen,
            "seeds": found.seeds,
            f"cost_{found.measure.suffix}": each.cost,
            "fill_rate": each.fill_rate,
            f"gain_{found.measure.suffix}": each.gain,
            "gain_low": each.gain_interval[0],
            "gain_high": each.gain_interval[1],
            "kept_rule": each.kept_rule,
        }
        for each in (found.default, *found.candidates)
    )


def settings_of(plan: Plan, trial: FrozenTrial) -> TrainingSettings:
    """The training settings of a trial, with the full number of steps."""
    if DEFAULT in trial.user_attrs:
        return plan.scenario.training
    return plan.space.settings(trial.params)


def write_results(
    plan: Plan, trials: Sequence[FrozenTrial], confirmation: Confirmation, keep: int
) -> None:
    """Write trials.csv, confirmed.csv, best.toml, the configuration of every trial; weights of the
    best only.

    Args:
        plan: the study's.
        trials: all of its trials.
        confirmation: of the best; its choice becomes best.toml.
        keep: of how many of the cheapest trials the weights are kept.
    """
    write_table(plan.folder / TRIALS, trial_table(trials, plan.measure))
    write_table(plan.folder / CONFIRMED, confirmed_table(confirmation))
    finished = complete(trials)
    for trial in finished:  # those of other machines have no folder here yet
        folder = trial_folder(plan.folder, trial.number)
        folder.mkdir(parents=True, exist_ok=True)
        write_config(folder / TRIAL_CONFIG, settings_of(plan, trial))
    best = {trial.number for trial in finished[:keep]}
    for folder in (plan.folder / "trials").iterdir():
        if folder.name.isdecimal() and int(folder.name) not in best:
            for file in folder.rglob("*.safetensors"):
                file.unlink()
    chosen = next(trial for trial in trials if trial.number == confirmation.chosen.number)
    write_config(plan.folder / BEST_CONFIG, settings_of(plan, chosen))


def _row(trial: FrozenTrial, measure: Measure) -> dict[str, Any]:
    notes = trial.user_attrs
    failed = trial.state == TrialState.FAIL
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "default": DEFAULT in notes,
        f"cost_{measure.suffix}": notes.get("cost"),
        "fill_rate": notes.get("fill_rate"),
        "seconds": notes.get("seconds"),
        "error": failure(trial) if failed else None,
        **trial.params,
    }
