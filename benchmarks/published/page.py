"""Published numbers beside measured ones: on the screen, on the page of results, as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from benchmarks.evaluation.intervals import welch_interval
from benchmarks.evaluation.results import write_figure
from benchmarks.evaluation.style import INK, LEARNED, MUTED, name_rows, new_figure, tidy
from benchmarks.markdown import markdown_table, origin, strong
from benchmarks.published.instances import TABLES, Cell, Problems, cells_of, read_problems
from benchmarks.published.results import CellResult, Check, read_cell, result_file

LEARNER_WORDS = """\
PPO with the default recipe, the same for every instance unless said below, judged without
exploration on test demand that no training saw. A policy's cost is the paired rule's over a long
simulation plus the mean difference between policy and rule on common demand; where supply is
unlimited both are regressed on functions of demand with known means. *Ours*: mean ± standard
deviation over training seeds, in parentheses the standard error of the simulation. *Gap*: to the
optimum that value iteration finds (in parentheses beside the published one), else to the number
published. *Against rule*: the paired difference, in % of the rule's cost, with the interval of 95 %
that simulation leaves. *Kept start rule*: seeds whose policy did not clearly beat the rule that
learning starts from.
"""
SIMULATOR_WORDS = """\
Costs that need no learning, found again. They agree if the difference is within 0.5 % or three
standard errors; optima by value iteration within the rounding of the published number.
"""
TICKS = (-20, -10, -5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100)  # %
MARKS = ("D", "s", "^", "v", "P")
Row = list[str]


class TargetLine(NamedTuple):
    """A target beside what was measured."""

    target: str
    measured: str
    verdict: str  # "met" or "missed"


@dataclass(frozen=True)
class Measured:
    """A table's instances that have results."""

    table: str
    problems: Problems
    cells: list[Cell]
    results: list[CellResult]

    @property
    def pairs(self) -> list[tuple[Cell, CellResult]]:
        """Instances beside their results."""
        return list(zip(self.cells, self.results, strict=True))


def measured_tables(cells: Sequence[Cell], results: Sequence[CellResult]) -> list[Measured]:
    """Results by table, in the tables' order."""
    found = []
    for table in TABLES:
        pairs = [(c, r) for c, r in zip(cells, results, strict=True) if c.table == table]
        if pairs:
            found.append(
                Measured(table, read_problems(table), [c for c, _ in pairs], [r for _, r in pairs])
            )
    return found


def read_measured(results: Path) -> list[Measured]:
    """What stands in a folder of results.

    Raises:
        InputError: if a file is not one.
    """
    cells = [cell for cell in cells_of("all") if result_file(results, cell).exists()]
    return measured_tables(cells, [read_cell(result_file(results, cell)) for cell in cells])


# --- numbers in words ---------------------------------------------------------------------------


def target_lines(measured: Measured, tables: Sequence[Measured] = ()) -> list[TargetLine]:
    """The targets of a table beside what was measured, there and in other tables."""
    standing = {cell.name: result for table in tables for cell, result in table.pairs}
    targets, pairs = measured.problems.targets, measured.pairs
    reference = measured.problems.reference
    gaps = [result.gap(cell) for cell, result in pairs]
    lines = []
    if targets.mean_gap is not None:
        text = f"mean gap to {reference} <= {targets.mean_gap:g} %"
        lines.append(_at_most(text, mean(gaps), targets.mean_gap, "{:.3f} %"))
    if targets.worst_gap is not None:
        text = f"worst gap to {reference} <= {targets.worst_gap:g} %"
        lines.append(_at_most(text, max(gaps), targets.worst_gap, "{:.3f} %"))
    if targets.training_seconds is not None:
        longest = max(run.core_seconds for result in measured.results for run in result.runs)
        text = f"longest training <= {targets.training_seconds:g} s, one core"
        lines.append(_at_most(text, longest, targets.training_seconds, "{:.0f} s"))
    for cell, result in pairs:
        name, charge = cell.instance.name, cell.instance.charge
        if cell.instance.target is not None:
            text = f"{name}: {measured.problems.cost} <= {cell.instance.target:g}"
            cost = mean(result.costs) + charge
            lines.append(_at_most(text, cost, cell.instance.target, "{:.5g}"))
        if targets.below_rule:
            text = f"{name}: below the {result.rule.name} rule, every seed's interval clear of 0"
            low, high = _against_rule(result)[1:]
            verdict = "met" if all(run.interval[1] < 0 for run in result.runs) else ""
            lines.append(TargetLine(text, f"{low:+.2f} to {high:+.2f} %", verdict or "missed"))
        other = cell.instance.gains_more_than
        if other in standing and min(len(result.runs), len(standing[other].runs)) > 1:
            lines.append(_gains_more(cell, result, other, standing[other]))
    return lines


