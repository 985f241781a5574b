"""Training, from a scenario to a run folder; interrupted runs continue exactly where they stood."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat

from inventory_env.decision.resolve import resolve
from inventory_env.description.population import by_shape, shape_of
from inventory_env.description.problem_distribution import ProblemDistribution, Stream
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.files import write_json
from policies.intervals import student_interval
from policies.learning.ppo import Schedules, make_algorithm
from policies.rules.rule_book import RuleBook
from policies.runs.certificate import certificate
from policies.runs.checkpoint import learner_state, restore_learner
from policies.runs.generalist import Generalist, load_generalist
from policies.runs.judge import Validation
from policies.runs.lessons import lessons_of
from policies.runs.progress_file import ProgressFile
from policies.runs.recipes import recipe_from_generalist, recipe_of, recipe_of_many
from policies.runs.run_folder import (
    BEST,
    FIRST,
    LAST,
    MANIFEST,
    RECIPE,
    RULE_BOOK,
    Run,
    check_others,
    keep_others,
    load_network,
    load_run,
    network_tensors,
    read_config,
    read_problems,
    read_recipe,
    read_tensors,
    write_config,
    write_recipe,
    write_scenario,
    write_tensors,
)

SEVERAL = 64  # chains that tell whether shapes differ
MOST_LOST = 0.005  # share of the rule's cost, on futures unlike the recorded dates
CHECKPOINTS = 50  # how often, evenly over training, a checkpoint is written


@dataclass(frozen=True)
class Progress:
    """How far training has come."""

    steps: int
    total_steps: int
    steps_per_second: float
    seconds_left: float
    validation: Validation | None


OnProgress = Callable[[Progress], None]
MOST_LOST = 0.005  # share of the rule's cost, on futures unlike the recorded dates


class DivergedError(InputError):
    """The learner's numbers ran away; the training settings are to blame."""


def check(scenario: Scenario, others: Path | None = None, start: Generalist | None = None) -> None:
    """Refuse what cannot be trained, before anything is written.

    Raises:
        InputError: if a tier is to learn that orders nothing, to see what it cannot, to build on a
            run of another kind, or to go on from a network for other chains.
    """
    resolve(scenario, scenario.training)
    for words in [] if start is None else start.strange(scenario):
        raise InputError(f"start: {words}")
    if others is not None:
        check_others(scenario, others)


def check_problems(problems: ProblemDistribution) -> None:
    """Refuse a problem distribution that cannot be learned from, before anything is written.

    Raises:
        InputError: if a chain drawn from it is not valid, or cannot be trained on.
    """
    resolve(by_shape(problems.chains(2, stream=Stream.TRAIN))[0], problems.training)


def check_side_by_side(problems: ProblemDistribution) -> None:
    """Refuse a problem distribution whose chains cannot be judged in one batch, by one rule.

    Raises:
        InputError: if their shapes differ, or stores share a stock; or as `check_problems`.
    """
    check_problems(problems)
    groups = by_shape(problems.chains(SEVERAL, stream=Stream.TRAIN))
    if len(groups) > 1 or shape_of(groups[0]).upstream:
        raise InputError(
            f"{problems.name}: only chains of one shape, whose stores share no stock, are judged "
            "side by side; hmarl bench published --suite generalist judges a run for others"
        )


