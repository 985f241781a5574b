"""One trial: train a configuration with every training seed, and judge it by money."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from optuna import Trial, TrialPruned
from optuna.exceptions import OptunaError
from sqlalchemy.exc import SQLAlchemyError

from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import run_episodes
from policies.rules.rule_book import RuleBook
from policies.runs.run_folder import RULE_BOOK
from policies.runs.training import train, train_generalist
from tuning.many_chains import ChainsToJudge
from tuning.places import ERROR
from tuning.plan import Plan
from tuning.study_folder import TRIAL_CONFIG, trial_folder, write_config

JUDGED_WORLDS = 512  # validation worlds that a trained policy is judged on
JUDGED_EPISODE = 2  # training itself looks at the first two


class FailedTrialError(Exception):
    """A trial that came to nothing; the study goes on."""


def run_trial(trial: Trial, plan: Plan) -> float | tuple[float, float]:
    """Train and judge what the trial draws; its KPIs become its user attributes.

    After each training but the last, the study's pruner may find the others not worth their time.

    Returns:
        Cost (see `measure`), or cost and fill rate, as means over the training seeds.

    Raises:
        TrialPruned: if it is stopped before its last training.
        FailedTrialError: if training failed, as when it diverges.
    """
    started = time.perf_counter()
    try:
        settings = plan.space.settings(plan.space.draw(trial))
        folder = trial_folder(plan.folder, trial.number)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_config(folder / TRIAL_CONFIG, settings)
        taught = plan.scenario.with_training(settings.model_copy(update={"steps": plan.steps}))
        attempt = (
            _on_many(taught, plan)
            if isinstance(taught, ProblemDistribution)
            else _on_one(taught, plan)
        )
        costs, fills = [], []
        for index, seed in enumerate(plan.training_seeds()):
            run_folder = folder / f"seed-{index}"
            run_folder.mkdir()
            cost, fill = attempt(seed, run_folder)
            costs.append(cost)
            fills.append(fill)
            if not plan.several:
                trial.report(float(np.mean(costs)), index)
                if index < plan.seeds - 1 and trial.should_prune():
                    _note_service(trial, plan, float(np.mean(fills)))
                    raise TrialPruned
        cost, fill = float(np.mean(costs)), float(np.mean(fills))
        trial.set_user_attr("cost", cost)
        _note_service(trial, plan, fill)
        return (cost, fill) if plan.several else cost
    except (OptunaError, SQLAlchemyError):
        raise
    except (ValueError, RuntimeError, ArithmeticError, MemoryError) as error:
        trial.set_user_attr(ERROR, " ".join(str(error).split()) or type(error).__name__)
        raise FailedTrialError from error
    finally:
        trial.set_user_attr("seconds", round(time.perf_counter() - started, 2))


Attempt = Callable[[int, Path], tuple[float, float]]  # seed and folder; cost and fill rate


def _on_one(chain: Scenario, plan: Plan) -> Attempt:
    """Trains for the chain and judges on the demand that is the same for all trials."""
    tape, book = judging_tape(chain, plan.seed), rule_book(chain, plan)

    def attempt(seed: int, folder: Path) -> tuple[float, float]:
        run = train(chain, seed=seed, folder=folder, book=book)
        return judge(run.learned, chain, tape)

    return attempt


def _on_many(problems: ProblemDistribution, plan: Plan) -> Attempt:
    """The same for all chains of a distribution; the network decides everywhere, so that a trial
    is not spared what it does badly."""
    judged = ChainsToJudge.of_trials(problems, plan.seed)

    def attempt(seed: int, folder: Path) -> tuple[float, float]:
        run = train_generalist(problems, seed=seed, folder=folder)
        costs, fill = judged.judge(run.learned(judged.chains), run.start_rule)
        return float(costs.mean()), fill

    return attempt


def _note_service(trial: Trial, plan: Plan, fill_rate: float) -> None:
    trial.set_user_attr("fill_rate", fill_rate)
    if plan.min_fill_rate is not None:
        trial.set_constraint("fill_rate", plan.min_fill_rate - fill_rate)


# --- pieces that confirmation shares ------------------------------------------------------------


def rule_book(chain: Scenario, plan: Plan) -> RuleBook:
    """The start rule of all trials, tuned once."""
    return RuleBook(chain, plan.seed, plan.folder / RULE_BOOK)


def judging_tape(scenario: Scenario, seed: int) -> Tape:
    """The validation demand that all trials of a study are judged on."""
    return draw_tape(
        scenario,
        seed=seed,
        purpose=Purpose.VALIDATE,
        worlds=JUDGED_WORLDS,
        episode=JUDGED_EPISODE,
    )


def judge(policy: Policy, scenario: Scenario, tape: Tape) -> tuple[float, float]:
    """Money per period and fill rate.

    Args:
        policy: who decides.
        scenario: the chain.
        tape: demand to judge on.
    """
    kpis: Mapping[str, np.ndarray] = run_episodes(policy, scenario, tape).kpis()
    return float(kpis["cost_per_period"].mean()), float(np.nanmean(kpis["fill_rate"]))
