"""Training, from a scenario to a run folder; interrupted runs continue exactly where they stood."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

from inventory_env.errors import InputError
from inventory_env.files import write_json
from inventory_env.frozen import Array
from inventory_env.decision.observation import Observer
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.envs.vec_env import ChainVecEnv
from policies.runs.certificate import certificate
from policies.runs.checkpoint import learner_state, restore_learner
from policies.learning.learned import LearnedPolicy
from policies.policy import Policy
from policies.learning.ppo import FallingEntropy, make_algorithm, make_env
from policies.runs.progress_file import ProgressFile
from policies.rollout import run_episodes
from policies.runs.run_folder import (
    BEST,
    CONFIG,
    LAST,
    MANIFEST,
    Run,
    check_others,
    keep_others,
    load_network,
    load_run,
    network_tensors,
    read_json,
    read_scenario,
    read_tensors,
    run_start,
    write_scenario,
    write_tensors,
)

CHECKPOINTS = 50  # how often, evenly over training, a checkpoint is written


@dataclass(frozen=True)
class Validation:
    """A judgement on the validation worlds, beside the start rule on the same."""

    cost: float  # money per period
    fill_rate: float
    rule_cost: float
    rule_fill_rate: float


@dataclass(frozen=True)
class Progress:
    """How far training has come."""

    steps: int
    total_steps: int
    steps_per_second: float
    seconds_left: float
    validation: Validation | None


OnProgress = Callable[[Progress], None]


class DivergedError(InputError):
    """The learner's numbers ran away; the training settings are to blame."""


def check(scenario: Scenario, others: Path | None = None) -> None:
    """Refuse what cannot be trained, before anything is written.

    Raises:
        InputError: if a tier is to learn that orders nothing, to see what it cannot, or to build on
            a run of another kind.
    """
    Observer(scenario)
    if others is not None:
        check_others(scenario, others)


def train(
    scenario: Scenario,
    *,
    seed: int,
    folder: Path,
    on_progress: OnProgress | None = None,
    tensorboard: bool = False,
    others: Path | None = None,
) -> Run:
    """Train on a scenario with its training settings and keep the run in `folder`.

    Args:
        scenario: the chain, training settings included.
        seed: of training tapes, network and exploration.
        folder: an empty folder.
        on_progress: called after every update; what it raises ends the training.
        tensorboard: also write TensorBoard events to the folder.
        others: folder of a complete run that decides for the sites that do not learn; those that
            do start from it too, if it decides for them. Left out, tuned rules.

    Raises:
        DivergedError: if the learner's weights are no longer numbers.
    """
    check(scenario, others)
    if others is not None:
        keep_others(folder, others)
    write_scenario(folder, scenario)
    write_json(folder / CONFIG, {"seed": seed, "tensorboard": tensorboard})
    return _Training(folder, scenario, seed, tensorboard, on_progress).run()


def resume(folder: Path, on_progress: OnProgress | None = None) -> Run:
    """Continue an interrupted run; ends with the weights it would have had uninterrupted.

    Raises:
        InputError: if the folder holds no run, or one that cannot be continued.
    """
    scenario, config = read_scenario(folder), read_json(folder / CONFIG)
    if (folder / MANIFEST).exists():
        raise InputError(f"{folder}: the run is complete; there is nothing to resume")
    seed, tensorboard = config.get("seed"), bool(config.get("tensorboard"))
    if not isinstance(seed, int):
        raise InputError(f"{folder / CONFIG}: seed: must be a whole number, got {seed!r}")
    return _Training(folder, scenario, seed, tensorboard, on_progress).run()


