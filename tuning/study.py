"""A study in its storage: made, or found again and checked to ask the same question."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna import Study
from optuna.pruners import NopPruner
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from sqlalchemy.exc import SQLAlchemyError

from inventory_env.errors import InputError, argument
from tuning.places import DEFAULT, takes_a_place
from tuning.plan import Plan
from tuning.pruner import AboveTheMedian
from tuning.sampler import AddressedSampler
from tuning.storage import reason

QUESTION = "question"  # user attribute: the fingerprint of the study's plan
DIRECTIONS = (StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE)  # of cost and fill rate
SHOWN_DIFFERENCES = 3


def open_study(plan: Plan, storage: RDBStorage) -> Study:
    """Make the plan's study, or continue it; the default configuration is queued first.

    Raises:
        InputError: if a study of this name asks another question.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with storage_errors():
        study = optuna.create_study(
            study_name=plan.name,
            storage=storage,
            directions=DIRECTIONS[: len(plan.objectives)],
            sampler=AddressedSampler(plan.seed),
            pruner=AboveTheMedian() if plan.prunes else NopPruner(),
            load_if_exists=True,
        )
        asked = study.user_attrs.get(QUESTION)
        question = plan.fingerprint()
        if asked is None:
            study.set_user_attr(QUESTION, question)
        elif asked != question:
            raise InputError(
                f"study {plan.name!r} was made for another question "
                f"({_difference(asked, question)}); give {argument('study')} NAME for a new one"
            )
        live = [trial for trial in study.get_trials(deepcopy=False) if takes_a_place(trial)]
        if not any(DEFAULT in trial.user_attrs for trial in live):
            study.enqueue_trial(plan.space.defaults, user_attrs={DEFAULT: True})
    return study


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turns a database that went away into a message."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        lost = _storage_error(error)
        if lost is None:
            raise
        raise InputError(
            f"the study's database does not answer ({reason(lost)}); finished trials are kept, "
            "the same command continues"
        ) from None


def _storage_error(error: BaseException | None) -> BaseException | None:
    """What the database said; Optuna may stumble over it with an error of another kind."""
    while error is not None:
        if isinstance(error, SQLAlchemyError | optuna.exceptions.StorageInternalError):
            return error
        error = error.__cause__ or error.__context__
    return None


def _difference(asked: dict[str, Any], question: dict[str, Any]) -> str:
    """The first places where two questions differ."""
    old, new = _flat(asked), _flat(question)
    changed = [key for key in {**old, **new} if old.get(key, "none") != new.get(key, "none")]
    shown = [
        f"{key} was {old.get(key, 'none')}, is {new.get(key, 'none')}"
        for key in changed[:SHOWN_DIFFERENCES]
    ]
    more = f" and {len(changed) - len(shown)} more" if len(changed) > len(shown) else ""
    return "; ".join(shown) + more


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict):
        parts = [(f"{path}.{key}" if path else key, part) for key, part in value.items()]
    elif isinstance(value, list) and any(isinstance(part, dict) for part in value):
        parts = [(f"{path}.{i}", part) for i, part in enumerate(value)]
    else:
        return {path: value}
    return {key: leaf for name, part in parts for key, leaf in _flat(part, name).items()}
