"""The command line: each command parses, calls one function and prints.

Mistakes of the user end in one line on stderr and exit code 2. Heavy imports live in the commands,
so that help answers at once.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from benchmarks.measurement import EVALUATION_SEED

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from inventory_env.description.scenario import Scenario
    from policies.runs.run_folder import Run
    from policies.runs.training import Progress

# options that several commands have
ScenarioName = Annotated[str, typer.Option(help="Shipped scenario or TOML file.")]
TestEpisodes = Annotated[int, typer.Option(min=2, help="Episodes of the whole chain.")]
TestSeed = Annotated[int, typer.Option(min=0, help="Seed of the test demand.")]
KEPT_RULE_WORDS = (
    "Learning did not clearly beat the tuned rule it started from, so the run keeps that rule."
)


class Commands(TyperGroup):
    """Turns every mistake of the user into one line and exit code 2."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except (TyperException, ValueError, OSError) as error:
            print(f"error: {_message(error)}", file=sys.stderr)
            code = 2
        sys.exit(code or 0)


def _message(error: Exception) -> str:
    """The mistake in one line; an error that is not the user's is raised again."""
    from pydantic import ValidationError

    from inventory_env.errors import InputError, describe

    if isinstance(error, TyperException):
        message = error.format_message()
    elif isinstance(error, ValidationError):
        message = describe(error, "input")
    elif isinstance(error, InputError):
        message = str(error)
    elif isinstance(error, OSError) and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"
    else:
        raise error
    return " ".join(message.split())


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Learned ordering policies for supplier -> warehouse -> stores, proven against rules.",
)
scenarios_app = typer.Typer(help="List, show, check and document scenario files.")
app.add_typer(scenarios_app, name="scenarios")
bench_app = typer.Typer(help="Measure what the project claims.")
app.add_typer(bench_app, name="bench")

Runs = Annotated[Path, typer.Option(help="Folder of all runs.", file_okay=False)]
Studies = Annotated[Path, typer.Option(help="Folder of all studies.", file_okay=False)]


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


