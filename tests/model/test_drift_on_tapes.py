"""Which tapes drift, from which addresses, and what is seen before an episode."""

from dataclasses import fields
from datetime import date, timedelta

import numpy as np
import pytest

from inventory_env.description.population import Mixture
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.recorded.history import History
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.today import Today

EVERYTHING = {
    "level": 0.4,
    "walk": 0.02,
    "jumps": 3,
    "trend": 0.3,
    "season": 0.5,
    "spikes": 2,
    "noise": 0.2,
    "autocorrelation": 0.5,
    "spread": 0.3,
    "common": 0.4,
}
STORE = {"lead_time": 1, "holding_cost": 1, "shortage_cost": 1}
SEASON = {"weekday": [0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6], "trend_per_year": 2.0}
PLAYED = [purpose for purpose in Purpose if purpose is not Purpose.FUTURE]


def drawn(name="drawn", demand=None, stores=2, **changes):
    demand = demand or {"kind": "negative-binomial", "mean": 6.0, "dispersion": 0.4}
    table = {
        "name": name,
        "periods": 30,
        "stores": [{"name": f"s{i}", "demand": demand, **STORE} for i in range(stores)],
    }
    return Scenario.model_validate(table | changes)


def recorded(units="continuous", **changes):
    """Demand of 100 dates from 1 unit on, one more each day; dates 0 to 39 are for training."""
    history = History(
        dates=tuple(date(2024, 1, 1) + timedelta(days=i) for i in range(100)),
        stores=("a", "b"),
        demand=np.arange(1.0, 101.0)[:, None] * [1.0, 2.0],
        validate_from=40,
        test_from=70,
    )
    trace = {"kind": "trace", "mean": 20.0, "sd": 11.0}
    table = {
        "name": "recorded",
        "periods": 20,
        "units": units,
        "stores": [{"name": name, "demand": trace, **STORE} for name in ("a", "b")],
        "history": history,
    }
    return Scenario.model_validate(table | changes)


def tape_of(scenario, purpose=Purpose.TEST, worlds=4, **how):
    return draw_tape(scenario, seed=5, purpose=purpose, worlds=worlds, **how)


def assert_same_but_for(one, other, *names):
    for field in fields(one):
        values = getattr(one, field.name), getattr(other, field.name)
        if field.name in names or not isinstance(values[0], np.ndarray):
            continue
        np.testing.assert_array_equal(*values, err_msg=field.name)


def everything(tape):
    return np.concatenate([tape.preceding, tape.demand])


# --- addresses --------------------------------------------------------------------------------


def test_demand_is_drawn_from_its_address_where_nothing_drifts():
    """The numbers of versions without a drift: (purpose, episode, source, site) of the seed."""
    tape = tape_of(drawn(demand={"kind": "poisson", "mean": 4.0}, preceding=9))
    for site in (0, 1):
        address = np.random.SeedSequence(5, spawn_key=(3, 0, 0, site))
        units = np.random.default_rng(address).poisson(4.0, (4, 30))
        np.testing.assert_array_equal(tape.demand[:, :, site], units.T)


@pytest.mark.parametrize("purpose", PLAYED)
def test_drawn_demand_drifts_for_every_purpose_and_nothing_else_moves(purpose):
    still = tape_of(load_scenario("three-stores"), purpose)
    scenario = load_scenario("three-stores").model_copy(
        update={"demand_drift": drawn(demand_drift=EVERYTHING).demand_drift}
    )
    tape = tape_of(scenario, purpose)
    assert_same_but_for(tape, still, "demand")
    assert (tape.demand != still.demand).mean() > 0.5
    assert (tape.demand % 1 == 0).all()


def test_a_store_drifts_alike_whatever_stores_come_after_it():
    changes = {"demand_drift": EVERYTHING, "preceding": 9}
    two, three = (tape_of(drawn(stores=stores, **changes)) for stores in (2, 3))
    np.testing.assert_array_equal(everything(two), everything(three)[:, :, :2])


