"""`hmarl eval`."""

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.measurement import EVALUATION_SEED
from commands.options import ChosenRun, Runs, TestEpisodes, TestSeed, chain_of
from commands.output import KEPT_RULE_WORDS, new_console, teller


def evaluate(
    baseline: Annotated[
        list[str], typer.Option(help="Rule to compare with, or all; repeatable.", metavar="NAME")
    ],
    run: ChosenRun = None,
    scenario: Annotated[
        str | None,
        typer.Option(help="Chain for a run that serves any, such as generalist."),
    ] = None,
    untuned: Annotated[
        bool, typer.Option("--untuned", help="Take the rules' levels from formulas.")
    ] = False,
    stress: Annotated[
        bool, typer.Option("--stress", help="Also on harder demand and supply: table, picture.")
    ] = False,
    episodes: TestEpisodes = 1000,
    seed: TestSeed = EVALUATION_SEED,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results.",
            show_default="RUN/evaluation, or below runs",
            file_okay=False,
        ),
    ] = None,
    runs: Runs = Path("runs"),
) -> None:
    """Compare a run with rules: same demand for all, intervals, plots, report."""
    from benchmarks.evaluation.evaluate import evaluate as run_evaluation
    from benchmarks.evaluation.stress import stress_table, stress_test, write_stress
    from benchmarks.evaluation.verdicts import by_the_rule, comparison_table, in_short
    from benchmarks.html.evaluation_page import evaluation_page
    from benchmarks.html.page import PAGE, write_page
    from inventory_env.description.demand_warnings import demand_warnings
    from policies.rules.baselines import baseline_names
    from policies.rules.rule_book import RuleBook
    from policies.runs.generalist import load_generalist, run_named
    from policies.runs.run_folder import load_run, newest_run, rule_book

    console = new_console()
    tell = teller(console)
    chosen = newest_run(runs) if run is None else run_named(run)
    if scenario is None:
        found = load_run(chosen)
        book = rule_book(found)
        folder = found.folder / "evaluation"
    else:
        generalist, chain = load_generalist(chosen), chain_of(scenario, tell)
        book = RuleBook(chain, generalist.seed)
        with console.status("tuning the rule that the network goes by"):
            found = generalist.on(chain, book)
        folder = runs / f"{chosen.name}-on-{chain.name}" / "evaluation"
        for words in generalist.told(found):
            tell(words)
    chain = found.scenario
    for words in demand_warnings(chain):
        tell(words)
    names = baseline_names(baseline, chain)
    with console.status("setting up the rules" if untuned else "tuning the rules"):
        policies = [book.baseline(name, tuned=not untuned) for name in names]
    folder = folder if out is None else out
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
    tell("\n".join(in_short(evaluation)))
    if words := by_the_rule(evaluation):
        tell(words)
    if found.manifest.get("kept_rule"):
        console.print(KEPT_RULE_WORDS)
    if stress:
        with console.status("running the same under stress"):
            harder = stress_test(
                chain, found.policy, found.start_rule, policies, episodes=episodes, seed=seed
            )
        write_stress(folder, harder)
        console.print(stress_table(harder))
    write_page(folder / PAGE, evaluation_page(folder))
    tell(f"Tables, plots and report: {folder}")
    tell(f"Page: {folder / PAGE}")
