"""Training seeds on a problem distribution, as a table for the screen and the page of results."""

from pathlib import Path
from statistics import mean

from rich import box
from rich.table import Table

from benchmarks.markdown import markdown_table, origin, spread
from benchmarks.training_seeds.many_seeds import ManySeeds, SeedOnMany, read_many_seeds

WORDS = """\
{steps:,} training steps a seed. Each seed's network decides for the same {chains:,} drawn chains,
which nothing else draws, in {episodes} test episodes of each, without exploration. *Against the
rule*: cost less that of {start_rule}, which learning started from, in % of it on each chain; mean
and 95 % interval over chains, below 0 is cheaper. *Worse*: chains whose own paired 95 % interval
lies above 0, as by chance one in forty would of those where nothing is gained or lost.
"""
HEADS = [
    "seed",
    "training, s",
    "against the rule, %",
    "worse, % of chains",
    "worst chain, %",
]


def many_seeds_table(found: ManySeeds) -> Table:
    """For the screen."""
    table = Table(*HEADS, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in _rows(found):
        table.add_row(*row)
    return table


def many_seeds_section(file: Path) -> str:
    """The section of one problem distribution.

    Raises:
        InputError: if the file is not a result.
    """
    found = read_many_seeds(file)
    return "\n".join(
        [
            f"## Training seeds: {found.problems}\n",
            WORDS.format(**vars(found)),
            markdown_table(HEADS, _rows(found)),
            origin(found.made_by),
        ]
    )


def _rows(found: ManySeeds) -> list[list[str]]:
    """One row a training seed, then mean and standard deviation over the seeds."""
    columns = [
        ([each.training_seconds for each in found.seeds], ".0f"),
        ([each.percent for each in found.seeds], "+.2f"),
        ([100 * each.worse for each in found.seeds], ".1f"),
        ([each.worst for each in found.seeds], "+.2f"),
    ]
    summary = [f"{mean(values):{form}}{spread(values)}" for values, form in columns]
    return [*(_row(each) for each in found.seeds), ["mean ± sd", *summary]]


def _row(each: SeedOnMany) -> list[str]:
    return [
        str(each.seed),
        f"{each.training_seconds:.0f}",
        _with_interval(each.percent, each.ci95),
        f"{100 * each.worse:.1f}",
        f"{_with_interval(each.worst, each.worst_ci95)} ({each.worst_chain})",
    ]


def _with_interval(value: float, interval: tuple[float, float]) -> str:
    return f"{value:+.2f} [{interval[0]:+.2f}, {interval[1]:+.2f}]"
