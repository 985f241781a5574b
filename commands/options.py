"""Options that several commands have, and what their words mean."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from benchmarks.measurement import Tell

if TYPE_CHECKING:
    from inventory_env.description.problem_distribution import ProblemDistribution
    from inventory_env.description.scenario import Scenario

DEFAULT_SCENARIO = "three-stores"

ScenarioName = Annotated[str, typer.Option(help="Shipped scenario or TOML file.")]
DemandFile = Annotated[Path | None, typer.Option(help="CSV of demand to replay.")]
DateFormat = Annotated[
    str | None,
    typer.Option(
        help="How the CSV writes dates, such as %d/%m/%Y.",
        show_default="found where the dates decide",
        metavar="FORMAT",
    ),
]
Units = Annotated[
    Literal["whole", "continuous"] | None,
    typer.Option(help="Whole units only, or fractions too.", show_default="the scenario's"),
]
ChosenRun = Annotated[
    Path | None, typer.Option(help="Run folder.", show_default="the newest", metavar="RUN")
]
TestEpisodes = Annotated[int, typer.Option(min=2, help="Episodes of the whole chain.")]
TestSeed = Annotated[int, typer.Option(min=0, help="Seed of the test demand.")]
Runs = Annotated[Path, typer.Option(help="Folder of all runs.", file_okay=False)]
Studies = Annotated[Path, typer.Option(help="Folder of all studies.", file_okay=False)]


def chain_of(
    name: str,
    tell: Tell,
    demand: Path | None = None,
    csv_options: dict[str, str | None] | None = None,
    units: str | None = None,
) -> "Scenario":
    """The chain that `--scenario` and `--demand` mean.

    Args:
        name: a shipped scenario or a TOML file.
        tell: called with what was found where demand was read from a file.
        demand: a CSV to replay instead of the scenario's own demand.
        csv_options: how to read it; None is what was left out.
        units: "whole" or "continuous" in place of the scenario's.

    Raises:
        InputError: if there is no such scenario, or a file is wrong.
    """
    from pydantic import ValidationError

    from inventory_env.description.replay import scenario_with_demand
    from inventory_env.description.scenario_files import load_with_report
    from inventory_env.errors import InputError, describe
    from inventory_env.recorded.history import DemandFile as RecordedDemand

    chain, report = load_with_report(name, units=units)
    if demand is not None:
        given = {key: value for key, value in (csv_options or {}).items() if value is not None}
        try:
            file = RecordedDemand.model_validate({"path": demand, **given})
        except ValidationError as error:
            raise InputError(describe(error, str(demand))) from None
        chain, report = scenario_with_demand(chain, file)
    if report is not None:
        tell("\n".join(report.lines()))
    return chain


def problems_of(name: str) -> "ProblemDistribution | None":
    """The problem distribution that `--scenario` means; None where it means one chain.

    Raises:
        InputError: if there is no such scenario, or the file is wrong.
    """
    from inventory_env.description.problem_distribution import ProblemDistribution, load_problems

    found = load_problems(name)
    return found if isinstance(found, ProblemDistribution) else None


def tiers_of(learn: str | None) -> tuple[str, ...] | str | None:
    """`--learn` as the setting takes it."""
    return learn if learn in (None, "all") else tuple(tier.strip() for tier in learn.split(","))
