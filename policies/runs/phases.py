"""Training tier after tier: stores, then the warehouse on top of them, then the supplier."""

from pathlib import Path

from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import Tier
from inventory_env.errors import InputError, argument
from policies.runs.run_folder import CONFIG, MANIFEST, RECIPE, read_problems, read_recipe

PHASES: dict[int, Tier] = {1: "stores", 2: "warehouse", 3: "supplier"}


def run_of_phase(phase: int, scenario: Scenario, runs: Path) -> Path:
    """The newest complete run of a phase on the same chain.

    Raises:
        InputError: if there is none.
    """
    found = []
    for folder in runs.glob("*"):
        if (folder / MANIFEST).is_file() and (folder / RECIPE).is_file():
            chain = read_problems(folder)
            if not isinstance(chain, Scenario):
                continue
            same = chain.model_copy(update={"training": scenario.training}) == scenario
            if same and read_recipe(folder).learns == (PHASES[phase],):
                found.append(folder)
    if not found:
        raise InputError(
            f"{runs}: no run of phase {phase} on {scenario.name}; train it with "
            f"`hmarl train --phase {phase}`, or name a run with {argument('others')}"
        )
    return max(found, key=lambda folder: (folder / CONFIG).stat().st_mtime)
