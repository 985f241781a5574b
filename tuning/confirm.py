"""Is the best trial better, or was it lucky? Trained anew, with fresh seeds, on fresh demand.

The best trials and the default are trained with the full budget, as `hmarl train` would. For each
fresh seed all of them start from the same tuned rule and are judged on the same demand, so that a
seed gives one paired difference; the differences of several seeds are independent. Of many chains
a seed gives one difference for each fresh chain, and intervals are over chains and seeds. They
hold for all candidates together (Bonferroni), as the best of them is chosen by them.
"""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.processes import process_pool
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import TrainingSettings
from inventory_env.errors import InputError
from inventory_env.files import write_json
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.intervals import Interval, crossed_interval, student_interval
from policies.rules.rule_book import RuleBook
from policies.runs.run_folder import read_json
from policies.runs.training import DivergedError, train, train_generalist
from tuning.many_chains import ChainsToJudge
from tuning.measure import Measure
from tuning.plan import Plan
from tuning.trial import judge

FRESH_SEEDS = 5
FRESH_WORLDS = 1024
FRESH_EPISODE = 3  # of validation demand that neither training nor the trials have seen
LEVEL = 0.95  # of all intervals together
JUDGEMENT = "judgement.json"
ROUNDS_OF_WORKERS = 5  # to finish although workers die


@dataclass(frozen=True)
class FreshTraining:
    """One training: a configuration with a fresh seed."""

    plan: Plan
    number: int  # of the trial
    settings: TrainingSettings
    seed: int

    @property
    def folder(self) -> Path:
        """The run's folder."""
        return self.plan.folder / "confirmation" / f"trial-{self.number:04d}" / f"seed-{self.seed}"

    @property
    def done(self) -> bool:
        """Whether the run was judged."""
        return (self.folder / JUDGEMENT).exists()

    def run(self) -> None:
        """Train, judge, and write the judgement down."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        taught = self.plan.scenario.with_training(self.settings)
        try:
            if isinstance(taught, ProblemDistribution):
                judgement = self._on_many(taught)
            else:
                judgement = self._on_one(taught)
        except DivergedError as error:
            judgement = {"error": str(error)}
        write_json(self.folder / JUDGEMENT, judgement)

    def _on_many(self, problems: ProblemDistribution) -> dict[str, Any]:
        """The cost on each fresh chain."""
        run = train_generalist(problems, seed=self.seed, folder=self.folder)
        judged = ChainsToJudge.fresh(problems, self.seed)
        policy = run.policy_for(judged.chains, judged.tapes)
        costs, fill_rate = judged.judge(policy, run.start_rule)
        kept = bool(run.manifest["kept_rule"])
        return {"cost": costs.tolist(), "fill_rate": fill_rate, "kept_rule": kept}

    def _on_one(self, chain: Scenario) -> dict[str, Any]:
        """The cost on the chain's fresh demand."""
        book = confirmation_book(chain, self.plan, self.seed)
        run = train(chain, seed=self.seed, folder=self.folder, book=book)
        tape = draw_tape(
            chain,
            seed=self.seed,
            purpose=Purpose.VALIDATE,
            worlds=FRESH_WORLDS,
            episode=FRESH_EPISODE,
        )
        cost, fill_rate = judge(run.policy, chain, tape)
        kept = bool(run.manifest["kept_rule"])
        return {"cost": cost, "fill_rate": fill_rate, "kept_rule": kept}


def confirmation_book(chain: Scenario, plan: Plan, seed: int) -> RuleBook:
    """The start rule of all configurations under a fresh seed, tuned once."""
    file = plan.folder / "confirmation" / f"rules-seed-{seed}.json"
    return RuleBook(chain, seed, file)


@dataclass(frozen=True)
class Confirmed:
    """A configuration on fresh seeds and demand, beside the default."""

    number: int  # of the trial
    cost: float  # see `measure`, NaN if a training diverged
    fill_rate: float
    kept_rule: int  # seeds whose run kept its start rule
    gain: float  # cost of the default - cost
    gain_interval: Interval
    service: float  # fill rate - fill rate of the default
    service_interval: Interval


@dataclass(frozen=True)
class Confirmation:
    """What may be said about the study."""

    seeds: int
    measure: Measure
    default: Confirmed
    candidates: tuple[Confirmed, ...]  # cheapest first
    chosen: Confirmed
    verdict: str


OnTraining = Callable[[int, int], None]  # called with trainings done, and of all


