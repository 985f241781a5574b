"""A future made harder: nothing else of it moves, units stay whole, shipments come later."""

from dataclasses import fields, replace

import numpy as np
import pytest
from test_reference import assert_conserved

from inventory_env.description.rules import BaseStock, ProjectedInventory
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.stress import Stress, stressed
from inventory_env.simulation.tape import Purpose, draw_tape

HARD = Stress(demand=1.3, shift=0.6, late=2, outage=5)


def tape_of(scenario, worlds=6, **how):
    return draw_tape(scenario, seed=4, purpose=Purpose.TEST, worlds=worlds, **how)


def store(units="whole", lead_time=2, **demand):
    table = {
        "name": "store",
        "periods": 40,
        "units": units,
        "stores": [
            {
                "name": "s",
                "demand": demand or {"kind": "poisson", "mean": 3.0},
                "lead_time": lead_time,
                "holding_cost": 1,
                "shortage_cost": 9,
                "starting_stock": 5,
                "starting_pipeline": 3,
            }
        ],
        "warehouse": {"unlimited": True},
    }
    return Scenario.model_validate(table)


@pytest.mark.parametrize("name", shipped_names())
def test_without_stress_the_tape_is_the_same(name):
    tape = tape_of(load_scenario(name))
    same = stressed(tape, Stress())
    for field in fields(tape):
        np.testing.assert_array_equal(getattr(same, field.name), getattr(tape, field.name))


def test_a_stress_changes_what_it_names():
    tape = tape_of(load_scenario("three-stores"))
    before = {field.name: np.copy(getattr(tape, field.name)) for field in fields(tape)}
    hard = stressed(tape, HARD)
    moved = {"demand", "supplier_up", "lead_time", "late"}
    for field in fields(tape):
        np.testing.assert_array_equal(getattr(tape, field.name), before[field.name])
        if field.name not in moved:
            assert getattr(hard, field.name) is getattr(tape, field.name)
    np.testing.assert_array_equal(hard.lead_time, tape.lead_time + 2)
    middle = tape.periods // 2
    assert (hard.supplier_up[middle : middle + 5] == 0).all()
    kept = np.r_[:middle, middle + 5 : tape.periods]
    np.testing.assert_array_equal(hard.supplier_up[kept], tape.supplier_up[kept])


def test_continuous_demand_is_multiplied():
    tape = tape_of(store("continuous", kind="gamma", mean=3.0, sd=2.0))
    hard = stressed(tape, Stress(demand=0.5, shift=3))
    np.testing.assert_array_equal(hard.demand[:20], 0.5 * tape.demand[:20])
    np.testing.assert_array_equal(hard.demand[20:], 1.5 * tape.demand[20:])


@pytest.mark.parametrize("factor", [0.5, 1.3, 2.0])
@pytest.mark.parametrize("mean", [0.05, 3.0])
def test_whole_demand_stays_whole_with_the_right_sum(factor, mean):
    tape = tape_of(store(kind="poisson", mean=mean), worlds=4000)
    demand = stressed(tape, Stress(demand=factor)).demand
    assert (demand % 1 == 0).all()
    assert (demand >= 0).all()
    exact = factor * tape.demand.sum(axis=0)
    assert np.abs(demand.sum(axis=0) - exact).max() < 1
    assert demand.sum() == pytest.approx(exact.sum(), rel=0.003)
    halves = [demand[part].sum() / tape.demand[part].sum() for part in np.split(np.arange(40), 2)]
    assert halves == pytest.approx([factor, factor], rel=0.03)


def test_a_world_is_stressed_alike_in_any_number():
    few, many = (tape_of(load_scenario("three-stores"), worlds=count) for count in (2, 7))
    np.testing.assert_array_equal(stressed(few, HARD).demand, stressed(many, HARD).demand[:, :2])


@pytest.mark.parametrize("lead_time", [2, {"kind": "uniform", "low": 0, "high": 3}])
def test_late_shipments_come_as_with_a_longer_lead_time(lead_time):
    """Beside a chain that has the longer lead time, with the same orders."""
    scenario = store(lead_time=lead_time)
    longer = 4 if lead_time == 2 else {"kind": "uniform", "low": 2, "high": 5}
    other = store(lead_time=longer)
    late, promised = stressed(tape_of(scenario), Stress(late=2)), tape_of(other)
    promised = replace(promised, start=late.start)
    chains = Chain(scenario), Chain(other)
    for chain, tape in zip(chains, (late, promised), strict=True):
        chain.reset(tape)
    orders = np.random.default_rng(1).integers(0, 8, (40, 6, 1)).astype(float)
    for order in orders:
        one, two = (chain.place(order) for chain in chains)
        for field in fields(one):
            np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))
    assert chains[0].situation.params.lead_time.max() == (2 if lead_time == 2 else 3)


@pytest.mark.parametrize("name", shipped_names())
def test_units_are_conserved_under_stress(name):
    scenario = load_scenario(name)
    tape = stressed(tape_of(scenario), HARD)
    rule = BaseStock(scenario.demand_mean * 4)
    assert_conserved(
        scenario, tape, lambda situation: situation.of_stores(situation.store_orders(rule))
    )


def test_a_rule_that_looks_ahead_sees_shipments_beyond_its_lead_time():
    scenario = store(lead_time=1)
    chain = Chain(scenario)
    chain.reset(stressed(tape_of(scenario), Stress(late=3)))
    rule = ProjectedInventory(np.array([[6.0]]))
    while not chain.ended:
        chain.step(chain.situation.of_stores(chain.situation.store_orders(rule)))
    assert len(chain.situation.state.pipeline) >= 3


def test_an_outage_starves_the_warehouse():
    scenario = load_scenario("three-stores")
    chain = Chain(scenario)
    chain.reset(stressed(tape_of(scenario), Stress(outage=10)))
    rule, middle = BaseStock(scenario.demand_mean * 4), scenario.periods // 2
    while not chain.ended:
        period = chain.situation.period
        ledger = chain.step(chain.situation.of_stores(chain.situation.store_orders(rule)))
        if middle <= period < middle + 10:
            assert (ledger.shipped[:, 3] == 0).all()