def _gains_more(cell: Cell, result: CellResult, other: str, its: CellResult) -> TargetLine:
    """Whether it gains more than another instance, by Welch's 95 % interval over training seeds."""
    ours, theirs = ([run.difference for run in found.runs] for found in (result, its))
    scale = 100 / result.rule.cost
    low, high = (scale * end for end in welch_interval(np.array(ours), np.array(theirs)))
    text = (
        f"{cell.instance.name}: further below the {result.rule.name} rule than {other}, interval "
        "over training seeds clear of 0"
    )
    measured = f"{scale * (mean(ours) - mean(theirs)):+.2f} [{low:+.2f}, {high:+.2f}] %"
    return TargetLine(text, measured, "met" if high < 0 else "missed")


def _at_most(text: str, value: float, most: float, form: str) -> TargetLine:
    return TargetLine(text, form.format(value), "met" if value <= most else "missed")


def _against_rule(result: CellResult) -> tuple[float, float, float]:
    """Mean difference to the paired rule, and the widest ends of the seeds' intervals, %."""
    scale = 100 / result.rule.cost
    low = min(run.interval[0] for run in result.runs)
    high = max(run.interval[1] for run in result.runs)
    return scale * mean(run.difference for run in result.runs), scale * low, scale * high


def heads(problems: Problems) -> Row:
    """Names of a table's columns."""
    return [
        "instance",
        problems.reference,
        "ours",
        "gap, %",
        "against rule, %",
        "best of others",
        "training, core s",
        "kept start rule",
    ]


def row(cell: Cell, result: CellResult) -> Row:
    """An instance in a table; costs as published, with the charges that no policy changes."""
    charge, costs, gaps = cell.instance.charge, result.costs, result.gaps(cell)
    several = len(costs) > 1
    spread = f" ± {stdev(costs):.2g}" if several else ""
    gap_spread = f" ± {stdev(gaps):.2g}" if several else ""
    exact = "" if result.optimum is None else f" ({result.optimum:.4f})"
    middle, low, high = _against_rule(result)
    best = min(cell.instance.others.items(), key=lambda item: item[1], default=None)
    kept = sum(run.kept_rule for run in result.runs)
    return [
        cell.instance.name,
        f"{cell.instance.reference:g}{exact}",
        f"{mean(costs) + charge:.5g}{spread} ({result.error:.1g})",
        f"{mean(gaps):+.3f}{gap_spread}",
        f"{middle:+.2f} [{low:+.2f}, {high:+.2f}]",
        "" if best is None else f"{best[1]:g} {best[0]}",
        f"{mean(run.core_seconds for run in result.runs):.0f}",
        f"{kept} of {len(result.runs)}",
    ]


def check_row(cell: Cell, check: Check) -> Row:
    """A cost of the simulator's beside the published one."""
    return [
        cell.name,
        check.what,
        f"{check.published:.6g}",
        f"{check.measured:.6g}",
        f"{check.error:.1g}" if check.error else "exact",
        f"{100 * (check.measured / check.published - 1):+.2f}",
        "agrees" if check.agrees else "differs",
    ]


CHECK_HEADS = ["instance", "cost of", "published", "measured", "standard error", "%", ""]


# --- the screen ---------------------------------------------------------------------------------