def train(
    scenario: Scenario,
    *,
    seed: int,
    folder: Path,
    on_progress: OnProgress | None = None,
    tensorboard: bool = False,
    others: Path | None = None,
    book: RuleBook | None = None,
    start: Generalist | None = None,
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
        book: tuned rules of the chain; left out, those that the training needs are searched.
        start: a network for many problems to go on from, instead of from nothing; its rule is what
            offsets are taken from then, and what it sees is what the new run sees.

    Raises:
        InputError: if the network is for other chains.
        DivergedError: if the learner's weights are no longer numbers.
    """
    check(scenario, others, start)
    recipe = None if start is None else recipe_from_generalist(start, scenario, seed)
    if others is not None:
        keep_others(folder, others)
    write_scenario(folder, scenario)
    write_config(folder, seed=seed, tensorboard=tensorboard)
    if start is not None and recipe is not None:
        write_recipe(folder, recipe)
        write_tensors(folder / FIRST, network_tensors(start.network), {})
    return _carry_on(folder, scenario, book, on_progress)


def train_generalist(
    problems: ProblemDistribution,
    *,
    seed: int,
    folder: Path,
    on_progress: OnProgress | None = None,
    tensorboard: bool = False,
) -> Generalist:
    """Train one network for every chain of a distribution and keep the run in `folder`.

    Args:
        problems: the distribution, training settings included.
        seed: of training tapes, network and exploration.
        folder: an empty folder.
        on_progress: called after every update; what it raises ends the training.
        tensorboard: also write TensorBoard events to the folder.

    Raises:
        InputError: if a chain drawn from it is not valid, or cannot be trained on.
        DivergedError: if the learner's weights are no longer numbers.
    """
    check_problems(problems)
    write_scenario(folder, problems)
    write_config(folder, seed=seed, tensorboard=tensorboard)
    return _carry_on_generalist(folder, problems, on_progress)


def resume(folder: Path, on_progress: OnProgress | None = None) -> Run | Generalist:
    """Continue an interrupted run; ends with the weights it would have had uninterrupted.

    Raises:
        InputError: if the folder holds no run, or one that cannot be continued.
    """
    scenario = read_problems(folder)
    read_config(folder)
    if (folder / MANIFEST).exists():
        raise InputError(f"{folder}: the run is complete; there is nothing to resume")
    if isinstance(scenario, ProblemDistribution):
        return _carry_on_generalist(folder, scenario, on_progress)
    return _carry_on(folder, scenario, None, on_progress)


def _carry_on(
    folder: Path, scenario: Scenario, book: RuleBook | None, on_progress: OnProgress | None
) -> Run:
    """Train a run whose folder says what is asked, from its newest checkpoint if there is one."""
    seed = read_config(folder)["seed"]
    if not (folder / RECIPE).exists():
        book = RuleBook(scenario, seed, folder / RULE_BOOK) if book is None else book
        write_recipe(folder, recipe_of(folder, scenario, seed, book))
    _run_training(folder, scenario, on_progress)
    return load_run(folder)


def _carry_on_generalist(
    folder: Path,
    problems: ProblemDistribution,
    on_progress: OnProgress | None,
) -> Generalist:
    """The same for a problem distribution."""
    if not (folder / RECIPE).exists():
        write_recipe(folder, recipe_of_many(problems))
    _run_training(folder, problems, on_progress)
    return load_generalist(folder)


def _run_training(
    folder: Path,
    problems: Scenario | ProblemDistribution,
    on_progress: OnProgress | None,
) -> None:
    config = read_config(folder)
    with _one_thread():
        training = _Training(folder, problems, config["seed"], on_progress)
        training.log_to(tensorboard=bool(config.get("tensorboard")))
        training.run()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Networks this small gain little from a second thread, and lose tenfold on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Training(BaseCallback):
    """One run: builds the learner, follows it, has it judged, and writes it down."""

    def __init__(
        self,
        folder: Path,
        problems: Scenario | ProblemDistribution,
        seed: int,
        on_progress: OnProgress | None,
    ) -> None:
        super().__init__()
        self._folder, self._name, self._seed = folder, problems.name, seed
        self._on_progress = on_progress
        recipe = read_recipe(folder)
        self._settings = recipe.settings
        self._searched = any(start.rule.searched for start in recipe.start)
        self._problems = problems if isinstance(problems, ProblemDistribution) else None
        self._lessons = lessons_of(folder, recipe, problems, seed)
        self._env = self._lessons.env
        self._interface = self._lessons.interface
        self._model: Any = make_algorithm(self._interface, self._env, seed=seed)
        if (folder / FIRST).exists():
            tensors, _ = read_tensors(folder / FIRST)
            load_network(self._model.policy, tensors, folder / FIRST)
        update = self._settings.n_steps * self._env.num_envs
        self._total = -(-self._settings.steps // update) * update
        self._updates = self._total // update
        self._validate_at = _evenly(self._updates, self._settings.validations)
        self._checkpoint_at = _evenly(self._updates, CHECKPOINTS) | self._validate_at
        self._update = 0
        self._best_cost = np.inf
        self._trained_seconds = 0.0
        self._validation: Validation | None = None

    def log_to(self, *, tensorboard: bool) -> None:
        """Keep a row for each update in progress.csv, and events for TensorBoard if asked."""
        self._progress = ProgressFile(self._folder / "progress.csv")
        outputs: list[KVWriter] = [self._progress]
        if tensorboard:
            outputs.append(TensorBoardOutputFormat(str(self._folder)))
        self._model.set_logger(Logger(str(self._folder), outputs))

    def run(self) -> None:
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
            callbacks = CallbackList([self, Schedules(self._interface)])
            try:
                with np.errstate(all="ignore"):  # divergence is noticed by the weights
                    self._model.learn(left, callback=callbacks, reset_num_timesteps=False)
            except ValueError:  # torch draws no action from a policy that is not a number
                self._refuse_divergence()
                raise
        self._refuse_divergence()
        self._finish(self._seconds())

    def _refuse_divergence(self) -> None:
        weights = self._model.policy.parameters()
        if not all(bool(torch.isfinite(weight).all()) for weight in weights):
            raise DivergedError(
                f"{self._folder}: training diverged within {self._model.num_timesteps:,} steps; "
                f"lower learning_rate (now {self._settings.learning_rate:g}) or set target_kl"
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

    def _validate(self) -> None:
        self._model.policy.set_training_mode(False)
        found = self._validation = self._lessons.validate(self._model.policy)
        self.logger.record("validation/cost", found.cost)
        self.logger.record("validation/rule_cost", found.rule_cost)
        self.logger.record("validation/fill_rate", found.fill_rate)
        self.logger.record("validation/rule_fill_rate", found.rule_fill_rate)
        if found.cost < self._best_cost or self._problems is not None:
            # Of many chains a validation tells too little: the last weights are kept.
            self._best_cost = found.cost
            notes = {"steps": self._model.num_timesteps, "validation_cost": found.cost}
            write_tensors(self._folder / BEST, network_tensors(self._model.policy), notes)

    def _finish(self, seconds: float) -> None:
        """Keep the start rule where fresh validation worlds cannot tell that learning paid.

        A few recorded dates can seldom tell for sure. There the policy must be cheaper on them, and
        surely no dearer by more than half a percent where demand drifts away from them. Only where
        money is what was taught: another reward may rightly cost more. A network for many chains is
        judged again on every chain that it is used on.
        """
        tensors, notes = read_tensors(self._folder / BEST)
        load_network(self._model.policy, tensors, self._folder / BEST)
        familiar = self._lessons.familiar(self._model.policy, self._seed)
        gain = self._lessons.gain(self._model.policy, familiar)
        low, high = student_interval(gain)
        shifted = self._lessons.shifted_gain(self._model.policy, familiar)
        pays, told = low > 0, {}
        if shifted is not None:
            interval = student_interval(shifted)
            told = {"shifted_gain": {"mean": float(shifted.mean()), "ci95": list(interval)}}
            pays = gain.mean() > 0 and shifted.mean() > 0 and interval[0] > -MOST_LOST
        guarded = self._settings.reward.preset == "cost"
        write_json(
            self._folder / MANIFEST,
            {
                **certificate(),
                "scenario": self._name,
                "seed": self._seed,
                "steps": self._total,
                "training_seconds": round(seconds, 2),
                "best": notes,
                "start_rule": self._lessons.rule.name,
                "gain_over_start_rule": {"mean": float(gain.mean()), "ci95": [low, high]},
                **told,
                **({} if familiar is None else {"familiar": familiar.written()}),
                "kept_rule": guarded and not pays and self._problems is None,
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
        notes |= {"update": self._update, "best_cost": self._best_cost, "seconds": self._seconds()}
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
