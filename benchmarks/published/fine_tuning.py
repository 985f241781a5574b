"""`hmarl bench published --suite fine-tuning`: going on from the network for any store.

Published lost-sales instances, each learned in a few seconds from the shipped network, beside that
network without training and the default recipe from nothing, as `--suite lost-sales` measured it.
All are paired with the same rule on the same demand.
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from benchmarks.measurement import EVALUATION_SEED, Tell
from benchmarks.processes import in_processes
from benchmarks.published.estimates import FULL, Estimate, paired_difference
from benchmarks.published.instances import Cell, cells_of
from benchmarks.published.results import read_cell, result_file
from benchmarks.published.run import paired_rule
from benchmarks.result_files import read_result, write_result
from inventory_env.errors import InputError
from inventory_env.frozen import Frozen
from policies.runs.certificate import certificate
from policies.runs.generalist import GENERALIST, load_generalist, run_named
from policies.runs.training import train

FILE = "fine-tuning.json"
INSTANCES = (
    "poisson-p4-l4",
    "poisson-p4-l8",
    "poisson-p9-l2",
    "poisson-p19-l4",
    "geometric-p19-l8",
    "geometric-p39-l3",
)


class FineTuned(Frozen):
    """One instance; costs in percent of the paired rule's, less 100."""

    instance: str
    """Its name."""
    zero_shot: float
    """The shipped network's."""
    tuned: tuple[float, ...] = Field(min_length=1)
    """After going on from it, by training seed."""
    core_seconds: tuple[float, ...]
    """Processor time from the scenario to the policy, by training seed."""
    from_nothing: tuple[float, ...]
    """The default recipe's, by training seed."""
    nothing_seconds: tuple[float, ...]
    """Its processor time."""


class FineTuningResult(Frozen):
    """All instances."""

    instances: tuple[FineTuned, ...]
    """What was measured."""
    made_by: dict[str, Any]
    """Versions, machine and command."""


@dataclass(frozen=True)
class FineTask:
    """One process's work: an instance and training seed; no seed is the network as shipped."""

    cell: Cell
    seed: int | None

    def run(self) -> tuple[Estimate, float]:
        """Difference to the paired rule, and processor seconds."""
        scenario, start = self.cell.scenario(), load_generalist(run_named(GENERALIST))
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            if self.seed is None:
                run = start.on(scenario)
            else:
                run = train(scenario, seed=self.seed, folder=Path(folder), start=start)
        seconds = time.process_time() - began
        rule = paired_rule(self.cell, scenario)
        found = paired_difference(run.policy, rule, scenario, seed=EVALUATION_SEED, effort=FULL)
        return found, seconds


def measure_fine_tuning(
    published: Path, results: Path, *, seeds: int, workers: int, tell: Tell = lambda _: None
) -> FineTuningResult:
    """Every instance with every training seed, beside what was measured from nothing.

    Args:
        published: folder of the results of `--suite lost-sales`.
        results: folder for the result.
        seeds: training seeds 0, 1, ... each.
        workers: processes.
        tell: called with a line for every instance.

    Raises:
        InputError: if an instance was not measured from nothing.
    """
    cells = {cell.instance.name: cell for cell in cells_of("lost-sales")}
    chosen = [cells[name] for name in INSTANCES]
    for cell in chosen:
        if not result_file(published, cell).exists():
            raise InputError(
                f"{result_file(published, cell)}: not there; run hmarl bench published "
                "--suite lost-sales first"
            )
    tasks = [FineTask(cell, seed) for cell in chosen for seed in (None, *range(seeds))]
    done = in_processes(FineTask.run, tasks, workers)
    found = []
    for cell in chosen:
        nothing = read_cell(result_file(published, cell))
        share = 100 / nothing.rule.cost
        zero, _ = next(done)
        tuned = [next(done) for _ in range(seeds)]
        found.append(
            FineTuned(
                instance=cell.instance.name,
                zero_shot=share * zero.mean,
                tuned=tuple(share * each.mean for each, _ in tuned),
                core_seconds=tuple(round(seconds, 1) for _, seconds in tuned),
                from_nothing=tuple(share * run.difference for run in nothing.runs),
                nothing_seconds=tuple(run.core_seconds for run in nothing.runs),
            )
        )
        tell(f"{cell.name}: measured")
    result = FineTuningResult(instances=tuple(found), made_by=certificate())
    results.mkdir(parents=True, exist_ok=True)
    write_result(results / FILE, result)
    return result


def read_fine_tuning(results: Path) -> FineTuningResult:
    """The result in a folder.

    Raises:
        InputError: if the file is not one.
    """
    again = "hmarl bench published --suite fine-tuning; run it again"
    return read_result(FineTuningResult, results / FILE, again)
