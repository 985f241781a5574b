"""What a period pays, by hand; see docs/model.md, Ledger and money, and Reward."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hand_made import FAR, LEDGER, NEAR, chain, moment, recorded_chain, row

from inventory_env.decision.credit import STORE_BUSINESS, Creditor
from inventory_env.decision.recipe import Credit
from inventory_env.decision.reward import present_level, site_rewards
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import RewardWeights
from inventory_env.simulation.ledger import Ledger, Money
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, Tape, draw_tape

HOLDING = (1 * 11, 2 * 4, 0.3 * 30, 0.1 * 21)
SHORTAGE = (9 * (3 + 5), 6 * (1 + 2), 0, 0)
ORDERING = (5 + 0.5 * 16, 0, 8 + 0.125 * 28, 10 + 0.2 * 32)
COST = [sum(kinds) for kinds in zip(HOLDING, SHORTAGE, ORDERING, strict=True)]


def paid(scenario: Scenario, team_share: float, ledger: Ledger = LEDGER, **weights: Any) -> Any:
    """Rewards of the four sites."""
    shape, money = shape_of(scenario), Money.of(Params.of(scenario), ledger)
    return site_rewards(RewardWeights(**weights), team_share, shape, ledger, money)[0]


@pytest.mark.parametrize("team_share", [0.0, 0.25, 1.0])
def test_cost_is_what_the_site_and_its_chain_cost(team_share: float) -> None:
    team = sum(COST) / 2  # of two stores
    expected = [-(1 - team_share) * own - team_share * team for own in COST]
    np.testing.assert_allclose(paid(chain(), team_share), expected)


@pytest.mark.parametrize("team_share", [0.0, 0.25, 1.0])
def test_original_is_the_weighted_sum(team_share: float) -> None:
    """Upstream, service is what was shipped of what was asked; the team are the stores."""
    service = (15 / 20, 7 / 8, 20 / 25, 7 / 28)
    own = [
        11 * s - 0.02 * h - 0.1 * p - 0.5 * k
        for s, h, p, k in zip(service, HOLDING, SHORTAGE, ORDERING, strict=True)
    ]
    expected = [(1 - team_share) * site + team_share * (own[0] + own[1]) / 2 for site in own]
    weights = {"service_level": 11, "holding": 0.02, "stockout": 0.1, "ordering": 0.5}
    np.testing.assert_allclose(paid(chain(), team_share, preset="original", **weights), expected)


def test_service_is_full_where_nothing_is_asked() -> None:
    quiet = replace(LEDGER, demand=row(0, 8, 0, 28), served=row(0, 7, 0, 7))
    weights = {"service_level": 10, "holding": 0, "stockout": 0}
    found = paid(chain(), 0.0, quiet, preset="original", **weights)
    np.testing.assert_allclose(found, [10, 8.75, 10, 2.5])


def test_who_waits_costs_nothing_where_nobody_waits() -> None:
    gone = paid(chain(unmet_demand="lost"), 0.0)
    np.testing.assert_allclose(gone[:2], [-(11 + 9 * 3 + 13), -(8 + 6 * 1)])


# --- credit: two stores, supplied without end, two periods and no period away -----------------

DICE = {"kind": "discrete-uniform", "low": 0, "high": 3}
STORES = [{**NEAR, "lead_time": 2, "demand": DICE}, {**FAR, "lead_time": 0, "demand": DICE}]


def after(unmet: str, on_hand: int, on_the_way: int, waiting: int) -> tuple[Situation, Tape]:
    """The chain after period 5, and a tape on which `near` sells 3 in period 6 and 9 in 7."""
    scenario = chain(stores=STORES, warehouse={"unlimited": True}, unmet_demand=unmet)
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=1)
    demand = tape.demand.copy()
    demand[6:8, 0] = [[3, 2], [9, 1]]
    situation = moment(scenario, period=6)
    state = replace(
        situation.state,
        on_hand=row(on_hand, 5),
        pipeline=np.array([[[on_the_way, 0.0]], [[40.0, 0.0]]]),  # 40 come too late
        backorders=row(waiting, 0),
    )
    return replace(situation, state=state), replace(tape, demand=demand)


def credited(credit: Credit, unmet: str, *stock: int) -> dict[str, list[float]]:
    """What pays `near` and `far` for their orders of period 5."""
    situation, tape = after(unmet, *stock)
    scenario = chain(stores=STORES, warehouse={"unlimited": True}, unmet_demand=unmet)
    creditor = Creditor(scenario, Params.of(scenario), credit)
    assert creditor.periods == (0 if credit == "now" else 2)
    ledger = Ledger(*(values[:, :2] for values in vars(LEDGER).values()))
    paying = creditor.credited(ledger, situation, tape).ledger
    for name in ("opening", "received", "ordered", "shipped", "sold"):
        np.testing.assert_array_equal(getattr(paying, name), getattr(ledger, name))
    return {name: getattr(paying, name)[0].tolist() for name in STORE_BUSINESS}


OWN = {"demand": 8, "served": 7, "lost": 1, "backorders": 2, "closing": 4}  # of `far`: it is there

ARRIVALS: list[tuple[str, tuple[int, int, int], dict[str, float]]] = [
    # 7 - 3 + 4 = 8 on hand when 9 are wanted
    ("lost", (7, 4, 0), {"demand": 9, "served": 8, "lost": 1, "backorders": 0, "closing": 0}),
    # 7 - 3 + 10 = 14
    ("lost", (7, 10, 0), {"demand": 9, "served": 9, "lost": 0, "backorders": 0, "closing": 5}),
    # 2 of 3 are lost in period 6: only 4 that arrive
    ("lost", (1, 4, 0), {"demand": 9, "served": 4, "lost": 5, "backorders": 0, "closing": 0}),
    # 6 wait and 3 more come while 1 is there: of the 12 of period 7, 8 are for the 8 who waited
    ("backorder", (1, 12, 6), {"demand": 9, "served": 4, "lost": 0, "backorders": 5, "closing": 0}),
]


@pytest.mark.parametrize(("unmet", "stock", "business"), ARRIVALS)
def test_an_order_is_paid_with_the_period_of_its_arrival(
    unmet: str, stock: tuple[int, int, int], business: dict[str, float]
) -> None:
    found = credited("arrival", unmet, *stock)
    assert found == {name: [business[name], OWN[name]] for name in STORE_BUSINESS}


EXPECTED: list[tuple[str, tuple[int, int, int], float, float]] = [
    # 0, 1, 2 or 3 are wanted, of 1 on hand: (1 + 2) / 4 short
    ("lost", (3, 1, 0), 3 / 4, 1 - 1.5 + 3 / 4),
    ("lost", (3, 2, 0), 1 / 4, 2 - 1.5 + 1 / 4),
    ("lost", (3, 5, 0), 0, 5 - 1.5),
    # 2 wait when the period begins: they are short too, and nothing is left
    ("backorder", (1, 2, 2), 2 + 1.5, 0),
]


@pytest.mark.parametrize(("unmet", "stock", "short", "left"), EXPECTED)
def test_or_with_what_that_period_costs_on_average(
    unmet: str, stock: tuple[int, int, int], short: float, left: float
) -> None:
    found = credited("expected", unmet, *stock)
    # `far` had 4 + 7 on hand before its demand, of which 2 were waited for: never too few
    np.testing.assert_allclose(found["lost"], [short, 0], atol=1e-3)
    np.testing.assert_allclose(found["closing"], [left, 11 - 2 - 1.5], atol=1e-3)
    assert found["backorders"] == [0, 0]


def test_or_with_the_period_it_is_made_in() -> None:
    found = credited("now", "lost", 7, 4, 0)
    assert found["closing"] == [11, 4] and found["lost"] == [3, 1]


def test_rewards_count_in_present_levels_where_demand_is_recorded() -> None:
    """13 of 10 units and 4.5 of 6, together 17.5 of 16."""
    situation = moment(recorded_chain())
    together = 17.5 / 16
    np.testing.assert_allclose(present_level(situation, 1.0), row(*[together] * 4))
    np.testing.assert_allclose(present_level(situation, 0.0), row(1.3, 0.75, together, together))
    assert present_level(moment(chain()), 1.0) == 1.0
    estimates = situation.memory.estimates * 2  # of all that was seen
    memory = replace(situation.memory, estimates=estimates)
    twice = replace(situation, memory=memory)
    np.testing.assert_allclose(present_level(twice, 1.0), 2 * present_level(situation, 1.0))