def test_a_chain_drifts_alike_in_any_company_and_order():
    still = drawn("still")
    chains = [drawn(f"c{i}", demand_drift={**EVERYTHING, "level": 0.1 * i}) for i in range(3)]
    orders = [chains, chains[::-1], [still, *chains]]
    tapes = [tape_of(Mixture(tuple(order)), worlds=2 * len(order)) for order in orders]
    for chain in chains:
        places = [2 * order.index(chain) for order in orders]
        found = [t.demand[:, p : p + 2] for t, p in zip(tapes, places, strict=True)]
        np.testing.assert_array_equal(found[0], found[1])
        np.testing.assert_array_equal(found[0], found[2])
    alone = tape_of(Mixture((still,)), worlds=2)
    np.testing.assert_array_equal(tapes[2].demand[:, :2], alone.demand)


def test_many_stores_are_drawn_in_blocks_with_the_same_numbers(monkeypatch):
    scenario = drawn(stores=5, demand_drift=EVERYTHING)
    at_once = tape_of(scenario).demand
    monkeypatch.setattr("inventory_env.simulation.drift_path.MOST_SCORES", 1200)
    np.testing.assert_array_equal(tape_of(scenario).demand, at_once)


# --- what is seen before ----------------------------------------------------------------------


@pytest.mark.parametrize("correlation", [0.0, 0.5])
def test_demand_before_the_episode_is_of_its_law_and_leaves_the_episode_alone(correlation):
    changes = {"demand_correlation": correlation, "periods": 20}
    none = tape_of(drawn(**changes), worlds=1500)
    tape = tape_of(drawn(preceding=25, **changes), worlds=1500)
    assert none.preceding is None
    assert_same_but_for(tape, none, "preceding")
    assert tape.preceding.shape == (25, 1500, 2)
    # mean 6, variance 6 + 0.4 x 36 = 20.4
    assert tape.preceding.mean() == pytest.approx(
        6, abs=4 * (20.4 * (1 + correlation) / 75000) ** 0.5
    )
    assert tape.preceding.var() == pytest.approx(20.4, rel=0.05)
    between = np.corrcoef(tape.preceding[-1].ravel(), tape.demand[0].ravel())[0, 1]
    assert abs(between) < 4 / 3000**0.5
    stores = np.corrcoef(tape.preceding.reshape(-1, 2).T)[0, 1]
    assert stores == pytest.approx(correlation, abs=0.04)


def test_the_season_before_the_episode_is_that_of_its_dates():
    demand = {"kind": "deterministic", "mean": 10.0, "season": SEASON}
    tape = tape_of(drawn(demand=demand, preceding=9, units="continuous"))
    elapsed = np.arange(-9, 30)
    for world, first in enumerate(tape.first_day.astype(int)):
        weekday = np.array(SEASON["weekday"])[(first + elapsed) % 7]
        expected = 10 * weekday * (1 + 2 * elapsed / 365.25)
        np.testing.assert_allclose(everything(tape)[:, world, 0], expected)


def test_the_past_and_the_episode_are_on_one_path():
    """Certain demand shows the path: its log level moves by walk steps alone, at the seam too."""
    demand = {"kind": "deterministic", "mean": 1.0}
    changes = {"units": "continuous", "demand_drift": {"level": 0.4, "walk": 0.01}}
    tape = tape_of(drawn(demand=demand, preceding=28, **changes), worlds=800)
    log = np.log(everything(tape)[:, :, 0])
    assert log[0].std() == pytest.approx(0.4, rel=0.1)
    steps = np.diff(log, axis=0).std(axis=1)
    assert steps.min() > 0.009
    assert steps.max() < 0.011


def test_what_was_seen_is_remembered():
    scenario = drawn(preceding=9, demand_drift=EVERYTHING)
    chain, tape = Chain(scenario), tape_of(scenario)
    memory = chain.reset(tape).memory
    np.testing.assert_array_equal(memory.last_demand[:, :2], tape.preceding[-1])
    np.testing.assert_array_equal(memory.recent_demand, tape.preceding[:1:-1])


