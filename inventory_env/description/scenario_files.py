"""Reading and writing scenario files (TOML), shipped and the user's own."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import tomli_w
from pydantic import BaseModel, ValidationError

from inventory_env.description.scenario import Scenario, StoreDefaults
from inventory_env.errors import InputError, argument, describe
from inventory_env.recorded.history import DemandFile

if TYPE_CHECKING:
    from inventory_env.recorded.import_report import ImportReport

Section = TypeVar("Section", bound=BaseModel)


def shipped_names() -> list[str]:
    """Names of the scenarios that come with the package, sorted."""
    folder = resources.files("inventory_env.description") / "scenarios"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def shipped_distributions() -> list[str]:
    """Names of the problem distributions that come with the package, sorted."""
    folder = resources.files("inventory_env.description") / "distributions"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_scenario(name_or_file: str | Path) -> Scenario:
    """A shipped scenario by name, or one from a TOML file.

    Raises:
        InputError: if there is no such scenario or the file is not valid.
    """
    return load_with_report(name_or_file)[0]


def load_with_report(
    name_or_file: str | Path, *, units: str | None = None
) -> tuple[Scenario, ImportReport | None]:
    """As `load_scenario`, and what was read from the scenario's own demand file, if it has one.

    `units`, where given, stands in for the file's.
    """
    text = read_scenario_text(name_or_file)
    base = Path(name_or_file).parent if str(name_or_file).endswith(".toml") else Path()
    instead = {} if units is None else {"units": units}
    return _parsed(text, source=str(name_or_file), base=base, instead=instead)


def read_scenario_text(name_or_file: str | Path) -> str:
    """The text of a shipped scenario or of a file."""
    if str(name_or_file) in shipped_names():
        file = resources.files("inventory_env.description") / "scenarios" / f"{name_or_file}.toml"
        return file.read_text(encoding="utf-8")
    if str(name_or_file) in shipped_distributions():
        raise InputError(
            f"scenario {str(name_or_file)!r} describes many chains, and one is needed here; it is "
            f"for {argument('scenario')} of hmarl train, tune and bench seeds, "
            "and for hmarl scenarios"
        )
    try:
        return Path(name_or_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise InputError(
            f"scenario {str(name_or_file)!r}: {reason}; give a TOML file or one of "
            f"{', '.join(shipped_names())}"
        ) from None


def parse_scenario(text: str, *, source: str, base: Path) -> Scenario:
    """Validate a scenario file's text; `source` names it in messages, `base` anchors its paths."""
    return _parsed(text, source=source, base=base, instead={})[0]


def _parsed(
    text: str, *, source: str, base: Path, instead: dict[str, Any]
) -> tuple[Scenario, ImportReport | None]:
    try:
        table = tomllib.loads(text) | instead
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source}: not valid TOML: {error}") from None
    if "history" in table:
        raise InputError(f"{source}: history: unknown key")
    stores, defaults = table.get("stores", []), table.get("store_defaults", {})
    sound = isinstance(stores, list) and isinstance(defaults, dict)
    if not sound or not all(isinstance(store, dict) for store in stores):
        return validated(table, source), None
    if "demand_file" in table and all(isinstance(store.get("name"), str) for store in stores):
        return _with_own_demand(table, source, base)
    if stores:
        table["stores"] = [{**defaults, **store} for store in stores]
    return validated(table, source), None


def _with_own_demand(
    table: dict[str, Any], source: str, base: Path
) -> tuple[Scenario, ImportReport]:
    """A scenario whose stores and demand come from the CSV that it names."""
    from inventory_env.description.replay import fitted_episode, own_demand  # pandas takes its time

    file = _section(DemandFile, table, "demand_file", source)
    _section(StoreDefaults, table, "store_defaults", source)
    path = base / file.path
    table, report = own_demand(table, file, path, source)
    return fitted_episode(validated(table, source), report, path)


def _section(model: type[Section], table: dict[str, Any], name: str, source: str) -> Section:
    try:
        return model.model_validate(table.get(name, {}))
    except ValidationError as error:
        raise InputError(describe(error, f"{source}: {name}")) from None


def validated(table: dict[str, Any], source: str) -> Scenario:
    """A scenario from a table; every error names source, field, value and what is allowed."""
    try:
        return Scenario.model_validate(table)
    except ValidationError as error:
        raise InputError(describe(error, source)) from None


def scenario_text(scenario: Scenario) -> str:
    """A scenario as TOML, complete, so that it reads back equal."""
    return tomli_w.dumps(scenario.model_dump(mode="json", exclude_none=True))
