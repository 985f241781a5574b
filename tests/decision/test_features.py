"""Every feature against numbers worked out by hand from the text of docs/model.md.

A row has the values of near, far, warehouse and supplier. Their facts: mean demand 10, 6, and 16
of both together; sd 4, 3, and sqrt(4^2 + 3^2 + 2 x 0.5 x 4 x 3) = sqrt(37); lead times 3,
1.5 +- 0.5, 4 and 2; review 1. So the covers are 4, 2.5, 5 and 3; an echelon's also has the links
below it, the last of which takes (10 x 3 + 6 x 1.5) / 16 periods, with variance 6 x 0.25 / 16.
"""

from collections.abc import Callable
from math import cos, log, pi, sin, sqrt
from typing import Any

import numpy as np
import pytest
from hand_made import (
    DOWN,
    FACTORS,
    FAR,
    NEAR,
    RECENT,
    START_ORDERS,
    SUPPLIER,
    chain,
    interface,
    moment,
    recorded_chain,
    row,
    settings,
    with_state,
)
from scipy.integrate import quad
from scipy.stats import norm

from inventory_env.decision.feature import Feature, View, Yardstick
from inventory_env.decision.features import EXTRAS, OF_OTHERS, SEVEN
from inventory_env.decision.interface import Interface
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import Mixture, shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.params import Params
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.worlds import stack_worlds

Rows = dict[str, list[float]]

SD = sqrt(37)
LINK, LINK_VARIANCE = (10 * 3 + 6 * 1.5) / 16, 6 * 0.25 / 16
COVER = {True: (4, 2.5, 4 + LINK + 1, 4 + 2 + LINK + 1), False: (4, 2.5, 4 + 1, 2 + 1)}
COVER_SD = {
    True: (
        sqrt(4 * 4**2),
        sqrt(2.5 * 3**2 + 6**2 * 0.25),
        sqrt((5 + LINK) * 37 + 16**2 * LINK_VARIANCE),
        sqrt((7 + LINK) * 37 + 16**2 * LINK_VARIANCE),
    ),
    False: (sqrt(4 * 4**2), sqrt(2.5 * 3**2 + 6**2 * 0.25), sqrt(5 * 37), sqrt(3 * 37)),
}


def near(periods: int) -> float:
    """Forecast of the next periods at `near`."""
    return 10 * sum(FACTORS[:periods])


def both(periods: int) -> float:
    """The same of both stores."""
    return near(periods) + 6 * periods


# Inventory positions: on hand + pipeline + owed - backorders, and with all downstream of a site.
NEAR_POSITION = 14 + (9 + 11) + 2 - 1
FAR_POSITION = 8 + 5 + 4 - 3
STORES_POSITION = (14 + 9 + 11 - 1) + (8 + 5 - 3)  # units in and before the stores
WAREHOUSE_POSITION = {False: 45 + 54 + 7 - 6, True: 45 + 54 + 7 + STORES_POSITION}
SUPPLIER_POSITION = {False: 40 + 23 - 7, True: 40 + 23 + 45 + 54 + STORES_POSITION}


def on_hand(shared: bool) -> Rows:
    c = COVER[shared]
    return {
        "on_hand": [
            (14 - 1) / (10 * 4),
            (8 - 3) / (6 * 2.5),
            (45 - 6) / (16 * c[2]),
            (40 - 7) / (16 * c[3]),
        ]
    }


def on_the_way(shared: bool) -> Rows:
    c = COVER[shared]
    return {
        "on_the_way": [
            (9 + 11 + 2) / (10 * 4),
            (5 + 4) / (6 * 2.5),
            (15 + 21 + 18 + 7) / (16 * c[2]),
            23 / (16 * c[3]),
        ]
    }


def unmet(shared: bool) -> Rows:
    return {"unmet": [5 / 4, 2 / 3, 10 / SD, 13 / SD]}


def last_demand(shared: bool) -> Rows:
    return {"last_demand": [(19 - 10) / 4, (5 - 6) / 3, (26 - 16) / SD, (28 - 16) / SD]}


def forecast(shared: bool) -> Rows:
    together = (10 * 1.2 + 6 - 16) / SD
    return {"forecast": [(10 * 1.2 - 10) / 4, 0, together, together]}


