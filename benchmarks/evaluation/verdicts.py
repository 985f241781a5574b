"""What an evaluation says of cost: the table on the screen, and a line for each verdict."""

import numpy as np
from rich import box
from rich.table import Table

from benchmarks.evaluation.compare import IDENTICAL, Comparison
from benchmarks.evaluation.evaluation import Evaluation
from benchmarks.evaluation.words import NO_NUMBER, number, share, with_margin
from policies.intervals import mean_interval


def comparison_table(evaluation: Evaluation) -> Table:
    """One row a policy, cheapest first; fits 100 columns."""
    judged = evaluation.judged
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{evaluation.scenario.name}: {judged} against {len(evaluation.others)} "
        f"{'policy' if len(evaluation.others) == 1 else 'policies'} on the same demand",
        title_justify="left",
        title_style="bold",
        padding=(0, 1, 0, 0),
        caption=f"{evaluation.episodes:,} joint episodes of {evaluation.counted} counted "
        f"{evaluation.scenario.period}s; ± and [ ] are 95 % intervals, differences are paired.",
        caption_justify="left",
        pad_edge=False,
    )
    table.add_column("policy", no_wrap=True)
    for heading in (
        f"cost per\n{evaluation.scenario.period}",
        f"cost of {judged}\nagainst it, %",
        "fill\nrate %",
        "cycle\nserv. %",
        "stock-\nouts",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for name, outcome in evaluation.outcomes.items():
        mean, _, low, high = mean_interval(outcome.kpis["cost_per_period"])
        ours = name == judged
        found = None if ours else evaluation.comparison(name, "cost_per_period")
        table.add_row(
            name,
            with_margin(mean, (high - low) / 2),
            "" if found is None else percent_with_interval(found),
            share(outcome.mean("fill_rate"), unit=""),
            share(outcome.mean("cycle_service_level"), unit=""),
            number(outcome.mean("stockouts_per_period")),
            "" if found is None else _short(found),
            style="bold cyan" if ours else None,
        )
    return table


def in_short(evaluation: Evaluation) -> list[str]:
    """What the comparison of cost says, a line for each verdict."""
    verdicts: dict[str, list[str]] = {}
    for name in evaluation.others:
        found = evaluation.comparison(name, "cost_per_period")
        told = f"\n  {name:<20} {percent_with_interval(found)} %"
        verdicts.setdefault(found.verdict, []).append(told)
    return [f"On cost, {verdict}, against{''.join(names)}" for verdict, names in verdicts.items()]


def by_the_rule(evaluation: Evaluation) -> str:
    """How much of what a network decided was its rule's; nothing where no network was judged."""
    part = evaluation.outcomes[evaluation.judged].mean("share_of_rule")
    return f"Decisions of {evaluation.judged} by its rule: {share(part)}" if part >= 0 else ""


def percent_with_interval(found: Comparison) -> str:
    """How much dearer a policy is than another."""
    low, high = found.percent_ci95
    if not np.isfinite(found.percent):
        return NO_NUMBER
    digits = 2 if abs(found.percent) < 10 else 1 if abs(found.percent) < 100 else 0
    return f"{found.percent:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _short(found: Comparison) -> str:
    if found.verdict == IDENTICAL:
        return "identical"
    return found.verdict if found.clear else "no clear winner"
