"""The one error for bad input; the command line turns it into one line and exit code 2."""

from pydantic import BaseModel, ValidationError


class InputError(ValueError):
    """Input that cannot be used. The message names file, field, value and what is allowed."""


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
