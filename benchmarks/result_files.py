"""Files of results: where they go, and what is read from them again."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from inventory_env.errors import InputError, argument
from inventory_env.files import write_text
from inventory_env.frozen import Frozen

RESULTS = Path("benchmarks", "results")  # of a checkout

_Result = TypeVar("_Result", bound=Frozen)


def results_place(asked: Path | None, name: str) -> Path:
    """Where results go: what was asked for, or `name` in the checkout, else in the current folder.

    Raises:
        InputError: if the folder it lies in does not exist.
    """
    if asked is None:
        return (RESULTS if RESULTS.is_dir() else Path()) / name
    if not asked.parent.is_dir():
        raise InputError(f"{argument('out')} {asked}: there is no folder {asked.parent}")
    return asked


def write_result(file: Path, result: Frozen) -> None:
    """Keep a result, in one go."""
    write_text(file, result.model_dump_json(indent=2) + "\n")


def read_result(kind: type[_Result], file: Path, again: str) -> _Result:
    """A result from its file.

    Args:
        kind: of the result.
        file: what `write_result` wrote.
        again: how to measure it anew, for the message.

    Raises:
        InputError: if the file is not one.
    """
    try:
        return kind.model_validate_json(file.read_text(encoding="utf-8"))
    except (ValidationError, UnicodeDecodeError):
        raise InputError(f"{file}: not written by {again}") from None
