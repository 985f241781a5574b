"""The generalist beside optimum, GC-LSN and tuned rules: table, targets, picture and section."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean

import numpy as np
from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.evaluation.results import write_figure
from benchmarks.evaluation.style import LEARNED, MUTED, new_figure, tidy
from benchmarks.markdown import markdown_table, origin, spread, strong
from benchmarks.published.generalist import GRIDS, GeneralistResult, Row
from benchmarks.result_files import read_result

WORDS = """\
One network, trained once on drawn problems, on problems it was not trained for; no row is trained
for, and rules are tuned for each row (the wide problems' start rule has a formula's levels). Costs
are those of long common demand. *Gap*: mean over rows, worst in parentheses. *zipkin*: the
published rows of the 40-cell grid and the other cells with a published optimum, against value
iteration (lead times up to 4) or Deep Controlled Learning. *all480*: the published rows of the
480-cell grid, against the published best capped base-stock. *drawn*: random lead times that cross
or not, and demand in cycles of 2 to 7 periods, for each slot of which rules are tuned too. *wide*:
random problems of the shipped distribution, against the rule that the network starts from. GC-LSN:
T. Temizoz et al., arXiv 2411.00515.
"""
LEAST_WORSE = 0.1  # percent of the rule's cost that count as worse, if beyond two standard errors


def gap(row: Row, cost: float | None) -> float | None:
    """Percent above what a row's grid is measured against; None where either is not known."""
    base = {"zipkin": row.reference, "all480": row.capped}.get(row.grid, row.projected)
    return None if base is None or cost is None else 100 * (cost / base - 1)


METHODS: dict[str, Callable[[Row], float | None]] = {
    "ours": lambda row: row.cost,
    "GC-LSN": lambda row: row.gc_lsn,
    "tuned projected inventory": lambda row: row.projected,
    "best capped base-stock": lambda row: row.capped,
}


def gaps(rows: Sequence[Row], method: str) -> list[float]:
    """Gaps of a method on the rows that have them."""
    found = [gap(row, METHODS[method](row)) for row in rows]
    return [each for each in found if each is not None]


def of_grid(result: GeneralistResult, grid: str) -> list[Row]:
    """A network's rows of a grid."""
    return [row for row in result.rows if row.grid == grid]


def read_generalist(results: Path) -> list[GeneralistResult]:
    """What stands in a folder of results.

    Raises:
        InputError: if a file is not one.
    """
    again = "hmarl bench published --suite generalist; run it again"
    files = sorted(results.glob("generalist-seed-*.json"))
    return [read_result(GeneralistResult, file, again) for file in files]


def table_rows(found: Sequence[GeneralistResult]) -> list[list[str]]:
    """A line for each grid and method: mean and worst gap, over networks where they differ."""
    lines = []
    for grid in GRIDS:
        for method in METHODS:
            measured = [gaps(of_grid(result, grid), method) for result in found]
            each = [own for own in measured if own]
            if not each:
                continue
            means, worst = [mean(g) for g in each], [max(g) for g in each]
            several = method == "ours"
            lines.append(
                [
                    grid,
                    str(len(each[0])),
                    f"{method}, {len(each)} networks" if several and len(each) > 1 else method,
                    f"{mean(means):+.3f}{spread(means) if several else ''}",
                    f"{max(worst):+.2f}",
                ]
            )
    return lines


HEADS = ["grid", "rows", "method", "mean gap, %", "worst row, %"]


