"""Units and money of every site over an evaluation, and whether they add up."""

import numpy as np

from benchmarks.evaluation.evaluation import Evaluation, Outcome
from benchmarks.evaluation.words import columns, number
from inventory_env.simulation.facts import site_names


def statement(evaluation: Evaluation, name: str) -> str:
    """Units and money of every site over all counted periods of all episodes."""
    outcome = evaluation.outcomes[name]
    header = ("units", "opening", "+ received", "- sold or shipped", "= closing")
    sites = unit_rows(evaluation, outcome)
    gap = max(abs(a + b - c - d) for _, (a, b, c, d) in sites)
    turnover = max(b + c for _, (_, b, c, _) in sites)
    balances = gap <= 1e-9 * max(turnover, 1.0)
    units = [(site, *(f"{v:,.0f}" for v in values)) for site, values in sites]
    money = money_rows(evaluation, outcome)
    periods = evaluation.counted * evaluation.episodes
    totals = np.array([values for _, values in money]).sum(axis=0)
    table: list[tuple[str, ...]] = [
        ("money", "holding", "shortage", "ordering", "total", f"a {evaluation.scenario.period}")
    ]
    for site, values in [*money, ("all sites", tuple(totals))]:
        total = float(sum(values))
        table.append(
            (site, *(f"{v:,.0f}" for v in values), f"{total:,.0f}", number(total / periods))
        )
    yardstick = outcome.mean("cost_per_period")
    agrees = np.isclose(float(totals.sum()) / periods, yardstick)
    return "\n".join(
        [
            columns([header, *units]),
            f"Units: {'every site balances' if balances else 'DOES NOT BALANCE'}; "
            f"largest gap {gap:,.6g} units.",
            "",
            columns(table),
            f"Money: the sites add up to {number(float(totals.sum()) / periods)} a "
            f"{evaluation.scenario.period}, "
            f"{'the same as' if agrees else 'WHICH IS NOT'} the cost per period above.",
        ]
    )


def unit_rows(
    evaluation: Evaluation, outcome: Outcome
) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Opening, received, sold or shipped, and closing units of every site that has a stock."""
    kinds = ("opening", "received", "sold", "closing")
    return [
        (name, tuple(float(outcome.statement[kind][site]) for kind in kinds))  # type: ignore[misc]
        for site, name in enumerate(site_names(evaluation.scenario))
    ]


def money_rows(
    evaluation: Evaluation, outcome: Outcome
) -> list[tuple[str, tuple[float, float, float]]]:
    """Holding, shortage and ordering cost of every site, over all counted periods."""
    kinds = ("holding", "shortage", "ordering")
    return [
        (name, tuple(float(outcome.statement[kind][site]) for kind in kinds))  # type: ignore[misc]
        for site, name in enumerate(site_names(evaluation.scenario))
    ]
