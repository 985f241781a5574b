"""The commands, in process, on a chain that takes next to nothing."""

import json
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

import cli
from inventory_env.description.scenario_fields import scenario_keys
from inventory_env.description.scenario_files import load_scenario, shipped_names
from inventory_env.description.training_config import with_training
from inventory_env.frozen import Frozen
from policies.runs import training
from policies.runs.run_folder import read_tensors

CHAIN = """\
name = "corner"
description = "Two small stores"
periods = 30
warm_up = 5

[store_defaults]
demand = { kind = "poisson", mean = 4.0 }
lead_time = 1
holding_cost = 1.0
shortage_cost = 9.0

[[stores]]
name = "north"

[[stores]]
name = "south"

[warehouse]
holding_cost = 0.1

[training]
steps = 256
worlds = 4
worlds_per_tape = 2
n_steps = 8
batch_size = 32
epochs = 1
hidden = [4]
validations = 2
validation_worlds = 4
reward = { preset = "cost", ordering = 0.5 }
actions = { scheme = "rule-offset", steps = 2 }
"""


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chain.toml").write_text(CHAIN)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, catch_exceptions=False)


def test_version_and_help() -> None:
    assert run("--version").output == f"hmarl {version('hmarl')}\n"
    assert run().exit_code == 0
    for command in ("train", "eval", "scenarios"):
        assert command in run().output
        assert run(command, "--help").exit_code == 0


def test_scenarios_are_listed_and_shown() -> None:
    listed = " ".join(run("scenarios").output.split())
    for name in shipped_names():
        assert name in listed
        shown = run("scenarios", "show", name).output
        assert tomllib.loads(shown)["name"] == name
        Path("copy.toml").write_text(shown)
        assert load_scenario("copy.toml") == load_scenario(name)


def test_check_says_what_a_scenario_describes() -> None:
    said = run("scenarios", "check", "chain.toml").output
    # Poisson(4) over 2 periods, critical ratio 0.9: 8 + 1.2816 x sqrt(8) = 11.6
    assert "store north: poisson demand 4 +- 2 a day; lead time 1;" in said
    assert "order up to 11.6 units" in said
    assert "30 days, the first 5 not counted" in said
    # the warehouse must cover its own period, the store's and a review of 8 a day
    assert "warehouse: base-stock (level 30.3 units), echelon" in said


def test_every_key_is_documented() -> None:
    described = {key.name for table in scenario_keys() for key in table.keys}
    models: list[type[Frozen]] = [Frozen]
    for model in models:
        models += [below for below in model.__subclasses__() if below not in models]
    written = {
        name
        for model in models
        if model.__module__.startswith(("inventory_env.description", "inventory_env.recorded"))
        and not model.__module__.endswith("problem_distribution")  # in docs/generalist.md
        for name, field in model.model_fields.items()
        if not field.exclude
    }
    assert described == written
    for table in scenario_keys():
        assert table.meaning
        for key in table.keys:
            assert key.meaning.strip(), key
            assert key.allowed.strip(), key
    said = " ".join(run("scenarios", "fields").output.split())
    assert '[warehouse.lead_time (kind = "discrete")]' in said
    assert "Money per unit on hand at the end of a period." in said


def test_settings_are_layered() -> None:
    Path("config.toml").write_text(
        "[training]\ngamma = 0.9\nsteps = 10\nreward = { holding = 2.0 }\n"
        'actions = { scheme = "order-up-to" }\n'
    )
    chain = with_training(load_scenario("chain.toml"), Path("config.toml"), steps=77)
    settings = chain.training
    assert (settings.steps, settings.gamma, settings.n_steps) == (77, 0.9, 8)
    assert (settings.reward.holding, settings.reward.ordering) == (2.0, 0.5)
    assert settings.actions.model_dump() == {"scheme": "order-up-to", "levels": 21}
    assert chain.stores == load_scenario("chain.toml").stores


def test_options_reach_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def stop(scenario: Any, **options: Any) -> None:
        asked.update(options, scenario=scenario)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stop)
    result = run(
        *("train", "--scenario", "chain.toml", "--steps", "9", "--seed", "5"),
        *("--algo", "maskable-ppo", "--runs", "elsewhere"),
    )
    assert result.exit_code == 130
    assert asked["seed"] == 5
    assert asked["folder"].parent == Path("elsewhere")
    assert asked["scenario"].training.steps == 9
    assert asked["scenario"].training.algorithm == "maskable-ppo"


def test_tensorboard_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("train", "--scenario", "chain.toml", "--tensorboard")
    assert result.exit_code == 2
    assert "hmarl[tensorboard]" in result.stderr
    assert not Path("runs").exists()


def test_tensorboard_events_are_written() -> None:
    result = run("train", "--scenario", "chain.toml", "--tensorboard")
    assert result.exit_code == 0
    assert list(Path("runs").glob("*/events.out.tfevents.*"))


def test_train_stop_resume_eval(monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("train", "--scenario", "chain.toml", "--runs", "whole")
    assert result.exit_code == 0
    assert "256 steps: cost" in result.output
    (whole,) = Path("whole").iterdir()
    assert f"Next: hmarl eval --run {whole} --baseline reorder-point" in result.output

    real = training.train

    def stopped(scenario: Any, *, on_progress: Any, **options: Any) -> Any:
        def tell(progress: training.Progress) -> None:
            on_progress(progress)
            if progress.steps >= 128:
                raise KeyboardInterrupt

        return real(scenario, on_progress=tell, **options)

    monkeypatch.setattr(training, "train", stopped)
    result = run("train", "--scenario", "chain.toml")
    (folder,) = Path("runs").iterdir()
    assert result.exit_code == 130
    assert f"hmarl train --resume {folder}" in result.output
    assert not (folder / "manifest.json").exists()

    result = run("train", "--resume", str(folder))
    assert result.exit_code == 0, result.stderr
    for name in ("best.safetensors", "scenario.toml", "config.json"):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()
    resumed, uninterrupted = (read_tensors(f / "last.safetensors")[0] for f in (folder, whole))
    assert resumed.keys() == uninterrupted.keys()
    for name, value in uninterrupted.items():
        np.testing.assert_array_equal(resumed[name], value, err_msg=name)

    result = run("eval", "--baseline", "base-stock", "--baseline", "random", "--episodes", "20")
    assert result.exit_code == 0
    assert "base-stock" in result.output
    assert str(folder / "evaluation") in result.output
    summary = json.loads((folder / "evaluation" / "summary.json").read_text())
    judged = set(summary["policies"]) - {"base-stock", "random"}
    assert judged in ({"ppo"}, {"kept-rule"})
    found = {c["baseline"]: c for c in summary["comparisons"] if c["metric"] == "cost_per_period"}
    assert found["random"]["verdict"] == f"{judged.pop()} is cheaper"
    assert found["random"]["verdict"] in result.output

    run("eval", "--run", str(whole), "--baseline", "base-stock", "--episodes", "20", "--out", "new")
    assert {file.name for file in Path("new").iterdir()} == {
        file.name for file in (folder / "evaluation").iterdir()
    }
