"""A study's folder: its scenario, the best configuration, and those of all trials.

`hmarl train --study` needs nothing else, so this imports no Optuna.
"""

from pathlib import Path

import tomli_w

from inventory_env.description.settings import TrainingSettings
from inventory_env.errors import InputError, argument
from inventory_env.files import write_text
from policies.runs.run_folder import SCENARIO

BEST_CONFIG, TRIAL_CONFIG = "best.toml", "config.toml"


def write_config(file: Path, settings: TrainingSettings) -> None:
    """Write what `hmarl train --config` reads."""
    table = {"training": settings.model_dump(mode="json", exclude_none=True)}
    write_text(file, tomli_w.dumps(table))


def trial_folder(study: Path, number: int) -> Path:
    """Where a trial keeps its configuration, curves and weights."""
    return study / "trials" / f"{number:04d}"


def study_files(studies: Path, name: str, trial: str) -> tuple[Path, Path]:
    """The scenario file of a study, and the configuration of one of its trials.

    Args:
        studies: folder of all studies.
        name: of the study.
        trial: a number, or "best" for the confirmed configuration.

    Raises:
        InputError: if there is no such study or trial.
    """
    folder = studies / name
    if not (folder / SCENARIO).is_file():
        have = sorted(file.parent.name for file in studies.glob(f"*/{SCENARIO}"))
        known = f"there are {', '.join(have)}" if have else "hmarl tune makes one"
        raise InputError(f"{argument('study')} {name}: no such study in {studies}; {known}")
    if trial == "best":
        config = folder / BEST_CONFIG
        if not config.is_file():
            raise InputError(
                f"{argument('study')} {name}: not confirmed yet; hmarl tune continues it, or name "
                f"a trial with {argument('trial')} N"
            )
        return folder / SCENARIO, config
    config = trial_folder(folder, int(trial)) / TRIAL_CONFIG if trial.isdecimal() else folder
    if not config.is_file():
        numbers = sorted(int(file.parent.name) for file in folder.glob(f"trials/*/{TRIAL_CONFIG}"))
        allowed = f"best, {numbers[0]} to {numbers[-1]}" if numbers else "none yet"
        raise InputError(
            f"{argument('trial')} {trial}: study {name} has no such trial; allowed: {allowed}"
        )
    return folder / SCENARIO, config
