"""Learned replenishment policies in a few names; everything else is a step further down.

    import hmarl

    chain = hmarl.load("three-stores")            # or hmarl.from_csv("demand.csv")
    run = hmarl.train(chain)
    hmarl.evaluate(run).table()

Each function imports what it needs when it is called. Nothing here changes settings of other
libraries: torch's threads are as they were when a call returns.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import date

    from benchmarks.evaluation.evaluate import ShownEvaluation
    from inventory_env.description.problem_distribution import ProblemDistribution
    from inventory_env.description.scenario import Scenario
    from policies.orders.folder import Orders
    from policies.runs.generalist import Generalist
    from policies.runs.run_folder import Run
    from policies.runs.training import Progress
    from tuning.confirm import Confirmation

__all__ = ["evaluate", "from_csv", "generalist", "load", "open_run", "orders", "train", "tune"]


def load(name_or_file: str | Path) -> Scenario:
    """A chain: a shipped scenario by name, or one from a TOML file.

    Raises:
        InputError: if there is no such scenario or the file is not valid.

    >>> load("three-stores").demand_mean.tolist()
    [24.0, 15.0, 8.0]
    """
    from inventory_env import load_scenario

    return load_scenario(name_or_file)


def from_csv(
    demand: str | Path,
    scenario: Scenario | str | Path = "three-stores",
    *,
    units: Literal["whole", "continuous"] | None = None,
    **columns: Any,
) -> Scenario:
    """A chain whose stores and demand come from a CSV.

    Args:
        demand: the file.
        scenario: the chain that gives everything but demand, or its name or file.
        units: in place of the scenario's.
        columns: how the file is read: date_column, date_format, store_column, demand_column,
            sales_column, on_hand_column, in_stock_column, item_column, item, test_from,
            validate_from.

    Raises:
        InputError: naming file, field, value and what is allowed.
    """
    from pydantic import ValidationError

    from inventory_env import DemandFile, InputError, load_scenario, scenario_with_demand
    from inventory_env.errors import describe

    chain = load_scenario(scenario) if isinstance(scenario, str | Path) else scenario
    try:
        file = DemandFile.model_validate({"path": demand, **columns})
        if units is not None:
            chain = type(chain).model_validate({**dict(chain), "units": units})
    except ValidationError as error:
        raise InputError(describe(error, str(demand))) from None
    return scenario_with_demand(chain, file)[0]


def train(
    scenario: Scenario | str | Path,
    *,
    seed: int = 0,
    folder: str | Path | None = None,
    config: str | Path | None = None,
    others: Run | None = None,
    start: Generalist | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    **settings: Any,
) -> Run:
    """Learn a policy.

    Args:
        scenario: the chain, or its name or file.
        seed: of training tapes, network and exploration.
        folder: where the run is kept, new or empty; left out, a temporary folder that lives as long
            as the run does (`run.save` keeps it).
        config: TOML file of training settings.
        others: a run that decides for the sites that do not learn, and that learning starts from.
        start: a network for many problems that learning goes on from; see `generalist`.
        on_progress: called after every update.
        settings: training settings one by one, such as learn, steps, algorithm, critic.

    Raises:
        InputError: if something cannot be trained so.
    """
    from inventory_env import load_scenario, with_training
    from inventory_env.errors import InputError
    from policies import train_run

    chain = load_scenario(scenario) if isinstance(scenario, str | Path) else scenario
    chain = with_training(chain, None if config is None else Path(config), **settings)
    temporary = TemporaryDirectory() if folder is None else None
    place = Path(temporary.name if temporary is not None else str(folder))
    place.mkdir(parents=True, exist_ok=True)
    if any(place.iterdir()):
        raise InputError(f"folder: {place} is not empty; give a new one")
    run = train_run(
        chain,
        seed=seed,
        folder=place,
        on_progress=on_progress,
        others=None if others is None else others.folder,
        start=start,
    )
    if temporary is not None:
        weakref.finalize(run, temporary.cleanup)
    return run


def open_run(folder: str | Path) -> Run:
    """A run from its folder.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    from policies import load_run

    return load_run(Path(folder))


