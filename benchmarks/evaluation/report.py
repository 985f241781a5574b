"""An evaluation in words: the report in the folder."""

import numpy as np

from benchmarks.evaluation.compare import METRICS
from benchmarks.evaluation.evaluation import Evaluation
from benchmarks.evaluation.results import MUCH_CLIPPED, much_clipped
from benchmarks.evaluation.statement import statement
from benchmarks.evaluation.verdicts import by_the_rule, in_short
from benchmarks.evaluation.words import clipped_words, columns, number, share
from inventory_env.description.scenario import Scenario
from policies.runs.certificate import certificate

DEFINITIONS = """\
cost per period      money of all sites per period: holding + shortage + ordering (the yardstick)
fill rate            units served on time from stock / units demanded
cycle service level  replenishment cycles without a stock-out / replenishment cycles
ready rate           share of store-periods that end with stock
stockouts            units not served on time, all stores together
bullwhip             variance of a tier's orders (else the stores') / variance of customers' demand
reward               sum of all stores' rewards in an episode, with the scenario's weights
by its rule          share of a network's decisions that are its rule's, as the present, or the
                     site, is unlike all that training saw"""

HELD_OUT = """\
Demand is replayed from held-out dates of the demand file. The intervals cover the chance of start
dates, lead times and disruptions on those dates; they do not cover other futures."""

UNSEEN = """\
{share:.1%} of the held-out demand was not seen, because a store was sold out: it is one draw of
what it may have been. The intervals do not cover that."""


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
        unseen = scenario.history.unseen("test")
        parts.append(UNSEEN.format(share=unseen) if unseen else "")
    parts.append(
        _heading("Who is better") + "\n".join([*in_short(evaluation), "", _comparisons(evaluation)])
    )
    parts.append(_heading("Policies") + _policies(evaluation))
    if words := by_the_rule(evaluation):
        parts.append(_heading("What the network saw") + f"{words}\n{_clipped(evaluation)}")
    if len(scenario.deciding_tiers()) > 1:
        parts.append(_heading("Tiers") + _tiers(evaluation))
    for name in [judged, *evaluation.others[:1]]:
        parts.append(_heading(f"Statement of {name}") + statement(evaluation, name))
    parts.append(_heading("What the words mean") + DEFINITIONS)
    parts.append(_heading("Made by") + _made_by())
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(text: str) -> str:
    return f"{text}\n{'-' * len(text)}\n"


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
            share(o.mean("fill_rate")),
            share(o.mean("cycle_service_level")),
            number(o.mean("bullwhip")),
        )
        for name, o in evaluation.outcomes.items()
    ]
    return f"Means per {evaluation.scenario.period}.\n" + columns([header, *rows])


def _clipped(evaluation: Evaluation) -> str:
    """Values that were cut off at the bounds of what a network sees."""
    clipped = much_clipped(evaluation)
    if not clipped:
        return f"No value was cut off in more than {share(MUCH_CLIPPED)} of its decisions."
    return f"Values that were cut off, in % of its decisions: {clipped_words(clipped)}"


def _learners(scenario: Scenario) -> str:
    """Who learned, and who did not though it decides."""
    deciding, learn = scenario.deciding_tiers(), scenario.training.learn
    learning = [tier for tier in deciding if learn == "all" or tier in learn]
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
        return columns([(what, *tiers), *rows])

    cost = table(
        f"cost a {evaluation.scenario.period}",
        [f"{tier.removesuffix('s')}_cost_per_period" for tier in tiers],
    )
    return f"{cost}\n\n{table('bullwhip', [f'{prefix}bullwhip' for prefix in prefixes])}"


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
