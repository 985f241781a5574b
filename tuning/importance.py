"""How much each parameter mattered for the cost of a trial."""

from collections.abc import Sequence

from optuna import create_study
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, create_trial

from tuning.ranking import complete

FEWEST = 8  # finished trials to tell anything from


def importances(trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Shares of importance by parameter, largest first; empty where there are too few trials.

    PED-ANOVA: Watanabe, Bansal, Hutter (2023), "PED-ANOVA: efficiently quantifying hyperparameter
    importance in arbitrary subspaces", IJCAI.
    """
    finished = complete(trials)
    if len(finished) < FEWEST:
        return {}
    study = create_study()
    for trial in finished:
        study.add_trial(
            create_trial(
                params=trial.params,
                distributions=trial.distributions,
                value=float(trial.user_attrs["cost"]),
            )
        )
    return dict(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))
