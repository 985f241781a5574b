"""Addresses of random numbers, disruptions, starting stock, replay and shared tapes."""

from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest
from drawn_scenarios import scenarios
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.recorded.history import History
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.recorded_tape import MEAN_BLOCK
from inventory_env.simulation.tape import Purpose, draw_tape


def _arrays(tape, worlds=slice(None)):
    """Every array of a tape for some worlds, by name."""
    found = {}
    for source in (tape, tape.start):
        for field in fields(source):
            value = getattr(source, field.name)
            if isinstance(value, np.ndarray):
                name = f"{type(source).__name__}.{field.name}"
                second = field.name in source.WORLD_SECOND
                found[name] = value[:, worlds] if second else value[worlds]
    return found


def _assert_equal(left, right):
    assert left.keys() == right.keys()
    for name, value in left.items():
        np.testing.assert_array_equal(value, right[name], err_msg=name)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenario=scenarios(), purpose=st.sampled_from(Purpose))
def test_a_world_is_the_same_whatever_the_number_of_worlds(scenario, purpose):
    few = draw_tape(scenario, seed=5, purpose=purpose, worlds=2)
    many = draw_tape(scenario, seed=5, purpose=purpose, worlds=7)
    _assert_equal(_arrays(few), _arrays(many, slice(2)))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(scenario=scenarios())
def test_repeated_worlds_share_everything(scenario):
    tape = draw_tape(scenario, seed=5, purpose=Purpose.TRAIN, worlds=3)
    groups = tape.repeated(4)
    assert (groups.worlds, groups.periods) == (12, tape.periods)
    for member in range(4):
        _assert_equal(_arrays(groups, slice(member, None, 4)), _arrays(tape))


def test_another_store_leaves_the_others_numbers_alone():
    drawn = {"starting_stock": (0.0, 99.0)}
    scenario = load_scenario("three-stores")
    scenario = scenario.model_copy(
        update={
            "stores": tuple(store.model_copy(update=drawn) for store in scenario.stores),
            "warehouse": scenario.warehouse.model_copy(update=drawn),
        }
    )
    fewer = scenario.model_copy(update={"stores": scenario.stores[:2]})
    all_three = draw_tape(scenario, seed=5, purpose=Purpose.TEST, worlds=4)
    two = draw_tape(fewer, seed=5, purpose=Purpose.TEST, worlds=4)
    np.testing.assert_array_equal(two.demand, all_three.demand[:, :, :2])
    same = [0, 1, 3]  # the first two stores and the warehouse
    np.testing.assert_array_equal(two.lead_time, all_three.lead_time[:, :, same])
    started = all_three.start
    np.testing.assert_array_equal(two.start.on_hand, started.on_hand[:, same])
    assert len({tuple(stock) for stock in started.on_hand.T}) == 4


def test_seeds_purposes_and_episodes_differ():
    scenario = load_scenario("three-stores")
    addresses = [
        (seed, purpose, episode) for seed in (0, 1) for purpose in Purpose for episode in (0, 1)
    ]
    tapes = [
        draw_tape(scenario, seed=seed, purpose=purpose, worlds=3, episode=episode)
        for seed, purpose, episode in addresses
    ]
    for i, one in enumerate(tapes):
        for other in tapes[:i]:
            for name in ("demand", "lead_time", "supplier_up"):
                assert (getattr(one, name) != getattr(other, name)).any()
            assert abs(np.corrcoef(one.demand.ravel(), other.demand.ravel())[0, 1]) < 0.75
    again = draw_tape(scenario, seed=0, purpose=Purpose.TRAIN, worlds=3)
    _assert_equal(_arrays(tapes[0]), _arrays(again))


def test_worlds_are_independent():
    demand = draw_tape(
        load_scenario("single-store"), seed=1, purpose=Purpose.TEST, worlds=2000, periods=50
    ).demand[:, :, 0]
    assert abs(np.corrcoef(demand[:, :-1].ravel(), demand[:, 1:].ravel())[0, 1]) < 0.015
    assert abs(np.corrcoef(demand[:-1].ravel(), demand[1:].ravel())[0, 1]) < 0.015


def _tiny(**changes):
    table = {
        "name": "tiny",
        "periods": 400,
        "stores": [
            {
                "name": "store",
                "demand": {"kind": "poisson", "mean": 3.0},
                "lead_time": 3,
                "holding_cost": 1,
                "shortage_cost": 1,
            }
        ],
    }
    return Scenario.model_validate(table | changes)


def test_markov_disruptions_have_their_mean_times():
    scenario = _tiny(supplier={"disruptions": {"kind": "markov", "mean_up": 20, "mean_down": 4}})
    up = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=1500).supplier_up
    assert up.mean() == pytest.approx(20 / 24, abs=0.006)
    assert up[0].mean() == pytest.approx(20 / 24, abs=0.03)
    falls = (up[:-1] == 1) & (up[1:] == 0)
    rises = (up[:-1] == 0) & (up[1:] == 1)
    assert falls.sum() / (up[:-1] == 1).sum() == pytest.approx(1 / 20, rel=0.03)
    assert rises.sum() / (up[:-1] == 0).sum() == pytest.approx(1 / 4, rel=0.03)


