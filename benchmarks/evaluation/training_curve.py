"""The picture of a training run: validation cost and fill rate beside the start rule's."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.evaluation.results import write_figure
from benchmarks.evaluation.style import LEARNED, MUTED, new_figure, tidy


def draw_training_curve(folder: Path) -> None:
    """Draw training_curve.png in a run's folder from its progress.csv."""
    figure = training_curve(pd.read_csv(folder / "progress.csv"))
    if figure is not None:
        write_figure(folder / "training_curve.png", figure)


def training_curve(table: pd.DataFrame) -> Figure | None:
    """The picture of a training so far; None before its first validation.

    Args:
        table: rows of progress.csv.
    """
    if "validation/cost" not in table:
        return None
    judged = table.dropna(subset=["validation/cost"])
    if not len(judged):
        return None
    steps, cost = judged["steps"] / 1e6, judged["validation/cost"]
    rule = judged["validation/rule_cost"].iloc[-1]
    best = int(cost.argmin())
    change = cost.iloc[best] / rule - 1
    found = "below" if change < 0 else "above"
    figure = new_figure(
        4.2,
        f"Best validation cost {abs(change):.1%} {found} the tuned start rule's",
        "Same validation worlds each time; large dot: the best, kept; dashed: the start rule.",
    )
    left, right = figure.subplots(1, 2)
    panels = (
        (left, cost, rule, "cost per period", "{:,.1f}"),
        (
            right,
            judged["validation/fill_rate"],
            judged["validation/rule_fill_rate"].iloc[-1],
            "fill rate",
            "{:.1%}",
        ),
    )
    for axes, values, rule_value, label, form in panels:
        axes.axhline(rule_value, color=MUTED, linestyle="--", linewidth=1.2)
        axes.plot(steps, values, color=LEARNED, marker="o", markersize=4, linewidth=1.8)
        axes.set_xlabel("experiences, millions")
        axes.margins(y=0.18)
        axes.plot(steps.iloc[best], values.iloc[best], color=LEARNED, marker="o", markersize=9)
        learned, ruled = form.format(values.iloc[best]), form.format(rule_value)
        tidy(axes, title=f"{label}: {learned} learned, {ruled} start rule", grid="y")
    right.yaxis.set_major_formatter(lambda value, _: f"{value:.1%}")
    return figure
