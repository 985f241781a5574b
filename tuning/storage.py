"""Where studies are kept: SQLite in the study's folder, or a database that machines share."""

import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna import Study
from optuna.exceptions import ExperimentalWarning, OptunaError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from inventory_env.errors import InputError, argument
from tuning.places import DEFAULT, ERROR, SET_ASIDE

HEARTBEAT = 5  # seconds between two signs of life of a running trial
GRACE = 30  # seconds without one after which it counts as orphaned
DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
CONNECTIONS = 3  # processes that make the tables at the same time get in each other's way


def sqlite_url(folder: Path) -> str:
    """The storage of a study that one machine works on."""
    return f"sqlite:///{folder / 'study.db'}"


@contextmanager
def open_storage(url: str, heartbeat: int = HEARTBEAT, grace: int = GRACE) -> Iterator[RDBStorage]:
    """A database, connected while the block runs; its tables are made if need be.

    Args:
        url: of the database.
        heartbeat: seconds between two signs of life of a running trial.
        grace: seconds without one after which it counts as orphaned.

    Raises:
        InputError: if the URL is not one, its driver is missing, or nobody answers.
    """
    storage = _connect(url, heartbeat, grace)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _connect(url: str, heartbeat: int, grace: int) -> RDBStorage:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        hidden = re.sub(r":[^:/]*@", ":***@", url)
        raise InputError(
            f"{argument('storage')} {hidden}: not a database URL; give sqlite:///FILE or "
            "postgresql://USER:PASSWORD@HOST/DATABASE"
        ) from None
    shown = address.render_as_string(hide_password=True)
    kind = address.get_backend_name()
    if kind not in DRIVERS:
        raise InputError(
            f"{argument('storage')} {shown}: {kind} is not supported; allowed: sqlite, postgresql"
        )
    if "+" not in address.drivername:
        address = address.set(drivername=DRIVERS[kind])
    waiting = {"timeout": 60} if kind == "sqlite" else {"connect_timeout": 10}
    for attempt in range(CONNECTIONS):
        try:
            with without_experimental_warnings():
                return RDBStorage(
                    address.render_as_string(hide_password=False),
                    engine_kwargs={"connect_args": waiting, "pool_pre_ping": True},
                    heartbeat_interval=heartbeat,
                    grace_period=grace,
                    heartbeat_stale_trial_callback=put_back_once,
                )
        except (ImportError, NoSuchModuleError):
            raise InputError(
                f"{argument('storage')} {shown}: its driver is not installed; "
                "pip install 'hmarl[postgres]'"
            ) from None
        except (SQLAlchemyError, RuntimeError, OptunaError) as error:
            hindered = not isinstance(error, OperationalError) or "already exists" in str(error)
            if not hindered or attempt == CONNECTIONS - 1:
                raise InputError(f"{argument('storage')} {shown}: {reason(error)}") from None
            time.sleep(0.5)
    raise AssertionError


def put_back_once(study: Study, orphan: FrozenTrial) -> None:
    """Queue a trial whose worker died again, with the same values, unless it failed or was queued
    again before."""
    if orphan.user_attrs.keys() & {ERROR, SET_ASIDE}:
        return
    orphan.user_attrs = {key: orphan.user_attrs[key] for key in {DEFAULT} & set(orphan.user_attrs)}
    with without_experimental_warnings():
        RetryHeartbeatStaleTrialCallback(max_retry=1)(study, orphan)


@contextmanager
def without_experimental_warnings() -> Iterator[None]:
    """Optuna says of its heartbeat that it may change; the version is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield


def reason(error: BaseException) -> str:
    """What a database driver said, in one line without its own decoration."""
    error = error.__cause__ if isinstance(error, OptunaError) and error.__cause__ else error
    cause = getattr(error, "orig", None) or error
    first = str(cause).strip().splitlines() or [type(cause).__name__]
    return first[0]
