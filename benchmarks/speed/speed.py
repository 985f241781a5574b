"""How fast simulator, VecEnv, training and other simulators are, all in one run on one thread."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from benchmarks.measurement import Tell
from benchmarks.speed.first_win import FirstWin, first_win
from benchmarks.speed.idle_env import IdleVecEnv
from benchmarks.speed.peers import peers, plain_chain
from inventory_env.decision.agents import Agents
from inventory_env.decision.formula_start import FormulaStart
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.training_config import with_training
from inventory_env.envs.vec_env import ChainVecEnv, Start
from inventory_env.simulation.chain import Chain
from inventory_env.simulation.ledger import Money
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.ppo import make_algorithm, with_reward_scale
from policies.rules.baselines import formula_rule
from policies.rules.rule_based import RulePolicy
from policies.rules.search import tuned_rules

SIMULATIONS = (
    ("three-stores", 1),
    ("three-stores", 64),
    ("three-stores", 1024),
    ("three-stores", 8192),
    ("original", 1024),
    ("fifty-stores", 1024),
)
TRAINED = "three-stores"
EVERY_TIER = "three-stores-plant"  # all of whose tiers decide something
PLAIN_CHAIN_WORLDS = (1, 1024)

Work = Callable[[], None]


@dataclass(frozen=True)
class SimulatorSpeed:
    """`Chain.step` with a base-stock rule's orders, and the money of each period."""

    scenario: str
    worlds: int
    stores: int
    store_periods_per_second: float
    over_demand_draw: float  # time over the time that drawing as much demand takes


@dataclass(frozen=True)
class TrainingSpeed:
    """PPO with a scenario's own settings, beside the same with a VecEnv that does nothing."""

    scenario: str
    rows_per_second: float
    ceiling_rows_per_second: float
    share: float  # median over alternating pairs
    share_range: tuple[float, float]


@dataclass(frozen=True)
class PeerSpeed:
    """Another simulator on the plain chain, one world; None where it is not installed."""

    package: str
    version: str | None
    store_periods_per_second: float | None


@dataclass(frozen=True)
class Speed:
    """All rates of one run."""

    simulator: tuple[SimulatorSpeed, ...]
    plain_chain: tuple[SimulatorSpeed, ...]  # ours on the chain that the peers simulate
    peers: tuple[PeerSpeed, ...]
    vec_env_rows: int  # stores of all worlds
    vec_env_rows_per_second: float  # random actions, ends of episodes included
    training: TrainingSpeed
    every_tier: TrainingSpeed  # stores, warehouse and supplier learn
    first_wins: tuple[FirstWin, ...]  # one a training seed
    peak_memory_mb: float | None  # None where the system does not tell


def measure_speed(
    *,
    repetitions: int = 7,
    pairs: int = 8,
    updates: int = 3,
    seeds: Sequence[int] = (0, 1, 2),
    tell: Tell = lambda _: None,
) -> Speed:
    """Measure everything once.

    Args:
        repetitions: of each simulation, of the peers' and of the VecEnv; the median counts.
        pairs: how often training on the chain and on nothing alternate.
        updates: of PPO in each turn.
        seeds: of the trainings whose first win is waited for.
        tell: called with what is measured next.
    """
    torch.set_num_threads(1)
    simulations = []
    for name, worlds in SIMULATIONS:
        tell(f"simulator: {name}, {worlds} worlds")
        simulations.append(_simulator(load_scenario(name), worlds, repetitions))
    tell("peers")
    plain = tuple(_simulator(plain_chain(), worlds, repetitions) for worlds in PLAIN_CHAIN_WORLDS)
    others = _peers(repetitions)
    trained = load_scenario(TRAINED)
    tell("VecEnv")
    rows, rate = _vec_env(trained, repetitions)
    tell("training")
    training = _training(trained, pairs, updates)
    tell("training, every tier learns")
    all_learn = with_training(load_scenario(EVERY_TIER), None, learn="all")
    every_tier = _training(all_learn, pairs, updates)
    tell("first win: tuning the reorder-point rule")
    rival = RulePolicy("reorder-point", tuned_rules("reorder-point", trained, seed=0))
    wins = []
    for seed in seeds:
        tell(f"first win: seed {seed}")
        wins.append(first_win(trained, rival, seed=seed))
    return Speed(
        simulator=tuple(simulations),
        plain_chain=plain,
        peers=others,
        vec_env_rows=rows,
        vec_env_rows_per_second=rate,
        training=training,
        every_tier=every_tier,
        first_wins=tuple(wins),
        peak_memory_mb=_peak_memory_mb(),
    )


