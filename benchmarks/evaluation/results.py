"""The result files of an evaluation: tables, JSON, pictures, each written whole or not at all."""

import math
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from benchmarks.evaluation.evaluation import Evaluation, Outcome
from inventory_env.files import write_bytes, write_text
from inventory_env.simulation.facts import site_names
from inventory_env.simulation.kpis import KPIS
from policies.intervals import mean_interval
from policies.runs.certificate import certificate

SUMMARY_KPIS = (
    "cost_per_period",
    "fill_rate",
    "cycle_service_level",
    "ready_rate",
    "stockouts_per_period",
    "holding_cost_per_period",
    "shortage_cost_per_period",
    "ordering_cost_per_period",
    "bullwhip",
    "reward_per_episode",
    "share_of_rule",
)
MUCH_CLIPPED = 0.01  # of a network's decisions; a value that is cut off less often is not named


def episode_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a policy and episode, with all KPIs."""
    parts = [
        pd.DataFrame({"policy": name, "episode": range(evaluation.episodes), **outcome.kpis})
        for name, outcome in evaluation.outcomes.items()
    ]
    return pd.concat(parts, ignore_index=True)[["policy", "episode", *KPIS]]


def summary_table(evaluation: Evaluation) -> pd.DataFrame:
    """One row a policy and KPI: mean, standard deviation, 95 % interval of the mean."""
    rows = [
        (name, kpi, *mean_interval(outcome.kpis[kpi]))
        for name, outcome in evaluation.outcomes.items()
        for kpi in KPIS
    ]
    return pd.DataFrame(rows, columns=["policy", "metric", "mean", "sd", "ci95_low", "ci95_high"])


def much_clipped(evaluation: Evaluation) -> dict[str, float]:
    """Share of the judged network's decisions in which a value was cut off at the bounds of what it
    sees, by the value's name: those that often are, most often first."""
    clipped = evaluation.outcomes[evaluation.judged].recording.clipped
    often = {name: share for name, share in clipped.items() if share > MUCH_CLIPPED}
    return dict(sorted(often.items(), key=lambda item: -item[1]))


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation in short, for programs; numbers that do not exist are None."""
    history = evaluation.scenario.history
    return {
        "scenario": evaluation.scenario.name,
        "episodes": evaluation.episodes,
        "description": evaluation.scenario.description,
        "judged": evaluation.judged,
        "periods": evaluation.scenario.periods,
        "counted": evaluation.counted,
        "period": evaluation.scenario.period,
        "periods_per_year": evaluation.scenario.periods_per_year,
        "seed": evaluation.seed,
        "unseen_demand": 0.0 if history is None else history.unseen("test"),
        "policies": {
            name: {kpi: _number(outcome.mean(kpi)) for kpi in SUMMARY_KPIS}
            for name, outcome in evaluation.outcomes.items()
        },
        "clipped": much_clipped(evaluation),
        "comparisons": [
            {
                "policy": c.policy,
                "baseline": c.baseline,
                "metric": c.metric,
                "difference": _number(c.difference),
                "percent": _number(c.percent),
                "ci95": [_number(end) for end in c.ci95],
                "verdict": c.verdict,
            }
            for c in evaluation.comparisons
        ],
        "statement": {
            name: _statement(evaluation, outcome) for name, outcome in evaluation.outcomes.items()
        },
        "made_by": certificate(),
    }


def _statement(evaluation: Evaluation, outcome: Outcome) -> list[dict[str, Any]]:
    """Units and money of every site, over all counted periods of all episodes."""
    kinds = ("opening", "received", "sold", "closing", "holding", "shortage", "ordering")
    return [
        {"site": name, **{kind: float(outcome.statement[kind][site]) for kind in kinds}}
        for site, name in enumerate(site_names(evaluation.scenario))
    ]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table as CSV; missing numbers stay empty."""
    text = StringIO()
    table.to_csv(text, index=False, lineterminator="\n")
    write_text(path, text.getvalue())


def write_figure(path: Path, figure: Figure) -> None:
    """Write a picture as PNG, and as SVG beside it, the same bytes each time."""
    picture = BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    write_bytes(path, picture.getvalue())
    write_text(path.with_suffix(".svg"), drawn(figure))


def drawn(figure: Figure) -> str:
    """A picture as SVG, the same text each time."""
    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": "hmarl", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()