def service(shared: bool) -> Rows:
    return {"service": [5 * (1 - 0.9), 5 * (1 - 0.75), 5 * (1 - 0.6), 5 * (1 - 0.5)]}


def position(shared: bool) -> Rows:
    """Forecast over the cover: mean x cover + the excess over the cover in whole periods."""
    c, sd = COVER[shared], COVER_SD[shared]
    whole = (8, 10) if shared else (5, 3)
    expected = [16 * c[2 + k] + both(whole[k]) - 16 * whole[k] for k in range(2)]
    return {
        "position": [
            (NEAR_POSITION - near(4)) / sd[0],
            (FAR_POSITION - 6 * 2.5) / sd[1],
            (WAREHOUSE_POSITION[shared] - expected[0]) / sd[2],
            (SUPPLIER_POSITION[shared] - expected[1]) / sd[3],
        ]
    }


def projected_stock(shared: bool) -> Rows:
    return {
        "stock_ahead_1": [
            (13 - near(1)) / 4,
            (5 - 6) / 3,
            (39 - both(1)) / SD,
            (33 - both(1)) / SD,
        ],
        "stock_ahead_2": [
            (13 + 9 - near(2)) / (4 * sqrt(2)),
            (5 + 5 - 12) / (3 * sqrt(2)),
            (39 + 15 - both(2)) / (SD * sqrt(2)),
            (33 + 23 - both(2)) / (SD * sqrt(2)),
        ],
        "stock_ahead_3": [
            (13 + 9 + 11 - near(3)) / (4 * sqrt(3)),
            (5 + 5 - 18) / (3 * sqrt(3)),
            (39 + 15 + 21 - both(3)) / (SD * sqrt(3)),
            (33 + 23 - both(3)) / (SD * sqrt(3)),
        ],
        "stock_ahead_4": [
            (13 + 9 + 11 - near(4)) / (4 * 2),
            (5 + 5 - 24) / (3 * 2),
            (39 + 15 + 21 + 18 - both(4)) / (SD * 2),
            (33 + 23 - both(4)) / (SD * 2),
        ],
    }


def pipeline(shared: bool) -> Rows:
    return {
        "pipeline_1": [9 / 10 - 1, 5 / 6 - 1, 15 / 16 - 1, 23 / 16 - 1],
        "pipeline_2": [11 / 10 - 1, 0, 21 / 16 - 1, 0],
        "pipeline_3": [0, 0, 18 / 16 - 1, 0],
    }


def rule(shared: bool) -> Rows:
    return {"rule_order": [12 / 10 - 1, 9.5 / 6 - 1, 29 / 16 - 1, 37 / 16 - 1]}


def whole_chain(shared: bool) -> Rows:
    values = {
        "store_0_position": (NEAR_POSITION - near(4)) / COVER_SD[True][0],
        "store_1_position": (FAR_POSITION - 6 * 2.5) / COVER_SD[True][1],
        "store_0_stock": (14 - 1 - 10 * 4) / COVER_SD[True][0],
        "store_1_stock": (8 - 3 - 6 * 2.5) / COVER_SD[True][1],
        "chain_warehouse_stock": 45 / 16 - 1,
        "chain_warehouse_owes": 6 / 16,
        "chain_warehouse_pipeline_1": 15 / 16 - 1,
        "chain_warehouse_pipeline_2": 21 / 16 - 1,
        "chain_warehouse_pipeline_3": 18 / 16 - 1,
        "chain_supplier_stock": 40 / 16 - 1,
        "chain_supplier_owes": 7 / 16,
        "chain_supplier_pipeline_1": 23 / 16 - 1,
    }
    return {name: [value] * 4 for name, value in values.items()}


def warehouse(shared: bool) -> Rows:
    """Only stores learn; their mean position does not follow the season."""
    mean = ((NEAR_POSITION - 40) / COVER_SD[True][0] + (FAR_POSITION - 15) / COVER_SD[True][1]) / 2
    return {
        "warehouse_stock": [45 / 16 - 1] * 2,
        "warehouse_pipeline_1": [15 / 16 - 1] * 2,
        "warehouse_pipeline_2": [21 / 16 - 1] * 2,
        "warehouse_pipeline_3": [18 / 16 - 1] * 2,
        "supplier_owes": [7 / 16] * 2,
        "owed_to_stores": [6 / 16] * 2,
        "owed": [2 / 10, 4 / 6],
        "stores_position": [mean] * 2,
    }


