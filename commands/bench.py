"""`hmarl bench`: measure what the project claims."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmarks.measurement import EVALUATION_SEED
from commands.mistakes import refuse
from commands.options import (
    DEFAULT_SCENARIO,
    ScenarioName,
    TestEpisodes,
    TestSeed,
    chain_of,
    problems_of,
)
from commands.output import new_console, teller

if TYPE_CHECKING:
    from inventory_env.description.problem_distribution import ProblemDistribution

app = typer.Typer(help="Measure what the project claims.")


@app.command()
def seeds(
    scenario: ScenarioName = DEFAULT_SCENARIO,
    count: Annotated[int, typer.Option("--seeds", min=2, help="Training seeds, 0 first.")] = 5,
    episodes: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Episodes of the whole chain, or of each.",
            show_default="1000; 32 of each of many chains",
        ),
    ] = None,
    chains: Annotated[
        int | None,
        typer.Option(
            min=2,
            help="Chains drawn to judge on, of a problem distribution.",
            show_default="1000",
        ),
    ] = None,
    seed: TestSeed = EVALUATION_SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the results.",
            show_default="seeds-SCENARIO.json, or many-seeds-SCENARIO.json",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Train with several seeds and compare each with tuned rules, or with its start on many."""
    from benchmarks.training_seeds.seeds import judge_seeds
    from inventory_env.files import write_json

    problems = problems_of(scenario)
    if problems is not None:
        _seeds_of_many(problems, count, chains, episodes, seed, out)
        return
    refuse({"chains": chains}, f"--scenario {scenario} describes one chain")
    tell = teller(new_console())
    chain = chain_of(scenario, tell)
    results = judge_seeds(
        chain,
        range(count),
        episodes=1000 if episodes is None else episodes,
        evaluation_seed=seed,
        tell=tell,
    )
    file = Path(f"seeds-{chain.name}.json") if out is None else out
    write_json(file, results)
    tell(f"Results: {file}")


def _seeds_of_many(
    problems: "ProblemDistribution",
    count: int,
    chains: int | None,
    episodes: int | None,
    seed: int,
    out: Path | None,
) -> None:
    """One network a training seed, on chains drawn to judge it."""
    from benchmarks.result_files import write_result
    from benchmarks.training_seeds.many_seeds import CHAINS, EPISODES, judge_many_seeds
    from benchmarks.training_seeds.many_seeds_page import many_seeds_table
    from policies.runs.training import check_side_by_side

    console = new_console()
    tell = teller(console)
    check_side_by_side(problems)
    results = judge_many_seeds(
        problems,
        range(count),
        chains=CHAINS if chains is None else chains,
        episodes=EPISODES if episodes is None else episodes,
        evaluation_seed=seed,
        tell=tell,
    )
    file = Path(f"many-seeds-{problems.name}.json") if out is None else out
    write_result(file, results)
    console.print(many_seeds_table(results))
    tell(f"Results: {file}")


