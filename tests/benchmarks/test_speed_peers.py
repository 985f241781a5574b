"""The peers simulate the same chain: where the warehouse never runs short, to the unit."""

from importlib.metadata import PackageNotFoundError, version

import numpy as np
import pytest

from benchmarks.speed import peers
from benchmarks.speed.peers import LEVELS, WAREHOUSE_LEVEL, plain_chain
from inventory_env.description.population import needs
from inventory_env.description.rules import BaseStock
from inventory_env.frozen import Array
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.rules.baselines import formula_rule

AMPLE = 500.0  # units in the warehouse


def ours(warehouse_level: float) -> tuple[Array, Array, Array]:
    """Demand, the stores' stock less backorders, and what the warehouse owes, by period."""
    scenario = plain_chain(warehouse_level)
    tape = draw_tape(scenario, seed=3, purpose=Purpose.TEST, worlds=1)
    chain = Chain(scenario)
    chain.reset(tape)
    stock, owed = [], []
    while not chain.ended:
        ledger = chain.step(
            chain.situation.of_stores(chain.situation.store_orders(BaseStock(LEVELS)))
        )
        stock.append((ledger.closing - ledger.backorders)[0, :3])
        owed.append(chain.situation.state.owed[0, :3])
    return tape.demand[:, 0], np.array(stock), np.array(owed)


@pytest.mark.parametrize("package", ["gym-invmgmt", "stockpyl"])
def test_stock_follows_the_same_path(package: str) -> None:
    try:
        version(package)
    except PackageNotFoundError:
        pytest.skip(f"{package} is not installed")
    demand, stock, owed = ours(AMPLE)
    assert not owed.any()
    assert stock.min() < 0 < stock.max()
    (peer,) = [p for p in peers.peers(demand, AMPLE) if p.package == package]
    assert peer.version == version(package)
    assert peer.simulate is not None
    for _ in range(2):  # an episode leaves nothing behind
        np.testing.assert_array_equal(peer.simulate(), stock)


def test_levels_are_the_formulas_and_stock_is_shared_at_times() -> None:
    scenario = plain_chain()
    rule = formula_rule("base-stock", scenario)
    assert isinstance(rule, BaseStock)
    np.testing.assert_array_equal(rule.level.reshape(-1), LEVELS)
    need = needs(scenario, echelon=False)
    assert round(need.level()[0, 3]) == WAREHOUSE_LEVEL
    short = ours(WAREHOUSE_LEVEL)[2].any(axis=1).mean()
    assert 0.05 < short < 0.3


def test_a_peer_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(peers, "version", missing)
    found = peers.peers(np.zeros((130, 3)))
    assert [(p.package, p.version, p.simulate) for p in found] == [
        ("gym-invmgmt", None, None),
        ("stockpyl", None, None),
    ]