def _simulator(scenario: Scenario, worlds: int, repetitions: int) -> SimulatorSpeed:
    """Whole episodes on one tape; drawing it is not counted."""
    rule = _rule("base-stock", scenario)
    tape = draw_tape(scenario, seed=0, purpose=Purpose.TEST, worlds=worlds)
    chain = Chain(scenario)

    def simulate() -> None:
        chain.reset(tape)
        while not chain.ended:
            ledger = chain.step(rule.wishes(chain.situation))
            _ = Money.of(chain.params, ledger).chain

    simulation, draw = [], []
    for _ in range(repetitions):
        simulation.append(_seconds(simulate))
        draw.append(_seconds(lambda: _draw_demand(scenario, worlds)))
    stores = len(scenario.stores)
    return SimulatorSpeed(
        scenario=scenario.name,
        worlds=worlds,
        stores=stores,
        store_periods_per_second=worlds * stores * scenario.periods / median(simulation),
        over_demand_draw=median(simulation) / median(draw),
    )


def _draw_demand(scenario: Scenario, worlds: int) -> None:
    """An episode's demand from numpy's generators; no season, no correlation."""
    rng = np.random.default_rng(0)
    factor = np.ones((worlds, scenario.periods))
    for store in scenario.stores:
        store.demand.draw(rng, factor)


def _peers(repetitions: int) -> tuple[PeerSpeed, ...]:
    """Whole episodes of one world; building it is not counted."""
    chain = plain_chain()
    demand = draw_tape(chain, seed=0, purpose=Purpose.TEST, worlds=1).demand[:, 0]
    speeds = []
    for peer in peers(demand):
        rate = None
        if peer.simulate is not None:
            seconds = [_seconds(peer.simulate) for _ in range(repetitions)]
            rate = demand.size / median(seconds)
        speeds.append(PeerSpeed(peer.package, peer.version, rate))
    return tuple(speeds)


def _vec_env(scenario: Scenario, repetitions: int) -> tuple[int, float]:
    """Rows, and rows a second over whole episodes with their ends and the next one's tape."""
    rule = _rule("base-stock", scenario)
    settings = scenario.training.model_copy(update={"continuing": False})
    env = ChainVecEnv(scenario, resolve(scenario, settings), rule, seed=0)
    actions = np.random.default_rng(0).uniform(-1.0, 1.0, (scenario.periods, env.num_envs, 1))
    env.reset()

    def episode() -> None:
        for chosen in actions:
            env.step(chosen)

    seconds = [_seconds(episode) for _ in range(repetitions)]
    return env.num_envs, actions.size / median(seconds)


def training_turns(scenario: Scenario, updates: int) -> tuple[Work, Work]:
    """So many updates of PPO on the chain, and the same on a VecEnv that does nothing."""
    torch.set_num_threads(1)
    recipe = resolve(scenario, scenario.training)
    stores_only = recipe.learns == ("stores",)
    start: Start = FormulaStart(shared=recipe.shared)
    if stores_only:
        start = _rule("capped-base-stock", scenario)
    recipe = with_reward_scale(recipe, scenario, start, seed=0)
    env = ChainVecEnv(scenario, recipe, start, seed=0)
    rows = recipe.settings.n_steps * env.num_envs * updates

    interface = env.interface

    def turn(env: VecEnv) -> Work:
        learner = make_algorithm(interface, env, seed=0)
        learner.set_logger(Logger(None, []))

        def learn() -> None:
            learner.learn(rows, reset_num_timesteps=False)

        return learn

    return turn(env), turn(IdleVecEnv(env))


def _training(scenario: Scenario, pairs: int, updates: int) -> TrainingSpeed:
    """Chain and nothing in turn, so that drift of the machine cancels."""
    works = training_turns(scenario, updates)
    for work in works:
        work()
    turns = [[_seconds(work) for work in works] for _ in range(pairs)]
    chain, nothing = zip(*turns, strict=True)
    recipe = resolve(scenario, scenario.training)
    agents = Agents(shape_of(scenario), recipe.learns).count
    rows = recipe.settings.n_steps * recipe.worlds * agents * updates
    shares = [ceiling / real for real, ceiling in zip(chain, nothing, strict=True)]
    return TrainingSpeed(
        scenario=scenario.name,
        rows_per_second=rows / median(chain),
        ceiling_rows_per_second=rows / median(nothing),
        share=median(shares),
        share_range=(min(shares), max(shares)),
    )


def _rule(kind: str, scenario: Scenario) -> RulePolicy:
    return RulePolicy(kind, formula_rule(kind, scenario))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _peak_memory_mb() -> float | None:
    """Largest resident set of this process so far."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
