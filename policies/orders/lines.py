"""The lines of a morning: one for each site, and what needs a planner's eye first."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from inventory_env.frozen import Array
from inventory_env.simulation.facts import DAYS, day_of
from inventory_env.simulation.tape import season_factors
from inventory_env.simulation.worlds import over_sites
from policies.orders.futures import Outcomes
from policies.orders.proposal import Proposal
from policies.orders.reasons import (
    constraint_words,
    network_words,
    rule_words,
    signed,
    units,
    worth_words,
)
from policies.orders.sheet import safe

OFTEN = 0.5  # chance of a stock-out before the next arrival that needs an eye
MANY_COVERS = 3.0  # stock on hand and on the way of so many covers is excess
UNLIKE = 3.0  # standard deviations of recent demand from its forecast
RECENT_PERIODS = 8  # whose demand is compared with the forecast
TOP = "outside"  # where the highest site's orders go to


def order_lines(proposal: Proposal, outcomes: Outcomes) -> pd.DataFrame:
    """A row for each site, stores first; columns are those of orders.csv, numbers not rounded."""
    morning, situation, decider = proposal.morning, proposal.situation, proposal.decider
    params, state = situation.params, situation.state
    sites, days = proposal.sites, DAYS[decider.scenario.period]
    on_the_way = state.pipeline.sum(axis=0)[0]
    forecast = _forecasts(proposal, outcomes)
    per_day = forecast["next"] / days
    held = state.on_hand[0] + on_the_way
    pack = params.limits.pack_size
    packs = np.zeros(len(sites)) if pack is None else pack[0]
    rules, networks = rule_words(proposal), network_words(proposal)
    constraints, overrides = constraint_words(proposal), proposal.overrides
    rows = []
    for site, name in enumerate(sites):
        quantity, proposed = proposal.orders[site], proposal.proposed[site]
        override = overrides.get(site)
        code, constraint = constraints[site]
        parts = [rules[site], networks.get(site, ""), constraint, worth_words(outcomes, site)]
        if override is not None:
            parts.append(f"{override.who}: {override.words}, {override.reason}")
        worth = outcomes.orders.cost[site] - outcomes.proposed.cost[site]
        arrives = int(outcomes.arrival[site])
        rows.append(
            {
                "run": decider.run,
                "date": morning.day.isoformat(),
                "from": _source(proposal, site),
                "to": safe(name),
                "item": safe(morning.item),
                "quantity": quantity,
                "packs": quantity / packs[site] if packs[site] else np.nan,
                "due_date": (morning.day + timedelta(days=arrives * days)).isoformat(),
                "status": "proposed",
                "policy": _who(proposal, site),
                "on_hand": state.on_hand[0, site],
                "on_the_way": on_the_way[site],
                "owed": state.owed[0, site],
                "backorders": state.backorders[0, site],
                "position": state.position[0, site],
                "expected_demand": forecast["window"][site],
                "projected_at_arrival": forecast["projected"][site],
                "rule_quantity": proposal.rule_orders[site],
                "learned_offset": proposal.wishes[site] - proposal.rule_wishes[site],
                "days_of_cover_before": _days(held[site], per_day[site]),
                "days_of_cover_after": _days(held[site] + quantity, per_day[site]),
                "p_stockout_before": outcomes.orders.stockout_before[site],
                "p_stockout_after": outcomes.orders.stockout_after[site],
                "p_stockout_after_without": outcomes.nothing.stockout_after[site],
                "expected_lost_units": outcomes.orders.lost[site],
                "expected_lost_units_without": outcomes.nothing.lost[site],
                "expected_cost": outcomes.orders.cost[site],
                "expected_cost_rule": outcomes.rule.cost[site],
                "expected_cost_nothing": outcomes.nothing.cost[site],
                "proposed_quantity": proposed,
                "override": "" if override is None else safe(override.words),
                "override_who": "" if override is None else safe(override.who),
                "override_cost": worth if override is not None else np.nan,
                "reason_code": _code(proposal, site, code),
                "reason": safe("; ".join(part for part in parts if part)),
                "flags": " ".join(_flags(proposal, site)),
            }
        )
    lines = pd.DataFrame(rows)
    return lines[~lines["to"].isin([safe(name) for name in morning.missing])]


def _forecasts(proposal: Proposal, outcomes: Outcomes) -> dict[str, Array]:
    """(site,) demand forecast of this period, until the next order would arrive, and stock that is
    left when an order arrives."""
    situation = proposal.situation
    scenario, state = proposal.decider.scenario, situation.state
    columns = np.arange(len(proposal.sites))
    longest = int(outcomes.window.max())
    ahead = np.zeros((longest + 1, len(columns)))
    for periods in range(1, longest + 1):
        ahead[periods] = situation.forecast(periods)[0]
    coming = np.zeros((longest + 1, len(columns)))
    slots = min(len(state.pipeline), longest)
    coming[1 : slots + 1] = np.cumsum(state.pipeline[:slots, 0], axis=0)
    coming[slots + 1 :] = coming[slots]
    arrival = outcomes.arrival
    projected = state.on_hand[0] + coming[arrival, columns] - ahead[arrival, columns]
    if scenario.unmet_demand == "lost":
        projected = np.maximum(projected, 0.0)
    return {"next": ahead[1], "window": ahead[outcomes.window, columns], "projected": projected}


def _days(held: float, per_day: float) -> float:
    return held / per_day if per_day > 0 else np.inf if held > 0 else 0.0


def _source(proposal: Proposal, site: int) -> str:
    shape = proposal.situation.params.shape
    tier = "stores" if site < shape.stores else shape.upstream[site - shape.stores]
    source = shape.source(tier)
    if source is not None:
        return proposal.sites[source.start]
    return {"stores": "warehouse", "warehouse": "supplier", "supplier": TOP}[tier]


def _who(proposal: Proposal, site: int) -> str:
    """Whose proposal it is."""
    explanation = proposal.explanation
    learns = explanation is not None and site in explanation.sites
    if learns and not proposal.outside[site]:
        return proposal.decider.policy.name
    return proposal.decider.rule.name if site < proposal.situation.params.stores else "rule"


def _code(proposal: Proposal, site: int, constraint: str) -> str:
    override = proposal.overrides.get(site)
    if override is not None:
        return "override"
    if constraint:
        return constraint
    if proposal.outside[site]:
        return "rule-as-outside"
    if abs(proposal.wishes[site] - proposal.rule_wishes[site]) > 1e-9:
        return "learned-offset"
    return "rule" if proposal.orders[site] > 0 else "enough"


def _flags(proposal: Proposal, site: int) -> list[str]:
    morning, name = proposal.morning, proposal.sites[site]
    flags = []
    if name in morning.overdue:
        flags.append("overdue-inbound")
    if proposal.outside[site]:
        flags.append("outside-training")
    if morning.old and site < proposal.situation.params.stores:
        flags.append("old-demand")
    if name in morning.overrides:
        flags.append("override")
    return flags


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
    forecast = _forecasts(proposal, outcomes)
    held = state.on_hand[0] + state.pipeline.sum(axis=0)[0]
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
        if on_hand <= 0 and forecast["next"][site] > 0:
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
        covers = held[site] / max(forecast["window"][site], 1e-9)
        if covers > MANY_COVERS and held[site] > 1:
            excess = held[site] - MANY_COVERS * forecast["window"][site]
            words = f"stock of {covers:.1f} covers, {units(excess)} units above {MANY_COVERS:g}"
            holding = float(
                np.broadcast_to(situation.params.holding_cost, held[None].shape)[0, site]
            )
            tell("excess", name, words, excess * holding)
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


def total_units(proposal: Proposal) -> float:
    """Units ordered by all stores."""
    return float(over_sites(proposal.orders[None, : proposal.situation.params.stores])[0])
