"""What it is worth: comparisons, published numbers, speed, and the gate.

Names are found when they are first asked for, so that importing the package costs nothing.
"""

from typing import TYPE_CHECKING

from inventory_env.lazy import found_when_asked

if TYPE_CHECKING:
    from benchmarks.evaluation.evaluate import evaluate as evaluate_policies
    from benchmarks.evaluation.evaluation import Evaluation as Evaluation
    from benchmarks.measurement import EVALUATION_SEED as EVALUATION_SEED

_HOMES = {
    "EVALUATION_SEED": "measurement",
    "Evaluation": "evaluation.evaluation",
    "evaluate_policies": "evaluation.evaluate:evaluate",
}
__all__ = ["EVALUATION_SEED", "Evaluation", "evaluate_policies"]


__getattr__ = found_when_asked(__name__, _HOMES)
