"""Observations have a value for every name, whichever extras a scenario asks for."""

from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from inventory_env.decision.observation import FEATURES, Observer
from inventory_env.description.replay import scenario_with_demand
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.description.settings import Extra
from inventory_env.description.training_config import with_training
from inventory_env.recorded.history import DemandFile
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Memory
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rollout import run_episodes
from policies.rules.rule_based import RandomOrders


def recorded(folder: Path) -> Scenario:
    """Three stores whose demand on day t is t."""
    first = date(2024, 1, 1)
    rows = [f"{first + timedelta(t)},{s},{t}" for t in range(120) for s in ("a", "b", "c")]
    file = folder / "demand.csv"
    file.write_text("\n".join(["date,store,demand", *rows]))
    return scenario_with_demand(load_scenario("original"), DemandFile(path=file))[0]


@pytest.mark.parametrize("extra", get_args(Extra))
@pytest.mark.parametrize("name", [*shipped_names(), "recorded"])
def test_every_name_has_a_value(name: str, extra: Extra, tmp_path: Path) -> None:
    chain = recorded(tmp_path) if name == "recorded" else load_scenario(name)
    chain = with_training(chain, None, observe=[extra])
    observer = Observer(chain)
    assert observer.names[:7] == FEATURES
    assert len(set(observer.names)) == len(observer.names)
    tape = draw_tape(chain, seed=0, purpose=Purpose.TEST, worlds=2, periods=3)
    shapes = []
    run_episodes(
        RandomOrders(0),
        chain.model_copy(update={"warm_up": 0}),
        tape,
        watch=lambda seen, *_: shapes.append(observer.observe(seen, seen.position).shape),
    )
    assert shapes == [(2 * len(chain.stores), len(observer.names))] * 3


def test_recent_demand_is_newest_first(tmp_path: Path) -> None:
    chain = with_training(recorded(tmp_path), None, observe=["history"])
    observer = Observer(chain)
    tape = draw_tape(chain, seed=0, purpose=Purpose.TEST, worlds=1, periods=10)
    seen = []
    run_episodes(RandomOrders(0), chain, tape, watch=lambda now, *_: seen.append(now))
    last = seen[-1]
    values = observer.observe(last, last.position)[0, 7:]
    recent = tape.demand[2:9, 0, 0][::-1]
    mean = chain.stores[0].demand.moments[0]
    np.testing.assert_allclose(values, recent / mean - 1, rtol=1e-5)
    assert (np.diff(values) < 0).all()


def test_an_episode_starts_with_the_memory_of_the_dates_before_it(tmp_path: Path) -> None:
    chain = with_training(recorded(tmp_path), None, observe=["history"])
    assert chain.history is not None
    tape = draw_tape(chain, seed=0, purpose=Purpose.TEST, worlds=20, periods=10)
    memory = Memory.at_start(Params.of(chain), tape)
    demand = chain.history.demand[:, 0]
    smoothing, mean = chain.stores[0].demand.smoothing, chain.stores[0].demand.moments[0]
    for world, first in enumerate(tape.first_day.astype(int)):
        assert (
            memory.recent_demand[:, world, 0].tolist() == demand[first - 7 : first][::-1].tolist()
        )
        expected = mean
        for value in demand[first - 28 : first]:
            expected += smoothing * (value - expected)
        np.testing.assert_allclose(memory.smoothed_demand[world, 0], expected)
        assert tape.demand[0, world, 0] == demand[first]