def confirm(
    plan: Plan,
    default: tuple[int, TrainingSettings],
    others: Sequence[tuple[int, TrainingSettings]],
    *,
    workers: int,
    seeds: int,
    tell: OnTraining = lambda done, of: None,
) -> Confirmation:
    """Train the default and other configurations with fresh seeds, and compare them.

    What was judged before is not trained again.

    Args:
        plan: the study's.
        default: trial number and settings of the default.
        others: those of the candidates.
        workers: processes.
        seeds: how many fresh seeds, at least 2.
        tell: called with the number of trainings done, and of all.
    """
    fresh = plan.fresh_seeds(seeds)
    tasks = [
        FreshTraining(plan, number, settings, seed)
        for number, settings in (default, *others)
        for seed in fresh  # workers tune the rules of different seeds
    ]
    _run_all(tasks, workers, tell)
    costs, fills, kept = {}, {}, {}
    for number in {task.number for task in tasks}:
        judged = [read_json(task.folder / JUDGEMENT) for task in tasks if task.number == number]
        rows = [np.atleast_1d(each.get("cost", np.nan)) for each in judged]
        costs[number] = np.stack(np.broadcast_arrays(*rows))
        fills[number] = np.array([[each.get("fill_rate", np.nan)] for each in judged])
        kept[number] = sum(each.get("kept_rule", False) for each in judged)
    level = 1 - (1 - LEVEL) / max(len(others), 1)

    def confirmed(number: int) -> Confirmed:
        gains = costs[default[0]] - costs[number]
        services = fills[number] - fills[default[0]]
        return Confirmed(
            number,
            float(costs[number].mean()),
            float(fills[number].mean()),
            kept[number],
            float(gains.mean()),
            _interval(gains, level),
            float(services.mean()),
            _interval(services, level),
        )

    found = sorted((confirmed(number) for number, _ in others), key=lambda each: each.cost)
    return _chosen(plan, seeds, confirmed(default[0]), found)


def _chosen(plan: Plan, seeds: int, default: Confirmed, found: Sequence[Confirmed]) -> Confirmation:
    """The cheapest that gives the service asked for and clearly beats the default."""
    least = plan.min_fill_rate or 0.0
    able = [each for each in found if each.fill_rate >= least and np.isfinite(each.cost)]

    def gain(each: Confirmed) -> str:
        words = plan.measure.gain_words(each.gain, each.gain_interval, default.cost)
        return f"trial {each.number} {words}"

    chosen, asked = default, f"a fill rate of {least:.1%}"
    if not np.isfinite(default.cost) and able:
        chosen = able[0]
        verdict = f"trial {chosen.number} is chosen: the default settings diverge"
    elif default.fill_rate < least and able:
        chosen = able[0]
        verdict = (
            f"trial {chosen.number} gives {asked}, as asked ({chosen.fill_rate:.2%}); the default "
            f"does not ({default.fill_rate:.2%}): {gain(chosen)}"
        )
    elif default.fill_rate < least:
        verdict = f"neither a trial nor the default gives {asked} on fresh demand: default kept"
    elif clear := [each for each in able if each.gain_interval[0] > 0]:
        chosen = clear[0]
        verdict = f"trial {chosen.number} is better than the default: {gain(chosen)}"
    elif able:
        verdict = f"nothing beat the default for sure, which is kept; {gain(able[0])}"
    else:
        verdict = "no trial is left to be compared with the default, which is kept"
    if chosen is not default and chosen.kept_rule == seeds:
        verdict += f"; all {seeds} runs keep their start rule, whose merit this is"
    return Confirmation(seeds, plan.measure, default, tuple(found), chosen, verdict)


def _interval(differences: Array, level: float) -> Interval:
    """The interval of the mean of (seed, chain) differences; boundless where it is unknown."""
    if len(differences) < 2 or not np.isfinite(differences).all():
        return -np.inf, np.inf
    if differences.shape[1] == 1:
        return student_interval(differences[:, 0], level)
    return crossed_interval(differences, level)


def _run_all(tasks: Sequence[FreshTraining], workers: int, tell: OnTraining) -> None:
    """Do what is missing; a worker that dies is replaced."""
    for _ in range(ROUNDS_OF_WORKERS):
        missing = [task for task in tasks if not task.done]
        done = len(tasks) - len(missing)
        tell(done, len(tasks))
        if not missing:
            return
        if workers == 1:
            for number, task in enumerate(missing, start=1):
                task.run()
                tell(done + number, len(tasks))
            return
        try:
            with process_pool(workers) as pool:
                runs = [pool.submit(task.run) for task in missing]
                for number, run in enumerate(as_completed(runs), start=1):
                    run.result()
                    tell(done + number, len(tasks))
        except BrokenProcessPool:
            continue
        return
    raise InputError("workers keep dying; the same command continues where this one stopped")
