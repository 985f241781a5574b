"""A training on the screen: its progress, and what came of it."""

from typing import TYPE_CHECKING

import typer

from commands.output import KEPT_RULE_WORDS, new_table, teller
from commands.training_request import PreparedTraining

if TYPE_CHECKING:
    from rich.console import Console

    from policies.runs.generalist import Generalist
    from policies.runs.run_folder import Run
    from policies.runs.training import Progress


def follow(console: "Console", training: PreparedTraining) -> "Run | Generalist":
    """Train under a progress bar, and draw the training's curve.

    Raises:
        typer.Exit: if it was interrupted; how to continue was printed.
    """
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

            run = training.run(tell)
            draw_training_curve(training.folder)
    except KeyboardInterrupt:
        teller(console)(f"Stopped. Continue: hmarl train --resume {training.folder}")
        raise typer.Exit(130) from None
    return run


def _validation(now: "Progress") -> str:
    """What the policy is worth on the validation worlds, beside the tuned rule."""
    worth = now.validation
    assert worth is not None
    return (
        f"{now.steps:>10,} steps: cost {worth.cost:,.5g} a period (start rule "
        f"{worth.rule_cost:,.5g}), fill rate {worth.fill_rate:.1%} ({worth.rule_fill_rate:.1%})"
    )


def print_outcome(console: "Console", run: "Run | Generalist") -> None:
    """Sum a training up, and say what to do next."""
    from policies.runs.run_folder import Run

    manifest, folder, one = run.manifest, run.folder, isinstance(run, Run)
    gain = manifest["gain_over_start_rule"]
    low, high = gain["ci95"]
    table = new_table("trained", run.policy.name if isinstance(run, Run) else run.problems.name)
    table.add_row("steps", f"{manifest['steps']:,}")
    table.add_row("training time", f"{manifest['training_seconds']:,.1f} s")
    if one:
        table.add_row("gain over the tuned rule", f"{gain['mean']:,.3g} a period")
        table.add_row("95 % interval", f"{low:,.3g} to {high:,.3g}")
    else:
        table.add_row("gain over its rule, deciding everywhere", f"{gain['mean']:.2%} of its cost")
        table.add_row("95 % interval", f"{low:.2%} to {high:.2%}")
    console.print(table)
    if manifest["kept_rule"]:
        console.print(KEPT_RULE_WORDS)
    rest = "--baseline reorder-point" if one else "--scenario CHAIN --baseline all"
    teller(console)(f"Next: hmarl eval --run {folder} {rest}")
