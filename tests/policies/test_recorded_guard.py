"""The guard of trainings on recorded demand: blocks of dates, not episodes that overlap."""

from dataclasses import replace

import numpy as np
import pytest

from inventory_env.description.scenario_files import load_scenario
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.runs.judge import mean_by_block


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        # Episodes of 10 days: those that begin on days 100 to 109 are one block.
        ([100, 104, 109, 110, 119, 125], [2.0, 4.5, 6.0]),
        # Fewer dates than two episodes: still two blocks, early and late.
        ([100, 101, 102, 103, 104, 105], [2.0, 5.0]),
        ([100, 100, 100, 100, 100, 100], [3.5]),
    ],
)
def test_gains_are_averaged_by_blocks_of_dates(days: list[int], expected: list[float]) -> None:
    scenario = load_scenario("single-store")
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=6, periods=10)
    tape = replace(tape, first_day=np.array(days, dtype=np.float64))
    np.testing.assert_allclose(mean_by_block(np.arange(1.0, 7.0), tape), expected)
