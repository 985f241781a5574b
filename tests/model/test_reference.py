"""The chain against the slow reference, field by field, in every period of random scenarios."""

from dataclasses import fields

import numpy as np
from drawn_scenarios import scenarios
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from reference import Record, Reference, money

from inventory_env.description.population import shape_of
from inventory_env.description.rules import KINDS, rule_of
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.state import State
from inventory_env.simulation.tape import Purpose, draw_tape

WORLDS = 3


def _assert_same(actual: State | Ledger, worlds: list[Record], period: int) -> None:
    for field in fields(actual):
        value = getattr(actual, field.name)
        axis = int(field.name == "pipeline")
        expected = np.stack([world[field.name] for world in worlds], axis=axis)
        close = np.abs(value - expected.reshape(value.shape)) <= 1e-7
        assert close.all(), f"{field.name} in period {period}: {value}, not {expected}"


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenario=scenarios(), seed=st.integers(0, 10_000))
def test_chain_equals_the_scalar_reference(scenario, seed):
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TEST, worlds=WORLDS)
    rng = np.random.default_rng(seed)
    chain = Chain(scenario)
    chain.reset(tape)
    worlds = [Reference(scenario, tape, w) for w in range(WORLDS)]
    while not chain.ended:
        period = chain.situation.period
        most = 3 * scenario.demand_mean
        wishes = rng.uniform(-0.5, 1, (WORLDS, len(worlds[0].stores))) * most
        _assert_same(chain.situation.state, [world.state() for world in worlds], period)
        ledger = chain.step(chain.situation.of_stores(wishes))
        records = [world.step(wish.tolist()) for world, wish in zip(worlds, wishes, strict=True)]
        _assert_same(ledger, records, period)
        cost = Money.of(chain.params, ledger).chain
        np.testing.assert_allclose(cost, [money(scenario, r) for r in records], atol=1e-6)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(scenario=scenarios(), seed=st.integers(0, 10_000))
def test_units_are_conserved(scenario, seed):
    """What enters a chain leaves it through its shops or is still there, in every world."""
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=WORLDS)
    rng = np.random.default_rng(seed)
    assert_conserved(
        scenario,
        tape,
        lambda s: s.of_stores(
            rng.uniform(0, 2, (WORLDS, len(scenario.stores))) * scenario.demand_mean
        ),
    )


def assert_conserved(scenario, tape, wishes):
    """Balance every site and the whole chain, period by period and world by world."""
    chain = Chain(scenario)
    chain.reset(tape)
    shape = shape_of(scenario)
    stores, top = shape.stores, shape.columns(shape.tiers[-1])
    while not chain.ended:
        before = chain.situation.state
        ledger = chain.step(wishes(chain.situation))
        after = chain.situation.state
        rounding = 0.0 if scenario.whole else 1e-9
        assert ledger.imbalance() <= rounding
        entered = ledger.shipped[:, top].sum(axis=1)
        change = after.holdings.sum(axis=1) - before.holdings.sum(axis=1)
        left = ledger.sold[:, :stores].sum(axis=1)
        np.testing.assert_allclose(entered - left, change, atol=rounding)
        waiting = before.backorders + ledger.demand - ledger.sold - ledger.lost
        np.testing.assert_allclose(waiting, after.backorders, atol=rounding)
        for field in fields(after):
            values = getattr(after, field.name)
            assert (values >= -rounding).all(), field.name
            if scenario.whole:
                assert (values % 1 == 0).all(), field.name


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenario=scenarios(), seed=st.integers(0, 10_000), kind=st.sampled_from(sorted(KINDS)))
def test_store_rules_follow_seasons_and_forecasts(scenario, seed, kind):
    """Every kind of rule, in every period: its position, its levels, its rates."""
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TEST, worlds=WORLDS)
    rng = np.random.default_rng(seed)
    rows = {name: rng.uniform(0.5, 9, (1, len(scenario.stores))) for name in KINDS[kind][1]}
    rule = rule_of(kind, rows)
    chain = Chain(scenario)
    chain.reset(tape)
    worlds = [Reference(scenario, tape, w) for w in range(WORLDS)]
    while not chain.ended:
        orders = chain.situation.store_orders(rule)
        levels = [{n: float(row[0, i]) for n, row in rows.items()} for i in range(orders.shape[1])]
        told = [[w.store_order(kind, x, i) for i, x in enumerate(levels)] for w in worlds]
        ties = np.isclose(orders, told, atol=1e-7)
        assert ties.all(), f"period {chain.situation.period}: {orders}, not {told}"
        chain.step(chain.situation.of_stores(orders))
        for world, order in zip(worlds, orders, strict=True):
            world.step(order.tolist())
