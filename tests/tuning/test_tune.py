"""`hmarl tune` and `hmarl train --study`, in process, from a command to files."""

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import CHAIN, quick_rules
from typer.testing import CliRunner, Result

import cli
from inventory_env.description.scenario_files import load_scenario
from inventory_env.description.training_config import with_training
from policies.rules import rule_book
from policies.runs import training
from tuning import tune as tune_module

FIGURES = {"history.png", "importance.png", "parallel.png", "front.png", "weights.png"}


@pytest.fixture(autouse=True)
def in_an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(rule_book, "tuned_rules", quick_rules)
    Path("chain.toml").write_text(CHAIN)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, catch_exceptions=False)


def tune(*arguments: str) -> Result:
    return run("tune", "--scenario", "chain.toml", "--seeds", "1", "--workers", "1", *arguments)


@pytest.fixture
def two_fresh_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    real = tune_module.tune
    monkeypatch.setattr(tune_module, "tune", lambda *a, **k: real(*a, **k, fresh_seeds=2))


@pytest.mark.usefixtures("two_fresh_seeds")
def test_tune_then_train_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    result = tune("--trials", "10", "--confirm", "1", "--no-prune")
    assert result.exit_code == 0, result.stderr
    study = Path("studies", "corner")
    assert {file.name for file in study.iterdir()} >= {
        *FIGURES, "best.toml", "trials.csv", "confirmed.csv", "report.txt", "report.html",
        "study.db", "scenario.toml",
    }  # fmt: skip
    assert "trial 9: complete" in result.output
    assert "0 (default)" in result.output
    assert "Next: hmarl train --study corner" in result.output

    confirmed = pd.read_csv(study / "confirmed.csv")
    page = (study / "report.html").read_text(encoding="utf-8")
    assert len(page) < 1_000_000 and "Page: studies/corner/report.html" in result.output
    (chosen,) = confirmed.loc[confirmed["chosen"], "trial"]
    saved = confirmed.loc[confirmed["chosen"], "gain_per_period"].item()
    gain = f"Trial {chosen} saves" if saved > 0 else "No trial was clearly better"
    assert gain in page.split("</header>")[0]
    assert page.count("<tr>") == 2 + 2 + 10  # two headings, the default and one, ten trials

    table = pd.read_csv(study / "trials.csv")
    assert list(table["trial"]) == list(range(10))
    assert list(table["default"]) == [True] + [False] * 9
    report = (study / "report.txt").read_text()
    cheapest = table.sort_values("cost_per_period").iloc[0]
    assert f"trial {cheapest['trial']}: cost {cheapest['cost_per_period']:.2f}" in report
    weights = sorted(
        int(file.parent.parent.name) for file in study.glob("trials/*/seed-0/best.safetensors")
    )
    assert weights == [cheapest["trial"]]
    assert len(list(study.glob("trials/*/seed-0/progress.csv"))) == 10

    asked: list[Any] = []

    def stop(scenario: Any, **_: Any) -> None:
        asked.append(scenario)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stop)
    chain = load_scenario("chain.toml")
    run("train", "--study", "corner")
    run("train", "--scenario", "chain.toml", "--config", "studies/corner/best.toml")
    run("train", "--study", "corner", "--trial", "0")
    run("train", "--study", "corner", "--trial", "7", "--steps", "99")
    best, config, default, seven = asked
    assert best == config
    assert default == chain
    assert seven.training.steps == 99
    row = table.iloc[7]
    assert seven.training.n_steps == row["n_steps"]
    assert seven.training.learning_rate == pytest.approx(row["learning_rate"], rel=1e-3)
    assert with_training(chain, study / "trials" / "0007" / "config.toml").training.steps == 640
    assert tomllib.loads((study / "best.toml").read_text())["training"]["steps"] == 640

    missing = run("train", "--study", "corner", "--trial", "12")
    assert missing.exit_code == 2
    assert "no such trial; allowed: best, 0 to 9" in missing.stderr
    monkeypatch.undo()


@pytest.mark.usefixtures("two_fresh_seeds")
def test_the_same_command_goes_on_to_the_total() -> None:
    first = tune("--trials", "2", "--confirm", "1")
    before = Path("studies/corner/trials.csv").read_text()
    again = tune("--trials", "2", "--confirm", "1")
    assert "trial 0:" not in again.output  # nothing left to do
    assert again.output.splitlines()[-6:] == first.output.splitlines()[-6:]
    more = tune("--trials", "3", "--confirm", "1")
    assert "trial 2: " in more.output
    assert "trial 1: " not in more.output
    assert Path("studies/corner/trials.csv").read_text().startswith(before.rstrip("\n"))
    other = tune("--trials", "3", "--search", "reward")
    assert other.exit_code == 2
    assert "was made for another question" in other.stderr


def test_a_stopped_study_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tuning.trial.train", stop)
    stopped = tune("--trials", "2")
    assert stopped.exit_code == 130
    assert "the same command continues" in stopped.output
    unconfirmed = run("train", "--study", "corner")
    assert unconfirmed.exit_code == 2
    assert "not confirmed yet" in unconfirmed.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tune", "--trials", "0"], "--trials': Input should be greater than or equal to 1"),
        (["tune", "--workers", "0"], "--workers': Input should be"),
        (["tune", "--search", "luck"], "--search luck: unknown; allowed: ppo, reward, actions"),
        (["tune", "--search", ""], "nothing to search"),
        (["tune", "--objectives", "fill-rate"], "--objectives fill-rate: allowed: cost or"),
        (["tune", "--objectives", "cost,fill-rate", "--prune"], "--prune needs a single objective"),
        (["tune", "--seeds", "1", "--prune"], "--prune stops trials between trainings: needs"),
        (["tune", "--min-fill-rate", "97"], "--min-fill-rate must lie between 0 and 1, got 97"),
        (["tune", "--budget", "0"], "--budget must be above 0"),
        (["tune", "--study", "../x"], "--study '../x'"),
        (["tune", "--storage", "nonsense"], "--storage nonsense: not a database URL"),
        (
            ["tune", "--storage", "postgresql://me:secret@host:port/x"],
            "--storage postgresql://me:***@host:port/x: not a database URL",
        ),
        (["tune", "--storage", "sqlite:///chain.toml"], "file is not a database"),
        (["tune", "--storage", "oracle://h/d"], "oracle is not supported; allowed: sqlite"),
        (["tune", "--storage", "sqlite:///no/such/folder/x.db"], "unable to open database file"),
        (
            ["tune", "--storage", "postgresql://me:secret@127.0.0.1:1/x"],
            "--storage postgresql://me:***@127.0.0.1:1/x: ",
        ),
        (["train", "--study", "none"], "--study none: no such study in studies"),
        (["train", "--trial", "3"], "there is no trial without --study"),
        (["train", "--study", "x", "--config", "c.toml"], "leave out --config"),
        (["train", "--study", "x", "--scenario", "original"], "leave out --scenario"),
        (["train", "--resume", "r", "--study", "x"], "leave out --study"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line_and_leave_nothing(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert "secret" not in result.stderr
    assert [file.name for file in Path().iterdir()] == ["chain.toml"]
