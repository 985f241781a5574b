"""`hmarl train`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from commands.options import DEFAULT_SCENARIO, DateFormat, DemandFile, Runs, Studies, Units
from commands.output import new_console, teller
from commands.training_progress import follow, print_outcome
from commands.training_request import TrainingRequest


def train(
    scenario: Annotated[
        str | None,
        typer.Option(help="Shipped scenario or TOML file.", show_default=DEFAULT_SCENARIO),
    ] = None,
    demand: DemandFile = None,
    date_column: Annotated[str | None, typer.Option(help="CSV column of the date.")] = None,
    date_format: DateFormat = None,
    store_column: Annotated[str | None, typer.Option(help="CSV column of the store.")] = None,
    demand_column: Annotated[str | None, typer.Option(help="CSV column of the demand.")] = None,
    sales_column: Annotated[
        str | None, typer.Option(help="CSV column of what was sold, where that is not the demand.")
    ] = None,
    on_hand_column: Annotated[
        str | None, typer.Option(help="CSV column of the stock at the close, for sales.")
    ] = None,
    in_stock_column: Annotated[
        str | None,
        typer.Option(help="CSV column of the share of a period with stock, 0 to 1, for sales."),
    ] = None,
    item_column: Annotated[str | None, typer.Option(help="CSV column of the item.")] = None,
    item: Annotated[str | None, typer.Option(help="Item to read from the CSV.")] = None,
    test_from: Annotated[
        str | None, typer.Option(help="First date kept for evaluation.", metavar="DATE")
    ] = None,
    units: Units = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Experiences to learn from.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed.  [default: 0]")] = None,
    algo: Annotated[
        Literal["ppo", "recurrent-ppo", "maskable-ppo"] | None, typer.Option(help="Learner.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of training settings.")] = None,
    learn: Annotated[
        str | None,
        typer.Option(
            help="Tiers that learn: stores, warehouse, supplier, several with commas, or all.",
            metavar="TIERS",
            show_default="stores",
        ),
    ] = None,
    others: Annotated[
        Path | None,
        typer.Option(
            help="Run that the other sites follow, and learning starts from.", metavar="RUN"
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="Run for many problems that learning goes on from, such as generalist.",
            metavar="RUN",
        ),
    ] = None,
    phase: Annotated[
        int | None,
        typer.Option(min=1, max=3, help="1: stores; 2: the warehouse on top; 3: the supplier."),
    ] = None,
    critic: Annotated[
        Literal["own", "central"] | None,
        typer.Option(help="What the value network sees: the acting site, or the whole chain."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(help="Continue this stopped run, exactly.", metavar="RUN")
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also log for TensorBoard.")
    ] = False,
    study: Annotated[
        str | None, typer.Option(help="Train what hmarl tune found.", metavar="NAME")
    ] = None,
    trial: Annotated[
        str | None, typer.Option(help="Trial of the study.  [default: best]", metavar="best|N")
    ] = None,
    studies: Studies = Path("studies"),
    runs: Runs = Path("runs"),
) -> None:
    """Learn a policy; a run folder appears."""
    request = TrainingRequest(
        scenario=scenario,
        demand=demand,
        csv_options={
            "date_column": date_column,
            "date_format": date_format,
            "store_column": store_column,
            "demand_column": demand_column,
            "sales_column": sales_column,
            "on_hand_column": on_hand_column,
            "in_stock_column": in_stock_column,
            "item_column": item_column,
            "item": item,
            "test_from": test_from,
        },
        units=units,
        steps=steps,
        seed=seed,
        algo=algo,
        config=config,
        learn=learn,
        others=others,
        start=start,
        phase=phase,
        critic=critic,
        resume=resume,
        tensorboard=tensorboard,
        study=study,
        trial=trial,
        studies=studies,
        runs=runs,
    )
    console = new_console()
    training = request.prepare(teller(console))
    print_outcome(console, follow(console, training))
