"""Figures that compare policies: service, stockouts, reward and what the money went on."""

import numpy as np
from matplotlib.figure import Figure

from benchmarks.evaluation.compare import IDENTICAL
from benchmarks.evaluation.evaluation import Evaluation
from benchmarks.evaluation.marks import colour_of, differences, dots, interval, stack
from benchmarks.evaluation.style import (
    INK,
    KINDS,
    STOCKOUTS,
    TIERS,
    name_rows,
    new_figure,
    readable_range,
    tidy,
)
from benchmarks.evaluation.words import share


def service_figure(evaluation: Evaluation) -> Figure:
    """Fill rate and cycle service level of every policy, and the paired difference in fill rate."""
    figure = new_figure(
        _height(evaluation),
        _finding(evaluation, "fill_rate", "fill rate", points=True),
        _note(evaluation, "Fill rate: units served on time from stock / units demanded."),
    )
    left, middle, right = figure.subplots(1, 3, sharey=True)
    dots(left, evaluation, "fill_rate", share)
    tidy(left, title="Fill rate", grid="x")
    dots(middle, evaluation, "cycle_service_level", share)
    tidy(middle, title="Cycles without a stock-out", grid="x")
    differences(right, evaluation, "fill_rate", scale=100)
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
    stack(left, evaluation, {"": "stockouts_per_period"}, {"": STOCKOUTS})
    tidy(left, title="Stockouts", grid="x")
    left.set_xlabel(f"units per {evaluation.scenario.period}")
    differences(right, evaluation, "stockouts_per_period")
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
    gains = [ours - evaluation.outcomes[name].kpis["reward_per_episode"] for name in others]
    ends = np.concatenate([np.percentile(d, [1, 99]) for d in gains] or [ours - ours])
    low, high = readable_range(ends, 0.0)
    rng = np.random.default_rng(0)
    for row, (comparison, values) in enumerate(zip(found, gains, strict=True)):
        colour = colour_of(comparison)
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
        interval(axes, row, colour, measured, (low, high))
        part = f"better in {share(float((values > 0).mean()))}\nof episodes"
        axes.annotate(
            "always the same" if comparison.verdict == IDENTICAL else part,
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
        stack(middle, evaluation, by_tier, TIERS, room=1.1)
        tidy(middle, grid="x")
        middle.set_xlabel(f"money per {period}, by tier")
    stack(left, evaluation, {kind: f"{kind}_cost_per_period" for kind in KINDS}, KINDS)
    differences(right, evaluation, "cost_per_period", in_percent=True)
    tidy(left, grid="x")
    tidy(right, title=f"{evaluation.judged} minus rule", grid="x")
    left.set_xlabel(f"money per {period}, by kind")
    right.set_xlabel("% of the rule's cost, same episodes")
    name_rows(left, list(evaluation.outcomes), evaluation.judged)
    return figure


# --- words ----------------------------------------------------------------------------------


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
    fewer = "fewer" if label == "stockouts" else "less"
    word = "more" if found.difference > 0 else fewer
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