@app.command()
def train(
    scenario: Annotated[
        str | None, typer.Option(help="Shipped scenario or TOML file.", show_default="three-stores")
    ] = None,
    demand: Annotated[Path | None, typer.Option(help="CSV of demand to replay.")] = None,
    date_column: Annotated[str | None, typer.Option(help="CSV column of the date.")] = None,
    store_column: Annotated[str | None, typer.Option(help="CSV column of the store.")] = None,
    demand_column: Annotated[str | None, typer.Option(help="CSV column of the demand.")] = None,
    item_column: Annotated[str | None, typer.Option(help="CSV column of the item.")] = None,
    item: Annotated[str | None, typer.Option(help="Item to read from the CSV.")] = None,
    test_from: Annotated[
        str | None, typer.Option(help="First date kept for evaluation.", metavar="DATE")
    ] = None,
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
    csv_options = {
        "date_column": date_column,
        "store_column": store_column,
        "demand_column": demand_column,
        "item_column": item_column,
        "item": item,
        "test_from": test_from,
    }
    options = {"scenario": scenario, "demand": demand, **csv_options, "steps": steps}
    options |= {"seed": seed, "algo": algo, "config": config, "tensorboard": tensorboard or None}
    options |= {"learn": learn, "others": others, "phase": phase, "critic": critic}
    if resume is not None:
        options |= {"study": study, "trial": trial}
        _refuse(options, f"--resume {resume} continues a run as it was started")
    if study is not None:
        own = {"scenario": scenario, "demand": demand, "config": config, **csv_options}
        _refuse(own, f"--study {study} has its own chain and settings")
        from tuning.study_folder import study_files

        found, config = study_files(studies, study, trial or "best")
        scenario = str(found)
    else:
        _refuse({"trial": trial}, "there is no trial without --study")
    if demand is None:
        _refuse(csv_options, "there is no CSV without --demand")
    if others is not None and learn is None and phase is None:
        raise TyperException("--others needs --learn or --phase: which tiers learn on top of it")
    if phase is not None:
        _refuse({"learn": learn}, f"--phase {phase} says which tier learns")

    if tensorboard:
        _need_tensorboard()

    from inventory_env.description.training_config import with_training
    from policies.runs import training
    from policies.runs.phases import PHASES, run_of_phase
    from policies.runs.run_folder import new_folder, read_scenario

    console = _console()
    if resume is not None:
        _learn(console, resume, lambda tell: training.resume(resume, tell))
        return
    if others is not None and scenario is None and demand is None:
        chain = read_scenario(others)
    else:
        chain = _chain(console, scenario or "three-stores", demand, csv_options)
    tiers = (PHASES[phase],) if phase else _tiers(learn)
    chain = with_training(chain, config, steps=steps, algorithm=algo, learn=tiers, critic=critic)
    if phase is not None and phase > 1 and others is None:
        others = run_of_phase(phase - 1, chain, runs)
        console.print(f"Phase {phase} builds on {others}", soft_wrap=True)
    training.check(chain, others)
    folder = new_folder(runs, chain)
    console.print(f"Run folder: {folder}", soft_wrap=True)
    _learn(
        console,
        folder,
        lambda tell: training.train(
            chain,
            seed=seed or 0,
            folder=folder,
            on_progress=tell,
            tensorboard=tensorboard,
            others=others,
        ),
    )


@app.command(name="eval")
def evaluate(
    baseline: Annotated[
        list[str], typer.Option(help="Rule to compare with, or all; repeatable.", metavar="NAME")
    ],
    run: Annotated[
        Path | None, typer.Option(help="Run folder.", show_default="the newest", metavar="RUN")
    ] = None,
    untuned: Annotated[
        bool, typer.Option("--untuned", help="Take the rules' levels from formulas.")
    ] = False,
    episodes: TestEpisodes = 1000,
    seed: TestSeed = EVALUATION_SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results.", show_default="RUN/evaluation", file_okay=False
        ),
    ] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Compare a run with rules: same demand for all, intervals, plots, report."""
    from benchmarks.evaluation.evaluate import evaluate as run_evaluation
    from benchmarks.evaluation.verdicts import comparison_table, in_short
    from policies.rules.search import baseline as find_rule
    from policies.rules.search import baseline_names
    from policies.runs.run_folder import load_run, newest_run

    console = _console()
    found = load_run(newest_run(runs) if run is None else run)
    chain, rules = found.scenario, found.folder / "rules"
    names = baseline_names(baseline, chain)
    with console.status("setting up the rules" if untuned else "tuning the rules"):
        policies = [
            find_rule(name, chain, seed=found.seed, tuned=not untuned, cache=rules)
            for name in names
        ]
    folder = found.folder / "evaluation" if out is None else out
    with console.status(f"running {episodes} episodes of each policy"):
        evaluation = run_evaluation(
            chain,
            [found.policy, *policies],
            episodes=episodes,
            seed=seed,
            out=folder,
            learned=found.policy.name,
            start_rule=found.start_rule,
        )
    console.print(comparison_table(evaluation))
    console.print("\n".join(in_short(evaluation)), markup=False, soft_wrap=True)
    if found.manifest.get("kept_rule"):
        console.print(KEPT_RULE_WORDS)
    console.print(f"Tables, plots and report: {folder}", markup=False, soft_wrap=True)


@app.command()
def tune(
    scenario: ScenarioName = "three-stores",
    demand: Annotated[Path | None, typer.Option(help="CSV of demand to replay.")] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file of the settings to search around.")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Trials of the whole study.")] = 50,
    search: Annotated[
        str, typer.Option(help="What is searched: ppo, reward, actions.", metavar="GROUPS")
    ] = "ppo,reward",
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
    from inventory_env.description.training_config import with_training
    from policies.runs.training import check
    from tuning.plan import make_plan
    from tuning.report import confirmation_table
    from tuning.tune import tune as run_study
    from tuning.worker import cores

    console = _console()
    chain = with_training(_chain(console, scenario, demand, {}), config, learn=_tiers(learn))
    check(chain)
    plan = make_plan(
        chain,
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
    console.print(f"{found.verdict[0].upper()}{found.verdict[1:]}.", markup=False, soft_wrap=True)
    console.print(f"Tables, plots and report: {plan.folder}", markup=False, soft_wrap=True)
    console.print(f"Next: hmarl train --study {plan.name}", markup=False, soft_wrap=True)


@scenarios_app.callback(invoke_without_command=True)
def scenarios(context: typer.Context) -> None:
    if context.invoked_subcommand is not None:
        return
    from inventory_env.description.scenario_files import load_scenario, shipped_names

    table = _table("scenario", "description")
    for name in shipped_names():
        table.add_row(name, load_scenario(name).description)
    _console().print(table)


@scenarios_app.command()
def show(name: Annotated[str, typer.Argument(help="Shipped scenario or TOML file.")]) -> None:
    """Print a scenario file, to start your own from."""
    from inventory_env.description.scenario_files import read_scenario_text

    print(read_scenario_text(name), end="")


@scenarios_app.command()
def check(file: Annotated[str, typer.Argument(help="TOML file or shipped scenario.")]) -> None:
    """Validate a scenario file and say what it describes."""
    from inventory_env.description.scenario_summary import scenario_lines

    console = _console()
    lines = scenario_lines(_chain(console, file, None, {}))
    console.print("\n".join(lines), markup=False, soft_wrap=True)


@scenarios_app.command()
def fields() -> None:
    """Every key a scenario file may have: type and range, default, meaning."""
    from inventory_env.description.scenario_fields import scenario_keys

    console = _console()
    for part in scenario_keys():
        places = ", ".join(f"[{place}]" if place else "top of the file" for place in part.places)
        console.print(f"\n{places}", style="bold", markup=False, highlight=False)
        console.print(part.meaning, markup=False, highlight=False)
        table = _table("key", "allowed", "default", "meaning")
        for key in part.keys:
            table.add_row(key.name, key.allowed, key.default, key.meaning)
        console.print(table, markup=False)


@bench_app.command()
def seeds(
    scenario: ScenarioName = "three-stores",
    count: Annotated[int, typer.Option("--seeds", min=2, help="Training seeds, 0 first.")] = 5,
    episodes: TestEpisodes = 1000,
    seed: TestSeed = EVALUATION_SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the results.", show_default="seeds-SCENARIO.json", dir_okay=False
        ),
    ] = None,
) -> None:
    """Train with several seeds and compare each with every tuned rule."""
    from benchmarks.training_seeds.seeds import judge_seeds
    from inventory_env.files import write_json

    console = _console()
    chain = _chain(console, scenario, None, {})
    results = judge_seeds(
        chain,
        range(count),
        episodes=episodes,
        evaluation_seed=seed,
        tell=lambda line: console.print(line, markup=False, soft_wrap=True),
    )
    file = Path(f"seeds-{chain.name}.json") if out is None else out
    write_json(file, results)
    console.print(f"Results: {file}", markup=False, soft_wrap=True)


@bench_app.command()
def phases(
    scenario: ScenarioName = "three-stores",
    count: Annotated[int, typer.Option("--seeds", min=1, help="Training seeds, 0 first.")] = 3,
    episodes: TestEpisodes = 2000,
    seed: TestSeed = EVALUATION_SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the results.",
            show_default="benchmarks/results/phases-SCENARIO.json in a checkout, else "
            "phases-SCENARIO.json",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Train tier after tier, and all at once: what each tier's learning adds."""
    from benchmarks.result_files import results_place, write_result
    from benchmarks.training_seeds.phases import judge_phases

    console = _console()
    chain = _chain(console, scenario, None, {})
    file = results_place(out, f"phases-{chain.name}.json")
    results = judge_phases(
        chain,
        range(count),
        episodes=episodes,
        evaluation_seed=seed,
        tell=lambda line: console.print(line, markup=False, soft_wrap=True),
    )
    write_result(file, results)
    console.print(f"Results: {file}", markup=False, soft_wrap=True)


