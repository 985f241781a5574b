"""What to try next: Optuna's TPE, with an address for its randomness."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

STARTUP_TRIALS = 10  # drawn at random before a model is believed


class AddressedSampler(BaseSampler):
    """TPE whose random numbers depend on the study's seed and the trial's number alone.

    So workers that share a seed draw different trials, and a study that was stopped goes on as if
    it had not been.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._inner = self._at(0)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._inner = self._at(trial.number)
        self._inner.before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self._inner.after_trial(study, trial, state, values)

    def _at(self, number: int) -> TPESampler:
        address = np.random.SeedSequence((self._seed, number))
        return TPESampler(seed=int(address.generate_state(1)[0]), n_startup_trials=STARTUP_TRIALS)
