"""`hmarl scenarios`: list, show, check and document scenario files."""

from typing import Annotated

import typer

from commands.options import chain_of
from commands.output import new_console, new_table, teller

CHECKED = 200  # chains of a problem distribution that are drawn to check it

app = typer.Typer(help="List, show, check and document scenario files.")


@app.callback(invoke_without_command=True)
def scenarios(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from inventory_env.description.problem_distribution import load_problems
    from inventory_env.description.scenario_files import shipped_distributions, shipped_names

    table = new_table("scenario", "description")
    for name in [*shipped_names(), *shipped_distributions()]:
        table.add_row(name, load_problems(name).description)
    new_console().print(table)


@app.command()
def show(name: Annotated[str, typer.Argument(help="Shipped scenario or TOML file.")]) -> None:
    """Print a scenario file, to start your own from."""
    from inventory_env.description.problem_distribution import read_problems_text

    print(read_problems_text(name), end="")


@app.command()
def check(file: Annotated[str, typer.Argument(help="TOML file or shipped scenario.")]) -> None:
    """Validate a scenario file and say what it describes."""
    from inventory_env.description.problem_distribution import ProblemDistribution, load_problems
    from inventory_env.description.scenario_summary import scenario_lines

    tell = teller(new_console())
    problems = load_problems(file)
    if isinstance(problems, ProblemDistribution):
        problems.chains(CHECKED, stream=0)
        tell(f"{problems.name}: {problems.description}")
        tell(f"A problem distribution; its first {CHECKED} chains are valid. The first of them:")
        tell("\n".join(scenario_lines(problems.example)))
        return
    lines = scenario_lines(chain_of(file, tell))
    tell("\n".join(lines))


@app.command()
def fields() -> None:
    """Every key a scenario file may have: type and range, default, meaning."""
    from inventory_env.description.scenario_fields import scenario_keys

    console = new_console()
    for part in scenario_keys():
        places = ", ".join(f"[{place}]" if place else "top of the file" for place in part.places)
        console.print(f"\n{places}", style="bold", markup=False, highlight=False)
        console.print(part.meaning, markup=False, highlight=False)
        table = new_table("key", "allowed", "default", "meaning")
        for key in part.keys:
            table.add_row(key.name, key.allowed, key.default, key.meaning)
        console.print(table, markup=False)
