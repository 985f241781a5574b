"""What was measured on a published instance, as it is kept in a file."""

from pathlib import Path
from statistics import mean
from typing import Annotated, Any

from pydantic import Field

from benchmarks.published.instances import Cell
from benchmarks.result_files import read_result
from inventory_env.frozen import Frozen, NonNegative, Positive
from policies.intervals import Interval, normal_interval


class Check(Frozen):
    """A published cost that needs no learning, found again by simulation or exactly."""

    what: str
    """A rule, or how the cost was found."""
    published: Positive
    """Without charges that the model leaves out."""
    measured: float
    """The same, by this project."""
    error: NonNegative
    """Its standard error."""
    allowed: Positive
    """Largest difference that counts as agreement."""

    @property
    def agrees(self) -> bool:
        """Whether the simulator found the published cost again."""
        return abs(self.measured - self.published) <= self.allowed


class RuleCost(Frozen):
    """The rule that policies are paired with."""

    name: str
    """Its name."""
    cost: Positive
    """Its cost over a long simulation."""
    error: NonNegative
    """Standard error of the cost."""


class Learned(Frozen):
    """What one training seed learned."""

    seed: Annotated[int, Field(ge=0)]
    """The seed."""
    core_seconds: NonNegative
    """Processor time from the scenario to the policy, its start rule's tuning included; training
    runs on one core."""
    kept_rule: bool
    """Whether learning did not clearly pay, so that the start rule was kept."""
    difference: float
    """Cost less the paired rule's, on the same demand."""
    error: NonNegative
    """Standard error of the difference."""

    @property
    def interval(self) -> Interval:
        """95 % interval of the difference that simulation leaves."""
        return normal_interval(self.difference, self.error)


class CellResult(Frozen):
    """An instance's reference and its training seeds; costs as its table counts them."""

    suite: str
    """Suite of the instance."""
    instance: str
    """Its name."""
    steps: Annotated[int, Field(ge=1)]
    """Training steps a seed."""
    evaluation_seed: Annotated[int, Field(ge=0)]
    """Seed of the test tapes."""
    rule: RuleCost
    """What policies are paired with."""
    optimum: Positive | None
    """The exact optimum, where it was computed."""
    checks: tuple[Check, ...]
    """The simulator beside published numbers."""
    runs: Annotated[tuple[Learned, ...], Field(min_length=1)]
    """One a training seed."""
    made_by: dict[str, Any]
    """Versions, machine and command."""

    @property
    def costs(self) -> list[float]:
        """Cost of every seed's policy: the rule's and the paired difference."""
        return [self.rule.cost + run.difference for run in self.runs]

    @property
    def error(self) -> float:
        """Standard error of the mean cost from simulation alone; seeds share their test demand."""
        return float(
            (self.rule.error**2 + sum(r.error**2 for r in self.runs) / len(self.runs)) ** 0.5
        )

    @property
    def against_rule(self) -> tuple[float, float, float]:
        """Mean difference to the paired rule, and the widest ends of the seeds' intervals, %."""
        scale = 100 / self.rule.cost
        low = min(run.interval[0] for run in self.runs)
        high = max(run.interval[1] for run in self.runs)
        return scale * mean(run.difference for run in self.runs), scale * low, scale * high

    def gap_of(self, cell: Cell, cost: float) -> float:
        """Gap of a cost to the exact optimum, else to the published reference, %."""
        reference = self.optimum or cell.instance.reference - cell.instance.charge
        return 100 * (cost / reference - 1)

    def gaps(self, cell: Cell) -> list[float]:
        """Gap of every seed, %."""
        return [self.gap_of(cell, cost) for cost in self.costs]

    def gap(self, cell: Cell) -> float:
        """Mean gap over the seeds, %."""
        return mean(self.gaps(cell))


def result_file(results: Path, cell: Cell) -> Path:
    """Where an instance's result is kept."""
    return results / f"{cell.name}.json"


def read_cell(file: Path) -> CellResult:
    """An instance's result from its file.

    Raises:
        InputError: if the file is not one.
    """
    return read_result(CellResult, file, "hmarl bench published; run it again with --again")
