"""Measured instances as rows of a table, in words, for the screen and for the page."""

from statistics import mean

from benchmarks.markdown import spread
from benchmarks.published.instances import Cell, Problems
from benchmarks.published.results import CellResult, Check

CHECK_HEADS = ["instance", "cost of", "published", "measured", "standard error", "%", ""]


def heads(problems: Problems) -> list[str]:
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


def row(cell: Cell, result: CellResult) -> list[str]:
    """An instance in a table; costs as published, with the charges that no policy changes."""
    charge, costs, gaps = cell.instance.charge, result.costs, result.gaps(cell)
    exact = "" if result.optimum is None else f" ({result.optimum:.4f})"
    middle, low, high = result.against_rule
    best = min(cell.instance.others.items(), key=lambda item: item[1], default=None)
    kept = sum(run.kept_rule for run in result.runs)
    return [
        cell.instance.name,
        f"{cell.instance.reference:g}{exact}",
        f"{mean(costs) + charge:.5g}{spread(costs)} ({result.error:.1g})",
        f"{mean(gaps):+.3f}{spread(gaps)}",
        f"{middle:+.2f} [{low:+.2f}, {high:+.2f}]",
        "" if best is None else f"{best[1]:g} {best[0]}",
        f"{mean(run.core_seconds for run in result.runs):.0f}",
        f"{kept} of {len(result.runs)}",
    ]


def check_row(cell: Cell, check: Check) -> list[str]:
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
