"""Problem distributions: what is drawn, that it stays the same, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from inventory_env.description.population import by_shape
from inventory_env.description.problem_distribution import (
    ProblemDistribution,
    load_problems,
)
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, shipped_distributions
from inventory_env.errors import InputError

SMALL = """
name = "small"
periods = 40
warm_up = 10
[warehouse]
unlimited = true
[[stores]]
name = "s"
holding_cost = 1
shortage_cost = { low = 1, high = 100, log = true }
lead_time = { low = 0, high = 4, whole = true }
[stores.demand]
choice = [
    { kind = "poisson", mean = { low = 2, high = 8 } },
    { kind = "geometric", mean = 3, season = { weekday = SEVEN } },
]
weights = [0.75, 0.25]
[stores.orders]
pack_size = { low = 1, high = 2, of = "mean", whole = true }
""".replace("SEVEN", "{ low = 1, high = 3, count = 7, mean = 1 }")


def small(text: str = SMALL) -> ProblemDistribution:
    return ProblemDistribution(text, "small.toml")


def test_every_number_is_drawn_within_its_range() -> None:
    stores = [chain.stores[0] for chain in small().draw(400, stream=1).members]
    costs = np.log([store.shortage_cost for store in stores])
    assert costs.min() >= 0 and costs.max() <= np.log(100)
    assert costs.mean() == pytest.approx(np.log(10), abs=4 * np.log(100) / 12**0.5 / 20)
    assert {store.lead_time.maximum for store in stores} == {0, 1, 2, 3, 4}
    poisson = [store.demand for store in stores if store.demand.kind == "poisson"]
    assert len(poisson) / 400 == pytest.approx(0.75, abs=4 * (0.75 * 0.25 / 400) ** 0.5)
    assert all(2 <= demand.moments[0] <= 8 for demand in poisson)
    for store in stores:
        mean, pack = store.demand.moments[0], store.orders.pack_size
        assert pack is not None and pack % 1 == 0
        assert np.rint(mean) - 1 <= pack <= np.rint(2 * mean) + 1
        if store.demand.season is not None:
            assert np.mean(store.demand.season.weekday) == pytest.approx(1.0)
            assert np.ptp(store.demand.season.weekday) > 0


def test_a_chain_is_the_same_whenever_it_is_drawn_and_no_other_streams() -> None:
    few, many = small().draw(3, stream=1).members, small().draw(9, stream=1).members
    assert few == many[:3]
    other = small().draw(9, stream=2).members
    costs = [{chain.stores[0].shortage_cost for chain in chains} for chains in (many, other)]
    assert len(costs[0] | costs[1]) == 18


def test_what_is_shipped_is_valid_and_wide() -> None:
    assert shipped_distributions() == ["any-chain", "any-demand", "any-store"]
    problems = load_problems("any-store")
    assert isinstance(problems, ProblemDistribution)
    stores = [chain.stores[0] for chain in problems.draw(600, stream=9).members]
    means = [store.demand.moments[0] for store in stores]
    assert min(means) < 0.1 and max(means) > 5000
    assert max(store.lead_time.maximum for store in stores) == 30
    assert {c.unmet_demand for c in problems.draw(100, stream=9).members} == {
        *("lost", "partial", "backorder")
    }
    assert isinstance(load_problems("three-stores"), Scenario)


def test_where_one_chain_is_needed_many_are_refused() -> None:
    with pytest.raises(InputError, match="'any-store' describes many chains, and one is needed"):
        load_scenario("any-store")


CHAINS = """
name = "chains"
periods = 40
[store_defaults]
choice = [{ holding_cost = 2, demand = { season = { weekday = SEVEN } } }]
[[stores]]
name = "s"
count = { low = 2, high = 6, whole = true }
shortage_cost = { low = 1, high = 100 }
lead_time = 1
demand = { kind = "normal", sd = { low = 0.2, high = 0.4, of = "mean" }, mean = TWO_TO_8 }
[warehouse]
rule = { kind = "capped-base-stock", cap = { low = 1.1, high = 1.1, of = "mean" } }
"""
CHAINS = CHAINS.replace("SEVEN", "{ low = 0.5, high = 2, count = 7, mean = 1 }")
CHAINS = CHAINS.replace("TWO_TO_8", "{ low = 2, high = 8 }")


def test_the_number_of_stores_is_drawn_and_each_store_on_its_own() -> None:
    chains = ProblemDistribution(CHAINS, "chains.toml").chains(60, stream=1)
    assert {len(chain.stores) for chain in chains} == {2, 3, 4, 5, 6}
    for chain in chains:
        stores = chain.stores
        assert [store.name for store in stores] == [f"s-{i + 1}" for i in range(len(stores))]
        assert len({store.shortage_cost for store in stores}) == len(stores)
        assert len({store.demand.season for store in stores}) == 1  # drawn once for all
        assert {store.holding_cost for store in stores} == {2.0}
        for store in stores:
            mean, sd = store.demand.moments
            assert 0.19 * mean < sd < 0.41 * mean
        rule = chain.warehouse.rule
        assert rule.kind == "capped-base-stock"
        assert rule.cap == pytest.approx(1.1 * chain.demand_mean.sum())
    assert len({chain.stores[0].demand.season for chain in chains}) == len(chains)


def test_chains_of_one_shape_are_put_together_in_their_order() -> None:
    groups = by_shape(ProblemDistribution(CHAINS, "chains.toml").chains(30, stream=1))
    assert [len(group.members[0].stores) for group in groups] == [2, 3, 4, 5, 6]
    names = [[int(chain.name.split("-")[1]) for chain in group.members] for group in groups]
    assert all(sorted(own) == own for own in names)
    assert sorted(number for own in names for number in own) == list(range(30))
    with pytest.raises(InputError, match="share their shape: stores"):
        ProblemDistribution(CHAINS, "chains.toml").draw(30, stream=1)


@pytest.mark.parametrize("count", ["0", "2.5", "{ low = 0, high = 0, whole = true }", "5000"])
def test_a_wrong_number_of_stores_is_refused(count: str) -> None:
    text = CHAINS.replace("{ low = 2, high = 6, whole = true }", count)
    with pytest.raises(InputError, match=r"chains\.toml: stores: count must be whole, 1 to 1000"):
        ProblemDistribution(text, "chains.toml").chains(2, stream=0)


WRONG = {
    "high must be at least low = 9, got 8": ("low = 2, high = 8", "low = 9, high = 8"),
    "low must be above 0 where log = true": ("low = 1, high = 100", "low = 0, high = 100"),
    "weights needs 2 values, got 1": ("weights = [0.75, 0.25]", "weights = [1.0]"),
    "chain 0: stores.0.holding_cost": ("holding_cost = 1", "holding_cost = -1"),
    "not valid TOML": ('name = "small"', "name = small"),
    "mean needs count": ("count = 7, mean = 1", "mean = 1"),
    "logg": ("log = true", "logg = true"),
}


@pytest.mark.parametrize("message", WRONG)
def test_mistakes_are_named(message: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(SMALL.replace(*WRONG[message]))
    with pytest.raises(InputError, match=rf"wrong\.toml.*{message}"):
        found = load_problems(file)
        assert isinstance(found, ProblemDistribution)
        found.draw(20, stream=1)
