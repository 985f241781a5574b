"""Seconds of training until PPO is clearly cheaper than a tuned rule."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import Logger

from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.intervals import mean_interval
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import Schedules, make_algorithm, with_reward_scale
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.rule_book import RuleBook

EVERY = 0.5  # seconds of training between two judgements
LIMIT = 60.0  # seconds of training
WORLDS = 256


@dataclass(frozen=True)
class FirstWin:
    """One training's seconds, without those spent on judging; None: not within the limit."""

    seed: int
    tuning_seconds: float  # for the rule that training starts from
    over_reorder_point: float | None  # until cheaper than the tuned reorder-point rule
    over_start_rule: float | None  # until cheaper than the rule it started from


def first_win(scenario: Scenario, reorder_point: Policy, *, seed: int) -> FirstWin:
    """Train with the scenario's own settings until both rules are beaten, or the time is up.

    The deterministic policy is judged every half second on fresh validation tapes, 256 worlds that
    the rules face as well. A rule counts as beaten from the first of two judgements in a row whose
    95 % interval of the saving is above zero.
    """
    started = time.perf_counter()
    rule = RuleBook(scenario, seed).start()
    tuned = time.perf_counter()
    torch.set_num_threads(1)
    recipe = with_reward_scale(resolve(scenario, scenario.training), scenario, rule, seed)
    env = ChainVecEnv(scenario, recipe, rule, seed=seed)
    model = make_algorithm(env.interface, env, seed=seed)
    model.set_logger(Logger(None, []))
    learned = LearnedPolicy(env.interface, rule, model.policy)
    rivals = {"reorder point": reorder_point, "start rule": rule}
    judge = _Judge(scenario, learned, rivals, seed, tuned)
    model.learn(
        scenario.training.steps,
        callback=CallbackList([judge, Schedules(env.interface)]),
    )
    won = [judge.won.get(name) for name in rivals]
    return FirstWin(seed, tuned - started, *won)


class _Judge(BaseCallback):
    """Stops the clock to judge the policy, and the training when all rivals are beaten."""

    def __init__(
        self,
        scenario: Scenario,
        learned: LearnedPolicy,
        rivals: Mapping[str, Policy],
        seed: int,
        started: float,
    ) -> None:
        super().__init__()
        self._scenario, self._learned, self._rivals = scenario, learned, rivals
        self._seed, self._started = seed, started  # moves on by the time of each judgement
        self._due, self._judgements = 0.0, 0
        self._cheaper_since: dict[str, float] = {}
        self.won: dict[str, float] = {}  # seconds

    def _on_step(self) -> bool:
        return len(self.won) < len(self._rivals) and self._seconds() < LIMIT

    def _on_rollout_start(self) -> None:
        seconds, now = self._seconds(), time.perf_counter()
        if seconds >= self._due:
            self._judge(seconds)
            self._due = seconds + EVERY
            self._started += time.perf_counter() - now

    def _seconds(self) -> float:
        """Of training so far."""
        return time.perf_counter() - self._started

    def _judge(self, seconds: float) -> None:
        self.model.policy.set_training_mode(False)
        tape = draw_tape(
            self._scenario,
            seed=self._seed,
            purpose=Purpose.VALIDATE,
            worlds=WORLDS,
            episode=self._judgements,
        )
        self._judgements += 1
        cost = mean_costs(self._learned, self._scenario, tape)
        for name in self._rivals.keys() - self.won.keys():
            saving = mean_costs(self._rivals[name], self._scenario, tape) - cost
            if mean_interval(saving)[2] <= 0:
                self._cheaper_since.pop(name, None)
            elif name in self._cheaper_since:
                self.won[name] = self._cheaper_since[name]
            else:
                self._cheaper_since[name] = seconds
