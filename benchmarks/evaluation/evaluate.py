"""`hmarl eval`: run policies on the same episodes, compare them, and write everything down."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.evaluation.episode_plots import episode_figure, learned_order_figure
from benchmarks.evaluation.evaluation import Evaluation, run_policies
from benchmarks.evaluation.plots import (
    cost_split_figure,
    rewards_figure,
    service_figure,
    stockouts_figure,
)
from benchmarks.evaluation.report import report_text
from benchmarks.evaluation.results import (
    SUMMARY_KPIS,
    episode_table,
    summary,
    summary_table,
    write_figure,
    write_table,
)
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.files import write_json, write_text
from policies.policy import Policy

FIGURES = {
    "service": ("service_level_comparison.png", service_figure),
    "stockouts": ("stockouts_comparison.png", stockouts_figure),
    "rewards": ("rewards_comparison.png", rewards_figure),
    "cost": ("cost_split.png", cost_split_figure),
    "episode": ("episode.png", episode_figure),
    "orders": ("learned_order.png", learned_order_figure),
}


class ShownEvaluation(Evaluation):
    """An evaluation to look at: as a table, and in figures."""

    def table(self) -> pd.DataFrame:
        """One row a policy, cheapest first: means of the KPIs, and how much dearer it is than the
        judged one in % of its own cost, with the ends of the paired 95 % interval."""
        rows = []
        for name, outcome in self.outcomes.items():
            row: dict[str, object] = {"policy": name}
            row |= {kpi: outcome.mean(kpi) for kpi in SUMMARY_KPIS}
            if name != self.judged:
                found = self.comparison(name, "cost_per_period")
                low, high = found.percent_ci95
                row |= {"saving_percent": -found.percent, "saving_low": -high, "saving_high": -low}
                row["verdict"] = found.verdict
            rows.append(row)
        return pd.DataFrame(rows).set_index("policy")

    def figure(self, name: str) -> Figure:
        """A figure by name.

        Raises:
            InputError: if there is no such figure.
        """
        if name not in FIGURES:
            raise InputError(f"figure: {name!r} is unknown; allowed: {', '.join(FIGURES)}")
        return FIGURES[name][1](self)


def evaluate(
    scenario: Scenario,
    policies: Sequence[Policy],
    *,
    episodes: int,
    seed: int,
    out: Path | None = None,
    learned: str | None = None,
    start_rule: Policy | None = None,
) -> ShownEvaluation:
    """Run all policies on one test tape, compare, and write tables, figures and a report.

    Args:
        scenario: the chain.
        policies: who decides; their names must differ.
        episodes: how many joint episodes, at least 2.
        seed: of the test tape and of the intervals.
        out: folder for the results; made if need be, files of the same name are replaced; None
            writes nothing.
        learned: name of the policy to compare with all others; the first one if left out.
        start_rule: the rule the learned policy started from, drawn beside its orders.

    Raises:
        InputError: with fewer than two episodes, policies of the same name, or an unknown one.
    """
    found = run_policies(
        scenario, policies, episodes=episodes, seed=seed, learned=learned, start_rule=start_rule
    )
    evaluation = ShownEvaluation(**vars(found))
    if out is not None:
        write_evaluation(evaluation, out)
    return evaluation


def write_evaluation(evaluation: Evaluation, out: Path) -> None:
    """Write every result file into a folder, each in one go."""
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / "episode_metrics.csv", episode_table(evaluation))
    write_table(out / "summary_metrics.csv", summary_table(evaluation))
    for file, figure in FIGURES.values():
        write_figure(out / file, figure(evaluation))
    write_text(out / "evaluation_report.txt", report_text(evaluation))
    write_json(out / "summary.json", summary(evaluation))
