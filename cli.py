"""The command line, put together from `commands`: each command parses, calls, and prints.

Mistakes of the user end in one line on stderr and exit code 2. Heavy imports live in the commands,
so that help answers at once.
"""

from typing import Annotated

import typer

from commands import bench, orders, scenarios
from commands.evaluate import evaluate
from commands.mistakes import Commands
from commands.report import report
from commands.train import train
from commands.tune import tune
from commands.watch import watch

app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Learned ordering policies for supplier -> warehouse -> stores, proven against rules.",
)
app.command()(train)
app.command(name="eval")(evaluate)
app.command()(tune)
app.command()(report)
app.command()(watch)
app.add_typer(orders.app, name="orders")
app.add_typer(scenarios.app, name="scenarios")
app.add_typer(bench.app, name="bench")


@app.callback(invoke_without_command=True)
def hmarl(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"hmarl {installed('hmarl')}")
    elif context.invoked_subcommand is None:
        print(context.get_help())


def main() -> None:
    """Entry point."""
    app(prog_name="hmarl")
