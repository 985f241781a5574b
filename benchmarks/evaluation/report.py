"""An evaluation in words: the table on the screen and the report in the folder."""

import numpy as np
from rich import box
from rich.table import Table

from benchmarks.evaluation.compare import IDENTICAL, METRICS, Comparison
from benchmarks.evaluation.evaluation import Evaluation, Outcome
from benchmarks.evaluation.intervals import mean_interval
from benchmarks.evaluation.style import number, with_margin
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from policies.runs.certificate import certificate

DEFINITIONS = """\
cost per period      money of all sites per period: holding + shortage + ordering (the yardstick)
fill rate            units served on time from stock / units demanded
cycle service level  replenishment cycles without a stock-out / replenishment cycles
ready rate           share of store-periods that end with stock
stockouts            units not served on time, all stores together
bullwhip             variance of a tier's orders (else the stores') / variance of customers' demand
reward               sum of all stores' rewards in an episode, with the scenario's weights"""

HELD_OUT = """\
Demand is replayed from held-out dates of the demand file. The intervals cover the chance of start
dates, lead times and disruptions on those dates; they do not cover other futures."""


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
            "" if found is None else _percent(found),
            _share(outcome.mean("fill_rate"), unit=""),
            _share(outcome.mean("cycle_service_level"), unit=""),
            number(outcome.mean("stockouts_per_period")),
            "" if found is None else _short(found),
            style="bold cyan" if ours else None,
        )
    return table


def report_text(evaluation: Evaluation) -> str:
    """The whole report, plain text."""
    scenario, judged = evaluation.scenario, evaluation.judged
    warm_up = f", the first {scenario.warm_up} not counted" if scenario.warm_up else ""
    parts = [
        f"EVALUATION OF {judged} ON {scenario.name}",
        scenario.description,
        f"{evaluation.episodes:,} joint episodes (an episode is one run of the whole chain) of "
        f"{scenario.periods} {scenario.period}s{warm_up};\n"
        f"{len(scenario.stores)} {'store' if len(scenario.stores) == 1 else 'stores'}; "
        f"seed {evaluation.seed}; all policies faced the same demand, lead times and disruptions.",
        _learners(scenario),
    ]
    if scenario.history is not None:
        first, end = scenario.history.bounds("test")
        dates = scenario.history.dates
        parts.append(f"{HELD_OUT}\nHeld-out dates: {dates[first]} to {dates[end - 1]}.")
    parts.append(
        _heading("Who is better") + "\n".join([*in_short(evaluation), "", _comparisons(evaluation)])
    )
    parts.append(_heading("Policies") + _policies(evaluation))
    if len(scenario.deciding_tiers()) > 1:
        parts.append(_heading("Tiers") + _tiers(evaluation))
    for name in [judged, *evaluation.others[:1]]:
        parts.append(_heading(f"Statement of {name}") + _statement(evaluation, name))
    parts.append(_heading("What the words mean") + DEFINITIONS)
    parts.append(_heading("Made by") + _made_by())
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(text: str) -> str:
    return f"{text}\n{'-' * len(text)}\n"


def in_short(evaluation: Evaluation) -> list[str]:
    """What the comparison of cost says, a line for each verdict."""
    verdicts: dict[str, list[str]] = {}
    for name in evaluation.others:
        found = evaluation.comparison(name, "cost_per_period")
        told = f"\n  {name:<20} {_percent(found)} %"
        verdicts.setdefault(found.verdict, []).append(told)
    return [f"On cost, {verdict}, against{''.join(names)}" for verdict, names in verdicts.items()]


def _comparisons(evaluation: Evaluation) -> str:
    labels = {metric.name: metric.label for metric in METRICS}
    lines = ["Mean paired differences per episode, with 95 % bootstrap intervals."]
    for name in evaluation.others:
        lines.append(f"\n{evaluation.judged} minus {name}")
        for metric in METRICS:
            found = evaluation.comparison(name, metric.name)
            low, high = found.ci95
            relative = f"{found.percent:+.2f} %" if np.isfinite(found.percent) else ""
            lines.append(
                f"  {labels[metric.name]:<21}{found.difference:>+12.4f}  "
                f"[{low:+.4f}, {high:+.4f}]".ljust(64)
                + f"{relative:>10}  {found.verdict}"
            )
    if not evaluation.others:
        lines = ["No other policy was run."]
    return "\n".join(lines)


def _policies(evaluation: Evaluation) -> str:
    header = ("policy", "cost", "holding", "shortage", "ordering", "fill", "cycle", "bullwhip")
    rows = [
        (
            name,
            number(o.mean("cost_per_period")),
            number(o.mean("holding_cost_per_period")),
            number(o.mean("shortage_cost_per_period")),
            number(o.mean("ordering_cost_per_period")),
            _share(o.mean("fill_rate")),
            _share(o.mean("cycle_service_level")),
            number(o.mean("bullwhip")),
        )
        for name, o in evaluation.outcomes.items()
    ]
    return f"Means per {evaluation.scenario.period}.\n" + _columns([header, *rows])


def _learners(scenario: Scenario) -> str:
    """Who learned, and who did not though it decides."""
    learning, deciding = scenario.learning_tiers(), scenario.deciding_tiers()
    others = [tier for tier in deciding if tier not in learning]
    told = f"Learned: {', '.join(learning)}."
    return f"{told} Not learned in this run: {', '.join(others)}." if others else told


def _tiers(evaluation: Evaluation) -> str:
    """Cost and bullwhip of every tier that decides."""
    tiers = evaluation.scenario.deciding_tiers()
    prefixes = ["" if tier == "stores" else f"{tier}_" for tier in tiers]

    def table(what: str, kpis: list[str]) -> str:
        rows = [
            (name, *(number(outcome.mean(kpi)) for kpi in kpis))
            for name, outcome in evaluation.outcomes.items()
        ]
        return _columns([(what, *tiers), *rows])

    cost = table(
        f"cost a {evaluation.scenario.period}",
        [f"{tier.removesuffix('s')}_cost_per_period" for tier in tiers],
    )
    return f"{cost}\n\n{table('bullwhip', [f'{prefix}bullwhip' for prefix in prefixes])}"


def _statement(evaluation: Evaluation, name: str) -> str:
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
            _columns([header, *units]),
            f"Units: {'every site balances' if balances else 'DOES NOT BALANCE'}; "
            f"largest gap {gap:,.6g} units.",
            "",
            _columns(table),
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


def _columns(rows: list[tuple[str, ...]]) -> str:
    """Rows under each other, the first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _made_by() -> str:
    made = certificate()
    versions = made["versions"]
    machine = made["machine"]
    assert isinstance(versions, dict)
    assert isinstance(machine, dict)
    return "\n".join(
        [
            "  ".join(f"{name} {number}" for name, number in versions.items()),
            f"{machine['cpu']}, {machine['cores']} cores",
            str(made["command"]),
        ]
    )


def _percent(found: Comparison) -> str:
    low, high = found.percent_ci95
    if not np.isfinite(found.percent):
        return "–"  # noqa: RUF001
    digits = 2 if abs(found.percent) < 10 else 1 if abs(found.percent) < 100 else 0
    return f"{found.percent:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _short(found: Comparison) -> str:
    if found.verdict == IDENTICAL:
        return "identical"
    return found.verdict if found.clear else "no clear winner"


def _share(value: float, unit: str = " %") -> str:
    return f"{100 * value:.1f}{unit}" if np.isfinite(value) else "–"  # noqa: RUF001
