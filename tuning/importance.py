"""How much each parameter mattered for the cost of a trial."""

from collections.abc import Sequence

import optuna
from optuna import create_study
from optuna.importance import PedAnovaImportanceEvaluator
from optuna.trial import FrozenTrial

from tuning.plan import Plan
from tuning.ranking import complete
from tuning.storage import without_experimental_warnings
from tuning.study import DIRECTIONS

FEWEST = 8  # finished trials to tell anything from


def importances(plan: Plan, trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Shares of importance by parameter, largest first; empty where there are too few trials.

    PED-ANOVA: Watanabe, Bansal, Hutter (2023), "PED-ANOVA: efficiently quantifying hyperparameter
    importance in arbitrary subspaces", IJCAI.
    """
    finished = complete(trials)
    if len(finished) < FEWEST:
        return {}
    study = create_study(directions=DIRECTIONS[: len(plan.objectives)])
    study.add_trials(finished)
    with without_experimental_warnings():
        found = optuna.importance.get_param_importances(
            study,
            evaluator=PedAnovaImportanceEvaluator(),
            target=lambda trial: float(trial.user_attrs["cost"]),
        )
    return dict(found)