def test_chains_of_a_population_have_seen_as_much():
    with pytest.raises(InputError, match="preceding of b is 9, of a 0"):
        Mixture((drawn("a"), drawn("b", preceding=9)))


def test_a_morning_goes_on_from_its_level():
    demand = {"kind": "deterministic", "mean": 10.0, "season": SEASON}
    changes = {"units": "continuous", "preceding": 9, "demand_drift": {"level": 1, "walk": 0.001}}
    today = Today(day=1000, period=9, recorded=None, level=np.array([5.0, 20.0]))
    tape = tape_of(drawn(demand=demand, **changes), Purpose.FUTURE, today=today)
    assert tape.preceding is None
    season = np.array(SEASON["weekday"])[1000 % 7] * (1 + 2 * 9 / 365.25)
    np.testing.assert_allclose(tape.demand[0] / season, np.tile([5.0, 20.0], (4, 1)), rtol=0.005)


# --- recorded demand --------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", [Purpose.TUNE, Purpose.VALIDATE, Purpose.TEST])
def test_recorded_dates_are_as_recorded_where_nothing_is_learned(purpose):
    scenario, still = recorded("whole"), recorded("whole", demand_drift={})
    assert scenario.drift is not None
    tape = tape_of(scenario, purpose, worlds=20)
    assert_same_but_for(tape, tape_of(still, purpose, worlds=20))
    first = tape.first_day.astype(int)
    np.testing.assert_array_equal(tape.demand[:, :, 0], first + 1 + np.arange(20)[:, None])


@pytest.mark.parametrize(
    ("purpose", "how"),
    [(Purpose.TRAIN, {}), (Purpose.VALIDATE, {"shifted": True}), (Purpose.TUNE, {"shifted": True})],
)
def test_what_was_seen_before_training_drifts_with_it(purpose, how):
    scenario = recorded(demand_drift={"level": 0.4})
    tape = tape_of(scenario, purpose, worlds=400, **how)
    still = tape_of(recorded(demand_drift={}), purpose, worlds=400)
    assert_same_but_for(tape, still, "demand", "preceding")
    factor = everything(tape) / everything(still)
    np.testing.assert_allclose(factor, np.broadcast_to(factor[0], factor.shape))
    assert np.log(factor[0]).std() == pytest.approx(0.4, rel=0.1)


def test_recorded_units_stay_whole_with_the_right_mean():
    drift = {"jumps": 5, "jump_size": 0.5, "spread": 0.3, "noise": 0.2}
    whole, exact = (
        tape_of(recorded(units, demand_drift=drift), Purpose.TRAIN, worlds=3000).demand
        for units in ("whole", "continuous")
    )
    assert (whole % 1 == 0).all()
    assert whole.mean() == pytest.approx(exact.mean(), rel=0.01)


def test_training_on_recorded_demand_drifts_by_itself():
    still = tape_of(recorded(demand_drift={}), Purpose.TRAIN, worlds=300)
    tape = tape_of(recorded(), Purpose.TRAIN, worlds=300)
    ratio = everything(tape).mean(axis=0) / everything(still).mean(axis=0)
    assert np.log(ratio).std() == pytest.approx(0.44, abs=0.06)


def test_recorded_demand_is_seen_for_as_long_as_asked():
    tape = tape_of(recorded(preceding=10), Purpose.TEST)
    first = tape.first_day.astype(int)
    np.testing.assert_array_equal(tape.preceding[:, :, 0], first + 1 + np.arange(-10, 0)[:, None])
    for few, allowed in ((3, "0 or at least 7"), (0, "at least 7 where demand is replayed")):
        with pytest.raises(ValueError, match=rf"preceding must be {allowed}.* got {few}"):
            recorded(preceding=few)
