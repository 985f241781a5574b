"""After the fact: what proposals and overrides were worth, by the demand that then came.

Each kept morning is played again from its own files, on the recorded demand of the days after it,
as it was ordered, as it was proposed, and by the rule. Lead times are the expected ones. A morning
whose days are not all over yet is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from inventory_env.description.scenario import CalendarDisruptions
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.facts import day_of
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from inventory_env.simulation.today import Today
from policies.orders.futures import horizon_of, play
from policies.orders.morning import (
    OPEN_ORDERS,
    OVERRIDES,
    STOCK,
    read_morning,
)
from policies.orders.proposal import Decider, Proposal, propose
from policies.orders.recent_demand import DEMAND, demand_by_date
from policies.orders.sheet import safe

REPLAY_COLUMNS = [
    *("date", "item", "to", "quantity", "proposed_quantity", "rule_quantity", "override"),
    *("override_who", "cost_ordered", "cost_proposed", "cost_rule"),
]


@dataclass(frozen=True)
class Replay:
    """Mornings that are over; a row for each line."""

    lines: pd.DataFrame
    waiting: tuple[date, ...]  # mornings whose days are not all over

    @property
    def worth(self) -> dict[str, float]:
        """Money saved: by proposals against the rule, by overrides against proposals, and by
        overrides that helped and those that did not."""
        lines = self.lines
        typed = lines[lines["override"] != ""]
        saved = typed["cost_proposed"] - typed["cost_ordered"]
        return {
            "proposals_over_rule": float((lines["cost_rule"] - lines["cost_proposed"]).sum()),
            "overrides_over_proposals": float(saved.sum()),
            "overrides": float(len(typed)),
            "overrides_that_helped": float((saved > 0).sum()),
        }


def replay(decider: Decider, folders: Iterable[Path], demand: Path) -> Replay:
    """Play kept mornings again.

    Args:
        decider: who proposed.
        folders: of mornings, as `policies.orders.folder` writes them.
        demand: by date and site, the days after the mornings too.

    Raises:
        InputError: if a folder holds no morning, or the demand cannot be read.
    """
    scenario = decider.scenario
    dates, table = demand_by_date(scenario, demand)
    rows, waiting = [], []
    for folder in sorted(folders):
        inputs = folder / "inputs"
        if not (inputs / STOCK).is_file():
            raise InputError(f"{folder}: not a morning's folder, inputs/{STOCK} is missing")
        files = {name: inputs / name for name in (OPEN_ORDERS, DEMAND, OVERRIDES)}
        there = {name: file if file.is_file() else None for name, file in files.items()}
        morning = read_morning(
            scenario,
            inputs / STOCK,
            open_orders=there[OPEN_ORDERS],
            demand=there[DEMAND],
            overrides=there[OVERRIDES],
            lenient=True,
        )
        proposal = propose(decider, morning)
        begin = [i for i, day in enumerate(dates) if day == morning.day]
        came = table[begin[0] : begin[0] + horizon_of(proposal)] if begin else table[:0]
        if len(came) < horizon_of(proposal):
            waiting.append(morning.day)
            continue
        outcomes = play(proposal, as_it_came(proposal, came))
        overrides = proposal.overrides
        for site, name in enumerate(proposal.sites):
            override = overrides.get(site)
            rows.append(
                {
                    "date": morning.day.isoformat(),
                    "item": safe(morning.item),
                    "to": safe(name),
                    "quantity": proposal.orders[site],
                    "proposed_quantity": proposal.proposed[site],
                    "rule_quantity": proposal.rule_orders[site],
                    "override": "" if override is None else safe(override.words),
                    "override_who": "" if override is None else safe(override.who),
                    "cost_ordered": outcomes.orders.cost[site],
                    "cost_proposed": outcomes.proposed.cost[site],
                    "cost_rule": outcomes.rule.cost[site],
                }
            )
    return Replay(pd.DataFrame(rows, columns=REPLAY_COLUMNS), tuple(waiting))


def as_it_came(proposal: Proposal, came: Array) -> Tape:
    """A tape of one world with recorded demand, expected lead times and a supplier that is down
    only where that was announced.

    Args:
        proposal: the morning.
        came: (period, store) demand from the morning on, units.
    """
    scenario, situation = proposal.decider.scenario, proposal.situation
    drawn = draw_tape(
        scenario,
        seed=proposal.decider.seed,
        purpose=Purpose.FUTURE,
        worlds=1,
        periods=len(came),
        today=Today(
            day=day_of(scenario, proposal.morning.day),
            period=situation.period,
            recorded=None if scenario.history is None else came,
            level=situation.params.mean[0],
        ),
    )
    arrival = np.ceil(situation.params.need.lead_time[0] - 1e-9).astype(np.int64)
    changes: dict[str, object] = {"demand": came[:, None]}
    if drawn.lead_time is not None:
        changes["lead_time"] = np.broadcast_to(arrival, drawn.lead_time.shape).copy()
    if drawn.supplier_up is not None and not isinstance(
        scenario.supplier.disruptions, CalendarDisruptions
    ):
        changes["supplier_up"] = np.ones_like(drawn.supplier_up)
    return Tape(**{**vars(drawn), **changes})
