"""Times as ratios: the project's work over plain numpy work on arrays of the same shape.

Both are timed in turn, and the smallest time of each counts, as noise only ever adds time. Waiting
for a processor that other programs use does not count where the system tells it (Linux). Such a
ratio hardly depends on the machine or on what else it does.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.speed.speed import Work, training_turns
from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy

SCHEDULER = Path("/proc/thread-self/schedstat")
PERIODS = 20
ROUNDS = 8  # of plain work, a period
SECONDS = 1.0  # least time of all turns
TURNS = 8  # least number of them


def time_ratio(work: Work, plain: Work) -> float:
    """Time of `work` over that of `plain`."""
    work()
    plain()
    times: list[tuple[float, float]] = []
    while len(times) < TURNS or sum(map(sum, times)) < SECONDS:
        times.append((_seconds(work), _seconds(plain)))
    return min(t for t, _ in times) / min(t for _, t in times)


def plain_work(scenario: Scenario, worlds: int) -> Work:
    """Arithmetic, comparisons and random draws on (world, store) arrays, each period anew."""
    rng = np.random.default_rng(0)
    shape = (worlds, len(scenario.stores))
    level = rng.random(shape)

    def work() -> None:
        stock = np.zeros(shape)
        for _ in range(PERIODS * ROUNDS):
            order = np.maximum(level - stock, 0.0)
            sold = np.minimum(stock + order, rng.random(shape))
            stock = np.where(sold > 0.5, stock + order - sold, stock * 0.5)
            _ = stock.sum(axis=1)

    return work


def simulation(scenario: Scenario, worlds: int) -> tuple[Work, Work]:
    """Periods under a rule, and the money of each."""
    rule = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    tape = _tape(scenario, worlds)
    chain = Chain(scenario)

    def work() -> None:
        chain.reset(tape)
        while not chain.ended:
            ledger = chain.step(rule.wishes(chain.situation))
            _ = Money.of(chain.params, ledger).chain

    return work, plain_work(scenario, worlds)


def drawing(scenario: Scenario, worlds: int) -> tuple[Work, Work]:
    """The tape of as many periods."""

    def work() -> None:
        _tape(scenario, worlds)

    return work, plain_work(scenario, worlds)


def vec_env(scenario: Scenario, worlds: int) -> tuple[Work, Work]:
    """Periods of random actions."""
    rule = RulePolicy("base-stock", formula_rule("base-stock", scenario))
    settings = scenario.training.model_copy(update={"continuing": False, "worlds": worlds})
    env = ChainVecEnv(scenario, resolve(scenario, settings), rule, seed=0)
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (PERIODS, env.num_envs, 1))
    env.reset()

    def work() -> None:
        for chosen in actions:
            env.step(chosen)

    return work, plain_work(scenario, worlds)


def ppo(scenario: Scenario, worlds: int) -> tuple[Work, Work]:
    """PPO on the chain, over PPO on a VecEnv that does nothing: 1 / its share of the ceiling."""
    training = scenario.training.model_copy(update={"worlds": worlds})
    return training_turns(scenario.model_copy(update={"training": training}), updates=1)


def _tape(scenario: Scenario, worlds: int) -> Tape:
    return draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=worlds, periods=PERIODS)


def _seconds(work: Work) -> float:
    """Time of some work, less what it waited for a processor."""
    started, waited = time.perf_counter(), _waited()
    work()
    waited = _waited() - waited  # read between the clock's readings: never more than they enclose
    return time.perf_counter() - started - waited


def _waited() -> float:
    """Seconds for which this thread was ready and others ran; 0 where the system does not tell."""
    try:
        return int(SCHEDULER.read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
