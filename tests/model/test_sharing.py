"""Rationing and order constraints: laws that must hold for any numbers."""

import numpy as np
import pytest
from drawn_scenarios import order_constraints
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory_env.description.rules import OrderConstraints
from inventory_env.simulation.constraints import project
from inventory_env.simulation.params import Limits
from inventory_env.simulation.rationing import ration

RULES = ["proportional", "fair-share", "priority", "random"]
QUICK = settings(max_examples=200, deadline=None, derandomize=True)


@st.composite
def _shortages(draw):
    """A stock, requests that exceed it, positions, means and ranks of one world."""
    whole = draw(st.booleans())
    count = draw(st.integers(1, 10))  # few are shared in pairs, many by sorting
    amount = st.integers(0, 40).map(float) if whole else st.floats(0, 40)
    requests = np.array(draw(st.lists(amount, min_size=count, max_size=count)))
    requests[draw(st.integers(0, count - 1))] += 1.0
    stock = draw(st.floats(0, 0.999)) * requests.sum()
    position = np.array(draw(st.lists(st.floats(-20, 40), min_size=count, max_size=count)))
    mean = np.array(draw(st.lists(st.floats(0.1, 20), min_size=count, max_size=count)))
    rank = np.array(draw(st.lists(st.integers(0, 3), min_size=count, max_size=count)))
    stock = np.floor(stock) if whole else stock
    position = np.floor(position) if whole else position
    return whole, stock, requests, position, mean, rank.astype(np.float64)


def _shared(rule, case):
    whole, stock, requests, position, mean, rank = case
    shipped = ration(
        rule,
        np.array([stock]),
        requests[None],
        position=position[None],
        mean=mean[None],
        priority=rank[None],
        whole=whole,
    )
    return shipped[0]


@pytest.mark.parametrize("rule", RULES)
@given(case=_shortages())
@QUICK
def test_shipments_use_up_the_stock_within_the_requests(rule, case):
    whole, stock, requests, *_ = case
    shipped = _shared(rule, case)
    assert shipped.sum() == pytest.approx(stock, abs=0 if whole else 1e-9)
    assert (shipped >= 0).all()
    assert (shipped <= requests + 1e-12).all()
    assert not whole or (shipped % 1 == 0).all()


@given(case=_shortages())
@QUICK
def test_fair_share_equalises_cover(case):
    """No store that got something has more cover than one that could have got more."""
    whole, _, requests, position, mean, _ = case
    shipped = _shared("fair-share", case)
    cover = (position + shipped) / mean
    unit = 1.0 if whole else 1e-7
    for giver in np.flatnonzero(shipped > 0):
        for taker in np.flatnonzero(shipped < requests - 1e-12):
            before = cover[giver] - unit / mean[giver]
            assert before <= cover[taker] + unit / mean[taker] + 1e-7


@given(case=_shortages())
@QUICK
def test_proportional_shares_are_within_a_unit_of_the_ratio(case):
    whole, stock, requests, *_ = case
    exact = requests * stock / requests.sum()
    assert np.abs(_shared("proportional", case) - exact).max() < (1 if whole else 1e-9)


@given(case=_shortages())
@QUICK
def test_priority_serves_lower_ranks_in_full_first(case):
    _, _, requests, _, _, rank = case
    shipped = _shared("priority", case)
    for i in np.flatnonzero(shipped > 0):
        ahead = rank < rank[i]
        np.testing.assert_array_equal(shipped[ahead], requests[ahead])


def test_random_rationing_favours_no_store_on_average():
    """Three equal stores, stock for half: each gets a third of it, but rarely an equal part."""
    worlds = 4000
    shipped = ration(
        "random",
        np.full(worlds, 9.0),
        np.full((worlds, 3), 6.0),
        position=np.zeros((worlds, 3)),
        mean=np.ones((1, 3)),
        priority=np.random.default_rng(1).random((worlds, 3)),
        whole=True,
    )
    np.testing.assert_allclose(shipped.mean(axis=0), 3.0, atol=0.15)
    assert (np.sort(shipped, axis=1) == [0, 3, 6]).all()


@st.composite
def _limited(draw):
    whole = draw(st.booleans())
    constraints = OrderConstraints(**draw(order_constraints(whole, draw(st.booleans()))))
    amount = st.floats(-5, 60)
    sites = draw(st.integers(1, 3))
    wish = np.array([draw(st.lists(amount, min_size=sites, max_size=sites)) for _ in range(2)])
    stock = np.array([draw(st.lists(amount, min_size=sites, max_size=sites)) for _ in range(2)])
    return whole, constraints, wish, np.floor(stock) if whole else stock


@given(case=_limited(), period=st.integers(0, 11))
@QUICK
def test_orders_obey_every_constraint_and_possible_orders_stay(case, period):
    whole, constraints, wish, stock = case
    limits = Limits.of([[constraints] * wish.shape[1]], whole)
    order = project(wish, limits, stock, period)
    np.testing.assert_allclose(project(order, limits, stock, period), order, atol=1e-12)
    assert (order >= 0).all()
    if period % constraints.review:
        assert (order == 0).all()
    placed, held = order[order > 0], stock[order > 0]
    assert (wish[order > 0] > 0).all()
    assert (placed >= constraints.minimum - 1e-9).all()
    if whole:
        assert (placed % 1 == 0).all()
    if constraints.pack_size is not None:
        packs = placed / constraints.pack_size
        np.testing.assert_allclose(packs, np.rint(packs), atol=1e-6)
    if constraints.maximum is not None:
        assert (placed <= constraints.maximum + 1e-7).all()
    if constraints.storage_limit is not None:
        assert (placed + held <= constraints.storage_limit + 1e-7).all()


def test_orders_worked_by_hand():
    """Pack 6, minimum 10, maximum 40, storage 50, whole units."""
    limits = Limits.of(
        [[OrderConstraints(pack_size=6, minimum=10, maximum=40, storage_limit=50)]], True
    )
    wish = np.array([[0.4], [0.6], [13], [99], [99], [99]])
    stock = np.array([[0], [0], [0], [0], [30], [42]], dtype=np.float64)
    np.testing.assert_array_equal(
        project(wish, limits, stock, 0), [[0], [12], [18], [36], [18], [0]]
    )
