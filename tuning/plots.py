"""Pictures of a study, a finding as each title: what was tried, what came of it, what mattered."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from optuna.trial import FrozenTrial

from benchmarks.evaluation.results import write_figure
from benchmarks.evaluation.style import (
    FAINT,
    INK,
    LEARNED,
    LOST,
    MUTED,
    RULE,
    new_figure,
    readable_range,
    tidy,
)
from benchmarks.evaluation.words import number
from inventory_env.frozen import Array
from tuning.confirm import Confirmation, Confirmed
from tuning.importance import importances
from tuning.places import DEFAULT, takes_a_place
from tuning.plan import Plan
from tuning.ranking import complete, cost_so_far, feasible, front, pruned
from tuning.search_space import Choice, Parameter, Real

MOST_AXES = 10  # of the parallel coordinates
WEIGHTS = ("service_weight", "stockout_weight", "ordering_weight", "team_share")
VALIDATION = "Cost and fill rate on validation demand, means over the training seeds of a trial."


def write_plots(plan: Plan, trials: Sequence[FrozenTrial], found: Confirmation) -> None:
    """Draw every figure that the study has the trials for into its folder.

    Args:
        plan: the study's.
        trials: all of its trials.
        found: the confirmation of its best.
    """
    counted = [trial for trial in trials if takes_a_place(trial)]
    figures = {
        "history.png": history_figure(plan, counted),
        "importance.png": importance_figure(counted),
        "parallel.png": parallel_figure(plan, counted),
        "front.png": front_figure(plan, counted, found),
    }
    if "reward" in plan.groups:
        figures["weights.png"] = weights_figure(plan, counted)
    for name, figure in figures.items():
        write_figure(plan.folder / name, figure)


def history_figure(plan: Plan, trials: Sequence[FrozenTrial]) -> Figure:
    """Cost of each trial in the order of the study, and the best so far."""
    good, finished = feasible(plan, trials), complete(trials)
    stopped = pruned(trials)
    default = [trial for trial in finished if DEFAULT in trial.user_attrs]
    if good and default:
        change = 1 - _cost(good[0]) / _cost(default[0])
        title = f"Best of {len(trials)} trials: {_change(change)} the default's cost"
    else:
        title = f"{len(finished)} of {len(trials)} trials came to their end"
    figure = new_figure(
        4.2,
        title,
        f"{VALIDATION} Small: stopped early, with the cost of its first trainings; line: best so "
        "far; large: the default.",
    )
    axes = figure.subplots()
    early = [cost_so_far(trial) for trial in stopped]
    axes.scatter([trial.number for trial in stopped], early, s=9, color=RULE)
    _points(axes, plan, finished, lambda trial: trial.number, _cost)
    ordered = sorted(good, key=lambda trial: trial.number)
    if ordered:
        best = np.minimum.accumulate([_cost(trial) for trial in ordered])
        axes.step(
            [*(t.number for t in ordered), len(trials)],
            [*best, best[-1]],
            where="post",
            color=LEARNED,
            linewidth=1.4,
        )
    _limit(axes, [*(_cost(trial) for trial in finished), *early], [_cost(t) for t in default])
    axes.set_xlabel("trial")
    tidy(axes, title=plan.measure.axis, grid="y")
    return figure


def importance_figure(trials: Sequence[FrozenTrial]) -> Figure:
    """What the cost depended on."""
    found = importances(trials)
    shown = list(found.items())[:12]
    title = (
        f"{_words(shown[0][0]).capitalize()} mattered most" if shown else "Too few trials to tell"
    )
    figure = new_figure(
        max(0.32 * len(shown) + 1.4, 2.4),
        title,
        "Share of importance for being among the cheapest trials (PED-ANOVA).",
    )
    axes = figure.subplots()
    axes.barh(range(len(shown)), [share for _, share in shown], color=LEARNED, height=0.6)
    axes.set_yticks(range(len(shown)), [_words(name) for name, _ in shown])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    tidy(axes, grid="x")
    return figure


def parallel_figure(plan: Plan, trials: Sequence[FrozenTrial]) -> Figure:
    """Values of all trials side by side, the best in colour."""
    finished = complete(trials)
    order = list(importances(trials))
    parameters = sorted(
        plan.space.parameters,
        key=lambda each: order.index(each.name) if each.name in order else len(order),
    )[:MOST_AXES]
    best = feasible(plan, trials)[: max(len(finished) // 5, 1)]
    figure = new_figure(
        4.6,
        f"Where the best {len(best)} of {len(finished)} finished trials lie",
        "One line a trial, stopped ones too; colour: the cheapest fifth; thick: the best; dashed: "
        "the default. Axes by importance.",
    )
    axes = figure.subplots()
    across = range(len(parameters))
    for trial in [*pruned(trials), *reversed(finished), *reversed(best)]:
        among = trial in best
        default = DEFAULT in trial.user_attrs
        axes.plot(
            across,
            [_height(each, trial.params[each.name]) for each in parameters],
            color=INK if default else LEARNED if among else FAINT,
            linewidth=2.6 if trial in best[:1] else 1.2,
            linestyle="--" if default else "-",
            alpha=1.0 if default or not among else 0.75,
        )
    axes.set_xticks(across, [_words(each.name) for each in parameters], rotation=20, ha="right")
    for x, each in enumerate(parameters):
        low, high = _ends(each)
        axes.text(x, -0.04, low, ha="center", va="top", fontsize=7.5, color=MUTED)
        axes.text(x, 1.04, high, ha="center", va="bottom", fontsize=7.5, color=MUTED)
    axes.set_ylim(-0.12, 1.12)
    axes.set_yticks([])
    tidy(axes, grid="x")
    return figure


def front_figure(plan: Plan, trials: Sequence[FrozenTrial], found: Confirmation) -> Figure:
    """Cost against fill rate: what each point of service costs.

    Args:
        plan: the study's.
        trials: those that take a place.
        found: the confirmation of the best.
    """
    finished = complete(trials)
    best = front(finished)
    figure = new_figure(
        4.8,
        _price(best),
        f"{VALIDATION} Line: trials that none surpasses in both. Crosses: confirmed on fresh "
        "seeds and fresh demand, with 95 % intervals of the difference to the default (diamond).",
    )
    axes = figure.subplots()
    _points(axes, plan, finished, lambda trial: 100 * _fill(trial), _cost)
    axes.step(
        [100 * _fill(trial) for trial in best],
        [_cost(trial) for trial in best],
        where="pre",
        color=LEARNED,
        linewidth=1.2,
    )
    for each in found.candidates:
        at = 100 * each.fill_rate
        wide = 100 * (each.service - each.service_interval[0])
        if np.isfinite([*_bar(each), wide]).all():
            axes.plot([at, at], _bar(each), color=LOST, linewidth=1.2)
            axes.plot([at - wide, at + wide], [each.cost] * 2, color=LOST, linewidth=1.2)
    default = found.default
    axes.plot([100 * default.fill_rate], [default.cost], marker="D", color=LOST, linestyle="")
    if plan.min_fill_rate is not None:
        axes.axvline(100 * plan.min_fill_rate, color=MUTED, linestyle="--", linewidth=1.2)
    shown = [cost for each in found.candidates for cost in (each.cost, *_bar(each))]
    _limit(axes, [*(_cost(trial) for trial in finished), *shown], [default.cost])
    axes.set_xlabel("fill rate, %")
    tidy(axes, title=plan.measure.axis, grid="y")
    return figure


def weights_figure(plan: Plan, trials: Sequence[FrozenTrial]) -> Figure:
    """Reward weights against the KPIs that do not move with them."""
    weighted, stopped = (
        [trial for trial in group if trial.params.get("reward", "original") == "original"]
        for group in (complete(trials), pruned(trials))
    )
    parameters = [each for each in plan.space.parameters if each.name in WEIGHTS]
    figure = new_figure(
        5.4,
        f"Reward weights and what they led to: {len(weighted)} trials taught by weighted metrics",
        f"{VALIDATION} Small: {len(stopped)} stopped early, after their first trainings. The "
        "weight of holding cost stays: only ratios matter.",
    )
    grid = figure.subplots(2, len(parameters), sharex="col", sharey="row", squeeze=False)
    costs = [*map(_cost, weighted), *map(cost_so_far, stopped)]
    fills = [100 * _fill(trial) for trial in [*weighted, *stopped]]
    sizes = [26] * len(weighted) + [9] * len(stopped)
    colours = [LEARNED] * len(weighted) + [RULE] * len(stopped)
    for column, each in zip(grid.T, parameters, strict=True):
        values = [float(trial.params[each.name]) for trial in [*weighted, *stopped]]
        for axes, kpis in zip(column, (costs, fills), strict=True):
            axes.scatter(values, kpis, s=sizes, c=colours, alpha=0.8)
            if isinstance(each, Real):
                if each.log:
                    axes.set_xscale("log")
                    axes.xaxis.set_minor_formatter(NullFormatter())
                axes.set_xlim(*_widened(each))
            tidy(axes, grid="y")
        column[1].set_xlabel(_words(each.name))
    for axes, label in zip(grid[:, 0], (plan.measure.axis, "fill rate, %"), strict=True):
        tidy(axes, title=label, grid="y")
    if costs:
        _limit(grid[0, 0], costs)
    return figure


# --- pieces -------------------------------------------------------------------------------------


def _cost(trial: FrozenTrial) -> float:
    return float(trial.user_attrs["cost"])


def _fill(trial: FrozenTrial) -> float:
    return float(trial.user_attrs["fill_rate"])


def _points(axes: Axes, plan: Plan, trials: Sequence[FrozenTrial], x, y) -> None:  # type: ignore[no-untyped-def]
    """Finished trials: the default large, those without the service asked for hollow."""
    able = feasible(plan, trials)
    for trial in trials:
        default = DEFAULT in trial.user_attrs
        axes.scatter(
            [x(trial)],
            [y(trial)],
            s=90 if default else 26,
            facecolors=(INK if default else LEARNED) if trial in able else "white",
            edgecolors=INK if default else LEARNED,
            zorder=3,
        )


def _bar(each: Confirmed) -> tuple[float, float]:
    """A confirmed cost with the interval of its difference to the default."""
    half = each.gain - each.gain_interval[0]
    return each.cost - half, each.cost + half


def _limit(axes: Axes, costs: Sequence[float], default: Sequence[float] = ()) -> None:
    """Leave the far too dear out of the picture, not the default."""
    values: Array = np.array([*costs, *default])
    if np.isfinite(values).any():
        low, high = readable_range(values, float(np.nanmin(values)))
        top = max((cost for cost in default if np.isfinite(cost)), default=low)
        axes.set_ylim(low, max(high, top + 0.05 * (top - low)))


def _widened(parameter: Real) -> tuple[float, float]:
    """Its range with room for the marks at the ends."""
    low, high = parameter.low, parameter.high
    if parameter.log:
        room = (high / low) ** 0.05
        return low / room, high * room
    return low - 0.05 * (high - low), high + 0.05 * (high - low)


def _price(best: Sequence[FrozenTrial]) -> str:
    """What service costs along the front."""
    if len(best) < 2:
        return "One trial is both the cheapest and the best in service"
    points = 100 * (_fill(best[-1]) - _fill(best[0]))
    price = (_cost(best[-1]) - _cost(best[0])) / points
    return (
        f"From {_fill(best[0]):.1%} to {_fill(best[-1]):.1%} fill rate a point of service costs "
        f"{number(price)} a period on average"
    )


def _change(share: float) -> str:
    return f"{abs(share):.2%} {'below' if share >= 0 else 'above'}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _height(parameter: Parameter, value: object) -> float:
    """Where a value lies on its axis, 0 to 1."""
    if isinstance(parameter, Choice):
        return parameter.choices.index(value) / max(len(parameter.choices) - 1, 1)
    low, high, at = float(parameter.low), float(parameter.high), float(str(value))
    if getattr(parameter, "log", True):
        low, high, at = np.log(low), np.log(high), np.log(at)
    return float((at - low) / (high - low)) if high > low else 0.5


def _ends(parameter: Parameter) -> tuple[str, str]:
    if isinstance(parameter, Choice):
        return str(parameter.choices[0]), str(parameter.choices[-1])
    return f"{parameter.low:,g}", f"{parameter.high:,g}"
