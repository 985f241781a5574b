"""`hmarl orders`."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.measurement import Tell
from commands.options import ChosenRun, Runs
from commands.output import new_console, teller

if TYPE_CHECKING:
    from policies.orders.proposal import Decider

app = typer.Typer(invoke_without_command=True, no_args_is_help=True)

MOST_SHOWN = 10  # exceptions on the screen

Day = Annotated[
    datetime | None,
    typer.Option("--date", help="The morning.", formats=["%Y-%m-%d"], metavar="DATE"),
]


Chain = Annotated[
    str | None,
    typer.Option(help="Chain for --rule, or for a run that serves any, such as generalist."),
]


@app.callback(help="What to order this morning, and why.")
def orders(
    context: typer.Context,
    stock: Annotated[Path | None, typer.Option(help="CSV of stock by site.")] = None,
    open_orders: Annotated[
        Path | None,
        typer.Option(
            help="CSV of what is on the way or owed.",
            show_default="open-orders.csv beside the stock, where there is one",
        ),
    ] = None,
    demand: Annotated[
        Path | None,
        typer.Option(
            help="CSV of recent demand by site.",
            show_default="demand.csv beside the stock, where there is one",
        ),
    ] = None,
    overrides: Annotated[
        Path | None,
        typer.Option(
            help="CSV of what planners want instead.",
            show_default="overrides.csv beside the stock, where there is one",
        ),
    ] = None,
    run: ChosenRun = None,
    rule: Annotated[
        str | None, typer.Option(help="A tuned rule decides, not the run.", metavar="NAME")
    ] = None,
    scenario: Chain = None,
    day: Day = None,
    plan_start: Annotated[
        datetime | None,
        typer.Option(
            help="First day of the plan, for reviews, trends and announced disruptions.",
            formats=["%Y-%m-%d"],
            metavar="DATE",
        ),
    ] = None,
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Leave wrong rows out, and list them.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results.",
            show_default="RUN/orders/DATE, or below runs",
            file_okay=False,
        ),
    ] = None,
    runs: Runs = Path("runs"),
) -> None:
    """What to order this morning, and why."""
    if context.invoked_subcommand is not None:
        return
    from benchmarks.html.orders_page import orders_page
    from benchmarks.html.page import PAGE, write_page
    from inventory_env.description.demand_warnings import demand_warnings
    from inventory_env.errors import InputError, argument
    from policies.orders.folder import make_orders, write_orders
    from policies.orders.morning import OPEN_ORDERS, OVERRIDES, STOCK, read_morning
    from policies.orders.recent_demand import DEMAND

    if stock is None:
        raise InputError(f"{argument('stock')} is missing; hmarl orders template writes one")
    console = new_console()
    tell = teller(console)
    given = {STOCK: stock, OPEN_ORDERS: open_orders, DEMAND: demand, OVERRIDES: overrides}
    inputs = {}
    for name, file in given.items():
        beside = stock.parent / name
        found = beside if file is None and beside.is_file() else file
        if found is not None:
            inputs[name] = found
    with console.status("reading the run"):
        decider, home = _decider(run, rule, scenario, runs, tell)
    morning = read_morning(
        decider.scenario,
        stock,
        open_orders=inputs.get(OPEN_ORDERS),
        demand=inputs.get(DEMAND),
        overrides=inputs.get(OVERRIDES),
        today=None if day is None else day.date(),
        plan_start=None if plan_start is None else plan_start.date(),
        lenient=lenient,
    )
    tell("\n".join(morning.told))
    recent = morning.facts.demand
    if recent is not None and len(recent):
        for words in demand_warnings(decider.scenario, recent):
            tell(words)
    with console.status("deciding, and playing futures"):
        found_orders = make_orders(decider, morning)
    folder = home / "orders" / morning.day.isoformat() if out is None else out
    write_orders(found_orders, folder, inputs)
    summary, exceptions = found_orders.summary, found_orders.exceptions
    cost = summary["expected_cost"]
    as_proposed = f", as proposed {cost['proposed']:.5g}" if summary["overrides"] else ""
    tell(
        f"{summary['lines_with_an_order']} of {summary['lines']} lines order "
        f"{summary['units']:g} units. Expected cost of the next {summary['horizon_days']} days: "
        f"{cost['orders']:.5g}{as_proposed}, by the rule {cost['rule']:.5g}."
    )
    if len(exceptions):
        count = f"{len(exceptions)} exception{'s' if len(exceptions) > 1 else ''}"
        tell(f"{count}, most urgent first:")
        for row in exceptions.head(MOST_SHOWN).to_dict("records"):
            tell(f"  {row['kind']}: {row['site']} - {row['words']}")
    write_page(folder / PAGE, orders_page(folder))
    tell(f"Orders, exceptions and what was read: {folder}")
    tell(f"Page: {folder / PAGE}")


@app.command()
def template(
    run: ChosenRun = None,
    scenario: Annotated[str | None, typer.Option(help="The chain, in place of a run's.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.", file_okay=False)] = Path(
        "morning"
    ),
    day: Day = None,
    runs: Runs = Path("runs"),
) -> None:
    """Write the files of a morning, to be filled in."""
    from inventory_env.description.scenario_files import load_scenario
    from policies.orders.folder import write_template
    from policies.runs.generalist import run_named
    from policies.runs.run_folder import newest_run, read_scenario

    tell = teller(new_console())
    if scenario is not None:
        chain = load_scenario(scenario)
    else:
        chain = read_scenario(newest_run(runs) if run is None else run_named(run))
    today = date.today() if day is None else day.date()
    files = write_template(chain, out, today.isoformat())
    tell("To fill in: " + ", ".join(str(file) for file in files))
    options = {"run": run, "scenario": scenario}
    named = "".join(f" --{name} {given}" for name, given in options.items() if given is not None)
    tell(f"Then: hmarl orders --stock {files[0]}{named}")


@app.command()
def replay(
    demand: Annotated[Path, typer.Option(help="CSV of demand by site, the days since then too.")],
    run: ChosenRun = None,
    mornings: Annotated[
        Path | None,
        typer.Option(help="Folder of the mornings.", show_default="RUN/orders", file_okay=False),
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="A tuned rule proposed, not the run.", metavar="NAME")
    ] = None,
    scenario: Chain = None,
    runs: Runs = Path("runs"),
) -> None:
    """What proposals and overrides were worth, by the demand that then came."""
    from inventory_env.errors import InputError
    from policies.orders.folder import MORNING_JSON, write_table
    from policies.orders.replay import replay as play_again

    console = new_console()
    tell = teller(console)
    with console.status("reading the run"):
        decider, home = _decider(run, rule, scenario, runs, tell)
    folder = home / "orders" if mornings is None else mornings
    kept = [file.parent for file in folder.glob(f"*/{MORNING_JSON}")]
    if not kept:
        raise InputError(f"{folder}: no mornings; hmarl orders makes them")
    with console.status("playing the mornings again"):
        found = play_again(decider, kept, demand)
    worth, waiting = found.worth, len(found.waiting)
    over = len(kept) - waiting
    if waiting:
        tell(f"{waiting} of {len(kept)} mornings are not over yet: their days lack demand.")
    if over:
        tell(
            f"{over} mornings. Against the rule, proposals saved "
            f"{worth['proposals_over_rule']:.5g}. Against the proposals, {worth['overrides']:g} "
            f"overrides saved {worth['overrides_over_proposals']:.5g}; "
            f"{worth['overrides_that_helped']:g} of them helped."
        )
        write_table(folder / "replay.csv", found.lines)
        tell(f"Line by line: {folder / 'replay.csv'}")


def _decider(
    run: Path | None, rule: str | None, scenario: str | None, runs: Path, tell: Tell
) -> "tuple[Decider, Path]":
    """Who proposes, and the folder that results go to."""
    from inventory_env.description.scenario_files import load_scenario
    from inventory_env.errors import InputError, argument
    from policies.orders.proposal import Decider
    from policies.rules.rule_book import RuleBook
    from policies.runs.generalist import load_generalist, run_named
    from policies.runs.run_folder import load_run, newest_run, rule_book

    if scenario is not None:
        if (run is None) == (rule is None):
            raise InputError(
                f"{argument('scenario')}: goes with either {argument('rule')} or a "
                f"{argument('run')} that serves any chain, such as generalist; a run has its own"
            )
        chain = load_scenario(scenario)
        if rule is not None:
            return Decider.of_rule(RuleBook(chain, 0), rule, ""), Path()
        assert run is not None
        generalist = load_generalist(run_named(run))
        found = generalist.on(chain)
        for words in generalist.told(found):
            tell(words)
        return Decider.of_run(found), runs / f"{generalist.folder.name}-on-{chain.name}"
    folder = newest_run(runs) if run is None else run_named(run)
    found = load_run(folder)
    if rule is None:
        return Decider.of_run(found), folder
    return Decider.of_rule(rule_book(found), rule, folder.name), folder
