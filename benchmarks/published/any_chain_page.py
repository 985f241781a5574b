"""One network for any chain beside a training for each: table, target and section."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from rich.table import Table

from benchmarks.markdown import markdown_table, origin, spread, strong
from benchmarks.published.any_chain import (
    AGAIN,
    NETWORKS,
    OWN,
    AnyChainResult,
    OwnTraining,
    OwnTrainings,
)
from benchmarks.result_files import read_result

LEAST_SHARE = 0.5
HEADS = ["chain", "tuned start rule", "own training, %", "any-chain, %", "share of the gain"]
WORDS = """\
One network, trained once on drawn chains of 1 to 50 stores, on chains it was not trained for.
*Tuned start rule*: its cost per period. *Own training*: `hmarl train` on the chain with the default
recipe; cost against that rule, mean and sd over training seeds. *any-chain*: the same for the
network without training, mean and sd over networks. *Share*: the network's gain over that of the
own trainings, with the 95 % interval of the test demand, mean over networks. All on the same test
demand.
"""


def read_any_chain(results: Path) -> tuple[OwnTrainings | None, list[AnyChainResult]]:
    """What stands in a folder of results.

    Raises:
        InputError: if a file is not one.
    """
    file = results / f"{OWN}.json"
    own = read_result(OwnTrainings, file, AGAIN) if file.exists() else None
    files = sorted(results.glob(f"{NETWORKS}-*.json"))
    return own, [read_result(AnyChainResult, each, AGAIN) for each in files]


def table_rows(own: OwnTrainings, found: Sequence[AnyChainResult]) -> list[list[str]]:
    """A line for each chain."""
    lines = []
    for alone in own.chains:
        rows = [row for result in found for row in result.rows if row.chain == alone.chain]
        share, error = share_of_chain(alone, found)
        interval = f"[{share - 1.96 * error:.2f}, {share + 1.96 * error:.2f}]"
        kept = sum(row.kept_rule for row in rows)
        lines.append(
            [
                alone.chain,
                f"{alone.rule_cost:.5g} ({alone.rule.kind})",
                _percents([each / alone.rule_cost for each in alone.differences]),
                _percents([row.difference / alone.rule_cost for row in rows])
                + (f", {kept} kept the rule" if kept else ""),
                f"{share:.2f} {interval}",
            ]
        )
    return lines


def share_of_chain(own: OwnTraining, found: Sequence[AnyChainResult]) -> tuple[float, float]:
    """Mean share over networks, and the mean of its standard errors: they share the demand."""
    rows = [row for result in found for row in result.rows if row.chain == own.chain]
    return mean(row.share for row in rows), mean(row.share_error for row in rows)


def _percents(values: Sequence[float]) -> str:
    percents = [100 * value for value in values]
    return f"{mean(percents):+.2f}{spread(percents)}"


def any_chain_targets(results: Path) -> list[list[str]]:
    """The target, what was measured, and the verdict, for each chain."""
    own, found = read_any_chain(results)
    if own is None or not found:
        return []
    lines = []
    for alone in own.chains:
        share = share_of_chain(alone, found)[0]
        verdict = "met" if share >= LEAST_SHARE else "missed"
        text = f"any-chain: {alone.chain}: at least half of the gain of its own training"
        lines.append([text, f"{share:.2f}", strong(verdict)])
    return lines


def any_chain_table(own: OwnTrainings, found: Sequence[AnyChainResult]) -> Table:
    """For the screen."""
    table = Table(title="One network for any chain, no training for any")
    for head in HEADS:
        table.add_column(head, justify="left" if head == "chain" else "right")
    for line in table_rows(own, found):
        table.add_row(*line)
    return table


def any_chain_section(results: Path) -> list[str]:
    """The section of the page of results; none without results."""
    own, found = read_any_chain(results)
    if own is None or not found:
        return []
    networks = (
        f"{len(found)} network{'s' if len(found) > 1 else ''}, training seeds "
        f"{', '.join(str(result.training_seed) for result in found)}; "
        f"{mean(result.training_seconds for result in found):.0f} s of one core each.\n"
    )
    table = markdown_table(HEADS, table_rows(own, found))
    parts = ["## One network for any chain\n", WORDS, table, networks, origin(found[-1].made_by)]
    return ["\n".join(parts)]
