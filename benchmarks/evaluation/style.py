"""One calm look for every figure: a finding as the title, direct labels, few colours."""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from inventory_env.frozen import Array

INK = "#2b3036"
MUTED = "#7d868e"
FAINT = "#e3e6e8"
LEARNED = "#0b7285"
RULE = "#868e96"
LOST = "#c2410c"
WORSE = LOST
DISRUPTED = "#f3e3c3"
STOCKOUTS = "#d9876b"
KINDS = {"holding": "#8db4c7", "shortage": "#d9876b", "ordering": "#c9bf95"}
TIERS = {"store": "#4f8a8b", "warehouse": "#9dbfb0", "supplier": "#d6d3bd"}
WIDTH = 10.0  # inches
CHARACTERS = 100  # of a title that fit into WIDTH


def new_figure(height: float, title: str, note: str = "") -> Figure:
    """An empty figure with its finding above and a note below, wrapped to the width."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.08, wspace=0.03)
    figure = Figure(figsize=(WIDTH, height), layout=layout, facecolor="white")
    figure.suptitle(
        _wrapped(title, CHARACTERS),
        x=0.015,
        ha="left",
        fontsize=12,
        fontweight="bold",
        color=INK,
    )
    if note:
        figure.supxlabel(
            _wrapped(note, int(CHARACTERS * 1.5)), x=0.015, ha="left", fontsize=8.5, color=MUTED
        )
    return figure


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_on_hyphens=False)


def tidy(axes: Axes, *, title: str = "", grid: str = "") -> None:
    """Take away what does not inform; grid is "x", "y" or nothing."""
    for side in ("top", "right", "left" if grid == "x" else "top"):
        axes.spines[side].set_visible(False)
    for spine in axes.spines.values():
        spine.set_color(MUTED)
    axes.tick_params(colors=MUTED, labelsize=9, length=0 if grid else 3)
    axes.xaxis.label.set_color(MUTED)
    axes.yaxis.label.set_color(MUTED)
    axes.xaxis.label.set_fontsize(9)
    axes.yaxis.label.set_fontsize(9)
    if title:
        axes.set_title(title, loc="left", fontsize=10.5, color=INK)
    if grid == "x":
        axes.grid(axis="x", color=FAINT, linewidth=0.8)
    elif grid == "y":
        axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)


def name_rows(axes: Axes, names: Sequence[str], judged: str) -> None:
    """Write policy names beside the rows of a chart, first on top, the judged one in its colour.

    Args:
        axes: a chart with a row a name.
        names: first on top.
        judged: the name that is set off; "" for none.
    """
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", labelsize=10, pad=8)
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(LEARNED if name == judged else INK)
        label.set_fontweight("bold" if name == judged else "normal")


def readable_range(values: Array, near: float) -> tuple[float, float]:
    """A range for an axis that outliers do not squeeze: around `near` and most other values."""
    known = values[np.isfinite(values)]
    if not len(known) or not np.isfinite(near):
        return 0.0, 1.0
    distance = np.abs(known - near)
    usual = known[distance <= 4 * float(np.percentile(distance, 75))]
    low, high = min(near, float(usual.min())), max(near, float(usual.max()))
    pad = 0.12 * (high - low) or 0.1 * abs(near) or 1.0
    return low - pad, high + pad
