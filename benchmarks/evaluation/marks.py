"""The marks that comparison charts are made of: dots, paired differences, stacked bars."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from benchmarks.evaluation.compare import METRICS, Comparison
from benchmarks.evaluation.evaluation import Evaluation
from benchmarks.evaluation.style import INK, LEARNED, MUTED, RULE, WORSE, readable_range
from benchmarks.evaluation.words import signed, with_margin
from policies.intervals import mean_interval

Formatter = Callable[[float], str]


def colour_of(comparison: Comparison) -> str:
    """Whether the judged policy is better, worse, or neither."""
    if not comparison.clear:
        return RULE
    metric = next(m for m in METRICS if m.name == comparison.metric)
    return LEARNED if (comparison.difference > 0) == metric.higher_is_better else WORSE


def dots(axes: Axes, evaluation: Evaluation, kpi: str, form: Formatter) -> None:
    """A dot with its interval and value for every policy.

    Args:
        axes: to draw into; a row a policy, cheapest first.
        evaluation: where the values come from.
        kpi: whose mean and 95 % interval are shown.
        form: how a value is written beside its dot.
    """
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


def interval(
    axes: Axes,
    row: int,
    colour: str,
    measured: tuple[float, float, float],
    limits: tuple[float, float],
) -> None:
    """A difference with the ends of its interval; an arrow at the edge where it lies outside.

    Args:
        axes: to draw into.
        row: height of the mark.
        colour: of the mark.
        measured: the difference, and the low and high end of its interval.
        limits: low and high edge of the axes.
    """
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


def differences(
    axes: Axes,
    evaluation: Evaluation,
    metric: str,
    *,
    scale: float = 1.0,
    in_percent: bool = False,
) -> None:
    """Paired differences of the judged policy to every other, in its row.

    Args:
        axes: to draw into; a row a policy that the judged one is compared with.
        evaluation: where the comparisons come from.
        metric: that is compared.
        scale: what differences are multiplied by.
        in_percent: of the other policy's mean instead of in the metric's unit.
    """
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
            interval(axes, row, colour_of(found[name]), measured[name], limits)
    axes.set_xlim(*limits)
    axes.locator_params(axis="x", nbins=5)


def stack(
    axes: Axes,
    evaluation: Evaluation,
    parts: dict[str, str],
    colours: dict[str, str],
    *,
    room: float = 1.4,
) -> None:
    """Stacked bars, their parts named on top; with `room` to the right for the total's value.

    Args:
        axes: to draw into; a row a policy.
        evaluation: where the values come from.
        parts: KPI by label of the part, left to right.
        colours: by label of the part.
        room: length of the axis over that of the longest bar.
    """
    outcomes = list(evaluation.outcomes.values())
    found = [mean_interval(np.sum([o.kpis[k] for k in parts.values()], axis=0)) for o in outcomes]
    totals = np.array([mean for mean, *_ in found])
    most = max(2.5 * float(np.percentile(totals, 75)), 1e-12)
    edge = room * float(totals[totals <= most].max()) or 1.0
    shown = [part for part, kpi in parts.items() if any(o.kpis[kpi].any() for o in outcomes)]
    for row, (outcome, (mean, _, low, high)) in enumerate(zip(outcomes, found, strict=True)):
        left = 0.0
        for part in shown:
            width = outcome.mean(parts[part])
            axes.barh(row, width, left=left, height=0.62, color=colours[part], linewidth=0)
            left += width
        cut = mean > most
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
        columnspacing=1.0,
        handletextpad=0.5,
    )
