"""What every policy owes. A line in POLICIES puts another to the test."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest

from inventory_env.description.rules import BaseStock, MinMax
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rules.by_slot import BySlotPolicy
from policies.rules.rule_based import RandomOrders, RulePolicy

WORLDS = 23  # the length of no other axis
PERIODS = 8


@dataclass(frozen=True)
class Entry:
    """A policy to be tested."""

    make: Callable[[Scenario], Policy]
    heeds: bool = True  # whether it decides by what happened in a world
    """Random orders do not: they go by the number of the world, and depend on nothing in it."""


POLICIES = {
    "base-stock": Entry(lambda _: RulePolicy("base-stock", BaseStock(np.array(40.0)))),
    "min-max": Entry(
        lambda _: RulePolicy(
            "min-max", MinMax(np.array(30.0), np.array(20.0), cap=np.array(np.inf))
        )
    ),
    "by-slot": Entry(
        lambda _: BySlotPolicy("by-slot", BaseStock(np.array([[[30.0]], [[50.0]]])), np.array([2]))
    ),
    "random": Entry(lambda _: RandomOrders(seed=3), heeds=False),
}


def _closed_one_day() -> Scenario:
    """One store that has no demand on one day of the week."""
    table = load_scenario("single-store").model_dump()
    table["stores"][0]["demand"]["season"] = {"weekday": [0, 1.5, 1.5, 1, 1, 1, 1]}
    return Scenario.model_validate(table)


@pytest.fixture(params=["three-stores", "closed-one-day"])
def scenario(request: pytest.FixtureRequest) -> Scenario:
    """A chain that is short of stock now and then, and one whose season has a factor of 0."""
    return _closed_one_day() if request.param == "closed-one-day" else load_scenario(request.param)


every_policy = pytest.mark.parametrize("entry", POLICIES.values(), ids=POLICIES)


def _tape(scenario: Scenario, worlds: int = WORLDS) -> Tape:
    return draw_tape(scenario, seed=1, purpose=Purpose.TEST, worlds=worlds)


def _situations(scenario: Scenario, tape: Tape, policy: Policy) -> Iterator[tuple[Any, np.ndarray]]:
    """What a policy sees and wants in the first periods of an episode."""
    chain = Chain(scenario)
    chain.reset(tape)
    for _ in range(PERIODS):
        situation = chain.situation
        wishes = policy.wishes(situation)
        yield situation, wishes
        chain.step(wishes)


def _wishes(scenario: Scenario, tape: Tape, policy: Policy) -> np.ndarray:
    """(period, world, site) units wanted."""
    return np.stack([wishes for _, wishes in _situations(scenario, tape, policy)])


def _mapped(value: Any, change: Callable[[np.ndarray], np.ndarray]) -> Any:
    """A dataclass of dataclasses and arrays with every array changed."""
    if isinstance(value, np.ndarray):
        return change(value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            field.name: _mapped(getattr(value, field.name), change) for field in fields(value)
        }
        return replace(value, **changed)
    return value


def _arrays(value: Any) -> list[np.ndarray]:
    found: list[np.ndarray] = []
    _mapped(value, lambda array: found.append(array.copy()) or array)  # type: ignore[func-returns-value]
    return found


@every_policy
def test_it_wishes_units_for_every_store_and_perhaps_for_sites_upstream(entry, scenario):
    policy = entry.make(scenario)
    assert policy.name
    stores = len(scenario.stores)
    for _, wishes in _situations(scenario, _tape(scenario), policy):
        assert wishes.shape[0] == WORLDS
        assert stores <= wishes.shape[1] <= stores + 2
        assert np.isfinite(wishes).all()


@every_policy
def test_the_same_episode_again_gets_the_same_wishes(entry, scenario):
    """From the same object, which may keep state within an episode, and from another."""
    policy, tape = entry.make(scenario), _tape(scenario)
    first = _wishes(scenario, tape, policy)
    np.testing.assert_array_equal(_wishes(scenario, tape, policy), first)
    np.testing.assert_array_equal(_wishes(scenario, tape, entry.make(scenario)), first)


@every_policy
def test_what_it_looks_at_is_left_alone(entry, scenario):
    policy = entry.make(scenario)
    for situation, _ in _situations(scenario, _tape(scenario), policy):
        before = _arrays(situation)
        policy.wishes(situation)
        for array, kept in zip(_arrays(situation), before, strict=True):
            np.testing.assert_array_equal(array, kept)


@every_policy
def test_other_worlds_change_nothing(entry, scenario):
    alone = _wishes(scenario, _tape(scenario, worlds=2), entry.make(scenario))
    among_others = _wishes(scenario, _tape(scenario), entry.make(scenario))
    np.testing.assert_allclose(alone, among_others[:, :2], rtol=1e-12)


@pytest.mark.parametrize(
    "entry",
    [pytest.param(entry, id=name) for name, entry in POLICIES.items() if entry.heeds],
)
def test_worlds_in_another_order_get_the_same_wishes(entry, scenario):
    order = np.random.default_rng(2).permutation(WORLDS)

    def permuted(array: np.ndarray) -> np.ndarray:
        if WORLDS not in array.shape:
            return array
        return np.take(array, order, axis=array.shape.index(WORLDS))

    for situation, wishes in _situations(scenario, _tape(scenario), entry.make(scenario)):
        again = entry.make(scenario).wishes(_mapped(situation, permuted))
        np.testing.assert_allclose(again, wishes[order], rtol=1e-12)


@every_policy
def test_it_does_not_look_ahead(entry, scenario):
    """Other demand from period 3 on changes wishes from period 4 on only."""
    tape, other = _tape(scenario), _tape(scenario)
    other.demand[3:] += 5
    wishes, changed = (_wishes(scenario, t, entry.make(scenario)) for t in (tape, other))
    np.testing.assert_array_equal(wishes[:4], changed[:4])
    of_stores = slice(0, len(scenario.stores))  # sites above may follow their chain's rules
    differ = wishes[4:, :, of_stores] != changed[4:, :, of_stores]
    assert differ.any() == entry.heeds