@app.command()
def phases(
    scenario: ScenarioName = DEFAULT_SCENARIO,
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

    tell = teller(new_console())
    chain = chain_of(scenario, tell)
    file = results_place(out, f"phases-{chain.name}.json")
    results = judge_phases(
        chain,
        range(count),
        episodes=episodes,
        evaluation_seed=seed,
        tell=tell,
    )
    write_result(file, results)
    tell(f"Results: {file}")


@app.command()
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

    console = new_console()
    tell = teller(console)
    file = results_place(out, "speed.json")
    with console.status("measuring") as status:
        found = measure_speed(tell=status.update)
    write_speed(file, found)
    console.print(speed_table(found))
    tell(f"Results: {file}")


@app.command()
def published(
    suite: Annotated[
        str,
        typer.Option(
            help="lost-sales, one-warehouse, backorder, serial, every-tier, or all of these; or "
            "generalist, with runs for many problems, or fine-tuning, which goes on from one."
        ),
    ] = "all",
    run: Annotated[
        list[Path] | None,
        typer.Option(
            help="Run for many problems, repeatable; with generalist.",
            show_default="generalist",
            metavar="RUN",
        ),
    ] = None,
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
        refuse({"out": out, "again": again or None}, "--quick keeps no results")
    if suite == "generalist":
        refuse({"seeds": seeds}, "--suite generalist has its own")
        runs = [Path("generalist")] if run is None else run
        _generalist(runs, out, workers, again=again, quick=quick)
        return
    refuse({"run": run}, f"--suite {suite} trains its own")
    if suite == "fine-tuning":
        refuse({"again": again or None, "quick": quick or None}, f"--suite {suite} is quick")
        _fine_tuning(seeds or 3, out, workers)
        return

    from benchmarks.published.instances import cells_of
    from benchmarks.published.measured import measured_tables
    from benchmarks.published.run import quick_cells, run_cells
    from benchmarks.published.screen import screen_tables
    from benchmarks.result_files import results_place

    console = new_console()
    tell = teller(console)
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
        tell=tell,
    )
    for table in screen_tables(measured_tables(cells, found)):
        console.print(table)
    if results is not None:
        tell(f"Results: {results}")


def _generalist(
    runs: list[Path], out: Path | None, workers: int, *, again: bool, quick: bool
) -> None:
    """Networks on problems they were not trained for: stores alone, chains that share a stock."""
    from benchmarks.published.any_chain import measure_any_chain
    from benchmarks.published.any_chain_page import any_chain_table
    from benchmarks.published.generalist import measure_runs
    from benchmarks.published.generalist_page import summary_table
    from benchmarks.result_files import results_place
    from policies.runs.generalist import load_generalist, run_named

    console = new_console()
    tell = teller(console)
    networks = [load_generalist(run_named(run)) for run in runs]
    place = None if quick else results_place(out, "generalist")
    of_stores = [network.folder for network in networks if not network.searched]
    of_chains = [network for network in networks if network.searched]
    if of_stores:
        refuse({"again": again or None}, "networks for stores alone are always measured anew")
        found = measure_runs(of_stores, place, workers=workers, quick=quick, tell=tell)
        console.print(summary_table(found))
    if of_chains:
        measured = measure_any_chain(of_chains, place, quick=quick, again=again, tell=tell)
        console.print(any_chain_table(*measured))
    if place is not None:
        tell(f"Results: {place}")


def _fine_tuning(seeds: int, out: Path | None, workers: int) -> None:
    """Going on from the shipped network, beside training from nothing."""
    from benchmarks.published.fine_tuning import measure_fine_tuning
    from benchmarks.published.fine_tuning_page import summary_table
    from benchmarks.result_files import results_place

    console = new_console()
    place = results_place(out, "generalist")
    published = place.parent / "published"
    found = measure_fine_tuning(
        published, place, seeds=seeds, workers=workers, tell=teller(console)
    )
    console.print(summary_table(found))
    teller(console)(f"Results: {place}")


@app.command()
def inventorybench(
    data: Annotated[
        Path,
        typer.Option(
            help="Folder `benchmark` of a checkout of InventoryBench, or its instances as one CSV.",
            metavar="FOLDER|FILE",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the results.",
            show_default="benchmarks/results/inventorybench/scores.json in a checkout, else "
            "inventorybench/scores.json",
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Unknown, shifting demand and hidden lead times: rules on InventoryBench's instances."""
    from benchmarks.inventorybench.page import screen_table
    from benchmarks.inventorybench.reading import read_instances
    from benchmarks.inventorybench.run import measure, measured_policies
    from benchmarks.result_files import results_place, write_result

    console = new_console()
    tell = teller(console)
    file = results_place(out, "inventorybench/scores.json")
    with console.status("measuring") as status:
        found = measure(read_instances(data), measured_policies(), tell=status.update)
    file.parent.mkdir(exist_ok=True)
    write_result(file, found)
    console.print(screen_table(found))
    tell(f"Results: {file}")


@app.command(name="check")
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

    console = new_console()
    tell = teller(console)
    file = SHIPPED if reference is None else reference
    if update is not None:
        with console.status("measuring") as status:
            gate.update(file, update, quick=quick, workers=workers, tell=status.update)
        tell(f"Reference: {file}")
        return
    with console.status("measuring") as status:
        lines = gate.check(file, quick=quick, workers=workers, tell=status.update)
    console.print(gate.gate_table(lines))
    failed = sum(not line.passed for line in lines)
    console.print(f"{len(lines) - failed} of {len(lines)} comparisons pass.")
    raise typer.Exit(1 if failed else 0)


@app.command()
def page() -> None:
    """Make docs/benchmarks.md of a checkout from its result files."""
    from benchmarks.page.results_page import write_page

    written = Path("docs", "benchmarks.md")
    write_page(Path("benchmarks", "results"), written)
    new_console().print(f"Written: {written}")
