"""A chain whose training takes a fraction of a second, and plans to tune it."""

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import parse_scenario
from policies.rules.baselines import formula_rule, start_kinds
from policies.rules.rule_book import START
from tuning.confirm import FRESH_SEEDS, confirmation_book
from tuning.plan import Plan
from tuning.trial import rule_book

MEMORY = TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
NUMBERS = count()
CHAIN = """\
name = "corner"
periods = 24
warm_up = 4

[store_defaults]
demand = { kind = "poisson", mean = 4.0 }
lead_time = 1
holding_cost = 1.0
shortage_cost = 9.0

[[stores]]
name = "north"

[[stores]]
name = "south"

[warehouse]
holding_cost = 0.1

[training]
steps = 640
worlds = 4
worlds_per_tape = 2
n_steps = 4
batch_size = 32
epochs = 1
hidden = [4]
validations = 6
validation_worlds = 4
"""


def chain(text: str = CHAIN) -> Scenario:
    return parse_scenario(text, source="test", base=Path())


def quick_storage() -> str:
    """A database of its own, in memory where there is a folder for that."""
    return f"sqlite:///{MEMORY.name}/{next(NUMBERS)}.db"


def quick_rules(kind: str, scenario: Scenario, seed: int) -> Any:
    """Rules from formulas: their search is tested elsewhere."""
    return formula_rule(kind, scenario)


def plan(folder: Path, scenario: Scenario | None = None, **changes: Any) -> Plan:
    """A plan in a folder that knows its rules already, for other processes too."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {"budget": 0.6, "seeds": 1, "storage": quick_storage(), **changes}
    made = Plan(name="study", scenario=scenario or chain(), folder=folder, **values)
    own = scenario or chain()
    fresh = made.fresh_seeds(FRESH_SEEDS)
    for book in [rule_book(own, made), *(confirmation_book(own, made, s) for s in fresh)]:
        book.add(START, formula_rule(start_kinds(own)[0], own))
    return made
