"""The lean periods of one-store chains, against the simulator's."""

import numpy as np
import pytest

from inventory_env.description.levels import rule_at, standard_levels
from inventory_env.description.need import Need
from inventory_env.description.population import Mixture, Population, needs
from inventory_env.description.problem_distribution import ProblemDistribution, load_problems
from inventory_env.description.scenario_files import load_scenario
from inventory_env.simulation.one_store import OneStore, is_one_store
from inventory_env.simulation.params import Params
from inventory_env.simulation.projection import left_over, nearly_left_over
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.worlds import laid_out
from policies.rollout import site_costs
from policies.rules.rule_based import RulePolicy
from policies.rules.search import alike_blocks
from policies.rules.search_space import rule_of_worlds

KINDS = ("capped-base-stock", "projected-inventory", "capped-min-max", "reorder-point")
TAPES, CANDIDATES = 2, 3


def drawn(count: int) -> Mixture:
    problems = load_problems("any-store")
    assert isinstance(problems, ProblemDistribution)
    return problems.draw(count, stream=12)


def in_order(chains: Mixture) -> Mixture:
    """By lead time, constant ones only."""
    constant = [c for c in chains.members if c.stores[0].lead_time.kind == "constant"]
    return Mixture(tuple(sorted(constant, key=lambda c: c.stores[0].lead_time.maximum)))


def both_costs(kind: str, chains: Population, *, exact: bool) -> tuple[np.ndarray, np.ndarray]:
    """(world, candidate) costs of candidates, by the lean periods and by the simulator."""
    count = len(chains.members)
    tape = draw_tape(chains, seed=1, purpose=Purpose.TUNE, worlds=TAPES * count)
    levels = len(standard_levels(kind))
    points = np.random.default_rng(0).normal(0.7, 0.7, (count, CANDIDATES, levels))
    need: Need = needs(chains, echelon=False)
    rule = rule_at(kind, need, points, whole=True)
    wide = rule_of_worlds(rule, TAPES)
    lean = OneStore(Params.of(chains).of_worlds(tape.member), tape, exact=exact)
    flat = type(rule)(**{name: laid_out(v.reshape(-1, 1)) for name, v in vars(wide).items()})
    full = site_costs(RulePolicy(kind, flat), chains, tape.repeated(CANDIDATES))
    return lean.costs(wide, 62), full.reshape(-1, CANDIDATES)


@pytest.mark.parametrize("kind", KINDS)
def test_costs_are_those_of_the_simulator_bit_by_bit(kind: str) -> None:
    """Any demand, season, lead time, order constraint and patience; in any order, and sorted."""
    chains = drawn(60)
    assert any(chain.seasonal for chain in chains.members)
    for some in (chains, in_order(chains), chains.members[0]):
        lean, full = both_costs(kind, some, exact=True)
        np.testing.assert_array_equal(lean, full)


def test_a_projection_from_tables_hardly_moves_a_cost() -> None:
    lean, full = both_costs("projected-inventory", drawn(60), exact=False)
    np.testing.assert_allclose(lean, full, rtol=0.02)
    assert abs((lean / full).mean() - 1) < 1e-4


@pytest.mark.parametrize("waiting", [0.0, 0.4, 1.0])
def test_tables_give_what_is_left_over(waiting: float) -> None:
    rng = np.random.default_rng(0)
    net = np.append(rng.normal(0, 5, 4000), [0.0, 90.0, -90.0, 8.0, -8.0])
    variance = np.append(4 * rng.random(4000), [0.0, 0.0, 0.0, 1.0, 1.0])
    exact = left_over(net, variance, waiting)
    near = nearly_left_over(net, variance, waiting)
    for one, other in zip(exact, near, strict=True):
        np.testing.assert_allclose(one, other, atol=4e-5)


def test_only_stores_without_an_end_of_supply_are_judged_here() -> None:
    assert is_one_store(drawn(3))
    assert not is_one_store(load_scenario("three-stores"))


def test_blocks_hold_every_chain_once_and_do_not_mix_seasons() -> None:
    chains = drawn(80).members
    blocks = alike_blocks(chains, 16)
    assert sorted(np.concatenate(blocks).tolist()) == list(range(80))
    for block in blocks:
        assert len(block) <= 16
        assert len({chains[number].seasonal for number in block}) == 1
        longest = [chains[number].stores[0].lead_time.maximum for number in block]
        assert longest == sorted(longest)
