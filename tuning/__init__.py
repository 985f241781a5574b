"""Search: studies, trials, and the confirmation of what was found.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuning.confirm import Confirmation as Confirmation
    from tuning.plan import make_plan as make_plan
    from tuning.tune import tune as run_study

_HOMES = {
    "Confirmation": ("confirm", "Confirmation"),
    "make_plan": ("plan", "make_plan"),
    "run_study": ("tune", "tune"),
}
__all__ = ["Confirmation", "make_plan", "run_study"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), own)