def screen_tables(measured: Sequence[Measured]) -> list[Table]:
    """The simulator's table, then for each table its instances and its targets."""
    checks = _table("Simulator", CHECK_HEADS)
    for part in measured:
        for cell, result in part.pairs:
            for check in result.checks:
                style = None if check.agrees else "bold red"
                checks.add_row(*check_row(cell, check), style=style)
    tables = [checks]
    for part in measured:
        table = _table(part.problems.title, heads(part.problems))
        for cell, result in part.pairs:
            table.add_row(*row(cell, result))
        tables.append(table)
        lines = target_lines(part, measured)
        if lines:
            targets = _table("", TargetLine._fields)
            for line in lines:
                targets.add_row(*line, style="bold red" if line.verdict == "missed" else None)
            tables.append(targets)
    return tables


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0)
    return table


# --- the page -----------------------------------------------------------------------------------


def published_sections(results: Path) -> list[str]:
    """Sections of the page of results; none without results.

    Args:
        results: folder of published instances' results.

    Raises:
        InputError: if a file is not a result.
    """
    found = read_measured(results)
    if not found:
        return []
    checks = [check_row(cell, c) for part in found for cell, r in part.pairs for c in r.checks]
    simulator = ["## Published numbers: the simulator\n", SIMULATOR_WORDS]
    simulator.append(markdown_table(CHECK_HEADS, checks))
    return ["\n".join(simulator), *(_section(part, found) for part in found)]


def published_targets(results: Path) -> list[Row]:
    """Every table's targets, what was measured, and the verdict.

    Raises:
        InputError: if a file is not a result.
    """
    found = read_measured(results)
    return [
        [f"{part.problems.title}: {line.target}", line.measured, strong(line.verdict)]
        for part in found
        for line in target_lines(part, found)
    ]


def _section(part: Measured, found: Sequence[Measured]) -> str:
    problems = part.problems
    steps = sorted({result.steps for result in part.results})
    seeds = sorted({len(result.runs) for result in part.results})
    said = (
        f"{problems.cost.capitalize()}; {' or '.join(f'{s:,}' for s in steps)} training steps, "
        f"{' or '.join(str(s) for s in seeds)} seeds. Numbers of others: {problems.source}."
    )
    charged = " Gaps are those of the part that a policy can change." * any(
        cell.instance.charge for cell in part.cells
    )
    lines = [[*line[:2], strong(line.verdict)] for line in target_lines(part, found)]
    own = [_own_settings(cell) for cell in part.cells]
    newest = max(part.results, key=lambda result: str(result.made_by["written"]))
    return "\n".join(
        [
            f"## Published numbers: {problems.title[0].lower()}{problems.title[1:]}\n",
            f"{LEARNER_WORDS}\n{said}{charged}{''.join(own)}\n",
            markdown_table(heads(problems), [row(*pair) for pair in part.pairs]),
            *([markdown_table(list(TargetLine._fields), lines)] if lines else []),
            f"![Gap by instance](images/{picture_name(part.table)})\n",
            origin(newest.made_by),
        ]
    )


def _own_settings(cell: Cell) -> str:
    """What an instance's recipe has that is not the default."""
    training = cell.instance.changes.get("training", {})
    own = [f"{name} = {x:,}" for name, x in training.items() if name not in ("learn", "critic")]
    return f" {cell.instance.name}: {', '.join(own)}." * bool(own)


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
        values = [_gap_of(*pairs[i], pairs[i][0].instance.others[name]) for i in at]
        mark = MARKS[number % len(MARKS)]
        axes.plot(values, at, mark, color=MUTED, markersize=5.5, linestyle="", label=name)
    ruled = [_gap_of(cell, r, r.rule.cost + cell.instance.charge) for cell, r in pairs]
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


def _gap_of(cell: Cell, result: CellResult, cost: float) -> float:
    """Gap of someone's published cost, %."""
    charge = cell.instance.charge
    reference = result.optimum or cell.instance.reference - charge
    return 100 * ((cost - charge) / reference - 1)
