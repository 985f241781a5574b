"""What an order buys: many futures from this very stock, with it, by the rule, and without it.

All variants of a morning live through the same futures. They differ in this morning's orders of one
tier alone; on the mornings after, the policy that proposes decides.
"""

from dataclasses import dataclass

import numpy as np

from inventory_env.errors import InputError
from inventory_env.frozen import Array, Integers
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.facts import day_of
from inventory_env.simulation.kpis import NOTHING
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from inventory_env.simulation.today import Today
from inventory_env.simulation.worlds import laid_out, over_sites, repeat_worlds
from policies.orders.proposal import Proposal

FUTURES = 200
TINY = 1e-9  # periods


@dataclass(frozen=True)
class Variant:
    """Means over futures of one variant of the morning's orders; (site,) each."""

    cost: Array  # money over the horizon, of the site and of all that it supplies
    lost: Array  # units not served at once, until the next order would arrive
    stockout_before: Array  # chance that demand meets an empty shelf before the order arrives
    stockout_after: Array  # the same from its arrival until the next would arrive


@dataclass(frozen=True)
class Outcomes:
    """What the variants of a morning's orders lead to."""

    futures: int  # how many
    horizon: int  # periods that were simulated
    arrival: Integers  # (site,) periods until an order arrives, as expected
    window: Integers  # (site,) periods until the next order would arrive
    orders: Variant  # what is ordered
    proposed: Variant  # without overrides
    rule: Variant  # the site's tier orders by the rule
    nothing: Variant  # the site's tier orders nothing
    chain_cost: dict[str, float]  # money over the horizon; rule: of all sites


def play_futures(proposal: Proposal, *, futures: int = FUTURES) -> Outcomes:
    """Simulate a morning's variants.

    Args:
        proposal: the morning and its orders.
        futures: how many, the same for all variants.

    Raises:
        InputError: if too little demand is recorded.
    """
    tape = draw_tape(
        proposal.decider.scenario,
        seed=proposal.decider.seed,
        purpose=Purpose.FUTURE,
        worlds=futures,
        periods=horizon_of(proposal),
        today=_today(proposal),
    )
    return play(proposal, tape)


def horizon_of(proposal: Proposal) -> int:
    """Periods until what is ordered this morning has reached the customers and been sold."""
    params = proposal.situation.params
    _, window = _waits(params)
    stores = params.shape.columns("stores")
    return int(window.max() + (window[stores].max() if params.shape.upstream else 1))


def _waits(params: Params) -> tuple[Integers, Integers]:
    """(site,) periods until an order arrives, and until the next would, as expected."""
    arrival = np.ceil(params.need.lead_time[0] - TINY).astype(np.int64)
    window = np.ceil(params.need.cover[0] - TINY).astype(np.int64)
    return arrival, np.maximum(window, arrival + 1)


def play(proposal: Proposal, tape: Tape) -> Outcomes:
    """What a morning's variants lead to on a tape that begins with it.

    Args:
        proposal: the morning and its orders.
        tape: a world for each future.
    """
    situation, shape = proposal.situation, proposal.situation.params.shape
    arrival, window = _waits(situation.params)
    variants = _variants(proposal)
    different = {values.tobytes(): values for values in variants.values()}
    futures, tape = tape.worlds, tape.repeated(len(different))
    chain = Chain(proposal.decider.scenario)
    state = repeat_worlds(situation.state, tape.worlds)
    chain.reset(tape, state, repeat_worlds(situation.memory, tape.worlds))
    first = laid_out(np.tile(np.stack(list(different.values())), (futures, 1)))
    ledgers = [chain.place(first)]
    while not chain.ended:
        ledgers.append(chain.step(proposal.decider.policy.wishes(chain.situation)))
    found = _tally(chain, ledgers, arrival, window, len(different))
    place = {name: list(different).index(values.tobytes()) for name, values in variants.items()}

    def of(name: str) -> Variant:
        return Variant(*(values[place[name]] for values in vars(found).values()))

    def by_tier(kind: str) -> Variant:
        """Of each site, the variant that changes its tier."""
        rows = np.empty(len(arrival), dtype=np.int64)
        for tier in shape.tiers:
            rows[shape.columns(tier)] = place[f"{kind} {tier}"]
        sites = np.arange(len(rows))
        return Variant(*(values[rows, sites] for values in vars(found).values()))

    whole = found.cost[:, shape.columns(shape.tiers[-1])].sum(axis=1)
    return Outcomes(
        futures=futures,
        horizon=tape.periods,
        arrival=arrival,
        window=window,
        orders=of("orders"),
        proposed=of("proposed"),
        rule=by_tier("rule"),
        nothing=by_tier("nothing"),
        chain_cost={name: float(whole[place[name]]) for name in ("orders", "proposed", "rule")},
    )


def _variants(proposal: Proposal) -> dict[str, Array]:
    """(site,) orders of the morning: as they are, as proposed, and with one tier changed."""
    shape, nothing = proposal.situation.params.shape, np.zeros_like(proposal.orders)
    changes = {"rule": proposal.rule_orders, "nothing": nothing}
    variants = {
        "orders": proposal.orders,
        "proposed": proposal.proposed,
        "rule": proposal.rule_orders,
    }
    for kind, values in changes.items():
        for tier in shape.tiers:
            changed = proposal.orders.copy()
            changed[shape.columns(tier)] = values[shape.columns(tier)]
            variants[f"{kind} {tier}"] = changed
    return variants


def _today(proposal: Proposal) -> Today:
    situation, facts = proposal.situation, proposal.morning.facts
    scenario = proposal.decider.scenario
    past, horizon = proposal.morning.past, horizon_of(proposal)
    if past is not None and len(past) < horizon:
        raise InputError(
            f"futures of {horizon} periods come again from recorded demand: at least as many are "
            f"needed before {facts.date}, got {len(past)}"
        )
    level: Array = situation.mean
    return Today(
        day=day_of(scenario, facts.date),
        period=situation.period,
        recorded=past,
        level=level[0],
        behind=proposal.morning.behind,
    )


def _tally(
    chain: Chain, ledgers: list[Ledger], arrival: Integers, window: Integers, count: int
) -> Variant:
    """Means over an episode whose worlds are variants side by side; (variant, site)."""
    nothing: Array = np.zeros(ledgers[0].demand.shape)
    cost, lost, before, after = nothing.copy(), nothing.copy(), nothing, nothing
    for period, ledger in enumerate(ledgers):
        cost += Money.of(chain.params, ledger).site
        unmet = ledger.demand - ledger.served
        short = unmet > NOTHING
        lost += unmet * (period < window)
        before = np.maximum(before, short & (period < arrival))
        after = np.maximum(after, short & (period >= arrival) & (period < window))
    shape = chain.params.shape
    below = shape.columns("stores")
    for tier in shape.upstream:
        cost[:, shape.columns(tier)] += over_sites(cost[:, below])[:, None]
        below = shape.columns(tier)
    means = (
        values.reshape(-1, count, values.shape[1]).mean(axis=0)
        for values in (cost, lost, before, after)
    )
    return Variant(*means)
