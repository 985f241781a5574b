"""The training settings of a run: the scenario's own, a config file over them, flags on top."""

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import TrainingSettings
from inventory_env.errors import InputError, describe

Trained = TypeVar("Trained", Scenario, ProblemDistribution)


def with_training(scenario: Trained, config: Path | None, **flags: object) -> Trained:
    """The scenario with its training settings replaced key by key.

    Args:
        scenario: the chain or chains; settings its file gives stay unless replaced.
        config: TOML file with keys of TrainingSettings, on top or under [training].
        flags: settings given one by one; None leaves a setting as it is.

    Raises:
        InputError: if the file cannot be read or a setting is not allowed.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    if config is None and not given:
        return scenario
    settings = scenario.training.model_dump(mode="json", exclude_unset=True)
    settings = _merged(settings, {} if config is None else _read(config)) | given
    try:
        training = TrainingSettings.model_validate(settings)
    except ValidationError as error:
        raise InputError(describe(error, str(config or "training"))) from None
    return scenario.with_training(training)


def _read(config: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(config.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{config}: not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise InputError(f"{config}: not UTF-8 text; give a TOML file") from None
    except OSError as error:
        raise InputError(f"{config}: {error.strerror}; give a TOML file") from None
    if isinstance(table.get("training"), dict):
        if len(table) > 1:
            other = ", ".join(sorted(table.keys() - {"training"}))
            raise InputError(f"{config}: {other}: unknown key beside [training]")
        return dict(table["training"])
    return table


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Tables are merged key by key; one that names its scheme stands alone."""
    merged = dict(below)
    for key, value in above.items():
        old = below.get(key)
        mergeable = isinstance(old, dict) and isinstance(value, dict) and "scheme" not in value
        merged[key] = _merged(old, value) if mergeable else value  # type: ignore[arg-type]
    return merged