@bench_app.command()
def speed(
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the results.",
            show_default="benchmarks/results/speed.json in a checkout, else speed.json",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Rates of simulator, VecEnv and training beside their targets, on one core."""
    from benchmarks.result_files import results_place
    from benchmarks.speed.speed import measure_speed
    from benchmarks.speed.speed_report import speed_table, write_speed

    console = _console()
    file = results_place(out, "speed.json")
    with console.status("measuring") as status:
        found = measure_speed(tell=status.update)
    write_speed(file, found)
    console.print(speed_table(found))
    console.print(f"Results: {file}", markup=False, soft_wrap=True)


@bench_app.command()
def published(
    suite: Annotated[
        str,
        typer.Option(help="lost-sales, one-warehouse, backorder, serial, every-tier, or all."),
    ] = "all",
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Training seeds, 0 first.  [default: 3; quick: 1]")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Measure anew what is there.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A few instances, little training; keeps nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results.",
            show_default="benchmarks/results/published in a checkout, else published",
            file_okay=False,
        ),
    ] = None,
) -> None:
    """Costs that others published beside the simulator's and the learner's."""
    if quick:
        _refuse({"out": out, "again": again or None}, "--quick keeps no results")

    from benchmarks.published.instances import cells_of
    from benchmarks.published.measured import measured_tables
    from benchmarks.published.run import quick_cells, run_cells
    from benchmarks.published.screen import screen_tables
    from benchmarks.result_files import results_place

    console = _console()
    cells = quick_cells(cells_of(suite)) if quick else cells_of(suite)
    results = None if quick else results_place(out, "published")
    if quick:
        console.print("Quick: a few instances, little training and simulation; nothing is kept.")
    found = run_cells(
        cells,
        seeds=seeds or (1 if quick else 3),
        results=results,
        workers=workers,
        again=again,
        quick=quick,
        tell=lambda line: console.print(line, markup=False, soft_wrap=True),
    )
    for table in screen_tables(measured_tables(cells, found)):
        console.print(table)
    if results is not None:
        console.print(f"Results: {results}", markup=False, soft_wrap=True)


@bench_app.command(name="check")
def gate(
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer cases and training seeds, for CI.")
    ] = False,
    update: Annotated[
        str | None, typer.Option(help="Measure the reference anew, and why.", metavar="REASON")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="File to compare with.",
            show_default="benchmarks/gate/reference.json of this installation",
            dir_okay=False,
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that train.")] = 2,
) -> None:
    """Compare quality and speed with the reference; exit code 1 if something is worse."""
    from benchmarks.gate import gate
    from benchmarks.gate.reference import SHIPPED

    console = _console()
    file = SHIPPED if reference is None else reference
    if update is not None:
        with console.status("measuring") as status:
            gate.update(file, update, quick=quick, workers=workers, tell=status.update)
        console.print(f"Reference: {file}", markup=False, soft_wrap=True)
        return
    with console.status("measuring") as status:
        lines = gate.check(file, quick=quick, workers=workers, tell=status.update)
    console.print(gate.gate_table(lines))
    failed = sum(not line.passed for line in lines)
    console.print(f"{len(lines) - failed} of {len(lines)} comparisons pass.")
    raise typer.Exit(1 if failed else 0)


@bench_app.command()
def page() -> None:
    """Make docs/benchmarks.md of a checkout from its result files."""
    from benchmarks.page.results_page import write_page

    written = Path("docs", "benchmarks.md")
    write_page(Path("benchmarks", "results"), written)
    _console().print(f"Written: {written}")


# --- presentation -----------------------------------------------------------------------------


def _refuse(options: dict[str, Any], reason: str) -> None:
    """A usage error if any of these options was given."""
    names = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if names:
        raise TyperException(f"{reason}; leave out {', '.join(names)}")


def _tiers(learn: str | None) -> tuple[str, ...] | str | None:
    """`--learn` as the setting takes it."""
    return learn if learn in (None, "all") else tuple(tier.strip() for tier in learn.split(","))


def _need_tensorboard() -> None:
    from importlib.util import find_spec

    if find_spec("tensorboard") is None:
        raise TyperException("--tensorboard needs a package: pip install 'hmarl[tensorboard]'")


def _chain(
    console: "Console", name: str, demand: Path | None, csv_options: dict[str, str | None]
) -> "Scenario":
    """The scenario, with what its demand file or `--demand` holds; the import is reported."""
    from pydantic import ValidationError

    from inventory_env.description.replay import scenario_with_demand
    from inventory_env.description.scenario_files import load_with_report
    from inventory_env.errors import InputError, describe
    from inventory_env.recorded.history import DemandFile

    chain, report = load_with_report(name)
    if demand is not None:
        given = {key: value for key, value in csv_options.items() if value is not None}
        try:
            file = DemandFile.model_validate({"path": demand, **given})
        except ValidationError as error:
            raise InputError(describe(error, str(demand))) from None
        chain, report = scenario_with_demand(chain, file)
    if report is not None:
        console.print("\n".join(report.lines()), markup=False, soft_wrap=True)
    return chain


def _learn(
    console: "Console", folder: Path, work: "Callable[[Callable[[Progress], None]], Run]"
) -> None:
    """Follow a training with a progress bar, sum it up, and say what to do next."""
    from rich import progress

    from benchmarks.evaluation.training_curve import draw_training_curve

    bar = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn("{task.fields[speed]}"),
        console=console,
        refresh_per_second=4,
    )
    newest: Progress | None = None
    try:
        with bar:
            task = bar.add_task("tuning the rule to start from", total=None, speed="")

            def tell(now: "Progress") -> None:
                nonlocal newest
                if now.validation is not (newest and newest.validation):
                    bar.console.print(_validation(now), soft_wrap=True)
                newest = now
                minutes, seconds = divmod(round(now.seconds_left), 60)
                speed = f"{now.steps_per_second:,.0f} steps/s, {minutes}:{seconds:02d} left"
                bar.update(
                    task,
                    description="training",
                    total=now.total_steps,
                    completed=now.steps,
                    speed=speed,
                )

            run = work(tell)
            draw_training_curve(folder)
    except KeyboardInterrupt:
        console.print(f"Stopped. Continue: hmarl train --resume {folder}", soft_wrap=True)
        raise typer.Exit(130) from None
    _print_outcome(console, run)


def _validation(now: "Progress") -> str:
    """What the policy is worth on the validation worlds, beside the tuned rule."""
    worth = now.validation
    assert worth is not None
    return (
        f"{now.steps:>10,} steps: cost {worth.cost:,.2f} a period (tuned rule "
        f"{worth.rule_cost:,.2f}), fill rate {worth.fill_rate:.1%} ({worth.rule_fill_rate:.1%})"
    )


def _print_outcome(console: "Console", run: "Run") -> None:
    manifest, folder = run.manifest, run.folder
    gain = manifest["gain_over_start_rule"]
    low, high = gain["ci95"]
    table = _table("trained", run.policy.name)
    table.add_row("steps", f"{manifest['steps']:,}")
    table.add_row("training time", f"{manifest['training_seconds']:,.1f} s")
    table.add_row("gain over the tuned rule", f"{gain['mean']:,.3g} a period")
    table.add_row("95 % interval", f"{low:,.3g} to {high:,.3g}")
    console.print(table)
    if manifest["kept_rule"]:
        console.print(KEPT_RULE_WORDS)
    console.print(f"Next: hmarl eval --run {folder} --baseline reorder-point", soft_wrap=True)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else 100)


def _table(*columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    return Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)


def main() -> None:
    """Entry point."""
    app(prog_name="hmarl")
