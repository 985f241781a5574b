"""Figures that compare policies: service, stockouts, reward and what the money went on."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from benchmarks.compare import IDENTICAL, METRICS, Comparison, mean_interval
from benchmarks.evaluation import Evaluation
from benchmarks.style import (
    INK,
    KINDS,
    LEARNED,
    MUTED,
    RULE,
    STOCKOUTS,
    TIERS,
    WORSE,
    name_rows,
    new_figure,
    readable_range,
    signed,
    tidy,
    with_margin,
)

Formatter = Callable[[float], str]


def percent(value: float) -> str:
    """A share as a percentage."""
    return f"{100 * value:.1f} %" if np.isfinite(value) else "–"  # noqa: RUF001


def service_figure(evaluation: Evaluation) -> Figure:
    """Fill rate and cycle service level of every policy, and the paired difference in fill rate."""
    figure = new_figure(
        _height(evaluation),
        _finding(evaluation, "fill_rate", "fill rate", points=True),
        _note(evaluation, "Fill rate: units served on time from stock / units demanded."),
    )
    left, middle, right = figure.subplots(1, 3, sharey=True)
    _dots(left, evaluation, "fill_rate", percent)
    tidy(left, title="Fill rate", grid="x")
    _dots(middle, evaluation, "cycle_service_level", percent)
    tidy(middle, title="Cycles without a stock-out", grid="x")
    _differences(right, evaluation, "fill_rate", scale=100)
    tidy(right, title=f"Fill rate, {evaluation.judged} minus rule", grid="x")
    right.set_xlabel("percentage points, same episodes")
    name_rows(left, list(evaluation.outcomes), evaluation.judged)
    return figure


def stockouts_figure(evaluation: Evaluation) -> Figure:
    """Units not served on time per period, and the paired difference."""
    figure = new_figure(
        _height(evaluation),
        _finding(evaluation, "stockouts_per_period", "stockouts"),
        _note(evaluation, "Stockouts: units not served on time, all stores together."),
    )
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.2, 1))
    _stack(left, evaluation, {"": "stockouts_per_period"}, {"": STOCKOUTS})
    tidy(left, title="Stockouts", grid="x")
    left.set_xlabel(f"units per {evaluation.scenario.period}")
    _differences(right, evaluation, "stockouts_per_period")
    tidy(right, title=f"{evaluation.judged} minus rule", grid="x")
    right.set_xlabel(f"units per {evaluation.scenario.period}, same episodes")
    name_rows(left, list(evaluation.outcomes), evaluation.judged)
    return figure


def rewards_figure(evaluation: Evaluation) -> Figure:
    """How the judged policy's reward differs from each other's, episode by episode."""
    others = evaluation.others
    figure = new_figure(
        _height(evaluation, rows=len(others) + 1),
        _finding(evaluation, "reward_per_episode", "reward"),
        _note(
            evaluation,
            "Each dot is an episode, the large dot their mean.",
        ),
    )
    axes = figure.subplots()
    ours = evaluation.outcomes[evaluation.judged].kpis["reward_per_episode"]
    found = [evaluation.comparison(name, "reward_per_episode") for name in others]
    differences = [ours - evaluation.outcomes[name].kpis["reward_per_episode"] for name in others]
    ends = np.concatenate([np.percentile(d, [1, 99]) for d in differences] or [ours - ours])
    low, high = readable_range(ends, 0.0)
    rng = np.random.default_rng(0)
    for row, (comparison, values) in enumerate(zip(found, differences, strict=True)):
        colour = _colour(comparison)
        shown = values[:400]
        axes.scatter(
            shown,
            row + rng.uniform(-0.24, 0.24, len(shown)),
            s=7,
            color=colour,
            alpha=0.25,
            linewidths=0,
        )
        measured = (comparison.difference, *comparison.ci95)
        _interval(axes, row, colour, measured, (low, high))
        share = f"better in {percent(float((values > 0).mean()))}\nof episodes"
        axes.annotate(
            "always the same" if comparison.verdict == IDENTICAL else share,
            (1.015, row),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=8.5,
            color=colour,
        )
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.set_xlim(low, high)
    tidy(axes, title=f"Reward of an episode, {evaluation.judged} minus ...", grid="x")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
    axes.set_xlabel(f"reward per episode; right of 0: {evaluation.judged} is better")
    name_rows(axes, others, evaluation.judged)
    return figure


def cost_split_figure(evaluation: Evaluation) -> Figure:
    """What a period costs under every policy, by kind and by tier, and the paired difference."""
    figure = new_figure(
        _height(evaluation) + 0.2,
        _finding(evaluation, "cost_per_period", "cost"),
        _note(evaluation, "Means of all sites together."),
    )
    period = evaluation.scenario.period
    if evaluation.scenario.warehouse.unlimited:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.35, 1))
    else:
        ratios = (1.35, 1, 1)
        left, middle, right = figure.subplots(1, 3, sharey=True, width_ratios=ratios)
        by_tier = {tier: f"{tier}_cost_per_period" for tier in TIERS}
        _stack(middle, evaluation, by_tier, TIERS, room=1.1)
        tidy(middle, grid="x")
        middle.set_xlabel(f"money per {period}, by tier")
    _stack(left, evaluation, {kind: f"{kind}_cost_per_period" for kind in KINDS}, KINDS)
    _differences(right, evaluation, "cost_per_period", in_percent=True)
    tidy(left, grid="x")
    tidy(right, title=f"{evaluation.judged} minus rule", grid="x")
    left.set_xlabel(f"money per {period}, by kind")
    right.set_xlabel("% of the rule's cost, same episodes")
    name_rows(left, list(evaluation.outcomes), evaluation.judged)
    return figure


# --- parts of charts ------------------------------------------------------------------------


def _height(evaluation: Evaluation, rows: int | None = None) -> float:
    return 1.75 + 0.42 * max(rows or len(evaluation.outcomes), 2)


def _note(evaluation: Evaluation, definition: str) -> str:
    return (
        f"{evaluation.scenario.name}: {evaluation.episodes:,} episodes of {evaluation.counted} "
        f"counted {evaluation.scenario.period}s, all policies on the same demand; "
        f"whiskers are 95 % intervals. {definition}"
    )


def _finding(evaluation: Evaluation, metric: str, label: str, *, points: bool = False) -> str:
    """The title of a figure: the judged policy against the cheapest other one."""
    judged = evaluation.judged
    if not evaluation.others:
        return f"{judged}: {label}"
    baseline = evaluation.others[0]
    found = evaluation.comparison(baseline, metric)
    if found.verdict == IDENTICAL:
        return f"{judged} and {baseline} do not differ in {label} in any episode"
    if not found.clear:
        return f"No clear difference in {label} between {judged} and {baseline}, the cheapest rule"
    word = "more" if found.difference > 0 else "less"
    if points:
        word = "higher" if found.difference > 0 else "lower"
        low, high = sorted(100 * abs(end) for end in found.ci95)
        size = f"{100 * abs(found.difference):.2f} points {word} ({low:.2f} to {high:.2f})"
        return f"{judged}'s {label} is {size} than {baseline}'s, the cheapest rule"
    low, high = sorted(abs(end) for end in found.percent_ci95)
    digits = 1 if abs(found.percent) >= 10 else 2
    size = f"{abs(found.percent):.{digits}f} % {word} ({low:.{digits}f} to {high:.{digits}f} %)"
    if label == "cost":
        return f"{judged} costs {size} than {baseline}, the cheapest rule"
    return f"{judged} has {size} {label} than {baseline}, the cheapest rule"


def _colour(comparison: Comparison) -> str:
    """Whether the judged policy is better, worse, or neither."""
    if not comparison.clear:
        return RULE
    metric = next(m for m in METRICS if m.name == comparison.metric)
    return LEARNED if (comparison.difference > 0) == metric.higher_is_better else WORSE


def _dots(axes: Axes, evaluation: Evaluation, kpi: str, form: Formatter) -> None:
    """A dot with its interval and value for every policy."""
    found = {name: mean_interval(o.kpis[kpi]) for name, o in evaluation.outcomes.items()}
    ends = np.array([(bottom, top) for _, _, bottom, top in found.values()]).ravel()
    low, high = readable_range(ends, found[evaluation.judged][0])
    for row, (name, (mean, _, bottom, top)) in enumerate(found.items()):
        if not np.isfinite(mean):
            continue
        colour = LEARNED if name == evaluation.judged else RULE
        at = float(np.clip(mean, low, high))
        if low <= mean <= high:
            axes.plot([bottom, top], [row, row], color=colour, linewidth=2, solid_capstyle="butt")
        marker = "o" if at == mean else (">" if mean > high else "<")
        axes.plot([at], [row], marker=marker, color=colour, markersize=6.5, clip_on=False)
        axes.annotate(
            form(mean),
            (at, row),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center" if at == mean else ("right" if mean > high else "left"),
            fontsize=8.5,
            color=colour if name == evaluation.judged else MUTED,
        )
    axes.set_xlim(low, high)
    axes.xaxis.set_major_formatter(lambda value, _: form(value))
    axes.locator_params(axis="x", nbins=4)


def _interval(
    axes: Axes,
    row: int,
    colour: str,
    measured: tuple[float, float, float],
    limits: tuple[float, float],
) -> None:
    """A difference with the ends of its interval; an arrow at the edge where it lies outside."""
    value, *ends = measured
    if not np.isfinite(value):
        return
    at = float(np.clip(value, *limits))
    if at == value:
        axes.plot(ends, [row, row], color=colour, linewidth=2.4, solid_capstyle="butt")
    marker = "o" if at == value else (">" if value > at else "<")
    axes.plot([at], [row], marker=marker, color=colour, markersize=6, clip_on=False)
    axes.annotate(
        signed(value),
        (at, row),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center" if at == value else ("right" if value > at else "left"),
        fontsize=8.5,
        color=colour,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
    )


def _differences(
    axes: Axes,
    evaluation: Evaluation,
    metric: str,
    *,
    scale: float = 1.0,
    in_percent: bool = False,
) -> None:
    """Paired differences of the judged policy to every other, in its row."""
    found = {name: evaluation.comparison(name, metric) for name in evaluation.others}
    measured = {
        name: (c.percent, *c.percent_ci95)
        if in_percent
        else (scale * c.difference, scale * c.ci95[0], scale * c.ci95[1])
        for name, c in found.items()
    }
    limits = readable_range(np.array([ends for _, *ends in measured.values()]).ravel(), 0.0)
    axes.axvline(0, color=INK, linewidth=0.9)
    for row, name in enumerate(evaluation.outcomes):
        if name != evaluation.judged:
            _interval(axes, row, _colour(found[name]), measured[name], limits)
    axes.set_xlim(*limits)
    axes.locator_params(axis="x", nbins=5)


def _stack(
    axes: Axes,
    evaluation: Evaluation,
    parts: dict[str, str],
    colours: dict[str, str],
    *,
    room: float = 1.4,
) -> None:
    """Stacked bars, their parts named on top; with `room` to the right for the total's value."""
    outcomes = list(evaluation.outcomes.values())
    found = [mean_interval(np.sum([o.kpis[k] for k in parts.values()], axis=0)) for o in outcomes]
    totals = np.array([mean for mean, *_ in found])
    edge = room * float(totals[totals <= 2.5 * np.median(totals)].max(initial=0.0)) or 1.0
    shown = [part for part, kpi in parts.items() if any(o.kpis[kpi].any() for o in outcomes)]
    for row, (outcome, (mean, _, low, high)) in enumerate(zip(outcomes, found, strict=True)):
        left = 0.0
        for part in shown:
            width = outcome.mean(parts[part])
            axes.barh(row, width, left=left, height=0.62, color=colours[part], linewidth=0)
            left += width
        cut = mean > edge / (1 + (room - 1) * 0.75)
        if not cut:
            axes.plot([low, high], [row, row], color=INK, linewidth=1.4, solid_capstyle="butt")
        if room < 1.2 and not cut:
            continue
        axes.annotate(
            with_margin(mean, (high - low) / 2) + (" →" if cut else ""),
            (edge if cut else max(high, mean), row),
            xytext=(-4 if cut else 5, 0),
            textcoords="offset points",
            ha="right" if cut else "left",
            va="center",
            fontsize=8.5,
            color=INK,
            fontweight="bold" if outcome.name == evaluation.judged else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5} if cut else None,
        )
    axes.set_xlim(0, edge)
    if len(parts) == 1:
        return
    axes.legend(
        [Patch(color=colours[part]) for part in shown],
        shown,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=max(len(shown), 1),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
        handlelength=1.0,
        handleheight=1.0,
        borderpad=0.2,
    )
