"""What the regression gate looks at: all of it, in one place.

A quick check takes the cases that are marked quick. After a change here, measure them again with
`hmarl bench check --update REASON`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gate.speed import drawing, ppo, simulation, vec_env
from benchmarks.published.instances import cells_of
from benchmarks.speed.speed import Work
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.training_config import with_training

CASES_FOLDER = Path(__file__).parent


def _load(chain: str) -> Scenario:
    """A published instance, a scenario file of this folder, or what `load_scenario` finds."""
    for cell in cells_of("all"):
        if chain == f"published/{cell.name}":
            return cell.scenario()
    file = CASES_FOLDER / f"{chain}.toml"
    return load_scenario(file if file.is_file() else chain)


@dataclass(frozen=True)
class ModelCase:
    """A rule with levels from formulas on a fixed test tape."""

    chain: str
    rule: str
    worlds: int = 1000
    quick: bool = True

    @property
    def name(self) -> str:
        """Name in the reference."""
        return f"{self.chain}, {self.rule}"

    def scenario(self) -> Scenario:
        """The chain."""
        return _load(self.chain)


@dataclass(frozen=True)
class LearningCase:
    """A training with the chain's own settings but for its length."""

    chain: str
    steps: int
    worlds: int = 1000  # of the test tape
    quick: bool = False

    @property
    def name(self) -> str:
        """Name in the reference."""
        return self.chain

    def scenario(self) -> Scenario:
        """The chain, to be learned in so many steps."""
        return with_training(_load(self.chain), None, steps=self.steps)


@dataclass(frozen=True)
class SpeedCase:
    """Work of the project and the plain work that it is timed against."""

    what: str
    chain: str
    worlds: int
    prepare: Callable[[Scenario, int], tuple[Work, Work]]
    quick: bool = True

    @property
    def name(self) -> str:
        """Name in the reference."""
        return f"{self.what}, {self.chain}, {self.worlds} worlds"

    def scenario(self) -> Scenario:
        """The chain."""
        return _load(self.chain)


@dataclass(frozen=True)
class Cases:
    """What one check measures."""

    models: tuple[ModelCase, ...] = ()
    learning: tuple[LearningCase, ...] = ()
    speeds: tuple[SpeedCase, ...] = ()

    def part(self, *, quick: bool) -> "Cases":
        """Those that are, or are not, marked quick."""
        return Cases(
            tuple(case for case in self.models if case.quick is quick),
            tuple(case for case in self.learning if case.quick is quick),
            tuple(case for case in self.speeds if case.quick is quick),
        )


CASES = Cases(
    models=(
        ModelCase("three-stores", "base-stock"),
        ModelCase("single-store", "capped-base-stock"),
        ModelCase("original", "reorder-point"),
        ModelCase("fifty-stores", "base-stock", worlds=200),
        ModelCase("published/one-warehouse/three-stores", "capped-base-stock", worlds=300),
        ModelCase("published/backorder/cv-two", "base-stock"),
        ModelCase("gate_chains/mixed-whole", "min-max", worlds=300),
        ModelCase("gate_chains/mixed-continuous", "capped-base-stock"),
    ),
    learning=(
        LearningCase("three-stores", 2_500_000, quick=True),
        LearningCase("single-store", 1_000_000, quick=True),
        LearningCase("original", 30_060, quick=True),
        LearningCase("fifty-stores", 2_500_000, worlds=200),
        LearningCase("published/lost-sales/poisson-p19-l4", 1_000_000),
        LearningCase("published/one-warehouse/three-stores", 2_500_000, worlds=500),
        LearningCase("published/every-tier/three-stores-shared", 2_500_000, worlds=500),
    ),
    speeds=(
        SpeedCase("simulator", "three-stores", 64, simulation),
        SpeedCase("simulator", "three-stores", 1024, simulation),
        SpeedCase("simulator", "fifty-stores", 256, simulation),
        SpeedCase("tape", "three-stores", 1024, drawing),
        SpeedCase("VecEnv", "three-stores", 344, vec_env),
        SpeedCase("PPO", "three-stores", 344, ppo),
    ),
)