def orders(shared: bool) -> Rows:
    return {
        "orders_of_store_0": [0, 0, 16 / 10 - 1, 0],
        "orders_of_store_1": [0, 0, 10 / 6 - 1, 0],
    }


def calendar(shared: bool) -> Rows:
    year, week = 2 * pi * 100 / 365.25, 2 * pi * 100 / 7
    waves = {
        "year_sin": [sin(year)] * 4,
        "year_cos": [cos(year)] * 4,
        "week_sin": [sin(week)] * 4,
        "week_cos": [cos(week)] * 4,
        "half_week_sin": [sin(2 * week)] * 4,
        "half_week_cos": [cos(2 * week)] * 4,
    }
    seasons = {}
    for k in range(4):  # the longest cover of a store
        together = (10 * FACTORS[k] + 6 * 1) / 16 - 1
        seasons[f"season_{k}"] = [FACTORS[k] - 1, 0, together, together]
    down = {f"supplier_down_{k}": [float(DOWN[k])] * 4 for k in range(4 + 3)}
    return {**waves, **seasons, **down}


def store(shared: bool) -> Rows:
    holding, shortage = (10 * 1 + 6 * 2) / 16, (10 * 9 + 6 * 6) / 16
    leads = (3, 1.5, 4 + LINK, 4 + 2 + LINK) if shared else (3, 1.5, 4, 2)
    together = norm.ppf(shortage / (shortage + holding)) - 1.3
    return {
        "critical_ratio": [norm.ppf(0.9) - 1.3, norm.ppf(0.75) - 1.3, together, together],
        "size": [log(10 / 8), log(6 / 8), log(16 / 8), log(16 / 8)],
        "variation": [4 / 10 - 0.5, 3 / 6 - 0.5, SD / 16 - 0.5, SD / 16 - 0.5],
        "lead_time": [lead / 2 - 1 for lead in leads],
        "store_0": [1, 0, 0, 0],
        "store_1": [0, 1, 0, 0],
    }


def role(shared: bool) -> Rows:
    return {
        "is_stores": [1, 1, 0, 0],
        "is_warehouse": [0, 0, 1, 0],
        "is_supplier": [0, 0, 0, 1],
    }


def history(shared: bool) -> Rows:
    rows = {}
    for k, (at_near, at_far) in enumerate(zip(*RECENT, strict=True)):
        together = (at_near + at_far) / 17.5 - 1 if shared else 0
        rows[f"demand_{k + 1}_ago"] = [at_near / 13 - 1, at_far / 4.5 - 1, together, together]
    return rows


def estimates(shared: bool) -> Rows:
    """Spreads of late are drawn towards 1 as if by 8 of 10 + 8 periods."""
    wider, less_wide = log((10 * 1.5 + 8) / 18) / 2, log((10 * 0.4 + 8) / 18) / 2
    return {
        "slow_average": [0, 0, 0, 0],
        "medium_average": [0, 0, 0, 0],
        "fast_average": [0, 0, 0, 0],
        "recent_spread": [2 * wider, 2 * less_wide, 0, 0],
        "without_demand": [-0.8, -0.4, -1, -1],
        "since_demand": [0, log(3), 0, 0],
        "little_seen": [5 * (31**-0.5 - 0.1), 5 * (31**-0.5 - 0.1), -0.5, -0.5],
    }


def expected_left(mean: float, sd: float) -> tuple[float, float]:
    """Mean and second moment of what is left of a normal stock, half of what is short being owed,
    by numerical integration."""
    law = norm(mean, sd)

    def left(z: float) -> float:
        return z if z > 0 else 0.5 * z

    ends = (mean - 12 * sd, mean + 12 * sd)
    pieces = [(ends[0], min(0.0, ends[1])), (max(0.0, ends[0]), ends[1])]
    return tuple(  # type: ignore[return-value]
        sum(quad(lambda z, k=k: left(z) ** k * law.pdf(z), *ends)[0] for ends in pieces)
        for k in (1, 2)
    )


