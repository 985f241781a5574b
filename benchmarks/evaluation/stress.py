"""What a verdict is worth when the future is harder: the same policies on stressed demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich import box
from rich.table import Table

from benchmarks.evaluation.compare import METRICS, Comparison, compare
from benchmarks.evaluation.results import write_figure
from benchmarks.evaluation.style import LEARNED, MUTED, WORSE, name_rows, new_figure, tidy
from benchmarks.evaluation.words import NO_NUMBER, share
from inventory_env.description.scenario import Scenario
from inventory_env.files import write_text
from inventory_env.frozen import Array
from inventory_env.simulation.stress import Stress, stressed
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import run_episodes

STRESSES: dict[str, Stress] = {
    "as it is": Stress(),
    "demand x 0.5": Stress(demand=0.5),
    "demand x 0.75": Stress(demand=0.75),
    "demand x 1.5": Stress(demand=1.5),
    "demand x 2": Stress(demand=2.0),
    "x 0.5 from half-way": Stress(shift=0.5),
    "x 2 from half-way": Stress(shift=2.0),
    "shipments a period late": Stress(late=1),
    "no supply for 4 periods": Stress(outage=4),
}
COST = next(metric for metric in METRICS if metric.name == "cost_per_period")


@dataclass(frozen=True)
class Stressed:
    """One stress: what the judged policy costs, against its start and the cheapest rule there."""

    name: str
    cost: float  # money per period
    share_of_rule: float  # of the judged policy's decisions; NaN where no network decides
    start: Comparison
    best: Comparison


def stress_test(
    scenario: Scenario,
    judged: Policy,
    start: Policy,
    rules: Sequence[Policy],
    *,
    episodes: int,
    seed: int,
) -> list[Stressed]:
    """The judged policy against its start and against the rule that is cheapest under each stress.

    Rules keep the levels that they were tuned to; all policies forecast as they do.

    Args:
        scenario: the chain.
        judged: the policy.
        start: what its learning started from.
        rules: others.
        episodes: of test demand, the same for all policies and stresses.
        seed: of the test demand and of the intervals.
    """
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TEST, worlds=episodes)
    found = []
    for name, stress in STRESSES.items():
        harder = stressed(tape, stress)
        kpis = run_episodes(judged, scenario, harder).kpis()
        ours = kpis[COST.name]
        of_start = _costs(start, scenario, harder)
        costs = {rule.name: _costs(rule, scenario, harder) for rule in rules}
        best = min(costs, key=lambda rule: float(costs[rule].mean()), default=start.name)
        theirs = costs.get(best, of_start)
        found.append(
            Stressed(
                name,
                float(ours.mean()),
                float(kpis["share_of_rule"].mean()),
                compare(judged.name, start.name, COST, ours, of_start, seed=seed),
                compare(judged.name, best, COST, ours, theirs, seed=seed),
            )
        )
    return found


def _costs(policy: Policy, scenario: Scenario, tape: Tape) -> Array:
    """(world,) money per period, summed up as the judged policy's is: equal policies are equal."""
    return run_episodes(policy, scenario, tape).kpis()[COST.name]


def stress_table(found: Sequence[Stressed]) -> Table:
    """A row for each stress."""
    judged = found[0].best.policy
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"{judged} under stress: rules keep their tuned levels, all forecast as they do",
        title_justify="left",
        title_style="bold",
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("demand and supply", no_wrap=True)
    table.add_column("cost per\nperiod", justify="right", no_wrap=True)
    table.add_column("by its\nrule, %", justify="right", no_wrap=True)
    table.add_column(f"{judged} against\nits start, %", justify="right", no_wrap=True)
    table.add_column("against the\ncheapest rule, %", justify="right", no_wrap=True)
    table.add_column("which is", no_wrap=True)
    for row in found:
        table.add_row(
            row.name,
            f"{row.cost:,.1f}",
            share(row.share_of_rule, unit=""),
            _percent(row.start),
            _percent(row.best),
            row.best.baseline,
        )
    return table


def _percent(found: Comparison) -> str:
    """How much dearer, and half the interval's width; the interval itself is in stress.csv."""
    if not np.isfinite(found.percent):
        return NO_NUMBER
    low, high = found.percent_ci95
    return f"{found.percent:+.2f} ± {(high - low) / 2:.2f}"


def write_stress(folder: Path, found: Sequence[Stressed]) -> None:
    """Keep stress.csv and stress.png in a folder."""
    rows = [
        {
            "stress": row.name,
            "cost_per_period": row.cost,
            "share_of_rule": row.share_of_rule,
            **{
                f"against_{name}_{key}": value
                for name, each in (("start", row.start), ("best_rule", row.best))
                for key, value in (
                    ("percent", each.percent),
                    ("low", each.percent_ci95[0]),
                    ("high", each.percent_ci95[1]),
                )
            },
            "best_rule": row.best.baseline,
        }
        for row in found
    ]
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "stress.csv", pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))
    write_figure(folder / "stress.png", stress_figure(found))


def stress_figure(found: Sequence[Stressed]) -> Figure:
    """What the judged policy costs more than the cheapest rule, stress by stress."""
    worst = max(found, key=lambda row: row.best.percent)
    figure = new_figure(
        0.8 + 0.42 * len(found),
        f"{worst.best.policy} costs at most {worst.best.percent:+.1f} % against the cheapest rule "
        f"({worst.name})",
        "Same demand for all in each row; bars are 95 % intervals. Rules keep their tuned levels.",
    )
    axes = figure.subplots()
    for place, row in enumerate(found):
        low, high = row.best.percent_ci95
        color = WORSE if low > 0 else LEARNED
        axes.plot([low, high], [place, place], color=color, linewidth=2)
        axes.plot(row.best.percent, place, color=color, marker="o", markersize=6)
    axes.axvline(0.0, color=MUTED, linewidth=1.2)
    name_rows(axes, [row.name for row in found], "")
    ends = np.array([row.best.percent_ci95 for row in found])
    pad = 0.05 * float(np.ptp(ends)) or 1.0
    axes.set_xlim(float(ends.min()) - pad, float(ends.max()) + pad)
    axes.set_xlabel("cost against the cheapest rule, %")
    tidy(axes, grid="x")
    return figure
