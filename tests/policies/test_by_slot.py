"""Levels by slot of a cycle: textbook levels, the right slot, no dearer than one level for all."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.measurement import EVALUATION_SEED
from benchmarks.published.generalist import cases
from benchmarks.published.rivals import rival_costs
from inventory_env.description.population import Mixture
from inventory_env.description.rules import BaseStock
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rollout import mean_costs
from policies.rules.by_slot import BySlotPolicy, slots_of, tuned_by_slot
from policies.rules.rule_based import RulePolicy
from policies.rules.search import tuned_rules
from policies.rules.search_space import rule_of_worlds


def chain(name: str, cycle: tuple[float, ...] = (), **store: Any) -> Scenario:
    demand = {"kind": "poisson", "mean": 20.0} | ({"season": {"cycle": cycle}} if cycle else {})
    values = {"lead_time": 0, "holding_cost": 1.0, "shortage_cost": 19.0, **store}
    return Scenario.model_validate(
        {
            "name": name,
            "periods": 420,
            "warm_up": 20,
            "stores": [{"name": "shop", "demand": demand, **values}],
            "warehouse": {"unlimited": True},
        }
    )


def test_each_slot_gets_its_newsvendor_level() -> None:
    """Lead time 0: each period is a newsvendor of its own, but for what is left of the one before.

    A rule sees stock less the forecast above the mean. Cycles of 2 and 3 periods side by side.
    """
    cycles = (0.4, 1.6), (0.8, 1.0, 1.2)
    chains = Mixture(tuple(chain(f"c{len(each)}", each) for each in cycles))
    found = tuned_by_slot("base-stock", chains, seed=1)
    levels = found.rule.level[:, :, 0]  # type: ignore[attr-defined]
    assert levels.shape == (3, 2) and list(found.lengths) == [2, 3]
    for place, cycle in enumerate(cycles):
        for slot, factor in enumerate(cycle):
            exact = stats.poisson.ppf(0.95, 20 * factor)
            assert levels[slot, place] + 20 * (factor - 1) == pytest.approx(exact, abs=1.6)


def test_the_slot_is_that_of_the_day_in_each_world() -> None:
    """Worlds begin on days of their own, and cycles differ in length."""
    chains = Mixture((chain("two", (0.5, 1.5)), chain("three", (0.5, 1.0, 1.5))))
    levels = np.array([[100.0, 200.0], [110.0, 210.0], [0.0, 220.0]])[:, :, None]
    policy = BySlotPolicy("base-stock", BaseStock(levels), np.array([2, 3])).in_worlds(3)
    world = Chain(chains)
    world.reset(draw_tape(chains, seed=0, purpose=Purpose.TEST, worlds=6))
    for _ in range(7):
        seen = world.situation
        wishes = policy.wishes(seen)
        for w, day in enumerate(seen.outlook.day):
            level = levels[int(day) % (2 + w // 3), w // 3, 0]
            assert wishes[w, 0] == max(level - seen.adjusted_position()[w, 0], 0.0)
        world.step(wishes)


@pytest.mark.parametrize("kind", ["base-stock", "projected-inventory"])
def test_it_is_no_dearer_than_one_level_for_all_on_fresh_demand(kind: str) -> None:
    """And much cheaper where the spread of demand over the cover differs most by slot."""
    chains = Mixture((chain("strong", (0.2, 1.8)), chain("mild", (0.95, 1.05), lead_time=3)))
    tape = draw_tape(chains, seed=9, purpose=Purpose.TEST, worlds=400)
    alike = RulePolicy(kind, rule_of_worlds(tuned_rules(kind, chains, seed=0), 200))
    by_slot = tuned_by_slot(kind, chains, seed=0).in_worlds(200)
    before, now = (mean_costs(each, chains, tape).reshape(2, 200) for each in (alike, by_slot))
    saved = 100 * (before - now).mean(axis=1) / before.mean(axis=1)
    assert saved[0] > 1.0 and saved[1] > -0.2


def test_rivals_of_rows_with_cycles_are_the_better_of_two() -> None:
    """A row without a cycle costs the same in any company; one with a cycle never more."""
    chains = Mixture((chain("plain"), chain("cycle", (0.2, 1.8))))
    tape = draw_tape(chains, seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=80)
    costs = rival_costs("projected-inventory", "projected-inventory", chains, tape)
    rule = tuned_rules("projected-inventory", chains, seed=0, store_periods=16_000)
    plain = RulePolicy("projected-inventory", rule_of_worlds(rule, 40))
    alike = mean_costs(plain, chains, tape).reshape(2, 40)
    np.testing.assert_array_equal(costs[0], alike[0])
    assert costs[1].mean() < 0.99 * alike[1].mean()
    assert np.corrcoef(costs[1], alike[1])[0, 1] > 0.5  # on the same demand


def test_drawn_cycles_have_two_to_seven_slots() -> None:
    found = [slots_of(case.chain) for case in cases(["drawn"])]
    assert sorted(found)[24:] == [2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7]
    assert max(sorted(found)[:24]) == 1


def test_one_cycle_a_chain() -> None:
    two = chain("two", (0.5, 1.5)).model_dump()
    other = two["stores"][0] | {"name": "other"}
    other["demand"] = {"kind": "poisson", "mean": 4, "season": {"cycle": (0.5, 1, 1.5)}}
    both = Scenario.model_validate({**two, "stores": [two["stores"][0], other]})
    with pytest.raises(InputError, match=r"two: levels by slot need one cycle, got \[2, 3\]"):
        slots_of(both)
