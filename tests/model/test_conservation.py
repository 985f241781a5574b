"""Units are conserved in every world and period of the scenarios that are shipped."""

import pytest
from test_reference import assert_conserved

from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.simulation.tape import Purpose, draw_tape


@pytest.mark.parametrize("name", shipped_names())
def test_units_are_conserved(name):
    scenario = load_scenario(name)
    tape = draw_tape(scenario, seed=4, purpose=Purpose.TEST, worlds=20)
    rule = BaseStock(scenario.demand_mean * 4)
    assert_conserved(
        scenario, tape, lambda situation: situation.of_stores(situation.store_orders(rule))
    )
