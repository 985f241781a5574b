"""Which trials are not worth their remaining trainings: the median stopping rule, over seeds."""

from statistics import median

from optuna import Study
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial, TrialState

LEAST_TRIALS = 5  # that a trial is compared with


class AboveTheMedian(BasePruner):
    """Stops a trial whose mean cost is above the median of the others after as many trainings.

    The step of a report is the index of a training seed, its value the mean cost over the seeds so
    far: one report a training, as moments of one training are no independent evidence. All
    trials use the same seeds and face the same demand. It is a way to spend trainings where
    they promise most, not a test; what is found is confirmed on fresh seeds. Where service is
    asked for, a trial is compared with those that give it.

    Golovin et al. (2017), "Google Vizier: a service for black-box optimization", KDD, section 3.2.
    """

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        step = trial.last_step
        if step is None:
            return False
        finished = (TrialState.COMPLETE, TrialState.PRUNED)
        others = [
            other.intermediate_values[step]
            for other in study.get_trials(deepcopy=False, states=finished)
            if step in other.intermediate_values and _able(other)
        ]
        return len(others) >= LEAST_TRIALS and trial.intermediate_values[step] > median(others)


def _able(trial: FrozenTrial) -> bool:
    """Whether it gives the service asked for, if any."""
    return all(violation <= 0 for violation in trial.constraints.values())
