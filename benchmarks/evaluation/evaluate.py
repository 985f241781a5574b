"""`hmarl eval`: run policies on the same episodes, compare them, and write everything down."""

from collections.abc import Sequence
from pathlib import Path

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
    episode_table,
    summary,
    summary_table,
    write_figure,
    write_table,
)
from inventory_env.description.scenario import Scenario
from inventory_env.files import write_json, write_text
from policies.policy import Policy

FIGURES = {
    "service_level_comparison.png": service_figure,
    "stockouts_comparison.png": stockouts_figure,
    "rewards_comparison.png": rewards_figure,
    "cost_split.png": cost_split_figure,
    "episode.png": episode_figure,
    "learned_order.png": learned_order_figure,
}


def evaluate(
    scenario: Scenario,
    policies: Sequence[Policy],
    *,
    episodes: int,
    seed: int,
    out: Path,
    learned: str | None = None,
    start_rule: Policy | None = None,
) -> Evaluation:
    """Run all policies on one test tape, compare, and write tables, figures and a report.

    Args:
        scenario: the chain.
        policies: who decides; their names must differ.
        episodes: how many joint episodes, at least 2.
        seed: of the test tape and of the intervals.
        out: folder for the results; made if need be, files of the same name are replaced.
        learned: name of the policy to compare with all others; the first one if left out.
        start_rule: the rule the learned policy started from, drawn beside its orders.

    Raises:
        InputError: with fewer than two episodes, policies of the same name, or an unknown one.
    """
    evaluation = run_policies(
        scenario, policies, episodes=episodes, seed=seed, learned=learned, start_rule=start_rule
    )
    write_evaluation(evaluation, out)
    return evaluation


def write_evaluation(evaluation: Evaluation, out: Path) -> None:
    """Write every result file into a folder, each in one go."""
    out.mkdir(parents=True, exist_ok=True)
    write_table(out / "episode_metrics.csv", episode_table(evaluation))
    write_table(out / "summary_metrics.csv", summary_table(evaluation))
    for name, figure in FIGURES.items():
        write_figure(out / name, figure(evaluation))
    write_text(out / "evaluation_report.txt", report_text(evaluation))
    write_json(out / "summary.json", summary(evaluation))
