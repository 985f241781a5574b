"""Units and money of every site over an evaluation, and whether they add up."""

import numpy as np

from benchmarks.evaluation.evaluation import Evaluation, Outcome
from benchmarks.evaluation.words import columns, number
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array


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
    """Opening, received, sold or shipped, and closing units of every site with its own stock."""
    scenario, said = evaluation.scenario, outcome.statement

    def row(tier: str, out: str, at: int | None = None) -> tuple[float, float, float, float]:
        keys = (f"{tier}_opening", f"{tier}_received", out, f"{tier}_closing")
        opening, received, gone, closing = (
            float(said[key] if at is None else said[key][at]) for key in keys
        )
        return opening, received, gone, closing

    rows = [(store.name, row("store", "sold", i)) for i, store in enumerate(scenario.stores)]
    rows += [(site, row(site, f"{site}_shipped")) for site in _upstream(scenario)]
    return rows


def money_rows(
    evaluation: Evaluation, outcome: Outcome
) -> list[tuple[str, tuple[float, float, float]]]:
    """Holding, shortage and ordering cost of every site, over all counted periods."""
    scenario, said = evaluation.scenario, outcome.statement

    def at(key: str, store: int) -> float:
        values: Array = said[key]
        return float(values[store])

    rows = [
        (
            store.name,
            (at("store_holding", i), at("store_shortage", i), at("store_ordering", i)),
        )
        for i, store in enumerate(scenario.stores)
    ]
    for site in _upstream(scenario):
        rows.append((site, (float(said[f"{site}_holding"]), 0.0, float(said[f"{site}_ordering"]))))
    return rows


def _upstream(scenario: Scenario) -> list[str]:
    """The sites above the stores that have a stock of their own."""
    if scenario.warehouse.unlimited:
        return []
    return ["warehouse"] if scenario.supplier.unlimited else ["warehouse", "supplier"]
