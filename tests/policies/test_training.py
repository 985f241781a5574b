"""Runs are kept whole, continue exactly, and hold nothing that could execute code."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inventory_env.decision.resolve import resolve
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import load_scenario
from inventory_env.envs.vec_env import ChainVecEnv
from inventory_env.errors import InputError
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import empty_network, make_algorithm
from policies.rollout import mean_costs
from policies.rules.baselines import formula_rule, start_kinds
from policies.rules.rule_book import START, RuleBook
from policies.runs.run_folder import (
    BEST,
    LAST,
    load_network,
    load_run,
    read_tensors,
    run_interface,
)
from policies.runs.training import Progress, resume, train

SMALL = {
    "worlds": 16,
    "worlds_per_tape": 8,
    "n_steps": 8,
    "batch_size": 128,
    "epochs": 2,
    "steps": 16 * 3 * 8 * 12,
    "validations": 3,
    "validation_worlds": 8,
    "hidden": (16,),
}


def small(algorithm: str = "ppo", name: str = "three-stores", **settings: object) -> Scenario:
    scenario = load_scenario(name)
    values = {**scenario.training.model_dump(), **SMALL, "algorithm": algorithm, **settings}
    training = type(scenario.training).model_validate(values)
    return scenario.model_copy(update={"training": training, "periods": 40, "warm_up": 8})


class StoppedError(Exception):
    """Stands for Ctrl-C."""


def stop_after(updates: int):  # type: ignore[no-untyped-def]
    seen = 0

    def tell(progress: Progress) -> None:
        nonlocal seen
        seen += 1
        if seen == updates:
            raise StoppedError

    return tell


def formulas(scenario: Scenario) -> RuleBook:
    """Rules from formulas: their search is tested elsewhere."""
    book = RuleBook(scenario, 0)
    book.add(START, formula_rule(start_kinds(scenario)[0], scenario))
    return book


@pytest.mark.parametrize("algorithm", ["ppo", "maskable-ppo", "recurrent-ppo"])
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    algorithm: str, tmp_path: Path
) -> None:
    scenario = small(algorithm)
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    train(scenario, seed=4, folder=tmp_path / "whole", book=formulas(scenario))
    book, told = formulas(scenario), stop_after(5)
    with pytest.raises(StoppedError):
        train(scenario, seed=4, folder=tmp_path / "broken", book=book, on_progress=told)
    with pytest.raises(StoppedError):
        resume(tmp_path / "broken", stop_after(3))
    resume(tmp_path / "broken")
    for file in (LAST, BEST):
        whole, _ = read_tensors(tmp_path / "whole" / file)
        broken, _ = read_tensors(tmp_path / "broken" / file)
        assert whole.keys() == broken.keys()
        for name in whole:
            np.testing.assert_array_equal(whole[name], broken[name], err_msg=name)
    rows = [
        [line.split(",")[0] for line in (tmp_path / run / "progress.csv").read_text().split()]
        for run in ("whole", "broken")
    ]
    assert rows[0] == rows[1]


def test_episodes_that_end_resume_exactly_too(tmp_path: Path) -> None:
    scenario = small(continuing=False)
    for folder in ("whole", "broken"):
        (tmp_path / folder).mkdir()
    train(scenario, seed=4, folder=tmp_path / "whole", book=formulas(scenario))
    book, told = formulas(scenario), stop_after(7)
    with pytest.raises(StoppedError):
        train(scenario, seed=4, folder=tmp_path / "broken", book=book, on_progress=told)
    resume(tmp_path / "broken")
    whole, broken = (read_tensors(tmp_path / run / LAST)[0] for run in ("whole", "broken"))
    for name in whole:
        np.testing.assert_array_equal(whole[name], broken[name], err_msg=name)


def test_a_killed_run_resumes(tmp_path: Path) -> None:
    """kill -9 in the middle; what is on disk is enough."""
    (tmp_path / "run").mkdir()
    program = f"""
