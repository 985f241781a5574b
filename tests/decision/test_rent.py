"""What a store pays for the shared stock it has: by hand, and against what the others lose."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_made import LEDGER, chain, moment, row, with_state

from inventory_env.decision.credit import Creditor
from inventory_env.decision.rent import rent_charges, rents
from inventory_env.description.scenario import Scenario
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, draw_tape


def store(name: str, mean: float, lead_time: int, holding: float, shortage: float) -> Any:
    return {
        "name": name,
        "demand": {"kind": "normal", "mean": mean, "sd": mean / 3},
        "lead_time": lead_time,
        "holding_cost": holding,
        "shortage_cost": shortage,
    }


def three(**warehouse: Any) -> Scenario:
    """Three unlike stores behind a warehouse that holds at 0.3."""
    stores = [store("a", 10, 1, 1, 9), store("b", 6, 3, 2, 6), store("c", 4, 2, 1, 4)]
    return chain(
        stores=stores,
        unmet_demand="lost",
        warehouse={"lead_time": 2, "holding_cost": 0.3, **warehouse},
        supplier={"unlimited": True},
    )


WANTED = row(0.5, 0.5, 0.2)  # a unit more is worth 10 / 2 - 1 = 4, 8 / 2 - 2 = 2, 5 / 5 - 1 = 0
CASES: list[tuple[str, tuple[int, int, int], list[float]]] = [
    # of the next unit a quarter were for a and the rest for b: c pays (2 x 4 + 6 x 2) / 8
    ("proportional", (2, 6, 0), [2, 4, 2.5]),
    # both lack something and get it by their means: c pays (10 x 4 + 6 x 2) / 16
    ("fair-share", (2, 6, 0), [2, 4, 3.25]),
    # nobody else lacks anything that a could have left
    ("proportional", (2, 0, 0), [0, 4, 4]),
    ("fair-share", (2, 0, 0), [0, 4, 4]),
    # the warehouse has stock left, which costs less at a store
    ("proportional", (0, 0, 0), [-0.3, -0.3, -0.3]),
]


@pytest.mark.parametrize(("rationing", "lack", "expected"), CASES)
@pytest.mark.parametrize("unshipped", ["owed", "dropped"])
def test_a_unit_costs_what_it_was_worth_to_those_who_lacked_it(
    rationing: str, lack: tuple[int, int, int], expected: list[float], unshipped: str
) -> None:
    scenario = three(rationing=rationing).model_copy(update={"unshipped_orders": unshipped})
    owed = lack if unshipped == "owed" else (0, 0, 0)
    after = with_state(moment(scenario), owed=row(*owed, 0))
    ordered = row(12, 13, 14, 9)
    ledger = replace(LEDGER, ordered=ordered, shipped=ordered - row(*lack, 0))
    np.testing.assert_allclose(rents(ledger, after, WANTED)[0], expected)


def test_it_is_paid_for_what_others_of_the_group_do_not_have() -> None:
    """Six worlds in groups of three: a store had its stock, its pipeline and what it sold."""
    scenario = three()
    after, zero = moment(scenario), np.zeros((6, 4))
    on_hand = np.zeros((6, 4))
    on_hand[:, 0] = [1, 2, 6, 0, 0, 0]
    pipeline, sold = np.zeros((2, 6, 4)), np.zeros((6, 4))
    pipeline[1, :, 0], sold[:, 0] = [0, 0, 0, 0, 3, 0], [0, 1, 0, 0, 0, 0]
    after = with_state(after, on_hand=on_hand, pipeline=pipeline, owed=zero, backorders=zero)
    ledger = replace(LEDGER, sold=sold, ordered=zero, shipped=zero)
    found = rent_charges(ledger, after, np.zeros((6, 3)), 3)
    # had 1, 3, 6 and 0, 3, 0; the others of each group 4.5, 3.5, 2 and 1.5, 0, 1.5
    beyond = [-3.5, -0.5, 4, -1.5, 3, -1.5]
    np.testing.assert_allclose(found[:, 0], -0.3 * np.array(beyond), atol=1e-12)
    alone = rent_charges(ledger, after, np.zeros((6, 3)), 1)
    np.testing.assert_allclose(alone[:, 0], -0.3 * np.array([1, 3, 6, 0, 3, 0]), atol=1e-12)


@pytest.mark.parametrize("rationing", ["proportional", "fair-share"])
@pytest.mark.parametrize("acting", [0, 1, 2])
def test_the_rent_of_a_unit_is_what_all_others_lose_by_it(rationing: str, acting: int) -> None:
    """A store orders a hair more; the others' expected cost when their orders arrive, and the
    warehouse's, rise by its rent times what it has more."""
    scenario, hair = three(rationing=rationing), 1e-6
    params = Params.of(scenario)
    creditor = Creditor(scenario, params, "expected")
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=400)
    rng = np.random.default_rng(1)
    one = Chain(scenario, params)
    one.reset(tape)
    for _ in range(15):
        one.step(rng.uniform(0.6, 1.4, (400, 4)) * [10, 6, 4, 20])
    orders = rng.uniform(0.6, 1.4, (400, 4)) * [10, 6, 4, 20]
    two = Chain(scenario, params)
    two.reset(tape, one.situation.state, one.situation.memory, one.situation.period)
    more = orders.copy()
    more[:, acting] += hair
    found = []
    for chain_, placed in ((one, orders), (two, more)):
        ledger = chain_.place(placed)
        paying = creditor.credited(ledger, chain_.situation, tape)
        had = chain_.situation.state.holdings[:, acting] + ledger.sold[:, acting]
        rent = rents(ledger, chain_.situation, paying.wanted)[:, acting]
        found.append((had, rent, _of_others(params, paying.ledger, acting)))
    (had, rent, cost), (had_then, _, cost_then) = found
    short = one.situation.state.owed[:, :3].any(axis=1)
    assert 40 < short.sum() < 360
    got = had_then - had
    assert (got[~short] > 0.99 * hair).all() and (got[short] < 0.99 * hair).any()
    np.testing.assert_allclose((cost_then - cost) / hair, rent * got / hair, atol=2e-3)


def _of_others(params: Params, ledger: Ledger, acting: int) -> Array:
    """(world,) money of all sites but one, orders left out."""
    money = Money.of(params, ledger)
    site = money.holding + money.shortage
    return np.asarray(site.sum(axis=1) - site[:, acting])
