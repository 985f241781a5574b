"""`hmarl tune`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.mistakes import refuse
from commands.options import (
    DEFAULT_SCENARIO,
    DateFormat,
    DemandFile,
    ScenarioName,
    Studies,
    Units,
    chain_of,
    problems_of,
    tiers_of,
)
from commands.output import new_console, teller

if TYPE_CHECKING:
    from inventory_env.description.problem_distribution import ProblemDistribution
    from inventory_env.description.scenario import Scenario


def tune(
    scenario: ScenarioName = DEFAULT_SCENARIO,
    demand: DemandFile = None,
    date_format: DateFormat = None,
    units: Units = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file of the settings to search around.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Trials of the whole study.")] = 50,
    search: Annotated[
        str | None,
        typer.Option(
            help="What is searched: ppo, reward, actions.",
            show_default="ppo,reward; of many chains ppo",
            metavar="GROUPS",
        ),
    ] = None,
    objectives: Annotated[
        str, typer.Option(help="cost, or cost,fill-rate for the front of both.")
    ] = "cost",
    learn: Annotated[
        str | None,
        typer.Option(help="Tiers that learn.", metavar="TIERS", show_default="stores"),
    ] = None,
    min_fill_rate: Annotated[
        float | None, typer.Option(help="Least fill rate of a good trial, 0 to 1.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings a trial.")] = 2,
    budget: Annotated[
        float, typer.Option(help="Share of the training steps that a trial takes.")
    ] = 0.2,
    prune: Annotated[
        bool | None,
        typer.Option("--prune/--no-prune", help="Stop trials after a training above the median."),
    ] = None,
    confirm: Annotated[
        int, typer.Option(min=1, help="Best trials to train anew on fresh seeds.")
    ] = 2,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.  [default: one a core]")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the study.")] = 0,
    study: Annotated[
        str | None, typer.Option(help="Name of the study.", show_default="the scenario's")
    ] = None,
    storage: Annotated[
        str | None,
        typer.Option(help="Database that machines share.", show_default="SQLite", metavar="URL"),
    ] = None,
    studies: Studies = Path("studies"),
) -> None:
    """Search reward weights and PPO's settings by money; the same command continues."""
    from benchmarks.html.page import PAGE, write_page
    from inventory_env.description.training_config import with_training
    from policies.runs.training import check, check_side_by_side
    from tuning.plan import make_plan
    from tuning.report import confirmation_table
    from tuning.study_page import study_page
    from tuning.tune import tune as run_study
    from tuning.worker import cores

    csv_options = {"date_format": date_format}
    if demand is None:
        refuse(csv_options, "there is no CSV without --demand")
    console = new_console()
    tell = teller(console)
    problems = None if demand is not None else problems_of(scenario)
    asked: Scenario | ProblemDistribution
    if problems is not None:
        refuse({"units": units}, f"--scenario {scenario} describes many chains")
        asked = problems = with_training(problems, config, learn=tiers_of(learn))
        check_side_by_side(problems)
    else:
        chain = chain_of(scenario, tell, demand, csv_options, units)
        asked = chain = with_training(chain, config, learn=tiers_of(learn))
        check(chain)
    plan = make_plan(
        asked,
        studies=studies,
        name=study,
        storage=storage,
        search=search,
        objectives=objectives,
        min_fill_rate=min_fill_rate,
        seeds=seeds,
        budget=budget,
        prune=prune,
        seed=seed,
    )
    try:
        found = run_study(
            plan,
            trials=trials,
            workers=workers or min(cores(), trials),
            confirmed=confirm,
            console=console,
        )
    except KeyboardInterrupt:
        console.print("Stopped; the same command continues.")
        raise typer.Exit(130) from None
    console.print(confirmation_table(found))
    tell(f"{found.verdict[0].upper()}{found.verdict[1:]}.")
    write_page(plan.folder / PAGE, study_page(plan.folder))
    tell(f"Tables, plots and report: {plan.folder}")
    tell(f"Page: {plan.folder / PAGE}")
    tell(f"Next: hmarl train --study {plan.name}")
