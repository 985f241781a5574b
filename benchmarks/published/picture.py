"""Gaps of published instances as pictures, ours beside others'."""

from pathlib import Path
from statistics import mean

from matplotlib.figure import Figure

from benchmarks.evaluation.results import write_figure
from benchmarks.evaluation.style import INK, LEARNED, MUTED, name_rows, new_figure, tidy
from benchmarks.published.measured import Measured, read_measured

TICKS = (-20, -10, -5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100)  # %
MARKS = ("D", "s", "^", "v", "P")


def picture_name(table: str) -> str:
    """File name of a table's picture."""
    return f"published-{table}.png"


def write_pictures(results: Path, images: Path) -> None:
    """One picture a table: the gap of every instance, ours beside others'."""
    for part in read_measured(results):
        images.mkdir(parents=True, exist_ok=True)
        write_figure(images / picture_name(part.table), gap_figure(part))


def gap_figure(measured: Measured) -> Figure:
    """Gaps of a table's instances; small dots are training seeds."""
    pairs, problems = measured.pairs, measured.problems
    gaps = [result.gap(cell) for cell, result in pairs]
    figure = new_figure(
        1.9 + 0.3 * len(pairs),
        f"{problems.title}: mean gap to {problems.reference} {mean(gaps):+.2f} %, "
        f"worst {max(gaps):+.2f} %",
        f"Large dots: ours, mean of the training seeds (small dots). Linear up to 1 %, then "
        f"logarithmic. {problems.source}.",
    )
    axes = figure.subplots()
    others = list(dict.fromkeys(name for cell, _ in pairs for name in cell.instance.others))
    for number, name in enumerate(others):
        at = [i for i, (cell, _) in enumerate(pairs) if name in cell.instance.others]
        found = [(*pairs[i], pairs[i][0].instance) for i in at]
        values = [r.gap_of(c, known.others[name] - known.charge) for c, r, known in found]
        mark = MARKS[number % len(MARKS)]
        axes.plot(values, at, mark, color=MUTED, markersize=5.5, linestyle="", label=name)
    ruled = [result.gap_of(cell, result.rule.cost) for cell, result in pairs]
    axes.plot(ruled, range(len(ruled)), "o", color=LEARNED, fillstyle="none", label="paired rule")
    for i, (cell, result) in enumerate(pairs):
        seeds = result.gaps(cell)
        axes.plot(seeds, [i] * len(seeds), "o", color=LEARNED, markersize=3, alpha=0.5)
    axes.plot(gaps, range(len(gaps)), "o", color=LEARNED, markersize=8, label="ours")
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.set_xscale("symlog", linthresh=1.0)
    low, high = (float(end) for end in axes.dataLim.intervalx)
    axes.set_xlim(min(1.15 * low, -0.2), max(1.15 * high, 0.5))
    shown = [tick for tick in TICKS if 1.15 * low <= tick <= 1.15 * high]
    axes.set_xticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    axes.set_xlabel(f"gap to {problems.reference}, %")
    tidy(axes, grid="x")
    name_rows(axes, [cell.instance.name for cell, _ in pairs], "")
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=len(others) + 2,
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )
    return figure