def test_calendar_disruptions_are_where_they_were_put():
    scenario = _tiny(supplier={"disruptions": {"kind": "calendar", "down": [[2, 4], [398, 500]]}})
    up = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=2).supplier_up
    down = np.flatnonzero(up[:, 0] == 0)
    np.testing.assert_array_equal(down, [2, 3, 4, 398, 399])


def test_a_disrupted_supplier_without_capacity_ships_nothing():
    scenario = _tiny(supplier={"disruptions": {"kind": "calendar", "down": [[0, 399]]}})
    chain = Chain(scenario)
    chain.reset(draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=2))
    while not chain.ended:
        assert (chain.step(np.full((2, 2), 3.0)).shipped[:, 1] == 0).all()


def test_starting_stock_is_given_or_drawn_between_its_bounds():
    store = _tiny().stores[0].model_dump()
    scenario = _tiny(
        stores=[{**store, "starting_stock": [2, 11], "starting_pipeline": 4}],
        warehouse={"starting_stock": 30, "lead_time": 2, "starting_pipeline": [0, 1]},
        units="continuous",
    )
    start = draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=3000).start
    assert start.on_hand[:, 0].min() >= 2
    assert start.on_hand[:, 0].max() <= 11
    assert start.on_hand[:, 0].mean() == pytest.approx(6.5, abs=0.2)
    np.testing.assert_array_equal(start.pipeline[:, :, 0], np.full((2, 3000), 4.0))
    np.testing.assert_array_equal(start.on_hand[:, 1], 30.0)
    assert start.pipeline[0, :, 1].mean() == pytest.approx(0.5, abs=0.03)
    assert (start.pipeline[1, :, 1] == 0).all()


def _recorded(units="whole", periods=20, **changes):
    demand = np.arange(200.0).reshape(100, 2) + 0.25
    history = History(
        dates=tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(100)),
        stores=("a", "b"),
        demand=demand,
        validate_from=40,
        test_from=70,
    )
    store = {"lead_time": 1, "holding_cost": 1, "shortage_cost": 1}
    trace = {"kind": "trace", "mean": 40.0, "sd": 9.0}
    return Scenario.model_validate(
        {
            "name": "recorded",
            "periods": periods,
            "units": units,
            "stores": [{"name": name, "demand": trace, **store} for name in ("a", "b")],
            "history": history,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("purpose", "first", "end"),
    [(Purpose.TUNE, 0, 70), (Purpose.VALIDATE, 40, 70), (Purpose.TEST, 70, 100)],
)
def test_a_trace_is_replayed_within_the_dates_of_its_purpose(purpose, first, end):
    scenario = _recorded("continuous")
    tape = draw_tape(scenario, seed=1, purpose=purpose, worlds=600)
    starts = tape.first_day.astype(int)
    assert (starts.min(), starts.max()) == (first, end - 20)
    for world in (0, 17):
        dates = slice(starts[world], starts[world] + 20)
        np.testing.assert_array_equal(tape.demand[:, world], scenario.history.demand[dates])


def test_training_resamples_blocks_of_the_training_dates_only():
    scenario = _recorded("continuous", demand_drift={})
    demand = draw_tape(scenario, seed=1, purpose=Purpose.TRAIN, worlds=2000).demand
    dates = (demand[..., 0] - 0.25) / 2
    np.testing.assert_array_equal(demand[..., 1], demand[..., 0] + 1)
    assert (dates.min(), dates.max()) == (0, 39)
    follows = np.diff(dates, axis=0) == 1
    within = dates[:-1] < 39
    assert follows[within].mean() == pytest.approx(1 - 1 / MEAN_BLOCK * (1 - 1 / 40), abs=0.005)
    shares = np.bincount(dates[-1].astype(int), minlength=40) / 2000
    assert shares.max() < 0.05


def test_recorded_demand_is_rounded_in_whole_units():
    tape = draw_tape(_recorded(), seed=1, purpose=Purpose.TEST, worlds=5)
    assert (tape.demand % 1 == 0).all()


def test_too_few_dates_for_an_episode_are_refused():
    with pytest.raises(InputError, match=r"validate dates .* \(31 periods\), got 30"):
        draw_tape(_recorded(periods=31), seed=1, purpose=Purpose.VALIDATE, worlds=1)


def test_the_state_given_to_a_step_is_left_alone():
    scenario = load_scenario("three-stores")
    tape = draw_tape(scenario, seed=5, purpose=Purpose.TEST, worlds=50)
    before = {name: value.copy() for name, value in _arrays(tape).items()}
    chain = Chain(scenario)
    for _ in range(2):
        chain.reset(tape)
        while not chain.ended:
            chain.step(np.full((50, 4), 9.0))
    _assert_equal(_arrays(tape), before)