from pathlib import Path
from inventory_env.description.scenario_files import parse_scenario
from policies.rules import rule_book
from policies.rules.baselines import formula_rule
from policies.runs.training import train
rule_book.tuned_rules = lambda kind, chain, seed: formula_rule(kind, chain)
folder = Path({str(tmp_path)!r})
text = (folder / "scenario.toml").read_text()
train(parse_scenario(text, source="test", base=folder), seed=4, folder=folder / "run")
"""
    from inventory_env.description.scenario_files import scenario_text

    scenario = small(steps=16 * 3 * 8 * 4000)
    (tmp_path / "scenario.toml").write_text(scenario_text(scenario))
    process = subprocess.Popen([sys.executable, "-c", program], env={**os.environ})
    try:
        last = tmp_path / "run" / LAST
        for _ in range(600):
            if last.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    steps = read_tensors(last)[1]["steps"]
    assert 0 < steps < scenario.training.steps
    seen: list[int] = []

    def tell(progress: Progress) -> None:
        seen.append(progress.steps)
        raise StoppedError

    with pytest.raises(StoppedError):
        resume(tmp_path / "run", tell)
    assert seen[0] >= steps


def test_a_run_folder_holds_text_and_safetensors_only(tmp_path: Path) -> None:
    run = train(small(), seed=0, folder=tmp_path, book=formulas(small()))
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert file.suffix in {".toml", ".json", ".csv", ".safetensors"}
            assert file.read_bytes()[:2] not in (b"PK", b"\x80\x04", b"\x80\x02")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert {"versions", "machine", "command", "commit", "seed", "best"} <= manifest.keys()
    tape = draw_tape(run.scenario, seed=1, purpose=Purpose.TEST, worlds=4)
    again = load_run(tmp_path)
    np.testing.assert_array_equal(
        mean_costs(run.policy, run.scenario, tape), mean_costs(again.policy, again.scenario, tape)
    )


def test_a_complete_run_is_not_resumed(tmp_path: Path) -> None:
    train(small(), seed=0, folder=tmp_path, book=formulas(small()))
    with pytest.raises(InputError, match="complete"):
        resume(tmp_path)


def test_where_learning_does_not_pay_the_run_keeps_its_rule(tmp_path: Path) -> None:
    """A learner that is pushed away from its rule and learns nothing must not replace it."""
    scenario = small(
        learning_rate=1e-9, final_learning_rate=1e-9, actions={"scheme": "order-up-to"}
    )
    run = train(scenario, seed=0, folder=tmp_path, book=formulas(scenario))
    assert run.manifest["kept_rule"] is True
    tape = draw_tape(run.scenario, seed=1, purpose=Purpose.TEST, worlds=4)
    np.testing.assert_array_equal(
        mean_costs(run.policy, run.scenario, tape), mean_costs(run.start_rule, run.scenario, tape)
    )


def test_offsets_of_continuous_units_are_first_tried_in_a_bell_around_the_rule() -> None:
    scenario = small().model_copy(update={"units": "continuous"})
    recipe = resolve(scenario, scenario.training)
    env = ChainVecEnv(scenario, recipe, formulas(scenario).start(), seed=0)
    network: Any = make_algorithm(env.interface, env, seed=0).policy
    seen = torch.as_tensor(np.asarray(env.reset()))
    tried = network.get_distribution(seen).distribution
    assert float(tried.mean.detach().abs().max()) < 0.05
    np.testing.assert_allclose(tried.stddev.detach(), 1 / 3, rtol=1e-6)


def test_the_untrained_policy_is_the_start_rule(tmp_path: Path) -> None:
    scenario = small(steps=1, learning_rate=1e-9, final_learning_rate=1e-9)
    run = train(scenario, seed=0, folder=tmp_path, book=formulas(scenario))
    interface = run_interface(tmp_path, run.recipe, run.scenario)
    network = empty_network(interface)
    load_network(network, read_tensors(tmp_path / BEST)[0], tmp_path / BEST)
    learned = LearnedPolicy(interface, run.start_rule, network)
    tape = draw_tape(run.scenario, seed=1, purpose=Purpose.TEST, worlds=4)
    np.testing.assert_array_equal(
        mean_costs(learned, run.scenario, tape), mean_costs(run.start_rule, run.scenario, tape)
    )
