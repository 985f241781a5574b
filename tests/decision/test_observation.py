"""Observations along a run: rows are sites of worlds, recorded demand is what was before."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from inventory_env.decision.interface import Interface
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import shape_of
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.description.settings import TrainingSettings
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape


def recorded(folder: Path) -> Scenario:
    """Three stores whose demand on day t is t."""
    first = date(2024, 1, 1)
    rows = [f"{first + timedelta(t)},{s},{t}" for t in range(120) for s in ("a", "b", "c")]
    file = folder / "demand.csv"
    file.write_text("\n".join(["date,store,demand", *rows]))
    return scenario_with_demand(load_scenario("original"), DemandFile(path=file))[0]


@pytest.mark.parametrize("name", [*shipped_names(), "recorded"])
def test_every_site_that_learns_has_a_row_in_every_period(name: str, tmp_path: Path) -> None:
    scenario = recorded(tmp_path) if name == "recorded" else load_scenario(name)
    view = Interface(resolve(scenario, TrainingSettings(learn="all")), shape_of(scenario))
    chain = Chain(scenario)
    chain.reset(draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=2, periods=3))
    sites = shape_of(scenario).sites
    while not chain.ended:
        wishes = np.ones((2, sites)) * chain.situation.needs(echelon=False).mean
        seen = view.observe(chain.situation, wishes)
        assert seen.shape == (2 * sites, len(view.names)) and seen.dtype == np.float32
        assert np.isfinite(seen).all()
        assert (seen[:, view.names.index("rule_order")] == 0).all()
        chain.step(wishes)


def test_recent_demand_is_newest_first(tmp_path: Path) -> None:
    scenario = recorded(tmp_path)
    recipe = resolve(scenario, TrainingSettings(observe=("history",)))
    view, chain = Interface(recipe, shape_of(scenario)), Chain(scenario)
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=1, periods=10)
    chain.reset(tape)
    for _ in range(9):
        chain.step(chain.situation.of_stores(chain.params.mean))
    values = view.observe(chain.situation, np.zeros((1, 5)))[0, 7:]
    mean = chain.situation.mean[0, 0]
    np.testing.assert_allclose(values, tape.demand[2:9, 0, 0][::-1] / mean - 1, rtol=1e-5)
    assert (np.diff(values) < 0).all()


def test_an_episode_starts_with_the_memory_of_the_dates_before_it(tmp_path: Path) -> None:
    scenario = recorded(tmp_path)
    assert scenario.history is not None
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=20, periods=10)
    memory = Chain(scenario).reset(tape).memory
    demand = scenario.history.demand[:, 0]
    for world, first in enumerate(tape.first_day.astype(int)):
        assert (
            memory.recent_demand[:, world, 0].tolist() == demand[first - 7 : first][::-1].tolist()
        )
        np.testing.assert_allclose(memory.estimates[0, world, 0], demand[first - 28 : first].mean())
        assert tape.demand[0, world, 0] == demand[first]