def generalist(folder: str | Path = "generalist") -> Generalist:
    """One network for any store: `generalist().on(chain)` is a run on a chain, without training;
    `generalist("any-chain")` is the one for stores behind a warehouse that can run out,
    `generalist("any-demand")` the one that is not told the law of demand.

    Args:
        folder: of a run on a problem distribution, or the name of one that is shipped.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    from policies.runs.generalist import load_generalist, run_named

    return load_generalist(run_named(folder))


def evaluate(
    run: Run,
    baselines: str | Sequence[str] = "all",
    *,
    episodes: int = 1000,
    seed: int | None = None,
    tuned: bool = True,
    folder: str | Path | None = None,
) -> ShownEvaluation:
    """Compare a run with rules on the same episodes.

    Args:
        run: what was trained.
        baselines: names of rules, or "all".
        episodes: of the whole chain, at least 2.
        seed: of the test demand; left out, the one that the command line uses.
        tuned: levels of the rules by simulation, else from formulas.
        folder: where tables, figures and report are written; left out, nowhere.

    Raises:
        InputError: if there is no such baseline, or too few episodes.
    """
    from benchmarks import EVALUATION_SEED, evaluate_policies
    from policies import baseline_names, rule_book

    asked = [baselines] if isinstance(baselines, str) else baselines
    names, book = baseline_names(asked, run.scenario), rule_book(run)
    return evaluate_policies(
        run.scenario,
        [run.policy, *(book.baseline(name, tuned=tuned) for name in names)],
        episodes=episodes,
        seed=EVALUATION_SEED if seed is None else seed,
        out=None if folder is None else Path(folder),
        learned=run.policy.name,
        start_rule=run.start_rule,
    )


def orders(
    run: Run,
    stock: str | Path,
    *,
    open_orders: str | Path | None = None,
    demand: str | Path | None = None,
    overrides: str | Path | None = None,
    today: date | None = None,
    plan_start: date | None = None,
    lenient: bool = False,
    folder: str | Path | None = None,
) -> Orders:
    """What to order on a morning, and why; `lines` and `exceptions` are DataFrames.

    Args:
        run: decides.
        stock: CSV of stock by site.
        open_orders: CSV of what is on the way or owed.
        demand: CSV of recent demand by site.
        overrides: CSV of what planners want instead.
        today: the morning; left out, the newest date in the stock file.
        plan_start: first day of the plan, for reviews, trends and announced disruptions.
        lenient: leave wrong rows out and list them.
        folder: where the files of `hmarl orders` are written; left out, nowhere.

    Raises:
        InputError: naming file, row and value.
    """
    from policies.orders.folder import make_orders, write_orders
    from policies.orders.morning import OPEN_ORDERS, OVERRIDES, STOCK, read_morning
    from policies.orders.proposal import Decider
    from policies.orders.recent_demand import DEMAND

    given = {STOCK: stock, OPEN_ORDERS: open_orders, DEMAND: demand, OVERRIDES: overrides}
    files = {name: Path(file) for name, file in given.items() if file is not None}
    morning = read_morning(
        run.scenario,
        files[STOCK],
        open_orders=files.get(OPEN_ORDERS),
        demand=files.get(DEMAND),
        overrides=files.get(OVERRIDES),
        today=today,
        plan_start=plan_start,
        lenient=lenient,
    )
    found = make_orders(Decider.of_run(run), morning)
    if folder is not None:
        write_orders(found, Path(folder), files)
    return found


def tune(
    scenario: Scenario | ProblemDistribution | str | Path,
    *,
    trials: int = 50,
    folder: str | Path = "studies",
    name: str | None = None,
    search: str | None = None,
    objectives: str = "cost",
    min_fill_rate: float | None = None,
    seeds: int = 2,
    budget: float = 0.2,
    confirm: int = 2,
    workers: int = 1,
    seed: int = 0,
) -> Confirmation:
    """Search reward weights and PPO's settings by money; the same call continues a study.

    Args:
        scenario: the chain, or a problem distribution, or its name or file; its settings are
            searched around.
        trials: of the whole study.
        folder: of all studies.
        name: of the study; left out, the scenario's.
        search: groups of parameters, with commas: ppo, reward, actions; left out, ppo and reward,
            of a problem distribution ppo.
        objectives: "cost", or "cost,fill-rate" for the front of both.
        min_fill_rate: least fill rate of a good trial, 0 to 1.
        seeds: trainings a trial.
        budget: share of the training steps that a trial takes.
        confirm: how many of the best trials are trained anew on fresh seeds.
        workers: processes.
        seed: of the study.

    Raises:
        InputError: if something is unknown, or the study asks another question.
    """
    from rich.console import Console

    from inventory_env.description.problem_distribution import load_problems
    from tuning import make_plan, run_study

    plan = make_plan(
        load_problems(scenario) if isinstance(scenario, str | Path) else scenario,
        studies=Path(folder),
        name=name,
        storage=None,
        search=search,
        objectives=objectives,
        min_fill_rate=min_fill_rate,
        seeds=seeds,
        budget=budget,
        prune=None,
        seed=seed,
    )
    return run_study(
        plan, trials=trials, workers=workers, confirmed=confirm, console=Console(quiet=True)
    )
