"""The file that the regression gate compares with: what was measured, when, and why.

It has two parts, as quick checks look only at the first; each says why and by whom it was last
measured. What a check allows is not stored: it follows from the spread of what is.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from inventory_env.errors import InputError, describe
from inventory_env.files import write_text
from inventory_env.frozen import Frozen, NonNegative, Positive

SHIPPED = Path(__file__).parent / "reference.json"
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Simulated(Frozen):
    """What a rule is worth on a test tape."""

    worlds: Annotated[int, Field(ge=2)]
    """Worlds of the tape."""
    demand: str
    """Digest of the tape's demand."""
    cost_sd: NonNegative
    """Standard deviation of cost_per_period over the worlds."""
    kpis: dict[str, float]
    """Mean over the worlds of every KPI that has one."""

    @model_validator(mode="after")
    def _has_its_cost(self) -> Self:
        if "cost_per_period" not in self.kpis:
            raise ValueError("kpis must have cost_per_period")
        return self


class Taught(Frozen):
    """What one training seed brought, less than 0 where better than the formula rule."""

    seed: Annotated[int, Field(ge=0)]
    """The seed."""
    tuned: float
    """Cost of the tuned start rule over the same kind with formula levels, %."""
    learned: float
    """Loss of the learned network over the same, %: its cost, or minus its reward where that was
    taught."""


class Training(Frozen):
    """A short training with several seeds."""

    steps: Annotated[int, Field(ge=1)]
    """Steps of each."""
    runs: Annotated[tuple[Taught, ...], Field(min_length=3)]
    """One a seed."""


class Part(Frozen):
    """What was measured at once; cases by name."""

    reason: Reason
    """Why it was measured."""
    made_by: dict[str, Any]
    """Date, versions, machine and command."""
    models: dict[str, Simulated]
    """Rules on fixed tapes."""
    learning: dict[str, Training]
    """Trainings."""
    speeds: dict[str, Annotated[tuple[Positive, ...], Field(min_length=3)]]
    """Times over plain numpy work, measured several times."""


class Reference(Frozen):
    """The whole file."""

    version: Literal[1] = 1
    """Of the format."""
    quick: Part
    """Cases of a quick check."""
    more: Part | None
    """Further cases of a whole check; null until they are measured."""


def read_reference(file: Path) -> Reference:
    """The reference in a file.

    Raises:
        InputError: if it is missing or not one of this version.
    """
    try:
        return Reference.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        raise InputError(
            f"{file}: no such file; measure it with hmarl bench check --update REASON"
        ) from None
    except ValidationError as error:
        raise InputError(f"{describe(error, str(file))}; not a reference of this version") from None


def write_reference(file: Path, reference: Reference) -> None:
    """Put a reference in place, in one go."""
    write_text(file, reference.model_dump_json(indent=1) + "\n")
