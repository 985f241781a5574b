"""Published numbers beside measured ones: sections of the page of results."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.markdown import markdown_table, origin, strong
from benchmarks.published.instances import Cell
from benchmarks.published.measured import Measured, read_measured
from benchmarks.published.picture import picture_name
from benchmarks.published.rows import CHECK_HEADS, check_row, heads, row
from benchmarks.published.targets import TargetLine, target_lines

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


def published_targets(results: Path) -> list[list[str]]:
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
