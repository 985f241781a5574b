"""The targets of published instances beside what was measured."""

from collections.abc import Sequence
from statistics import mean
from typing import NamedTuple

import numpy as np

from benchmarks.published.instances import Cell
from benchmarks.published.measured import Measured
from benchmarks.published.results import CellResult
from policies.intervals import welch_interval


class TargetLine(NamedTuple):
    """A target beside what was measured."""

    target: str
    measured: str
    verdict: str  # "met" or "missed"


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
            low, high = result.against_rule[1:]
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
