"""Figures that look inside: one episode over time, and the learned order as a function of stock."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.evaluation.evaluation import Evaluation, Outcome
from benchmarks.evaluation.recording import Recording
from benchmarks.evaluation.style import DISRUPTED, INK, LEARNED, LOST, MUTED, RULE, new_figure, tidy
from inventory_env.frozen import Array

WINDOW = 78  # periods of an episode that can be read at a glance
PANELS = 6  # stores whose orders are drawn
BINS = 24


def episode_figure(evaluation: Evaluation) -> Figure:
    """Stock, lost sales, demand and orders of one store, judged policy beside the best other."""
    outcomes = [evaluation.outcomes[evaluation.judged]]
    outcomes += [evaluation.outcomes[name] for name in evaluation.others[:1]]
    store = _dearest_store(outcomes[-1])
    world = _typical_world(evaluation)
    window = _window(evaluation, world)
    name = evaluation.scenario.stores[store].name
    unmet = [float(o.recording.unmet[window, world, store].sum()) for o in outcomes]
    told = ", ".join(f"{u:,.0f} with {o.name}" for u, o in zip(unmet, outcomes, strict=True))
    disrupted = _disruptions(evaluation, world, window)
    shading = "; shaded: the supplier is down" if disrupted else ""
    figure = new_figure(
        5.2,
        f"Units not served on time in one episode at {name}: {told}",
        f"Episode {world} of seed {evaluation.seed}, whose difference in cost is nearest the mean "
        f"of those recorded. {evaluation.scenario.period.capitalize()}s "
        f"{window.start + 1} to {window.stop}{shading}.",
    )
    axes = np.atleast_2d(
        figure.subplots(2, len(outcomes), sharex=True, sharey="row", squeeze=False)
    )
    for column, outcome in enumerate(outcomes):
        colour = LEARNED if outcome.name == evaluation.judged else RULE
        _stock_panel(axes[0, column], outcome.recording, (window, world, store), colour)
        _order_panel(axes[1, column], outcome.recording, (window, world, store), colour)
        axes[0, column].set_title(
            outcome.name,
            loc="left",
            fontsize=10.5,
            fontweight="bold",
            color=LEARNED if outcome.name == evaluation.judged else INK,
        )
        for panel in axes[:, column]:
            for first, end in disrupted:
                panel.axvspan(first + 0.5, end + 0.5, color=DISRUPTED, linewidth=0, zorder=0)
            tidy(panel)
        axes[1, column].set_xlabel(evaluation.scenario.period)
    axes[0, 0].set_ylabel("units on hand")
    axes[1, 0].set_ylabel("units")
    for row, (below, above) in enumerate(((1.5, 1.18), (1.0, 1.22))):
        low, high = axes[row, 0].get_ylim()
        axes[row, 0].set_ylim(below * low, above * high)
    return figure


def learned_order_figure(evaluation: Evaluation) -> Figure:
    """The judged policy's order against the inventory position, with the start rule's beside it."""
    stores = _spread(evaluation)
    outcome = evaluation.outcomes[evaluation.judged]
    recording = outcome.recording
    reference = recording.reference
    rule = evaluation.start_rule
    beside = "" if reference is None else f", beside what {rule} would order in the same situations"
    count = len(evaluation.scenario.stores)
    picked = f" {len(stores)} of {count} stores, smallest first." if len(stores) < count else ""
    columns = min(len(stores), 3)
    rows = -(-len(stores) // columns)
    figure = new_figure(
        1.5 + 2.7 * rows,
        _order_finding(evaluation),
        f"Mean order{beside}; band: 80 % of {evaluation.judged}'s orders; grey: how "
        f"often each position occurs. Inventory position: on hand, on "
        f"the way and owed, less backorders.{picked}",
    )
    panels = figure.subplots(rows, columns, squeeze=False)
    counted = slice(evaluation.scenario.warm_up, None)
    for i, store in enumerate(stores):
        axes = panels[i // columns, i % columns]
        position = recording.position[counted, :, store].ravel()
        _order_lines(
            axes,
            position,
            recording.ordered[counted, :, store].ravel(),
            None if reference is None else reference[counted, :, store].ravel(),
            (evaluation.judged, rule or ""),
            whole=evaluation.scenario.whole,
            named=i == 0,
        )
        tidy(axes, title=evaluation.scenario.stores[store].name)
        if i // columns == rows - 1:
            axes.set_xlabel("inventory position, units")
        if i % columns == 0:
            axes.set_ylabel("units ordered")
    for i in range(len(stores), rows * columns):
        panels[i // columns, i % columns].set_visible(False)
    return figure


# --- one episode ----------------------------------------------------------------------------


def _stock_panel(
    axes: Axes, recording: Recording, where: tuple[slice, int, int], colour: str
) -> None:
    time = np.arange(where[0].start, where[0].stop) + 1
    stock = recording.stock[where]
    unmet = recording.unmet[where]
    axes.fill_between(time, stock, step="mid", color=colour, alpha=0.18, linewidth=0)
    axes.step(time, stock, where="mid", color=colour, linewidth=1.4)
    axes.bar(time, -unmet, width=0.9, color=LOST, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.yaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    _note(axes, f"mean stock {stock.mean():,.1f}", (0.99, 0.97), INK)
    _note(axes, f"not served on time {unmet.sum():,.0f}", (0.99, 0.02), LOST)


def _order_panel(
    axes: Axes, recording: Recording, where: tuple[slice, int, int], colour: str
) -> None:
    time = np.arange(where[0].start, where[0].stop) + 1
    ordered = recording.ordered[where]
    demand = recording.demand[where]
    axes.bar(time, ordered, width=0.8, color=colour, alpha=0.55, linewidth=0)
    axes.plot(time, demand, color=INK, linewidth=1.0)
    _note(axes, "line: demand", (0.99, 0.98), INK)
    _note(
        axes,
        f"bars: orders, standard deviation {ordered.std():,.1f}",
        (0.01, 0.98),
        LEARNED if colour == LEARNED else MUTED,
    )


def _note(axes: Axes, text: str, at: tuple[float, float], colour: str) -> None:
    """A remark in the corner of a panel that is nearest to a point, in shares of its sides."""
    ha, va = "left" if at[0] < 0.5 else "right", "bottom" if at[1] < 0.5 else "top"
    axes.annotate(text, at, xycoords="axes fraction", ha=ha, va=va, fontsize=9, color=colour)


def _dearest_store(outcome: Outcome) -> int:
    said = outcome.statement
    cost = said["holding"] + said["shortage"] + said["ordering"]
    return int(np.argmax(cost[: outcome.recording.stock.shape[2]]))


def _typical_world(evaluation: Evaluation) -> int:
    """Of the recorded worlds, the one whose cost difference is nearest the mean."""
    judged = evaluation.outcomes[evaluation.judged]
    cost = judged.kpis["cost_per_period"]
    if evaluation.others:
        cost = cost - evaluation.outcomes[evaluation.others[0]].kpis["cost_per_period"]
    recorded = judged.recording.stock.shape[1]
    return int(np.argmin(np.abs(cost[:recorded] - cost.mean())))


def _window(evaluation: Evaluation, world: int) -> slice:
    """Counted periods to draw, with the first disruption in them if there is one."""
    first, last = evaluation.scenario.warm_up, evaluation.scenario.periods
    length = min(WINDOW, last - first)
    up = evaluation.supplier_up
    if up is not None and (up[first:, world] < 1).any():
        disrupted = first + int(np.argmax(up[first:, world] < 1))
        first = max(first, min(disrupted - length // 4, last - length))
    return slice(first, first + length)


def _disruptions(evaluation: Evaluation, world: int, window: slice) -> list[tuple[int, int]]:
    """First period and one past the last of each disruption within the window, from 0."""
    if evaluation.supplier_up is None:
        return []
    down = np.concatenate([[0], evaluation.supplier_up[window, world] < 1, [0]]).astype(int)
    change = np.diff(down)
    firsts, ends = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    return [(window.start + a, window.start + b) for a, b in zip(firsts, ends, strict=True)]


# --- the learned order ----------------------------------------------------------------------


def _spread(evaluation: Evaluation) -> list[int]:
    """Stores to draw: all if few, else spread from the smallest to the largest mean demand."""
    count = len(evaluation.scenario.stores)
    if count <= PANELS:
        return list(range(count))
    order = np.argsort(evaluation.scenario.demand_mean, kind="stable")
    return [int(order[i]) for i in np.linspace(0, count - 1, PANELS).round().astype(int)]


def _order_finding(evaluation: Evaluation) -> str:
    recording = evaluation.outcomes[evaluation.judged].recording
    judged = evaluation.judged
    if recording.reference is None:
        return f"What {judged} orders at each inventory position"
    counted = slice(evaluation.scenario.warm_up, None)
    ours, theirs = recording.ordered[counted], recording.reference[counted]
    change = float(ours.mean()) / max(float(theirs.mean()), 1e-12) - 1
    size = f"{abs(100 * change):.1f} % {'more' if change > 0 else 'less'} than"
    if not (ours != theirs).any():
        size = "exactly what"
    return f"{judged} orders {size} {evaluation.start_rule} would in the same situations"


def _order_lines(
    axes: Axes,
    position: Array,
    ordered: Array,
    reference: Array | None,
    names: tuple[str, str],
    *,
    whole: bool,
    named: bool,
) -> None:
    """Mean orders and their range in bins of inventory position that are visited often enough."""
    low, high = np.percentile(position, [1, 99])
    width = max(np.ceil((high - low) / BINS), 1.0) if whole else max((high - low) / BINS, 1e-9)
    edges = np.arange(low - 0.5 * whole, high + width, width)
    which = np.digitize(position, edges) - 1
    enough = max(5, len(position) // 500)
    bins = [b for b in range(len(edges) - 1) if (which == b).sum() >= enough]
    middle = np.array([position[which == b].mean() for b in bins])
    mean = np.array([ordered[which == b].mean() for b in bins])
    ends = np.array([np.percentile(ordered[which == b], [10, 90]) for b in bins]).reshape(-1, 2)
    axes.fill_between(middle, ends[:, 0], ends[:, 1], color=LEARNED, alpha=0.2, linewidth=0)
    axes.plot(middle, mean, color=LEARNED, linewidth=2, label=names[0])
    if reference is not None:
        rule = np.array([reference[which == b].mean() for b in bins])
        axes.plot(middle, rule, color=INK, linewidth=1.3, linestyle=(0, (4, 2)), label=names[1])
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])
    axes.locator_params(axis="both", nbins=6, integer=True)
    if named:
        axes.legend(
            frameon=False, fontsize=9, labelcolor="linecolor", loc="upper right", borderpad=0.1
        )
    share = axes.twinx()
    share.hist(position, bins=edges.tolist(), color=MUTED, alpha=0.18)
    share.set_ylim(0, share.get_ylim()[1] * 6)
    share.set_axis_off()
