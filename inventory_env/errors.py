"""The one error for bad input; the command line turns it into one line and exit code 2."""

import re

from pydantic import BaseModel, ValidationError

_ARGUMENT = re.compile("\0(\\w+)\0")


def argument(name: str) -> str:
    """An argument's name for a message: as it is in Python, a flag on the command line."""
    return f"\0{name}\0"


class InputError(ValueError):
    """Input that cannot be used. The message names file, field, value and what is allowed.

    >>> error = InputError(f"{argument('min_fill_rate')} must be at most 1, got 2")
    >>> str(error), error.with_flags
    ('min_fill_rate must be at most 1, got 2', '--min-fill-rate must be at most 1, got 2')
    """

    def __str__(self) -> str:
        return _ARGUMENT.sub(r"\1", super().__str__())

    @property
    def with_flags(self) -> str:
        """The message as the command line says it."""
        return _ARGUMENT.sub(lambda m: f"--{m[1].replace('_', '-')}", super().__str__())


def describe(error: ValidationError, source: str) -> str:
    """The first error of a validation, in one line, and how many more there are."""
    errors = error.errors()
    first = errors[0]
    field = ".".join(str(part) for part in first["loc"]) or "file"
    message = first["msg"].removeprefix("Value error, ")
    given = first["input"]
    shown = "" if isinstance(given, dict | list | BaseModel) else f", got {given!r}"
    if first["type"] == "extra_forbidden":
        message, shown = "unknown key", ""
    elif first["type"] in ("missing", "value_error"):
        shown = ""
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{source}: {field}: {message}{shown}{more}"
