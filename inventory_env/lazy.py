"""Names of a package that are found when they are first asked for (PEP 562)."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def found_when_asked(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's `__getattr__`: importing the package costs nothing.

    Args:
        package: its `__name__`.
        homes: for each name the module below the package, and with a colon its name there where
            that is another.

    >>> found_when_asked("inventory_env", {"Mistake": "errors:InputError"})("Mistake").__name__
    'InputError'
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, own = homes[name].partition(":")
        return getattr(import_module(f"{package}.{module}"), own or name)

    return find