class _Training(BaseCallback):
    """One run: builds the learner, follows it, judges it, and writes it down."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario,
        seed: int,
        tensorboard: bool,
        on_progress: OnProgress | None,
    ) -> None:
        super().__init__()
        # Networks this small gain little from a second thread, and lose tenfold on a busy machine.
        torch.set_num_threads(1)
        self._folder, self._scenario, self._seed = folder, scenario, seed
        self._on_progress = on_progress
        self._rule = run_start(folder, scenario, seed)
        self._env: ChainVecEnv = make_env(scenario, self._rule, seed)
        self._model: Any = make_algorithm(scenario, self._env, seed=seed)
        self._learned = LearnedPolicy(
            scenario, self._rule, self._model.policy, scenario.training.algorithm
        )
        self._progress = ProgressFile(folder / "progress.csv")
        outputs: list[KVWriter] = [self._progress]
        if tensorboard:
            outputs.append(TensorBoardOutputFormat(str(folder)))
        self._model.set_logger(Logger(str(folder), outputs))
        settings = scenario.training
        update = settings.n_steps * self._env.num_envs
        self._total = -(-settings.steps // update) * update
        self._updates = self._total // update
        self._validate_at = _evenly(self._updates, settings.validations)
        self._checkpoint_at = _evenly(self._updates, CHECKPOINTS) | self._validate_at
        self._update = 0
        self._best_cost = np.inf
        self._trained_seconds = 0.0
        self._validation: Validation | None = None
        self._validation_tape = draw_tape(
            scenario, seed=seed, purpose=Purpose.VALIDATE, worlds=settings.validation_worlds
        )
        self._rule_costs, self._rule_fill = self._judge(self._rule)

    def run(self) -> Run:
        """Train to the end, from the newest checkpoint if there is one."""
        if (self._folder / LAST).exists():
            self._restore()
        else:
            self._model._last_obs = self._env.reset()
            self._model._last_episode_starts = np.ones(self._env.num_envs, dtype=bool)
        self._started = time.perf_counter()
        self._steps_at_start = self._model.num_timesteps
        left = self._total - self._model.num_timesteps
        if left > 0:
            callbacks = CallbackList([self, FallingEntropy(self._scenario.training)])
            try:
                with np.errstate(all="ignore"):  # divergence is noticed by the weights
                    self._model.learn(left, callback=callbacks, reset_num_timesteps=False)
            except ValueError:  # torch draws no action from a policy that is not a number
                self._refuse_divergence()
                raise
        self._refuse_divergence()
        self._finish(self._seconds())
        return load_run(self._folder)

    def _refuse_divergence(self) -> None:
        weights = self._model.policy.parameters()
        if not all(bool(torch.isfinite(weight).all()) for weight in weights):
            raise DivergedError(
                f"{self._folder}: training diverged within {self._model.num_timesteps:,} steps; "
                f"lower learning_rate (now {self._scenario.training.learning_rate:g}) or set "
                "target_kl"
            )

    # --- what SB3 calls ---------------------------------------------------------------------

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        """Between two updates: all that was learned is in the weights."""
        if self._update and self._update in self._validate_at:
            self._validate()
        if self._update and self._update in self._checkpoint_at:
            self._save()
        if self._on_progress is not None and self._update:
            self._on_progress(self._state_of_progress())
        self._update += 1

    def _on_training_end(self) -> None:
        self._on_rollout_start()
        self.logger.dump(self._model.num_timesteps)

    # --- judging ----------------------------------------------------------------------------

    def _judge(self, policy: Policy) -> tuple[Array, float]:
        kpis = run_episodes(policy, self._scenario, self._validation_tape).kpis()
        return kpis["cost_per_period"], float(np.nanmean(kpis["fill_rate"]))

    def _validate(self) -> None:
        self._model.policy.set_training_mode(False)
        costs, fill = self._judge(self._learned)
        cost = float(costs.mean())
        self._validation = Validation(cost, fill, float(self._rule_costs.mean()), self._rule_fill)
        self.logger.record("validation/cost", cost)
        self.logger.record("validation/rule_cost", self._validation.rule_cost)
        self.logger.record("validation/fill_rate", fill)
        self.logger.record("validation/rule_fill_rate", self._rule_fill)
        if cost < self._best_cost:
            self._best_cost = cost
            notes = {"steps": self._model.num_timesteps, "validation_cost": cost}
            write_tensors(self._folder / BEST, network_tensors(self._model.policy), notes)

    def _finish(self, seconds: float) -> None:
        """Keep the start rule where fresh validation worlds cannot tell that learning paid.

        Only where money is what was taught: another reward may rightly cost more.
        """
        tensors, notes = read_tensors(self._folder / BEST)
        load_network(self._model.policy, tensors, self._folder / BEST)
        self._validation_tape = draw_tape(
            self._scenario,
            seed=self._seed,
            purpose=Purpose.VALIDATE,
            worlds=2 * self._scenario.training.validation_worlds,
            episode=1,
        )
        guarded = self._scenario.training.reward.preset == "cost"
        gain = self._judge(self._rule)[0] - self._judge(self._learned)[0]
        interval = _confidence(gain)
        write_json(
            self._folder / MANIFEST,
            {
                **certificate(),
                "scenario": self._scenario.name,
                "seed": self._seed,
                "steps": self._total,
                "training_seconds": round(seconds, 2),
                "best": notes,
                "start_rule": self._rule.name,
                "gain_over_start_rule": {"mean": float(gain.mean()), "ci95": interval},
                "kept_rule": guarded and not interval[0] > 0,
                "features": list(self._env.feature_names),
            },
        )

    # --- continuing -------------------------------------------------------------------------

    def _seconds(self) -> float:
        return self._trained_seconds + time.perf_counter() - self._started

    def _state_of_progress(self) -> Progress:
        steps = self._model.num_timesteps
        elapsed = time.perf_counter() - self._started
        rate = (steps - self._steps_at_start) / max(elapsed, 1e-9)
        return Progress(
            steps, self._total, rate, (self._total - steps) / max(rate, 1e-9), self._validation
        )

    def _save(self) -> None:
        tensors, notes = learner_state(self._model, self._env)
        notes |= {
            "update": self._update,
            "best_cost": self._best_cost,
            "seconds": self._seconds(),
        }
        write_tensors(self._folder / LAST, tensors, notes)

    def _restore(self) -> None:
        file = self._folder / LAST
        tensors, notes = read_tensors(file)
        try:
            restore_learner(self._model, self._env, tensors, notes)
            self._update = notes["update"]
            self._best_cost = notes["best_cost"]
            self._trained_seconds = notes["seconds"]
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise InputError(f"{file}: not a checkpoint of this run ({error})") from None
        self._progress.keep_until(self._model.num_timesteps)


def _evenly(updates: int, times: int) -> set[int]:
    """Numbers of the updates after which something happens `times` times; the last is one."""
    return {max(round(updates * i / times), 1) for i in range(1, times + 1)}


def _confidence(gain: Array) -> list[float]:
    """95 % interval of a mean (Student's t)."""
    if not gain.std():
        return [float(gain.mean())] * 2
    spread = stats.sem(gain) * stats.t.ppf(0.975, len(gain) - 1)
    return [float(gain.mean() - spread), float(gain.mean() + spread)]
