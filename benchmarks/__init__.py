"""What it is worth: comparisons, published numbers, speed, and the gate.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.evaluation.evaluate import evaluate as evaluate_policies
    from benchmarks.evaluation.evaluation import Evaluation as Evaluation
    from benchmarks.measurement import EVALUATION_SEED as EVALUATION_SEED

_HOMES = {
    "EVALUATION_SEED": ("measurement", "EVALUATION_SEED"),
    "Evaluation": ("evaluation.evaluation", "Evaluation"),
    "evaluate_policies": ("evaluation.evaluate", "evaluate"),
}
__all__ = ["EVALUATION_SEED", "Evaluation", "evaluate_policies"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), own)
