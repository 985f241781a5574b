"""A problem distribution: a scenario file whose numbers may be ranges and whose values choices.

`{ low, high }` draws a number evenly, with `log = true` on the scale of logarithms, with
`whole = true` a whole one; `of = "mean"` multiplies it by the store's mean demand; `count = 7`
draws seven, scaled to a `mean` where one is given. `{ choice = [...] }` draws one of its values,
by `weights` where they are given. Ranges may stand in choices, and choices in choices. A store with
a `count` stands for so many that are drawn one by one; `[store_defaults]` is drawn once for all.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from inventory_env.description.demand import Demand
from inventory_env.description.population import Mixture, by_shape
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import (
    load_scenario,
    read_scenario_text,
    shipped_distributions,
    shipped_names,
    validated,
)
from inventory_env.description.settings import TrainingSettings
from inventory_env.errors import InputError, describe
from inventory_env.frozen import MOST_STORES, Frozen

_DEMAND: TypeAdapter[Any] = TypeAdapter(Demand)


class Stream(IntEnum):
    """What chains are drawn for; no chain is drawn for two things."""

    TRAIN = 0
    VALIDATE = 2
    FIT_LEVELS = 10
    FIT_LITERATURE = 11
    FIT_HELD_OUT = 12
    SUITE = 30
    SEEDS = 31
    TRIALS = 32
    CONFIRM = 33


class Range(Frozen):
    """A number between two bounds."""

    low: float
    """Lowest."""
    high: float
    """Highest, at least low."""
    log: bool = False
    """Drawn evenly on the scale of logarithms; low is then above 0."""
    whole: bool = False
    """Rounded to a whole number, at least 1 if low is above 0."""
    of: Literal["mean"] | None = None
    """Multiplied by the mean demand of the store in which it stands, which is drawn first; in
    warehouse and supplier, by that of all stores together."""
    count: Annotated[int, Field(ge=1)] | None = None
    """So many numbers instead of one."""
    mean: float | None = None
    """With count: the numbers are scaled to this mean."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high < self.low:
            raise ValueError(f"high must be at least low = {self.low:g}, got {self.high:g}")
        if self.log and self.low <= 0:
            raise ValueError(f"low must be above 0 where log = true, got {self.low:g}")
        if self.mean is not None and self.count is None:
            raise ValueError("mean needs count")
        return self

    def draw(self, rng: np.random.Generator, mean: float | None) -> Any:
        """A number, or a list of them."""
        low, high = np.log([self.low, self.high]) if self.log else (self.low, self.high)
        values = rng.uniform(low, high, self.count or 1)
        values = np.exp(values) if self.log else values
        if self.mean is not None:
            values = values * self.mean / values.mean()
        if self.of is not None:
            if mean is None:
                raise ValueError('of = "mean" stands in no store with a demand')
            values = values * mean
        if self.whole:
            values = np.maximum(np.rint(values), 1.0 if self.low > 0 else 0.0)
        drawn = [int(v) if self.whole else float(v) for v in values]
        return drawn[0] if self.count is None else drawn


class Choice(Frozen):
    """One of several values."""

    choice: Annotated[tuple[Any, ...], Field(min_length=1)]
    """What may be drawn."""
    weights: tuple[Annotated[float, Field(gt=0)], ...] | None = None
    """How often, as many as there are choices; left out, evenly."""

    @model_validator(mode="after")
    def _weighted(self) -> Self:
        if self.weights is not None and len(self.weights) != len(self.choice):
            raise ValueError(f"weights needs {len(self.choice)} values, got {len(self.weights)}")
        return self

    def draw(self, rng: np.random.Generator) -> Any:
        """One of the values, as it stands."""
        chances = np.ones(len(self.choice)) if self.weights is None else np.array(self.weights)
        return self.choice[rng.choice(len(self.choice), p=chances / chances.sum())]


@dataclass(frozen=True)
class ProblemDistribution:
    """Chains drawn at random from a file with ranges and choices.

    Args:
        text: of the file.
        source: names it in messages.

    Raises:
        InputError: if the file is not valid, or a chain drawn from it is not.
    """

    text: str = field(repr=False)
    source: str

    @cached_property
    def table(self) -> dict[str, Any]:
        """What the file says, ranges and choices as they stand."""
        return tomllib.loads(self.text)

    @cached_property
    def example(self) -> Scenario:
        """The first chain."""
        return self.chain(0, stream=Stream.TRAIN)

    @property
    def name(self) -> str:
        """The file's own name."""
        return str(self.table.get("name", self.source))

    @property
    def description(self) -> str:
        """One line for people."""
        return str(self.table.get("description", ""))

    @property
    def training(self) -> TrainingSettings:
        """How a network for all its chains is taught."""
        return self.example.training

    def with_training(self, training: TrainingSettings) -> "ProblemDistribution":
        """The same chains, taught in another way."""
        import tomli_w

        settings = training.model_dump(mode="json", exclude_unset=True, exclude_none=True)
        return ProblemDistribution(tomli_w.dumps({**self.table, "training": settings}), self.source)

    def chain(self, number: int, *, stream: int) -> Scenario:
        """A chain; the same for the same number and stream."""
        seeds = np.random.SeedSequence(0, spawn_key=(stream, number))
        rng = np.random.default_rng(seeds)
        try:
            table = _drawn_chain(self.table, rng)
        except ValidationError as error:
            raise InputError(describe(error, self.source)) from None
        except ValueError as error:
            raise InputError(f"{self.source}: {error}") from None
        table["name"] = f"{self.name}-{number}"
        return validated(table, f"{self.source}, chain {number}")

    def learned_from(self) -> tuple[Mixture, ...]:
        """The chains that a network is trained on, those of one shape together."""
        return by_shape(self.chains(self.training.problems, stream=Stream.TRAIN))

    def chains(self, count: int, *, stream: int) -> tuple[Scenario, ...]:
        """Chains 0 to count - 1 of a stream; different streams share none.

        Raises:
            InputError: if one is not valid.
        """
        return tuple(self.chain(number, stream=stream) for number in range(count))

    def draw(self, count: int, *, stream: int) -> Mixture:
        """The same as a population.

        Raises:
            InputError: if their shapes differ.
        """
        return Mixture(self.chains(count, stream=stream))


