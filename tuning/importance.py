"""How much each parameter mattered for the cost of a trial."""

from collections.abc import Sequence

from optuna import create_study
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, create_trial

from tuning.ranking import complete, cost_so_far, pruned

FEWEST = 8  # trials to tell anything from


def importances(trials: Sequence[FrozenTrial]) -> dict[str, float]:
    """Shares of importance by parameter, largest first; empty where there are too few trials.

    Trials that were stopped early count as no better than the worst that was not.

    PED-ANOVA: Watanabe, Bansal, Hutter (2023), "PED-ANOVA: efficiently quantifying hyperparameter
    importance in arbitrary subspaces", IJCAI.
    """
    finished, stopped = complete(trials), pruned(trials)
    if not finished or len(finished) + len(stopped) < FEWEST:
        return {}
    study = create_study()
    costs = [float(trial.user_attrs["cost"]) for trial in finished]
    worst = max(costs)
    costs += [max(cost_so_far(trial), worst) for trial in stopped]
    for trial, cost in zip([*finished, *stopped], costs, strict=True):
        study.add_trial(
            create_trial(params=trial.params, distributions=trial.distributions, value=cost)
        )
    if sorted(costs)[len(costs) // 10] == max(costs):  # too many are equal to tell good from bad
        return {}
    return dict(get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()))
