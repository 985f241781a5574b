"""Pays an order with the period it arrives in, where that can be known when it is made.

With constant lead times a store's stock in the period in which a shipment that leaves now arrives
depends on no later decision: what was shipped until now and the demand until then, which is on the
tape, settle it. The costs in between, which the order could not change, stay out of its reward.
"""

from dataclasses import replace

from inventory_env.dynamics import meet_demand
from inventory_env.reconciliation import Ledger
from inventory_env.scenario import Scenario
from inventory_env.situation import Situation

STORE_BUSINESS = ("demand", "served", "lost", "store_backorders", "store_closing")


def periods_ahead(scenario: Scenario) -> int:
    """How far the tape must reach beyond a period to pay its orders."""
    leads = [store.lead_time for store in scenario.stores]
    constant = all(lead.kind == "constant" for lead in leads)
    if scenario.training.reward.credit == "now" or not constant:
        return 0
    return max(lead.maximum for lead in leads)


def at_arrival(after: Situation, ledger: Ledger) -> Ledger:
    """A period's ledger with each store's demand, sales and stock of one lead time later.

    Args:
        after: the chain after the period, its tape long enough.
        ledger: of the period; orders, and what upstream sites did, stay as they are.
    """
    params, state, tape = after.params, after.state, after.tape
    on_hand, backorders = state.store_on_hand, state.store_backorders
    business = {name: getattr(ledger, name).copy() for name in STORE_BUSINESS}
    for ahead in range(1, params.store_lead_max + 1):
        now = tape.at(after.period + ahead - 1)
        served, sold, lost, backorders = meet_demand(
            params, on_hand, backorders, now.demand, now.waiting
        )
        on_hand = on_hand - sold
        for lead_time, stores in params.store_lead_groups:
            if lead_time == ahead:
                values = (now.demand, served, lost, backorders, on_hand)
                for name, value in zip(STORE_BUSINESS, values, strict=True):
                    business[name][:, stores] = value[:, stores]
        if ahead <= len(state.store_pipeline):
            on_hand = on_hand + state.store_pipeline[ahead - 1]
    return replace(ledger, **business)
