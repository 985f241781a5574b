"""Search: studies, trials, and the confirmation of what was found.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from inventory_env.lazy import found_when_asked

if TYPE_CHECKING:
    from tuning.confirm import Confirmation as Confirmation
    from tuning.plan import make_plan as make_plan
    from tuning.tune import tune as run_study

_HOMES = {
    "Confirmation": "confirm",
    "make_plan": "plan",
    "run_study": "tune:tune",
}
__all__ = ["Confirmation", "make_plan", "run_study"]


__getattr__ = found_when_asked(__name__, _HOMES)
