"""A study in words: the table of confirmed trials, and report.txt."""

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState
from rich import box
from rich.table import Table

from benchmarks.evaluation.words import number, signed
from inventory_env.files import write_text
from policies.intervals import Interval
from tuning.confirm import Confirmation, Confirmed
from tuning.importance import importances
from tuning.places import failure, takes_a_place
from tuning.plan import Plan
from tuning.ranking import complete
from tuning.results import settings_of

STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "stopped early",
    TrialState.FAIL: "failed",
}
MORE_COLUMNS = ("gain over the default", "95 % interval", "fill rate", "kept rule")


def confirmation_table(found: Confirmation) -> Table:
    """The default and the best trials on fresh seeds and demand."""
    table = Table(
        "trial", found.measure.heading, *MORE_COLUMNS, box=box.SIMPLE_HEAD, pad_edge=False
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for each in (found.default, *found.candidates):
        table.add_row(*_row(each, found), style="bold" if each is found.chosen else "")
    return table


def write_report(plan: Plan, trials: Sequence[FrozenTrial], confirmation: Confirmation) -> None:
    """Write report.txt."""
    write_text(plan.folder / "report.txt", report_text(plan, trials, confirmation))


def report_text(plan: Plan, trials: Sequence[FrozenTrial], found: Confirmation) -> str:
    """The whole study: question, answer, trials, what mattered, what was changed.

    Args:
        plan: the study's.
        trials: all of its trials.
        found: the confirmation of its best.
    """
    parts = [
        [f"Study {plan.name} of scenario {plan.scenario.name}", f"{_sentence(found.verdict)}"],
        ["Question", *_question(plan)],
        [f"Confirmed: {found.seeds} fresh training seeds, fresh demand", *_confirmed(found)],
        ["Trials", *_trials(trials)],
        ["What the cost of a trial depended on, share of importance", *_importance(trials)],
        [
            "Settings of the chosen trial that differ from the default",
            *_changes(plan, trials, found),
        ],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _row(each: Confirmed, found: Confirmation) -> tuple[str, ...]:
    default = each is found.default
    return (
        f"{each.number} (default)" if default else str(each.number),
        number(each.cost),
        "" if default else signed(each.gain),
        "" if default else _ends(each.gain_interval),
        f"{each.fill_rate:.2%}",
        f"{each.kept_rule} of {found.seeds}",
    )


def _ends(interval: Interval) -> str:
    return f"{signed(interval[0])} to {signed(interval[1])}"


def _question(plan: Plan) -> list[str]:
    lines = [
        f"  searched: {', '.join(plan.space.groups)} ({len(plan.space.parameters)} parameters)",
        f"  objective: {' and '.join(plan.objectives)}, mean of {plan.seeds} training seeds",
        f"  cost is {plan.measure.meaning}",
        f"  a trial takes {plan.steps:,} of {plan.scenario.training.steps:,} training steps",
    ]
    if plan.min_fill_rate is not None:
        lines.append(f"  fill rate at least {plan.min_fill_rate:.2%}")
    return lines


def _confirmed(found: Confirmation) -> list[str]:
    heads = ("trial", found.measure.heading, *MORE_COLUMNS)
    rows = [heads, *(_row(each, found) for each in (found.default, *found.candidates))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return [
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _trials(trials: Sequence[FrozenTrial]) -> list[str]:
    counted = [trial for trial in trials if takes_a_place(trial)]
    lines = [
        f"  {sum(trial.state == state for trial in counted)} {name}"
        for state, name in STATES.items()
    ]
    lines += [
        f"  trial {trial.number} failed: {failure(trial)}"
        for trial in counted
        if trial.state == TrialState.FAIL
    ]
    best = complete(counted)[:5]
    lines += [
        f"  trial {trial.number}: cost {number(trial.user_attrs['cost'])} on validation demand, "
        f"fill rate {trial.user_attrs['fill_rate']:.2%}"
        for trial in best
    ]
    return lines


def _importance(trials: Sequence[FrozenTrial]) -> list[str]:
    found = importances(trials)
    if not found:
        return ["  too few trials to tell"]
    return [f"  {share:6.1%}  {name}" for name, share in found.items() if share >= 0.01]


def _changes(plan: Plan, trials: Sequence[FrozenTrial], found: Confirmation) -> list[str]:
    chosen = next(trial for trial in trials if trial.number == found.chosen.number)
    old = _flat(plan.scenario.training.model_dump())
    new = _flat(settings_of(plan, chosen).model_dump())
    lines = [
        f"  {key}: {old.get(key)} -> {value}" for key, value in new.items() if value != old.get(key)
    ]
    return lines or ["  none"]


def _flat(settings: dict[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{inner}": leaf for inner, leaf in value.items()}
        else:
            flat[key] = value
    return flat
