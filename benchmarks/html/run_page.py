"""The page of a run, from its folder: what was learned, kept, and found in its evaluation."""

from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.evaluation.training_curve import training_curve
from benchmarks.evaluation.words import number as written
from benchmarks.html.evaluation_page import (
    SUMMARY,
    evaluation_sections,
    evaluation_verdict,
    kpi_glossary,
    made_by,
    measured,
    read_summary,
)
from benchmarks.html.page import Page, Picture, Section, draw
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from policies.runs.run_folder import MANIFEST, read_json, read_problems, read_recipe

EVALUATION, PROGRESS = "evaluation", "progress.csv"


def run_page(folder: Path) -> Page:
    """The page of a run's folder, with its evaluation where there is one.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    scenario, recipe = read_problems(folder), read_recipe(folder)
    manifest = read_json(folder / MANIFEST)
    evaluated = (folder / EVALUATION / SUMMARY).is_file()
    verdict = [_training(manifest, scenario)]
    parts: list[Section] = []
    if evaluated:
        summary = read_summary(folder / EVALUATION)
        verdict = [*evaluation_verdict(summary), *verdict]
        parts += evaluation_sections(folder / EVALUATION, summary)
    else:
        chain = "" if isinstance(scenario, Scenario) else f" --run {folder} --scenario CHAIN"
        verdict.append(f"Not evaluated yet: hmarl eval{chain} compares it with tuned rules.")
    if (folder / PROGRESS).is_file():
        parts += training_sections(pd.read_csv(folder / PROGRESS))
    told = [
        ("chain", f"{scenario.name}: {scenario.description}"),
        ("learns", ", ".join(recipe.learns)),
        ("observes", ", ".join(feature.kind for feature in recipe.features)),
        ("starts from", ", ".join(f"{s.tier}: {s.rule.kind}" for s in recipe.start) or "a run"),
        ("seed", str(manifest["seed"])),
        ("experiences", f"{manifest['steps']:,} in {manifest['training_seconds']:.0f} s"),
        *made_by(manifest),
    ]
    parts.append(Section("How it was trained", terms=tuple(told)))
    if evaluated:
        parts += [measured(summary), kpi_glossary()]
    return Page(f"Run {folder.resolve().name}", tuple(verdict), tuple(parts))


def training_sections(progress: pd.DataFrame) -> list[Section]:
    """The curve of a training so far; nothing before its first validation.

    Args:
        progress: rows of progress.csv.
    """
    figure = training_curve(progress)
    alt = "Validation cost and fill rate over training, beside the start rule's"
    return (
        [] if figure is None else [Section("Training", pictures=(Picture(draw(figure, alt), alt),))]
    )


def _training(manifest: dict[str, Any], scenario: Scenario | ProblemDistribution) -> str:
    """What validation said at the end of training."""
    if manifest.get("kept_rule"):
        return (
            "Learning did not clearly pay on validation demand, so the run recommends its tuned "
            f"start rule, {manifest['start_rule']}."
        )
    gain = manifest.get("gain_over_start_rule")
    if not gain:
        return f"Trained from {manifest['start_rule']}; no gain was measured at the end."
    low, high = gain["ci95"]
    if isinstance(scenario, ProblemDistribution):
        return (
            f"Deciding everywhere on chains drawn for validation, it saved {gain['mean']:.2%} of "
            f"what its start rule, {manifest['start_rule']}, costs (95 % interval {low:.2%} to "
            f"{high:.2%})."
        )
    period, year = scenario.period, scenario.periods_per_year
    return (
        f"On validation demand the network saved {written(gain['mean'] * year)} a year "
        f"({written(gain['mean'])} a {period}, 95 % interval {written(low)} to {written(high)}) "
        f"against its tuned start rule, {manifest['start_rule']}."
    )
