"""Tuned levels, against textbook answers and against formulas."""

import numpy as np
import pytest
from scipy import stats

from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.errors import InputError
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rollout import mean_costs
from policies.rules.baselines import BASELINES
from policies.rules.rule_book import RuleBook
from policies.rules.search import tuned_rules


def newsvendor() -> Scenario:
    """Lead time 0 and lost sales: every period is a newsvendor of its own."""
    return Scenario.model_validate(
        {
            "name": "newsvendor",
            "periods": 400,
            "warm_up": 10,
            "stores": [
                {
                    "name": name,
                    "demand": {"kind": "poisson", "mean": mean},
                    "lead_time": 0,
                    "holding_cost": 1.0,
                    "shortage_cost": shortage,
                }
                for name, mean, shortage in (("small", 6.0, 3.0), ("large", 30.0, 9.0))
            ],
            "warehouse": {"unlimited": True},
        }
    )


def test_the_base_stock_search_finds_the_newsvendor_levels() -> None:
    """Leftovers are kept, so the best level is the quantile p / (p + h), one unit to and fro."""
    rule = tuned_rules("base-stock", newsvendor(), seed=3)
    exact = [stats.poisson.ppf(3 / 4, 6.0), stats.poisson.ppf(9 / 10, 30.0)]
    np.testing.assert_allclose(rule.level[0], exact, atol=1.0)  # type: ignore[attr-defined]


def test_many_unlike_stores_get_levels_of_their_own() -> None:
    """Newsvendors of two kinds; what normal demand would need is far off for one of them."""
    two = newsvendor().model_dump()
    stores = [store | {"name": f"{store['name']}-{i}"} for i in range(4) for store in two["stores"]]
    for store in stores[1::2]:
        store |= {"demand": {"kind": "geometric", "mean": 30.0}, "shortage_cost": 49.0}
    scenario = Scenario.model_validate(two | {"stores": stores})
    rule = tuned_rules("base-stock", scenario, seed=3)
    exact = [stats.poisson.ppf(3 / 4, 6.0), stats.geom.ppf(49 / 50, 1 / 31) - 1] * 4
    np.testing.assert_allclose(rule.level[0], exact, rtol=0.12)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["reorder-point", "min-max", "base-stock", "capped-base-stock"])
def test_tuned_rules_are_no_dearer_than_their_formulas_on_fresh_demand(name: str) -> None:
    scenario = load_scenario("single-store")
    tape = draw_tape(scenario, seed=9, purpose=Purpose.TEST, worlds=200)
    book = RuleBook(scenario, 0)
    tuned = mean_costs(book.baseline(name), scenario, tape)
    formula = mean_costs(book.baseline(name, tuned=False), scenario, tape)
    assert tuned.mean() < formula.mean()


def test_a_cap_never_costs_and_levels_are_cached(tmp_path) -> None:  # type: ignore[no-untyped-def]
    scenario = load_scenario("single-store")
    tape = draw_tape(scenario, seed=9, purpose=Purpose.TEST, worlds=200)
    file = tmp_path / "rules.json"
    book = RuleBook(scenario, 0, file)
    capped, plain = book.start(), book.baseline("base-stock")
    assert mean_costs(capped, scenario, tape).mean() < mean_costs(plain, scenario, tape).mean()
    again = RuleBook(scenario, 0, file)
    assert again.start().rule.level == capped.rule.level  # type: ignore[attr-defined]
    file.write_text(
        '{"capped-base-stock": {"kind": "capped-base-stock", "levels": {"level": [7], "cap": [3]}}}'
    )
    assert RuleBook(scenario, 0, file).start().rule.level.tolist() == [[7.0]]  # type: ignore[attr-defined]
    file.write_text(file.read_text().replace("[7]", "[7, 8]"))
    with pytest.raises(InputError, match=r"rules\.json: capped-base-stock: not the levels of 1"):
        RuleBook(scenario, 0, file).start()


def test_the_same_seed_finds_the_same_levels() -> None:
    scenario = newsvendor()
    one, two = (tuned_rules("min-max", scenario, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.point, two.point)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_runs_from_formulas(name: str) -> None:
    scenario = load_scenario("original")
    tape = draw_tape(scenario, seed=9, purpose=Purpose.TEST, worlds=4)
    costs = mean_costs(RuleBook(scenario, 0).baseline(name, tuned=False), scenario, tape)
    assert np.isfinite(costs).all() and (costs > 0).all()


def test_an_unknown_baseline_names_the_known() -> None:
    with pytest.raises(InputError, match="capped-base-stock"):
        RuleBook(load_scenario("original"), 0).baseline("best")