def load_problems(name_or_file: str | Path) -> Scenario | ProblemDistribution:
    """A shipped scenario or problem distribution by name, or one from a file.

    Raises:
        InputError: if there is none, or the file is not valid.
    """
    if str(name_or_file) in shipped_names():
        return load_scenario(name_or_file)
    text = read_problems_text(name_or_file)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name_or_file}: not valid TOML: {error}") from None
    if not _random(table):
        return load_scenario(name_or_file)
    found = ProblemDistribution(text, str(name_or_file))
    _ = found.example
    return found


def read_problems_text(name_or_file: str | Path) -> str:
    """The text of what is shipped under a name, or of a file."""
    if str(name_or_file) in shipped_distributions():
        return (_SHIPPED / f"{name_or_file}.toml").read_text(encoding="utf-8")
    return read_scenario_text(name_or_file)


_SHIPPED = resources.files("inventory_env.description") / "distributions"


def _is_range(value: Any) -> bool:
    return isinstance(value, Mapping) and {"low", "high"} <= set(value) and "kind" not in value


def _is_choice(value: Any) -> bool:
    return isinstance(value, Mapping) and "choice" in value


def _random(value: Any) -> bool:
    """Whether anything in a value is drawn."""
    if _is_range(value) or _is_choice(value):
        return True
    if isinstance(value, Mapping):
        return any(_random(each) for each in value.values())
    return isinstance(value, list) and any(_random(each) for each in value)


def _drawn_chain(table: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """The table of one chain: what all stores share first, the sites above the stores last."""
    shared = _drawn(table.get("store_defaults", {}), rng, None)
    above = [name for name in ("warehouse", "supplier") if name in table]
    drawn = {}
    for key, value in table.items():
        if key == "stores" and isinstance(value, list):
            drawn[key] = [_merged(shared, store) for store in _drawn_stores(value, rng)]
        elif key not in (*above, "store_defaults"):
            drawn[key] = _drawn(value, rng, None)
    total = sum(_mean(store) or 0.0 for store in drawn.get("stores", []))
    return drawn | {key: _drawn(table[key], rng, total or None) for key in above}


def _drawn_stores(value: list[Any], rng: np.random.Generator) -> list[Any]:
    """Every store, drawn one by one; one with a count stands for so many."""
    found: list[Any] = []
    for store in value:
        if not isinstance(store, Mapping) or "count" not in store:
            found.append(_drawn(store, rng, None))
            continue
        count = _drawn(store["count"], rng, None)
        if not isinstance(count, int) or not 1 <= count <= MOST_STORES:
            raise ValueError(f"stores: count must be whole, 1 to {MOST_STORES}, got {count!r}")
        each = {key: own for key, own in store.items() if key != "count"}
        name = each.get("name", "store")
        found += [
            {**_drawn(each, rng, None), "name": f"{name}-{number + 1}"} for number in range(count)
        ]
    return found


def _merged(shared: Any, own: Any) -> Any:
    """A store's own keys over those that all stores share, tables key by key."""
    if not isinstance(shared, Mapping) or not isinstance(own, Mapping):
        return own
    both = {key: _merged(shared[key], own[key]) for key in shared.keys() & own.keys()}
    return {**shared, **own, **both}


def _mean(store: Any) -> float | None:
    """Mean demand of a store that is drawn; None where it has no demand of its own."""
    demand = store.get("demand") if isinstance(store, Mapping) else None
    if not isinstance(demand, Mapping) or "kind" not in demand:
        return None
    return float(_DEMAND.validate_python(demand).moments[0])


def _drawn(value: Any, rng: np.random.Generator, mean: float | None) -> Any:
    """The value with every range and choice in it drawn; a store's demand before all else, its
    mean before the rest of it."""
    if _is_choice(value):
        return _drawn(Choice.model_validate(value).draw(rng), rng, mean)
    if _is_range(value):
        return Range.model_validate(value).draw(rng, mean)
    if isinstance(value, Mapping):
        drawn = {}
        if "demand" in value:
            drawn["demand"] = _drawn(value["demand"], rng, mean)
            mean = _mean(drawn)
        elif "kind" in value and "mean" in value:
            drawn["mean"] = mean = _drawn(value["mean"], rng, mean)
        return drawn | {
            key: _drawn(each, rng, mean) for key, each in value.items() if key not in drawn
        }
    if isinstance(value, list):
        return [_drawn(each, rng, mean) for each in value]
    return value
