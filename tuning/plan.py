"""What a study is to find out; everything that must stay the same while it grows."""

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np

from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError, argument
from inventory_env.recorded.history import History
from tuning.measure import Measure, measure_of
from tuning.search_space import GROUPS, SearchSpace, search_space
from tuning.storage import sqlite_url

Objective = Literal["cost", "fill-rate"]
OBJECTIVES: dict[str, tuple[Objective, ...]] = {
    "cost": ("cost",),
    "cost,fill-rate": ("cost", "fill-rate"),
}


@dataclass(frozen=True)
class Plan:
    """A study's question. Two processes with equal plans work on the same study."""

    name: str
    scenario: Scenario | ProblemDistribution  # with the settings to search around: the default
    folder: Path  # of this study
    storage: str  # URL of the database
    groups: tuple[str, ...] = ("ppo", "reward")
    objectives: tuple[Objective, ...] = ("cost",)
    min_fill_rate: float | None = None
    seeds: int = 2  # trainings a trial
    budget: float = 0.2  # share of the training steps that a trial takes
    prune: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if self.min_fill_rate is not None and not 0 < self.min_fill_rate < 1:
            raise InputError(
                f"{argument('min_fill_rate')} must lie between 0 and 1, got {self.min_fill_rate:g}"
            )
        if not 0 < self.budget <= 1:
            raise InputError(
                f"{argument('budget')} must be above 0, at most 1, got {self.budget:g}"
            )

    @property
    def steps(self) -> int:
        """Training steps of a trial."""
        return max(round(self.budget * self.scenario.training.steps), 1)

    @property
    def space(self) -> SearchSpace:
        """What is searched."""
        asked = self.scenario
        chain = asked if isinstance(asked, Scenario) else asked.example
        return search_space(chain, self.groups, self.steps)

    @property
    def measure(self) -> Measure:
        """What its costs are."""
        return measure_of(self.scenario)

    @property
    def several(self) -> bool:
        """Whether a front is sought rather than one best trial."""
        return len(self.objectives) > 1

    @property
    def prunes(self) -> bool:
        """Whether trials may be stopped between their trainings; on a front none is hopeless."""
        return self.prune and not self.several and self.seeds > 1

    def training_seeds(self) -> list[int]:
        """Training seeds of every trial, the same for all."""
        return _seeds(self.seed, 0, self.seeds)

    def fresh_seeds(self, count: int) -> list[int]:
        """Training seeds that no trial has used."""
        return _seeds(self.seed, 1, count)

    def fingerprint(self) -> dict[str, Any]:
        """What must be equal for a study to be continued, ready for JSON."""
        question = {
            "scenario": _described(self.scenario),
            "search": {p.name: _bounds(p) for p in self.space.parameters},
            "objectives": list(self.objectives),
            "min-fill-rate": self.min_fill_rate,
            "seeds": self.seeds,
            "budget": self.budget,
            "prune": "between trainings" if self.prunes else False,
            "seed": self.seed,
        }
        return dict(json.loads(json.dumps(question)))


def make_plan(
    scenario: Scenario | ProblemDistribution,
    *,
    studies: Path,
    name: str | None,
    storage: str | None,
    search: str | None,
    objectives: str,
    min_fill_rate: float | None,
    seeds: int,
    budget: float,
    prune: bool | None,
    seed: int,
) -> Plan:
    """A plan from what the command line says; None is what suits the rest.

    Args:
        scenario: the chain or chains, with the training settings to search around.
        studies: folder of all studies.
        name: of the study; None is the scenario's.
        storage: URL of the database; None is SQLite in the study's folder.
        search: groups of parameters, with commas; None is ppo and reward, of many chains ppo.
        objectives: "cost" or "cost,fill-rate".
        min_fill_rate: least fill rate of a good trial, 0 to 1; None asks for none.
        seeds: trainings a trial.
        budget: share of the training steps that a trial takes.
        prune: whether trials may be stopped between trainings; None is wherever that is possible.
        seed: of the study.

    Raises:
        InputError: if something is unknown or contradicts the rest.
    """
    name = scenario.name if name is None else name
    if not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
        raise InputError(
            f"{argument('study')} {name!r}: letters, digits, dots, dashes and underscores only"
        )
    kinds = ",".join(part.strip() for part in objectives.split(","))
    if kinds not in OBJECTIVES:
        raise InputError(
            f"{argument('objectives')} {objectives}: allowed: {' or '.join(OBJECTIVES)}"
        )
    several = len(OBJECTIVES[kinds]) > 1
    if prune and several:
        raise InputError(f"{argument('prune')} needs a single objective; leave it out, or {kinds}")
    if prune and seeds < 2:
        raise InputError(
            f"{argument('prune')} stops trials between trainings: needs "
            f"{argument('seeds')} 2, got {seeds}"
        )
    groups = _groups(scenario, search)
    folder = studies / name
    plan = Plan(
        name=name,
        scenario=scenario,
        folder=folder,
        storage=sqlite_url(folder) if storage is None else storage,
        groups=groups,
        objectives=OBJECTIVES[kinds],
        min_fill_rate=min_fill_rate,
        seeds=seeds,
        budget=budget,
        prune=not several if prune is None else prune,
        seed=seed,
    )
    _ = plan.space  # refuses unknown groups
    return plan


def _groups(scenario: Scenario | ProblemDistribution, search: str | None) -> tuple[str, ...]:
    """The groups that are searched; of many chains PPO's settings alone, as a weight in money or a
    scheme of orders means another thing on each."""
    many = isinstance(scenario, ProblemDistribution)
    if search is None:
        return ("ppo",) if many else ("ppo", "reward")
    asked = tuple(part.strip() for part in search.split(",") if part.strip())
    for group in asked:
        if many and group in GROUPS and group != "ppo":
            raise InputError(
                f"{argument('search')} {group}: not for a problem distribution "
                f"({scenario.name}); allowed: ppo"
            )
    return asked


def _described(scenario: Scenario | ProblemDistribution) -> dict[str, Any]:
    """A chain, or what chains are drawn from, with its training settings, ready for JSON."""
    if isinstance(scenario, ProblemDistribution):
        return scenario.table
    described = scenario.model_dump(mode="json", exclude={"demand_file"})
    if scenario.history is not None:
        described["demand_file"] = _digest(scenario.history)
    return described


def _digest(history: History) -> str:
    """Equal for equal recorded demand, whatever file it came from."""
    split = f"{history.dates} {history.stores} {history.validate_from} {history.test_from}"
    hidden = history.hidden
    unseen = b"" if hidden is None else hidden.row.tobytes() + hidden.possible.tobytes()
    return sha256(split.encode() + history.demand.tobytes() + unseen).hexdigest()[:16]


def _bounds(parameter: Any) -> dict[str, Any]:
    return {key: value for key, value in vars(parameter).items() if key != "name"}


def _seeds(seed: int, stage: int, count: int) -> list[int]:
    drawn = np.random.SeedSequence((seed, stage)).generate_state(count)
    return [int(value) for value in drawn]