def projected(
    now: float, coming: list[float], demand: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Mean and variance of stock at the start of each period, before this period's order."""
    found = [(now, 0.0)]
    for arrival, (mean, sd) in zip(coming, demand, strict=True):
        stock, variance = found[-1]
        left, second = expected_left(stock - mean, sqrt(variance + sd**2))
        found.append((left + arrival, second - left**2))
    return found


def arrival(shared: bool) -> Rows:
    """Whole units: of a variance, what equals the mean follows the season, the rest its square."""
    season = [(10 * f, sqrt(f * (10 + f * (4**2 - 10)))) for f in FACTORS]
    at_near = projected(14 - 1, [9, 11, 0], season[:3])
    at_far = projected(8 - 3, [5, 0], [(6, sqrt(6 + 3))] * 2)
    # Near: three periods away. Far: one or two, each half the time.
    e = [at_near[3][0], (at_far[1][0] + at_far[2][0]) / 2]
    second = (sum(v + m**2 for m, v in at_far[1:])) / 2
    s = [sqrt(at_near[3][1]), sqrt(second - e[1] ** 2)]
    z = [norm.ppf(9 / 10), norm.ppf(6 / 8)]
    # The level is for a period like all others: less what the fourth period is above the mean.
    stock = [e[0] + 2 - (10 * FACTORS[3] - 10), e[1] + 4]
    mean, sd, order = [10, 6], [4, 3], [12, 9.5]
    spread = [sqrt(sd[i] ** 2 + s[i] ** 2) for i in range(2)]
    target = [mean[i] + z[i] * spread[i] for i in range(2)]
    quarter = [[at_near[k] for k in (1, 2, 2)], [at_far[k] for k in (0, 1, 2)]]
    ahead = [(1, 2, 2), (0, 1, 2)]  # 3 x 1/4, 1/2, 3/4, and 2 times them, rounded to even
    rows = {
        "arrival_stock": [(stock[i] - mean[i]) / sd[i] / 2 for i in range(2)],
        "arrival_sd": [s[i] / sd[i] for i in range(2)],
        "arrival_empty": [(norm.cdf(-e[i] / s[i]) - 0.5) / 0.5 for i in range(2)],
        "newsvendor_order": [(max(target[i] - stock[i], 0) - order[i]) / sd[i] for i in range(2)],
        "after_order": [(stock[i] + order[i] - target[i]) / spread[i] for i in range(2)],
        **{
            f"stock_at_{name}": [
                (quarter[i][k][0] - mean[i]) / (sd[i] * sqrt(1 + ahead[i][k])) / 2 for i in range(2)
            ]
            for k, name in enumerate((25, 50, 75))
        },
        "stock_now": [(13 - 10) / 4 / 3, (5 - 6) / 3 / 3],
        "start_order_size": [(12 - 10) / 4 / 2, (9.5 - 6) / 3 / 2],
        "start_order_part": [-0.5 / 4 / 0.3, 0.0],
        "season_at_arrival": [(FACTORS[3] - 1) / 0.5, 0.0],
    }
    # Upstream every value is 0 before it is scaled.
    upstream = {"arrival_empty": -1.0}
    return {name: [*row, *[upstream.get(name, 0.0)] * 2] for name, row in rows.items()}


def problem(shared: bool) -> Rows:
    mean, sd = (10, 6), (4, 3)
    centres = {
        "problem_size": ([log(m) for m in mean], 1.5, 2.0),
        "problem_one_unit": ([1 / sqrt(m) for m in mean], 0.7, 1.0),
        "problem_variation": ([log(s / m + 0.02) for m, s in zip(mean, sd, strict=True)], -0.2, 1),
        "problem_overdispersion": ([(16 - 10) / 100, (9 - 6) / 36], 0.5, 0.7),
        "problem_safety_factor": ([norm.ppf(0.9), norm.ppf(0.75)], 1.4, 0.8),
        "problem_critical_odds": ([log(9), log(3)], 2.7, 1.5),
        "problem_root_lead_time": ([sqrt(3), sqrt(1.5)], 2.2, 1.3),
        "problem_lead_time_sd": ([0, 0.5], 0, 2.0),
        "problem_review": ([0, 0], 0, 1),
        "problem_pack": ([0, 0], 0, 1),
        "problem_waiting": ([0.5, 0.5], 0, 1),
        "problem_in_sequence": ([0, 0], 0, 1),
    }
    return {
        name: [*((v - centre) / scale for v in values), *[-centre / scale] * 2]
        for name, (values, centre, scale) in centres.items()
    }


def shared_stock(shared: bool) -> Rows:
    """The warehouse: 45 on hand, 6 owed, 15, 21 and 18 to come; stores' wishes 12 and 9.5."""
    free, cover = 45 - 6, 4 + LINK + 1
    stock = [2 * each for each in arrival(True)["arrival_stock"][:2]]  # in sd above a review's mean
    mean = (10 * stock[0] + 6 * stock[1]) / 16
    spread = sqrt((10 * (stock[0] - mean) ** 2 + 6 * (stock[1] - mean) ** 2) / 16)
    whole = 8  # periods of the echelon's cover, over which the forecast exceeds the mean
    position = WAREHOUSE_POSITION[True] - (both(whole) - 16 * whole)
    level = norm.ppf((10 * 9 + 6 * 6) / (10 * (9 + 1) + 6 * (6 + 2)))
    of_all = {
        "warehouse_cover": (free / 16, 1, 2),
        "warehouse_after_orders": ((free - 21.5) / SD, 0, 3),
        "warehouse_at_0": ((free - both(1)) / SD, 0, 2),
        "warehouse_at_50": ((free + 15 + 21 - both(3)) / (SD * sqrt(3)), 0, 2),
        "warehouse_at_100": ((free + 15 + 21 + 18 - both(5)) / (SD * sqrt(5)), 0, 2),
        "warehouse_echelon": ((position - 16 * cover) / COVER_SD[True][2], 0, 1),
        "warehouse_is_owed": (7 / 16, 0, 1),
        "warehouse_owes": (6 / 16, 0, 0.5),
        "owed_to_store": ((2 / 4, 4 / 3), 0, 1),
        "orders_together": (21.5 / 16 - 1, 0, 0.5),
        "stores_mean": (mean, 0, 2),
        "stores_spread": (spread, 1, 1),
        "store_above_mean": ((stock[0] - mean, stock[1] - mean), 0, 2),
        "chain_size": (log(2), 1.5, 1.2),
        "chain_share": ((log(2 * 10 / 16), log(2 * 6 / 16)), 0, 1),
        "chain_root_lead_time": (2, 1.5, 1),
        "chain_lead_time_sd": (0, 0, 1),
        "chain_holding": ((log(0.3), log(0.15)), -1.2, 0.7),
        "chain_level": (level, 1.3, 1),
        "chain_cap": (log(3), 0.5, 0.5),
        "chain_capacity": (log(3), 0.5, 0.5),
        "chain_pooling": (SD / 7, 0.6, 0.3),
        "chain_fair": (0, 0, 1),
        "chain_drops": (0, 0, 1),
        "chain_whole": (1, 0, 1),
    }
    found = {}
    for name, (value, centre, scale) in of_all.items():
        stores = value if isinstance(value, tuple) else (value, value)
        found[name] = [(each - centre) / scale for each in (*stores, 0, 0)]
    return found


WORKED: dict[str, Callable[[bool], Rows]] = {
    "on_hand": on_hand,
    "on_the_way": on_the_way,
    "unmet": unmet,
    "last_demand": last_demand,
    "forecast": forecast,
    "service": service,
    "position": position,
    "projected-stock": projected_stock,
    "pipeline": pipeline,
    "rule": rule,
    "chain": whole_chain,
    "warehouse": warehouse,
    "orders": orders,
    "calendar": calendar,
    "store": store,
    "role": role,
    "history": history,
    "estimates": estimates,
    "arrival": arrival,
    "problem": problem,
    "shared-stock": shared_stock,
}
KINDS: dict[str, type[Feature]] = {
    kind.model_fields["kind"].default: kind for kind in (*SEVEN, *EXTRAS.values())
}


def seen(kind: str, information: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Names and (value, site) values of what is seen with this extra, or without any."""
    make = recorded_chain if kind in ("history", "estimates") else chain
    scenario = make(information=information)
    observe = (kind,) if kind in EXTRAS else ()
    learn: Any = ("stores",) if kind == "warehouse" else "all"
    view = interface(scenario, learn=learn, observe=observe)
    return view.names, view.observe(moment(scenario), START_ORDERS).T


CASES = [(kind, "shared") for kind in KINDS] + [
    (kind, "local") for kind in KINDS if kind not in OF_OTHERS
]


@pytest.mark.parametrize(("kind", "information"), CASES)
def test_every_value_is_the_one_worked_out_by_hand(kind: str, information: str) -> None:
    names, values = seen(kind, information)
    rows = WORKED[kind](information == "shared")
    first = names.index(next(iter(rows)))
    assert names[first : first + len(rows)] == tuple(rows)
    assert max(abs(value) for worked in rows.values() for value in worked) < 6
    for place, (name, worked) in enumerate(rows.items(), first):
        np.testing.assert_allclose(values[place], worked, rtol=1e-5, atol=1e-6, err_msg=name)


def test_the_seven_come_first_and_in_order() -> None:
    names, _ = seen("rule", "shared")
    assert names == (
        *("on_hand", "on_the_way", "unmet", "last_demand", "forecast", "service", "position"),
        "rule_order",
    )
    assert [kind.model_fields["kind"].default for kind in SEVEN] == list(names[:7])
    assert WORKED.keys() == KINDS.keys()
    assert all(KINDS[extra] is kind for extra, kind in EXTRAS.items())


def test_extras_are_seen_in_the_order_in_which_they_are_asked_for() -> None:
    names = interface(chain(), learn="all", observe=("role", "rule", "orders")).names
    assert names[7:] == (*role(True), *rule(True), *orders(True))


def test_values_beyond_six_are_clipped() -> None:
    scenario = chain()
    view = interface(scenario, observe=())
    many = with_state(moment(scenario), on_hand=row(700, 90.5, 45, 40))
    few = with_state(moment(scenario), backorders=row(700, 95, 6, 7))
    np.testing.assert_allclose(view.observe(many, START_ORDERS)[:, 0], [6, (90.5 - 3) / 15])
    np.testing.assert_allclose(view.observe(few, START_ORDERS)[:, 0], [-6, (8 - 95) / 15])
    assert (view.observation_space.low == -6).all() and (view.observation_space.high == 6).all()


def test_a_spread_is_at_least_a_twentieth_of_the_mean() -> None:
    steady = {**FAR, "demand": {"kind": "deterministic", "mean": 6}, "lead_time": 1}
    scenario = chain(stores=[NEAR, steady])
    situation = with_state(moment(scenario), on_hand=row(14, 7, 45, 40))
    values = interface(scenario, observe=()).observe(situation, START_ORDERS)[1]
    np.testing.assert_allclose(values[3], (5 - 6) / (0.05 * 6), rtol=1e-5)
    np.testing.assert_allclose(values[6], (7 + 5 + 4 - 3 - 6 * 2) / (0.05 * 6), rtol=1e-5)


def test_what_is_believed_is_the_measure() -> None:
    """Recorded demand of 13 and 4.5 a day, over covers of 4 and 3 periods: variances follow, of
    near as 13 + 6 / 100 x 13^2, of far as 4.5 + 3 / 36 x 4.5^2."""
    scenario = recorded_chain()
    view = interface(scenario, learn="all", observe=("projected-stock",))
    values = dict(zip(view.names, view.observe(moment(scenario), START_ORDERS).T, strict=True))
    near, far = 13 + 0.06 * 13**2, 4.5 + 4.5**2 / 12
    both = sqrt(near + far)
    expected = {
        "forecast": [0, 0, 0, 0],
        "last_demand": [6 / sqrt(near), 0.5 / sqrt(far), (26 - 17.5) / both, (28 - 17.5) / both],
        "stock_ahead_2": [
            (13 + 9 - 26) / sqrt(2 * near),
            (5 + 5 - 9) / sqrt(2 * far),
            (39 + 15 - 35) / (both * sqrt(2)),
            (33 + 23 - 35) / (both * sqrt(2)),
        ],
    }
    for name, row_values in expected.items():
        np.testing.assert_allclose(values[name], row_values, rtol=1e-5, err_msg=name)
    np.testing.assert_allclose(
        values["position"][0], (NEAR_POSITION - 4 * 13) / sqrt(4 * near), rtol=1e-5
    )
    spread = sqrt(2.5 * far + 4.5**2 * 0.25)
    np.testing.assert_allclose(
        values["position"][1], (FAR_POSITION - 2.5 * 4.5) / spread, rtol=1e-5
    )


def test_of_many_stores_the_whole_chain_shows_mean_and_spread() -> None:
    """Ten stores are told apart, eleven are not: one `near` and ten `far`."""
    many = [NEAR, *({**FAR, "name": f"far-{k}"} for k in range(10))]
    scenario, few = chain(stores=many), chain(stores=many[:10])
    assert "store_9_stock" in interface(few, learn="all", observe=("chain",)).names
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=2, periods=3)
    situation = Chain(scenario).reset(tape)
    view = interface(scenario, learn="all", observe=("chain", "store", "orders"))
    found = view.observe(situation, np.zeros((2, 13))).reshape(2, 13, -1)[1]
    values = dict(zip(view.names, found.T, strict=True))
    assert {"store_9", "orders_of_store_9"}.isdisjoint(view.names)
    spread = np.array([COVER_SD[True][0], *[COVER_SD[True][1]] * 10])
    state, cover = situation.state, np.array([40.0, *[15.0] * 10])
    units = {
        "position": situation.adjusted_position()[1, :11],
        "stock": (state.on_hand - state.backorders)[1, :11],
    }
    for what, stock in units.items():
        shown = (stock - cover) / spread
        np.testing.assert_allclose(values[f"stores_mean_{what}"], shown.mean(), rtol=1e-5)
        np.testing.assert_allclose(values[f"stores_spread_{what}"], shown.std(), rtol=1e-5)


# --- when an extra tells something ------------------------------------------------------------

ONE = {**FAR, "lead_time": 1}
FREE = {"warehouse": {"unlimited": True}, "supplier": {}}
STEADY = {**NEAR, "demand": {"kind": "poisson", "mean": 9}}
UNDISRUPTED = {"supplier": {**SUPPLIER, "disruptions": None}}
TELLS: dict[str, tuple[dict[str, Any], Any, str]] = {
    "one store, one period": ({"stores": [ONE], **FREE}, ("stores",), "rule"),
    "longer links": ({"stores": [FAR], **FREE}, ("stores",), "pipeline rule"),
    "a season": ({"stores": [{**NEAR, "lead_time": 1}], **FREE}, ("stores",), "rule calendar"),
    "two stores": ({"stores": [ONE, {**ONE, "name": "b"}], **FREE}, ("stores",), "rule store"),
    "a warehouse that can run short": (
        {"stores": [ONE], "supplier": {}},
        ("stores",),
        "rule warehouse",
    ),
    "known disruptions": ({"stores": [ONE]}, ("stores",), "rule warehouse calendar"),
    "disruptions that reach nobody": (
        {"stores": [ONE], "warehouse": {"unlimited": True}},
        ("stores",),
        "rule",
    ),
    "random disruptions": (
        {
            "stores": [ONE],
            "supplier": {"disruptions": {"kind": "markov", "mean_up": 9, "mean_down": 2}},
        },
        ("stores",),
        "rule warehouse",
    ),
    "every tier": ({"stores": [STEADY], **UNDISRUPTED}, "all", "pipeline rule chain store role"),
    "every tier, local": (
        {"stores": [STEADY], "information": "local", **UNDISRUPTED},
        "all",
        "pipeline rule orders store role",
    ),
    "stores, local": (
        {"stores": [STEADY], "information": "local", **UNDISRUPTED},
        ("stores",),
        "pipeline rule",
    ),
    "warehouse": ({**UNDISRUPTED, "stores": [ONE]}, ("warehouse",), "pipeline rule chain"),
    "warehouse, local": (
        {**UNDISRUPTED, "stores": [ONE], "information": "local"},
        ("warehouse",),
        "pipeline rule orders",
    ),
    "supplier, local": (
        {**UNDISRUPTED, "stores": [ONE], "information": "local"},
        ("supplier",),
        "pipeline rule",
    ),
}


@pytest.mark.parametrize("case", TELLS)
def test_auto_takes_the_extras_that_tell_something(case: str) -> None:
    changes, learn, extras = TELLS[case]
    found = resolve(chain(**changes), settings(learn=learn)).settings.observe
    assert list(found) == ["projected-stock", *extras.split()]


def test_recorded_demand_has_a_history() -> None:
    assert resolve(recorded_chain(), settings()).settings.observe[-2:] == ("history", "estimates")
    assert resolve(chain(), settings()).settings.observe[-1] != "estimates"


@pytest.mark.parametrize("extra", OF_OTHERS)
def test_others_stock_cannot_be_seen_under_local_information(extra: str) -> None:
    message = f"observe: '{extra}' cannot be seen under information = \"local\""
    with pytest.raises(InputError, match=message):
        resolve(chain(information="local"), settings(observe=(extra,)))
    with pytest.raises(InputError, match="'chain' tells it"):
        resolve(chain(), settings(learn="all", observe=("warehouse",)))


# --- laws of all features ---------------------------------------------------------------------

CHAINS: dict[str, Callable[[], Scenario]] = {
    "by-hand": chain,
    "recorded": recorded_chain,
    **{name: (lambda name=name: load_scenario(name)) for name in shipped_names()},
}


@pytest.mark.parametrize("name", CHAINS)
def test_names_values_and_scales_agree_in_number(name: str) -> None:
    scenario = CHAINS[name]()
    shape = shape_of(scenario)
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=2, periods=3)
    situation = Chain(scenario).reset(tape)
    for learn in {("stores",), shape.tiers}:
        extras = [extra for extra in EXTRAS if extra != "warehouse" or learn == ("stores",)]
        recipe = resolve(scenario, settings(learn=learn, observe=tuple(extras)))
        by = Yardstick.of_present(situation, recipe.shared)
        view = View(situation, np.zeros((2, shape.sites)), by)
        for feature in recipe.features:
            names = feature.names(shape)
            values, scales = feature.values(view), feature.scales(by)
            assert len(names) == len(values) == len(scales), feature.kind
            assert all(np.broadcast_shapes(v.shape, (2, shape.sites)) for v in values)
        names = Interface(recipe, shape).names
        assert len(set(names)) == len(names)


def test_worlds_side_by_side_see_what_each_sees_alone() -> None:
    """A mixture's world sees, by the numbers of its own chain, what it would see alone."""
    dear = chain(name="dear", stores=[{**NEAR, "shortage_cost": 20}, {**FAR, "lead_time": 2}])
    chains, learn = (chain(), dear), "all"
    extras = tuple(extra for extra in EXTRAS if extra != "warehouse")
    moments = [moment(chains[0]), with_state(moment(dear), owed=row(3, 5, 8, 0))]
    together = Situation(
        Params.of(Mixture(chains)).of_worlds(np.array([0, 1])),
        stack_worlds([each.state for each in moments]),
        stack_worlds([each.memory for each in moments]),
        stack_worlds([each.outlook for each in moments]),
        5,
    )
    mixed = resolve(Mixture(chains), settings(learn=learn, observe=extras))
    assert mixed.columns is None and mixed.sizes is None
    view = Interface(mixed, shape_of(chains[0]))
    wishes = START_ORDERS.repeat(2, axis=0)
    found = view.observe(together, wishes).reshape(2, 4, -1)
    shifts = np.full((2, 4), int(view.action_space.n) - 1).reshape(-1)
    orders_found = view.wishes(shifts, together, wishes)
    for world, (each, now) in enumerate(zip(chains, moments, strict=True)):
        alone = interface(each, learn=learn, observe=extras)
        np.testing.assert_allclose(found[world], alone.observe(now, START_ORDERS), rtol=1e-6)
        np.testing.assert_allclose(
            orders_found[[world]], alone.wishes(shifts[:4], now, START_ORDERS)
        )


def test_a_situation_is_not_changed_by_being_observed() -> None:
    scenario = chain()
    view, now = interface(scenario, learn="all"), moment(scenario)
    first = view.observe(now, START_ORDERS)
    np.testing.assert_array_equal(first, view.observe(now, START_ORDERS))
    np.testing.assert_array_equal(first, view.observe(moment(scenario), START_ORDERS))
