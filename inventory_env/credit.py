"""Pays an order with the period it can arrive in at the earliest, not with the one it is made in.

A store's stock that many periods on depends on no later decision: what was shipped until now and
the demand until then, which is on the tape, settle it. The costs in between, which the order could
not change, stay out of its reward. With constant lead times it is the very period of its arrival.
"""

from dataclasses import replace

import numpy as np

from inventory_env.dynamics import meet_demand
from inventory_env.frozen import Integers
from inventory_env.reconciliation import Ledger
from inventory_env.scenario import Scenario
from inventory_env.situation import Situation

STORE_BUSINESS = ("demand", "served", "lost", "store_backorders", "store_closing")


def credit_delays(scenario: Scenario) -> Integers:
    """(store,) periods between an order and the store's business that pays it."""
    if scenario.training.reward.credit == "now":
        return np.zeros(len(scenario.stores), dtype=np.int64)
    return np.array([store.lead_time.minimum for store in scenario.stores])


def delayed(ledger: Ledger, after: Situation, delays: Integers) -> Ledger:
    """A period's ledger with the demand, sales and stock that each store has `delays` later.

    Args:
        ledger: of the period; orders, and what upstream sites did, stay as they are.
        after: the chain after the period; its tape reaches that far.
        delays: (store,) periods, at most the shortest lead time.
    """
    params, state, tape = after.params, after.state, after.tape
    on_hand, backorders = state.store_on_hand, state.store_backorders
    business = {name: getattr(ledger, name).copy() for name in STORE_BUSINESS}
    for ahead in range(1, int(delays.max(initial=0)) + 1):
        now = tape.at(after.period + ahead - 1)
        served, sold, lost, backorders = meet_demand(
            params, on_hand, backorders, now.demand, now.waiting
        )
        on_hand = on_hand - sold
        stores = np.flatnonzero(delays == ahead)
        values = (now.demand, served, lost, backorders, on_hand)
        for name, value in zip(STORE_BUSINESS, values, strict=True):
            business[name][:, stores] = value[:, stores]
        if ahead <= len(state.store_pipeline):
            on_hand = on_hand + state.store_pipeline[ahead - 1]
    return replace(ledger, **business)
