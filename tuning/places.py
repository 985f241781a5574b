"""Which trials count: those that were tried, or had to be given up.

Trials cannot be deleted, and a worker may die at any moment, so a study holds more trials than
places: an orphan that was queued again counts as its retry does.
"""

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

# User attributes of trials
DEFAULT = "default"  # this one is the scenario's own settings
ERROR = "error"  # why it failed
SET_ASIDE = "set_aside"  # it failed, and another one stands for it


def takes_a_place(trial: FrozenTrial) -> bool:
    """Whether a trial is one of those that --trials counts.

    Not so an orphan that was put back, whose retry counts, nor one that was set aside.
    """
    if trial.state != TrialState.FAIL:
        return True
    if SET_ASIDE in trial.user_attrs:
        return False
    return ERROR in trial.user_attrs or _was_retried(trial)


def failure(trial: FrozenTrial) -> str:
    """Why a failed trial that takes a place has failed."""
    return str(trial.user_attrs.get(ERROR, "its worker died, twice"))


def _was_retried(trial: FrozenTrial) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return bool(RetryHeartbeatStaleTrialCallback.retry_history(trial))