def target_lines(found: Sequence[GeneralistResult]) -> list[list[str]]:
    """The targets, what was measured, and the verdict."""
    lines: list[list[str]] = []
    if not found:
        return lines

    def line(text: str, value: float, most: float, form: str = "{:+.3f} %") -> None:
        verdict = "met" if value <= most else "missed"
        lines.append([f"Generalist: {text}", form.format(value), strong(verdict)])

    def over(grid: str, what: Callable[[list[Row]], float]) -> float:
        return max(what(of_grid(result, grid)) for result in found if of_grid(result, grid))

    grids = {row.grid for result in found for row in result.rows}
    if "zipkin" in grids:
        own = [gaps(_published(result), "ours") for result in found]
        means = [mean(each) for each in own if each]
        line("40-cell grid, mean gap <= 0.06 %", mean(means), 0.06)
        worst = max(max(each) for each in own if each)
        line("40-cell grid, worst gap <= 0.3 %", worst, 0.3)
    if "all480" in grids:
        own = [gaps(of_grid(result, "all480"), "ours") for result in found]
        means = [mean(each) for each in own if each]
        line("480 grid, mean against tuned capped base-stock <= -1.0 %", mean(means), -1.0)
        worst = over("all480", lambda rows: max(100 * r.difference / r.projected for r in rows))
        line("480 grid, no row above tuned projected inventory by more than 0.3 %", worst, 0.3)
    if "wide" in grids:
        share = over("wide", lambda rows: 100 * mean(float(_worse(row)) for row in rows))
        line("random problems significantly worse than the start rule <= 1 %", share, 1.0)
        worst = over("wide", lambda rows: max(_surely(row) for row in rows))
        line("random problems, worst (less two standard errors) <= 0.5 %", worst, 0.5)
    longest = max(result.training_seconds for result in found)
    line("training <= 600 s of one core", longest, 600, "{:.0f} s")
    return lines


def _published(result: GeneralistResult) -> list[Row]:
    """The rows of the 40-cell grid that were published for one network."""
    return [row for row in of_grid(result, "zipkin") if row.gc_lsn is not None]


def _surely(row: Row) -> float:
    """Percent above the rule, less two standard errors."""
    return 100 * (row.difference - 2 * row.error) / row.projected


def _worse(row: Row) -> bool:
    return _surely(row) > 0 and 100 * row.difference / row.projected > LEAST_WORSE


def summary_table(found: Sequence[GeneralistResult]) -> Table:
    """For the screen."""
    table = Table(title="One network, no training for any row")
    for head in HEADS:
        table.add_column(head, justify="left" if head in ("grid", "method") else "right")
    for line in table_rows(found):
        table.add_row(*line)
    return table


def generalist_section(results: Path) -> list[str]:
    """The section of the page of results; none without results."""
    found = read_generalist(results)
    if not found:
        return []
    return [
        "\n".join(
            [
                "## One network for any store\n",
                WORDS,
                markdown_table(HEADS, table_rows(found)),
                f"{len(found)} networks, training seeds "
                f"{', '.join(str(result.training_seed) for result in found)}; "
                f"{mean(result.training_seconds for result in found):.0f} s of one core each.\n",
                "![Gap by cell](images/generalist.png)\n",
                origin(found[-1].made_by),
            ]
        )
    ]


def write_picture(results: Path, images: Path) -> None:
    """The picture of the section, where there are results."""
    found = read_generalist(results)
    if found:
        images.mkdir(parents=True, exist_ok=True)
        write_figure(images / "generalist.png", gap_figure(found))


def gap_figure(found: Sequence[GeneralistResult]) -> Figure:
    """Gap by cell of the published grids: ours, GC-LSN and tuned rules."""
    rows = [row for grid in ("zipkin", "all480") for row in of_grid(found[0], grid)]
    rows = [row for row in rows if gap(row, row.cost) is not None and row.gc_lsn is not None]
    figure = new_figure(
        4.2,
        "One network for all: gap by cell, none trained for",
        "Left 40-cell grid, to the optimum or the best that was trained for the cell; right "
        "480-cell grid, to the best capped base-stock. Sorted by ours.",
    )
    axes = figure.subplots(1, 2)
    for place, grid in enumerate(("zipkin", "all480")):
        own = sorted((r for r in rows if r.grid == grid), key=lambda r: gap(r, r.cost) or 0.0)
        across = np.arange(len(own))
        for method, mark, colour in (
            ("tuned projected inventory", "_", MUTED),
            ("GC-LSN", "x", MUTED),
            ("ours", "o", LEARNED),
        ):
            values = [gap(row, METHODS[method](row)) for row in own]
            axes[place].plot(across, values, mark, color=colour, label=method, markersize=3)
        axes[place].axhline(0, linewidth=0.8, color=MUTED)
        axes[place].set_xlabel(f"{len(own)} cells")
        axes[place].set_ylabel("gap, %")
        tidy(axes[place])
    axes[0].legend(frameon=False)
    return figure
