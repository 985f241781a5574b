"""What a training learns from and is judged on: one chain, or many in parts of one shape each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.interface import Interface
from inventory_env.decision.recipe import Recipe
from inventory_env.description.population import Mixture, Population, by_shape, shape_of
from inventory_env.description.problem_distribution import ProblemDistribution, Stream
from inventory_env.description.scenario import Scenario
from inventory_env.envs.joined import JoinedVecEnv
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.files import write_json
from inventory_env.frozen import Array
from policies.learning.familiar import Familiar
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import share_of_cost
from policies.policy import Policy
from policies.rules.chain_start import searched_points
from policies.rules.start import start_policy
from policies.runs.judge import Judge, Validation
from policies.runs.run_folder import read_json, run_start

LEVELS = "start_levels.json"


@dataclass(frozen=True)
class _Judged:
    """Chains of one shape that a network is judged on."""

    rule: Policy
    interface: Interface
    judge: Judge
    worlds: int

    def policy(self, network: ActorCriticPolicy, familiar: Familiar | None = None) -> LearnedPolicy:
        """The network on these chains."""
        return LearnedPolicy(self.interface, self.rule, network, familiar=familiar)


@dataclass(frozen=True)
class Lessons:
    """Where a network learns, and how it is judged."""

    env: ChainVecEnv | JoinedVecEnv
    interface: Interface  # of the first part; all see and do the same
    rule: Policy  # that learning starts from, there
    _judged: tuple[_Judged, ...]

    def validate(self, network: ActorCriticPolicy) -> Validation:
        """Cost and fill rate, always on the same worlds."""
        found = [own.judge.validate(own.policy(network)) for own in self._judged]
        if len(found) == 1:
            return found[0]
        weights = np.array([own.worlds for own in self._judged], dtype=np.float64)
        table = np.array([[v.cost, v.fill_rate, v.rule_cost, v.rule_fill_rate] for v in found])
        return Validation(*(weights @ table / weights.sum()).tolist())

    def familiar(self, network: ActorCriticPolicy, seed: int) -> Familiar | None:
        """What training saw, where demand is learned from what is seen; None where its law is
        told."""
        own = self._judged[0]
        if not own.interface.agents.shape.learns_demand or len(self._judged) > 1:
            return None
        return Familiar.of(own.interface, own.rule, own.policy(network), own.judge.population, seed)

    def gain(self, network: ActorCriticPolicy, familiar: Familiar | None) -> Array:
        """(world,) what is saved, on fresh worlds."""
        found = [own.judge.gain(own.policy(network, familiar)) for own in self._judged]
        return np.concatenate(found)

    def shifted_gain(self, network: ActorCriticPolicy, familiar: Familiar | None) -> Array | None:
        """(world,) share of the start's cost that is saved on futures unlike the recorded dates;
        None where demand is drawn."""
        own = self._judged[0]
        if not own.interface.agents.shape.recorded:
            return None
        return own.judge.shifted_gain(own.policy(network, familiar))


def lessons_of(
    folder: Path, recipe: Recipe, problems: Scenario | ProblemDistribution, seed: int
) -> Lessons:
    """What the run in a folder learns from.

    Args:
        folder: of the run; what a search found is kept there.
        recipe: of the training.
        problems: the chain, or the chains' distribution.
        seed: of the training.
    """
    worlds = recipe.settings.validation_worlds
    if isinstance(problems, Scenario):
        rule = run_start(folder, recipe, problems)
        env = ChainVecEnv(problems, recipe, rule, seed=seed)
        judge = Judge(problems, rule, seed=seed, worlds=worlds)
        return Lessons(env, env.interface, rule, (_Judged(rule, env.interface, judge, worlds),))
    groups = problems.learned_from()
    held_out = by_shape(problems.chains(worlds, stream=Stream.VALIDATE))
    rules = _starts(folder, recipe, (*groups, *held_out), seed)
    parts = []
    for chains, rule in zip(groups, rules, strict=False):
        paid = share_of_cost(recipe, chains, rule, seed)
        share = _worlds(recipe, groups, chains)
        parts.append(ChainVecEnv(chains, recipe, rule, seed=seed, worlds=share, paid=paid))
    judged = []
    for chains, rule in zip(held_out, rules[len(groups) :], strict=True):
        own = len(chains.members)
        judge = Judge(chains, rule, seed=seed, worlds=own)
        judged.append(_Judged(rule, Interface(recipe, shape_of(chains)), judge, own))
    joined = parts[0] if len(parts) == 1 else JoinedVecEnv(parts)
    return Lessons(joined, parts[0].interface, rules[0], tuple(judged))


def _worlds(recipe: Recipe, groups: Sequence[Mixture], chains: Mixture) -> int:
    """Worlds of one shape's chains: where there are several shapes, all have about as many rows."""
    if len(groups) == 1:
        return recipe.worlds
    group = recipe.settings.worlds_per_tape
    rows = recipe.worlds / len(groups)
    agents = Interface(recipe, shape_of(chains)).agents.count
    return max(round(rows / (agents * group)), 1) * group


def _starts(folder: Path, recipe: Recipe, groups: Sequence[Population], seed: int) -> list[Policy]:
    """What each group of chains starts from; what is searched is kept, and looked for first."""
    if not any(start.rule.searched for start in recipe.start):
        return [run_start(folder, recipe, chains) for chains in groups]
    file = folder / LEVELS
    if not file.exists():
        found = [searched_points(chains, seed=seed).round(4).tolist() for chains in groups]
        write_json(file, {"levels": found})
    kept = read_json(file)["levels"]
    return [start_policy(recipe.start, points=np.array(own)) for own in kept]
