"""Published problems: scenario files in problems, and the numbers others reported."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
from pydantic import Field, ValidationError, model_validator

from inventory_env.description.rules import CappedBaseStock, RuleConfig
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario, validated
from inventory_env.errors import InputError, argument, describe
from inventory_env.frozen import Frozen, NonNegative, Positive
from inventory_env.simulation.params import Params
from policies.policy import Policy
from policies.rules.rule_based import ChainPolicy, RulePolicy

PROBLEMS = Path(__file__).parent / "problems"
Suite = Literal["lost-sales", "one-warehouse", "backorder", "serial", "every-tier"]
SUITES: tuple[str, ...] = get_args(Suite)
TABLES = (
    "lost-sales",
    "lost-sales-long",
    "one-warehouse",
    "backorder",
    "serial",
    "one-warehouse-every-tier",
    "one-warehouse-local",
    "serial-every-tier",
)


class KnownRule(Frozen):
    """A rule with given levels, and what it is known to cost."""

    label: str
    """What people call it."""
    level: tuple[NonNegative, ...]
    """Order-up-to level of every store, units."""
    cap: tuple[NonNegative, ...] | None = None
    """Largest order of every store, units; left out, no limit."""
    warehouse: RuleConfig | None = None
    """The warehouse's rule, where it is not the scenario's."""
    supplier: RuleConfig | None = None
    """The supplier's rule, where it is not the scenario's."""
    cost: Positive | None = None
    """What others found it to cost; left out, nobody published it."""

    def policy(self, scenario: Scenario) -> Policy:
        """The rule, ready to run; it decides upstream only where it has rules of its own there."""
        cap = np.inf if self.cap is None else self.cap
        stores = RulePolicy(self.label, CappedBaseStock(np.array(self.level), np.array(cap)))
        own: dict[str, RuleConfig | None] = {"warehouse": self.warehouse, "supplier": self.supplier}
        changes: dict[str, Any] = {
            tier: getattr(scenario, tier).model_copy(update={"rule": rule})
            for tier, rule in own.items()
            if rule is not None
        }
        if not changes:
            return stores
        chain = scenario.model_copy(update=changes)
        return ChainPolicy(self.label, stores, Params.of(chain).rules)


class Instance(Frozen):
    """One problem and its numbers, all in the table's kind of cost."""

    name: str
    """Name, and that of its scenario file unless it has a chain."""
    chain: str | None = None
    """SUITE/INSTANCE whose scenario file it shares."""
    changes: dict[str, Any] = Field(default_factory=dict)
    """Keys of the scenario file, whole tables among them, that it gives another value."""
    reference: Positive
    """The cost that a policy's cost is measured against."""
    charge: NonNegative = 0.0
    """Part of the published cost that no policy changes and that the model leaves out."""
    target: Positive | None = None
    """A cost to reach; left out, only the table's targets count."""
    gains_more_than: str | None = None
    """SUITE/INSTANCE with the same chain and paired rule on which learning is to gain less."""
    base_stock: Positive | None = None
    """Published cost of the best base-stock policy of a single store."""
    rule: KnownRule | None = None
    """The rule to pair the learned policy with; left out, a tuned capped base-stock rule."""
    others: dict[str, Positive] = Field(default_factory=dict)
    """What others reached."""
    known: tuple[KnownRule, ...] = ()
    """Further rules whose cost the simulator must find again."""


class Targets(Frozen):
    """What the project promises for a table; what is left out is not promised."""

    mean_gap: Positive | None = None
    """Largest mean gap over the instances, %."""
    worst_gap: Positive | None = None
    """Largest mean gap of a single instance, %."""
    training_seconds: Positive | None = None
    """Longest training, seconds of one core."""
    below_rule: bool = False
    """Below the paired rule, by an interval clear of zero."""


class Problems(Frozen):
    """A table of instances with one source and one kind of cost."""

    suite: Suite
    """The suite it belongs to, and the folder of its own scenario files."""
    title: str
    """What the instances have in common."""
    source: str
    """Where the numbers were published."""
    cost: Literal["cost per period", "cost per store and period", "cost of an episode"]
    """What is counted."""
    reference: str
    """What the reference is: an optimum, a bound, the best published."""
    targets: Targets
    """What is promised."""
    instances: Annotated[tuple[Instance, ...], Field(min_length=1)]
    """The problems."""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [instance.name for instance in self.instances]
        if len(set(names)) < len(names):
            raise ValueError("instances must have different names")
        return self


@dataclass(frozen=True)
class Cell:
    """An instance in its table."""

    table: str  # name of the table file
    problems: Problems
    instance: Instance

    @property
    def name(self) -> str:
        """Suite and instance."""
        return f"{self.problems.suite}/{self.instance.name}"

    @property
    def file(self) -> Path:
        """Its scenario file."""
        return PROBLEMS / f"{self.instance.chain or self.name}.toml"

    def scenario(self) -> Scenario:
        """Its scenario."""
        scenario = load_scenario(self.file)
        if not self.instance.changes:
            return scenario
        table = scenario.model_dump(mode="json", exclude_unset=True) | self.instance.changes
        return validated(table | {"name": self.instance.name}, self.name)

    def factor(self, scenario: Scenario) -> float:
        """From money per period of the whole chain to the table's kind of cost."""
        factors = {
            "cost per period": 1.0,
            "cost per store and period": 1 / len(scenario.stores),
            "cost of an episode": float(scenario.periods - scenario.warm_up),
        }
        return factors[self.problems.cost]


@cache
def read_problems(table: str) -> Problems:
    """A table of instances.

    Raises:
        InputError: if its file is not valid.
    """
    file = PROBLEMS / f"{table}.toml"
    try:
        return Problems.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: not valid TOML: {error}") from None
    except ValidationError as error:
        raise InputError(describe(error, str(file))) from None


def cells_of(suite: str) -> list[Cell]:
    """All instances of a suite, or of "all".

    Raises:
        InputError: if there is no such suite.
    """
    if suite not in (*SUITES, "all"):
        raise InputError(
            f"{argument('suite')} must be one of {', '.join([*SUITES, 'all'])}, got {suite!r}"
        )
    cells = [
        Cell(table, read_problems(table), instance)
        for table in TABLES
        for instance in read_problems(table).instances
    ]
    return [cell for cell in cells if suite in ("all", cell.problems.suite)]
