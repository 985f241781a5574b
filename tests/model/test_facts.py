"""A morning written down as a planner would gives the wishes that the simulation gave."""

from datetime import date, timedelta

import numpy as np
import pytest
from drawn_scenarios import scenarios
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory_env.decision.formula_start import FormulaStart
from inventory_env.decision.interface import Interface
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.facts import DAYS, Facts, Shipment, date_of, site_names
from inventory_env.simulation.ledger import Ledger
from inventory_env.simulation.tape import Purpose, draw_tape


def written_down(scenario: Scenario, chain: Chain, ledgers: list[Ledger]) -> Facts:
    """World 0 of a simulation, as it stands on a sheet of paper."""
    seen, names, stores = chain.situation, site_names(scenario), len(scenario.stores)
    today = date_of(scenario, seen.outlook.day[0])
    due = [
        (name, float(slot[0, i]), today + timedelta(days=(k + 1) * DAYS[scenario.period]))
        for k, slot in enumerate(seen.state.pipeline)
        for i, name in enumerate(names)
    ]
    demand = np.array([ledger.demand[0, :stores] for ledger in ledgers]).reshape(-1, stores)
    if chain.tape.preceding is not None:
        demand = np.concatenate([chain.tape.preceding[:, 0], demand])
    sites = shape_of(scenario).sites
    return Facts(
        date=today,
        on_hand={name: float(seen.state.on_hand[0, i]) for i, name in enumerate(names)},
        on_the_way=[Shipment(name, units, when) for name, units, when in due if units],
        owed={name: float(seen.state.owed[0, i]) for i, name in enumerate(names)},
        backorders={
            name: float(seen.state.backorders[0, i]) for i, name in enumerate(names[:stores])
        },
        demand=demand,
        served=np.array([x.served[0, :stores] for x in ledgers]).reshape(-1, stores),
        ordered=np.array([x.ordered[0] for x in ledgers]).reshape(-1, sites),
        shipped=np.array([x.shipped[0] for x in ledgers]).reshape(-1, sites),
        period=seen.period,
    )


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenario=scenarios(), seed=st.integers(0, 10_000), shared=st.booleans())
def test_facts_give_the_same_wishes(scenario, seed, shared):
    scenario = scenario.model_copy(update={"information": "shared" if shared else "local"})
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TEST, worlds=1)
    chain, start = Chain(scenario), FormulaStart(shared=shared)
    recipe = resolve(scenario, scenario.training.model_copy(update={"learn": "all"}))
    interface = Interface(recipe, shape_of(scenario))
    chain.reset(tape)
    rng, ledgers = np.random.default_rng(seed), []
    for _ in range(int(rng.integers(1, 15))):
        ledgers.append(chain.step(start.wishes(chain.situation) * rng.uniform(0, 2)))
    facts = written_down(scenario, chain, ledgers)
    again = facts.situation(scenario)
    wishes = start.wishes(chain.situation)
    np.testing.assert_array_equal(start.wishes(again), wishes)
    # What a network sees, and so what it wishes, is the same to the bit.
    np.testing.assert_array_equal(
        interface.observe(again, wishes), interface.observe(chain.situation, wishes)
    )


def test_what_does_not_fit_is_refused():
    chain, today = load_scenario("three-stores"), date(2026, 1, 5)
    with pytest.raises(InputError, match=r"on_hand: site 'mars' is unknown; allowed: .*warehouse"):
        Facts(date=today, on_hand={"mars": 3.0}).situation(chain)
    late = Shipment("warehouse", 5.0, today)
    with pytest.raises(InputError, match="due must be after 2026-01-05, got 2026-01-05"):
        Facts(date=today, on_hand={}, on_the_way=[late]).situation(chain)
    with pytest.raises(InputError, match=r"demand: must have shape \(periods, 3\), got \(4, 2\)"):
        Facts(date=today, on_hand={}, demand=np.ones((4, 2))).situation(chain)


def test_a_day_of_the_calendar_is_a_date():
    chain = load_scenario("three-stores")
    assert date_of(chain, 0.0).isoweekday() == 1
    assert date_of(chain, 9.0) == date(2001, 3, 5)  # its periods are weeks
