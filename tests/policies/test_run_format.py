"""A run folder says what was trained; what today's code cannot honour is refused in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import cli
from inventory_env.errors import InputError
from policies.runs.run_folder import load_run
from policies.runs.training import resume

GOLDEN = Path(__file__).parent.parent / "golden" / "whole"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a run that may be spoilt."""
    copy = tmp_path / "run"
    copy.mkdir()
    for file in GOLDEN.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def refused(folder: Path, *said: str) -> None:
    with pytest.raises(InputError) as told:
        load_run(folder)
    message = str(told.value)
    assert "\n" not in message
    for words in said:
        assert words in message


def test_runs_of_the_format_before_are_refused(folder: Path) -> None:
    (folder / "config.json").write_text('{"seed": 0, "tensorboard": false}')
    (folder / "recipe.json").unlink()
    refused(folder, "a run of format 1", "reads format 2", "train it again")
    with pytest.raises(InputError, match="a run of format 1"):
        resume(folder)
    arguments = ["eval", "--run", str(folder), "--baseline", "base-stock"]
    told = CliRunner().invoke(cli.app, arguments)
    assert told.exit_code == 2
    assert told.stderr.startswith("error: ") and told.stderr.count("\n") == 1


def test_half_a_recipe_is_refused(folder: Path) -> None:
    text = (folder / "recipe.json").read_text()
    (folder / "recipe.json").write_text(text[: len(text) // 2])
    refused(folder, "recipe.json")
    (folder / "recipe.json").unlink()
    refused(folder, "recipe.json", "No such file")


def swap_columns(recipe: dict[str, Any]) -> None:
    columns = recipe["columns"]
    columns[0], columns[1] = columns[1], columns[0]


def drop_a_column(recipe: dict[str, Any]) -> None:
    recipe["columns"].pop()


def another_store(recipe: dict[str, Any]) -> None:
    for column in recipe["columns"]:
        column["centre"].append(0.0)
        column["scale"].append(1.0)


def unknown_feature(recipe: dict[str, Any]) -> None:
    recipe["features"][0]["kind"] = "tea-leaves"


def unknown_key(recipe: dict[str, Any]) -> None:
    recipe["mood"] = "good"


def auto_reach(recipe: dict[str, Any]) -> None:
    recipe["settings"]["actions"]["reach"] = "auto"


def unknown_rule(recipe: dict[str, Any]) -> None:
    recipe["start"][0]["rule"]["kind"] = "gut-feeling"


def no_cap(recipe: dict[str, Any]) -> None:
    del recipe["start"][0]["rule"]["levels"]["cap"]


def levels_of_one_store(recipe: dict[str, Any]) -> None:
    levels = recipe["start"][0]["rule"]["levels"]
    for name in levels:
        levels[name] = levels[name][:1] * 3


def later_format(recipe: dict[str, Any]) -> None:
    recipe["format"] = 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (swap_columns, ["columns", "'on_hand' at place 0, the run 'on_the_way'"]),
        (drop_a_column, ["columns", "values"]),
        (another_store, ["columns"]),
        (unknown_feature, ["features", "tea-leaves"]),
        (unknown_key, ["mood"]),
        (auto_reach, ["actions.reach"]),
        (unknown_rule, ["start", "gut-feeling"]),
        (no_cap, ["start", "cap"]),
        (levels_of_one_store, ["start", "stores"]),
        (later_format, ["format"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_cannot_be_honoured_is_refused(folder: Path, change: Change, said: list[str]) -> None:
    file = folder / "recipe.json"
    recipe = json.loads(file.read_text())
    change(recipe)
    file.write_text(json.dumps(recipe))
    refused(folder, "recipe.json", *said)
