"""Mistakes of the user: one line on stderr and exit code 2."""

import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from typer.core import TyperGroup
from typer.exceptions import TyperException


class Commands(TyperGroup):
    """Turns every mistake of the user into one line and exit code 2."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except (TyperException, ValueError, OSError) as error:
            print(f"error: {_message(error)}", file=sys.stderr)
            code = 2
        sys.exit(code or 0)


def refuse(options: Mapping[str, object], reason: str) -> None:
    """Refuse options that do not go with others.

    Args:
        options: what was given, by parameter name; None is what was left out.
        reason: why none of them may be given.

    Raises:
        TyperException: if one was given.
    """
    names = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if names:
        raise TyperException(f"{reason}; leave out {', '.join(names)}")


def _message(error: Exception) -> str:
    """The mistake in one line; an error that is not the user's is raised again."""
    from pydantic import ValidationError

    from inventory_env.errors import InputError, describe

    if isinstance(error, TyperException):
        message = error.format_message()
    elif isinstance(error, ValidationError):
        message = describe(error, "input")
    elif isinstance(error, InputError):
        message = error.with_flags
    elif isinstance(error, OSError) and error.filename is not None:
        message = f"{error.filename}: {error.strerror}"
    else:
        raise error
    return " ".join(message.split())
