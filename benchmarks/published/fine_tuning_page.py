"""Going on from the network for any store: table, targets and section."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from rich.table import Table

from benchmarks.markdown import markdown_table, origin, spread
from benchmarks.published.fine_tuning import FILE, FineTuned, FineTuningResult, read_fine_tuning

WITHIN = 0.05  # percent of the rule's cost
HEADS = ["instance", "as shipped, %", "gone on, %", "s", "from nothing, %", "s"]


def table_row(found: FineTuned) -> list[str]:
    """An instance: mean and spread over training seeds."""

    def told(values: Sequence[float]) -> str:
        return f"{mean(values):+.2f}{spread(values)}"

    return [
        found.instance,
        f"{found.zero_shot:+.2f}",
        told(found.tuned),
        f"{mean(found.core_seconds):.0f}",
        told(found.from_nothing),
        f"{mean(found.nothing_seconds):.0f}",
    ]


WORDS = """\
A training that goes on from the shipped network (`hmarl train --start generalist`), beside that
network as it is and the default recipe from nothing. Cost against the chain's tuned rule, in % of
it, mean and spread over training seeds; *s*: seconds of one core, rules, judging and all.
"""


def fine_tuning_section(results: Path) -> list[str]:
    """The section of the page of results; none without a result."""
    if not (results / FILE).exists():
        return []
    found = read_fine_tuning(results)
    table = markdown_table(HEADS, [table_row(each) for each in found.instances])
    return ["\n".join(["## Going on from it\n", WORDS, table, origin(found.made_by)])]


def fine_tuning_targets(results: Path) -> list[tuple[str, str, bool]]:
    """Targets, what was measured, and whether they are met."""
    if not (results / FILE).exists():
        return []
    found = read_fine_tuning(results).instances
    behind = max(mean(each.tuned) - mean(each.from_nothing) for each in found)
    seconds = max(max(each.core_seconds) for each in found)
    return [
        (
            f"Fine-tuning: within {WITHIN} % of training from nothing, on each instance",
            f"{behind:+.2f} % at worst",
            behind <= WITHIN,
        ),
        ("Fine-tuning: 5 s of a core", f"{seconds:.0f} s at worst", seconds <= 5),
    ]


def summary_table(found: FineTuningResult) -> Table:
    """For the screen."""
    table = Table(title="Cost against the tuned rule")
    for head in HEADS:
        table.add_column(head)
    for each in found.instances:
        table.add_row(*table_row(each))
    return table
