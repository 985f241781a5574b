"""Unlike chains in one batch: each gives, to the bit, what it gives alone."""

from dataclasses import fields

import numpy as np
import pytest
from drawn_scenarios import chains_of_one_shape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from inventory_env.decision.formula_start import FormulaStart
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import Mixture, shape_of
from inventory_env.description.scenario_files import load_scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, draw_tape

PLAYED = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def same(together, alone, worlds, name):
    """The worlds of one chain in a batch, beside that chain alone; slots it lacks are empty."""
    second = name in together.WORLD_SECOND if hasattr(together, "WORLD_SECOND") else False
    value, own = getattr(together, name), getattr(alone, name)
    value = value[:, worlds] if second else value[worlds]
    if name == "pipeline":
        assert not value[len(own) :].any()
        value = value[: len(own)]
    np.testing.assert_array_equal(value, own, err_msg=name)


@PLAYED
@given(chains=chains_of_one_shape(), each=st.integers(1, 3), seed=st.integers(0, 10_000))
def test_ledgers_are_those_of_each_chain_alone(chains, each, seed):
    mixture, count = Mixture(tuple(chains)), len(chains)
    tape = draw_tape(mixture, seed=seed, purpose=Purpose.TEST, worlds=each * count)
    batch = Chain(mixture)
    batch.reset(tape)
    wishes = np.random.default_rng(seed).uniform(
        -1, 12, (shape_of(mixture).periods, each * count, shape_of(mixture).stores)
    )
    ledgers = [
        (batch.step(batch.situation.of_stores(wish)), batch.situation.state) for wish in wishes
    ]
    money = [Money.of(batch.params, ledger) for ledger, _ in ledgers]
    for number, member in enumerate(chains):
        worlds = slice(number * each, (number + 1) * each)
        own_tape = draw_tape(Mixture((member,)), seed=seed, purpose=Purpose.TEST, worlds=each)
        np.testing.assert_array_equal(tape.demand[:, worlds], own_tape.demand)
        alone = Chain(Mixture((member,)))
        alone.reset(own_tape)
        for (ledger, state), paid, wish in zip(ledgers, money, wishes, strict=True):
            own = alone.step(alone.situation.of_stores(wish[worlds]))
            for field in fields(own):
                same(ledger, own, worlds, field.name)
            for field in fields(state):
                same(state, alone.situation.state, worlds, field.name)
            np.testing.assert_array_equal(paid.chain[worlds], Money.of(alone.params, own).chain)


@PLAYED
@given(
    chains=chains_of_one_shape(),
    learn=st.sampled_from([("stores",), "all"]),
    information=st.sampled_from(["shared", "local"]),
    group=st.integers(1, 2),
)
def test_rows_are_those_of_each_chain_alone(chains, learn, information, group):
    chains = [chain.model_copy(update={"information": information}) for chain in chains]
    mixture, count = Mixture(tuple(chains)), len(chains)
    asked = {"learn": learn, "worlds": group * count, "worlds_per_tape": group}
    recipe = resolve(mixture, chains[0].training.model_copy(update={**asked, "continuing": False}))
    assert recipe.columns is None or count == 1
    start = FormulaStart(shared=recipe.shared)
    env = ChainVecEnv(mixture, recipe, start, seed=3)
    rng = np.random.default_rng(3)
    space = env.action_space
    actions = [
        rng.integers(space.n, size=env.num_envs)
        if hasattr(space, "n")
        else rng.uniform(-1, 1, (env.num_envs, 1))
        for _ in range(6)
    ]
    seen, paid = [env.reset()], []
    for action in actions:
        observation, reward, _, _ = env.step(action)
        seen.append(observation)
        paid.append(reward)
    rows = env.num_envs // count
    for number, member in enumerate(chains):
        mine = slice(number * rows, (number + 1) * rows)
        own = ChainVecEnv(Mixture((member,)), recipe, start, seed=3, worlds=group)
        np.testing.assert_array_equal(own.reset(), seen[0][mine])
        for action, observation, reward in zip(actions, seen[1:], paid, strict=True):
            alone, earned, _, _ = own.step(action[mine])
            np.testing.assert_array_equal(alone, observation[mine])
            np.testing.assert_array_equal(earned, reward[mine])


def named(name, **changes):
    return load_scenario("three-stores").model_copy(update={"name": name, **changes})


def test_company_changes_no_chains_tape():
    one, other = named("one"), named("other")
    drawn = [
        draw_tape(Mixture(chains), seed=1, purpose=Purpose.TUNE, worlds=2 * len(chains))
        for chains in ((one,), (other, one), (one, other, named("third")))
    ]
    for tape, first in zip(drawn, (0, 2, 0), strict=True):
        np.testing.assert_array_equal(tape.demand[:, first : first + 2], drawn[0].demand)
    assert (drawn[1].demand[:, :2] != drawn[0].demand).any()


def test_chains_of_a_population_share_their_shape():
    with pytest.raises(InputError, match="different names, got one, one"):
        Mixture((named("one"), named("one")))
    with pytest.raises(InputError, match="periods of two is 40, of one 130"):
        Mixture((named("one"), named("two", periods=40)))


def test_customers_may_wait_in_some_chains_and_leave_in_others():
    """Each chain's customers do in company what they do alone."""
    chains = (named("one"), named("two", unmet_demand="backorder"))
    mixture = Mixture(chains)
    assert shape_of(mixture).unmet_demand == "partial"
    tape = draw_tape(mixture, seed=1, purpose=Purpose.TUNE, worlds=4, periods=60)
    together = Chain(mixture)
    together.reset(tape)
    alone = [Chain(chain) for chain in chains]
    for chain, worlds in zip(alone, (slice(0, 2), slice(2, 4)), strict=True):
        own = draw_tape(
            Mixture((chains[alone.index(chain)],)),
            seed=1,
            purpose=Purpose.TUNE,
            worlds=2,
            periods=60,
        )
        chain.reset(own)
        assert (own.demand == tape.demand[:, worlds]).all()
    scarce = np.full((4, 4), 12.0)
    waited = 0.0
    while not together.ended:
        both = together.step(scarce)
        for chain, worlds in zip(alone, (slice(0, 2), slice(2, 4)), strict=True):
            ledger = chain.step(scarce[worlds])
            np.testing.assert_array_equal(ledger.lost, both.lost[worlds])
            np.testing.assert_array_equal(ledger.backorders, both.backorders[worlds])
            np.testing.assert_array_equal(ledger.closing, both.closing[worlds])
        waited += both.backorders[2:, :3].sum()
    assert waited > 0 and both.backorders[:2, :3].sum() == 0
