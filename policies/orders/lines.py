"""The lines of a morning: one for each site."""

from datetime import timedelta

import numpy as np
import pandas as pd

from inventory_env.simulation.facts import DAYS
from policies.orders.expected import Expected
from policies.orders.futures import Outcomes
from policies.orders.proposal import Proposal
from policies.orders.reasons import (
    constraint_words,
    network_words,
    rule_words,
    worth_words,
)
from policies.orders.sheet import safe

TOP = "outside"  # where the highest site's orders go to


def order_lines(proposal: Proposal, outcomes: Outcomes) -> pd.DataFrame:
    """A row for each site, stores first; columns are those of orders.csv, numbers not rounded."""
    morning, situation, decider = proposal.morning, proposal.situation, proposal.decider
    params, state = situation.params, situation.state
    sites, days = proposal.sites, DAYS[decider.scenario.period]
    on_the_way = state.pipeline.sum(axis=0)[0]
    expected = Expected.of(proposal, outcomes)
    per_day = expected.this_period / days
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
                "expected_demand": expected.demand[site],
                "projected_at_arrival": expected.stock_at_arrival[site],
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
    if learns and not (proposal.outside[site] or proposal.untrusted[site]):
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
    flags += [f"old-{what}" for what in morning.old]
    if name in morning.overrides:
        flags.append("override")
    return flags
