"""What levels cost on a grid, and networks that learn the cheapest, against known answers."""

import numpy as np
import pytest
from scipy import stats

from inventory_env.description.demand import Poisson
from inventory_env.description.lead_time import ConstantLeadTime
from inventory_env.description.levels import rule_at
from inventory_env.description.need import Need
from inventory_env.description.population import Mixture
from inventory_env.description.scenario_files import load_scenario
from policies.learning import small_networks
from policies.learning.level_costs import Judging, LevelCosts, level_costs
from policies.learning.small_networks import cheapest_networks
from policies.rules.fitted_levels import evaluated, fingerprint, fitted_levels


def newsvendors() -> Mixture:
    """Lead time 0 and lost sales: every period is a newsvendor of its own."""
    one, chains = load_scenario("single-store"), []
    for mean, shortage in ((6.0, 3.0), (30.0, 9.0), (12.0, 49.0)):
        store = one.stores[0].model_copy(
            update={
                "demand": Poisson(kind="poisson", mean=mean),
                "shortage_cost": shortage,
                "lead_time": ConstantLeadTime(periods=0),
            }
        )
        chains.append(one.model_copy(update={"name": f"chain-{mean:g}", "stores": (store,)}))
    return Mixture(tuple(chains))


def test_the_cheapest_level_of_a_grid_is_the_newsvendors() -> None:
    known = level_costs("projected-inventory", newsvendors(), seed=1, judging=Judging(25, 10, 400))
    assert known.costs.shape == (3, 25)
    assert (known.relative >= 0).all() and (known.relative.min(axis=1) == 0).all()
    for best, mean, shortage in zip(known.best, (6, 30, 12), (3, 9, 49), strict=True):
        need = Need.of_one(mean=mean, sd=mean**0.5, holding=1, shortage=shortage)
        rule = rule_at("projected-inventory", need, best, whole=True)
        exact = stats.poisson.ppf(shortage / (1 + shortage), mean)
        assert abs(rule.level - exact) <= 1.5  # type: ignore[attr-defined]


def test_networks_learn_where_costs_are_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two levels, of which the first is cheapest at a number and the second at its square."""
    monkeypatch.setattr(small_networks, "ROUNDS", 300)
    rng = np.random.default_rng(0)
    values = rng.uniform(-1, 1, (600, 1))
    axis = np.linspace(-2, 2, 9)
    first, second = axis[None, :, None] - values[:, :, None], axis - values[:, :, None] ** 2
    known = LevelCosts(np.full((600, 2), -2.0), np.full((600, 2), 2.0), 1 + first**2 + second**2)
    found = cheapest_networks(values, known) | {"low": [-3.0, -3.0], "high": [3.0, 3.0]}
    told = evaluated(found, values)
    assert np.abs(told - np.concatenate([values, values**2], axis=1)).mean() < 0.15


def test_packs_and_sequence_move_the_fitted_level() -> None:
    store = {"mean": 5.0, "sd": 3.0, "holding": 1.0, "shortage": 20.0, "lead_time": 4.0}
    plain, packs, wide = (
        fitted_levels("projected-inventory", Need.of_one(**store, pack=pack))
        for pack in (1.0, 10.0, 20.0)
    )
    assert plain > packs > wide  # an order is raised to full packs
    assert fingerprint("projected-inventory") != fingerprint("capped-base-stock")
