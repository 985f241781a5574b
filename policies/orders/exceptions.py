"""What needs a planner's eye on a morning, most urgent first."""

from typing import Any

import numpy as np
import pandas as pd

from inventory_env.simulation.chain_demand import season_factors
from inventory_env.simulation.facts import day_of
from policies.orders.expected import Expected
from policies.orders.futures import Outcomes
from policies.orders.proposal import Proposal
from policies.orders.reasons import signed, units
from policies.orders.sheet import safe

OFTEN = 0.5  # chance of a stock-out before the next arrival that needs an eye
MANY_COVERS = 3.0  # stock on hand and on the way of so many covers is excess
UNLIKE = 3.0  # standard deviations of recent demand from its forecast
RECENT_PERIODS = 8  # whose demand is compared with the forecast
EXCEPTION_KINDS = (
    "stocked-out",
    "stock-out-before-arrival",
    "overdue-inbound",
    "data-missing",
    "old-data",
    "outside-training",
    "demand-unlike-forecast",
    "excess",
)


def exception_lines(proposal: Proposal, outcomes: Outcomes) -> pd.DataFrame:
    """What needs an eye, most urgent first: in the order of `EXCEPTION_KINDS`, then by money."""
    morning, situation = proposal.morning, proposal.situation
    state, stores = situation.state, situation.params.stores
    expected = Expected.of(proposal, outcomes)
    rows: list[dict[str, Any]] = []

    def tell(kind: str, site: str, words: str, stake: float) -> None:
        rows.append(
            {
                "kind": kind,
                "item": safe(morning.item),
                "site": safe(site),
                "money_at_stake": stake,
                "words": safe(words),
            }
        )

    for site, name in enumerate(proposal.sites):
        if name in morning.missing:
            tell("data-missing", name, "no stock row; the line is left out", 0.0)
            continue
        stake = float(outcomes.orders.cost[site])
        on_hand, waiting = state.on_hand[0, site], state.backorders[0, site]
        if on_hand <= 0 and expected.this_period[site] > 0:
            more = f", {units(waiting)} units wait" if waiting else ""
            tell("stocked-out", name, f"nothing on hand{more}", stake)
        elif outcomes.orders.stockout_before[site] >= OFTEN:
            chance = outcomes.orders.stockout_before[site]
            due = outcomes.arrival[site]
            words = f"{chance:.0%} chance of a stock-out before an order arrives in {due} periods"
            tell("stock-out-before-arrival", name, words, stake)
        if name in morning.overdue:
            quantity, due = morning.overdue[name]
            words = f"{units(quantity)} units due since {due}, counted as coming next period"
            tell("overdue-inbound", name, words, stake)
        if proposal.outside[site]:
            words = "beyond what the policy was trained on; the rule orders"
            tell("outside-training", name, words, stake)
        held, demand = expected.held[site], expected.demand[site]
        covers = held / max(demand, 1e-9)
        if covers > MANY_COVERS and held > 1:
            excess = held - MANY_COVERS * demand
            words = f"stock of {covers:.1f} covers, {units(excess)} units above {MANY_COVERS:g}"
            tell("excess", name, words, float(excess * situation.params.holding_cost[0, site]))
    for name, z in _unlike(proposal):
        site = proposal.sites.index(name)
        words = f"demand of the last {RECENT_PERIODS} periods is {signed(z)} sd from what was usual"
        tell("demand-unlike-forecast", name, words, float(outcomes.orders.cost[site]))
    for what, words in morning.old.items():
        tell("old-data", what, words, float(outcomes.orders.cost[:stores].sum()))
    for words in morning.left_out:
        tell("data-missing", "", words, 0.0)
    columns = ["kind", "item", "site", "money_at_stake", "words"]
    found = pd.DataFrame(rows, columns=columns)
    rank = found["kind"].map({kind: place for place, kind in enumerate(EXCEPTION_KINDS)})
    found = found.assign(rank=rank, urgency=0)
    found = found.sort_values(
        ["rank", "money_at_stake", "site"], ascending=[True, False, True], kind="stable"
    )
    found["urgency"] = np.arange(1, len(found) + 1)
    return found[["urgency", *columns]]


def _unlike(proposal: Proposal) -> list[tuple[str, float]]:
    """Stores whose recent demand is far from the usual, and how far in standard deviations."""
    demand, params = proposal.morning.facts.demand, proposal.situation.params
    if demand is None or len(demand) < RECENT_PERIODS:
        return []
    first = day_of(proposal.decider.scenario, proposal.morning.day) - RECENT_PERIODS
    factors = season_factors(proposal.decider.scenario, np.array([first]), RECENT_PERIODS)
    usual = params.mean[0] * factors[:, 0].mean(axis=0)
    sd = params.need.sd[0, : params.stores] / np.sqrt(RECENT_PERIODS)
    z = (demand[-RECENT_PERIODS:].mean(axis=0) - usual) / np.maximum(sd, 1e-9)
    return [
        (proposal.sites[site], float(value)) for site, value in enumerate(z) if abs(value) >= UNLIKE
    ]
