"""Where a training run is kept: everything needed to judge it, use it and continue it.

| file | content |
|---|---|
| scenario.toml, demand.csv | the whole description of the chain, training settings as given |
| config.json | format of the folder, seed, and what else `hmarl train` was asked |
| recipe.json | what was trained, for good: every setting resolved, features, scales, start rules |
| rules.json | levels of tuned rules, found when they were first asked for |
| others/ | the run that decides for the sites that do not learn, where one was named |
| first.safetensors | the network that learning went on from, where one was named |
| best.safetensors | weights of the best validation, and its cost |
| last.safetensors | the newest checkpoint: weights, optimiser, random states, worlds |
| progress.csv, training_curve.png | learning over time |
| manifest.json | versions, commit, machine, command, outcome |

Weights are safetensors, the rest is text: nothing is ever unpickled.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.interface import Interface
from inventory_env.decision.recipe import FORMAT, Recipe
from inventory_env.description.population import Population, shape_of
from inventory_env.description.problem_distribution import ProblemDistribution, load_problems
from inventory_env.description.scenario import Scenario
from inventory_env.description.scenario_files import scenario_text
from inventory_env.description.settings import Tier
from inventory_env.errors import InputError, argument, describe
from inventory_env.files import write_bytes, write_json, write_text
from inventory_env.recorded.demand_csv import write_history
from policies.learning.familiar import Familiar
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import empty_network
from policies.policy import Policy
from policies.rules.rule_based import ChainPolicy
from policies.rules.rule_book import RuleBook
from policies.rules.start import start_policy

Tensors = dict[str, np.ndarray[Any, Any]]
SCENARIO, CONFIG, MANIFEST = "scenario.toml", "config.json", "manifest.json"
RECIPE, RULE_BOOK = "recipe.json", "rules.json"
KEPT_RULE = "kept-rule"  # name of the policy where learning did not pay
FIRST = "first.safetensors"
BEST, LAST, OTHERS = "best.safetensors", "last.safetensors", "others"


@dataclass(frozen=True)
class Run:
    """A training run read from its folder."""

    folder: Path
    scenario: Scenario
    recipe: Recipe
    seed: int
    start_rule: Policy  # what learning started from
    policy: Policy  # what the run recommends: the best network, or the start rule
    learned: Policy  # the best network
    manifest: dict[str, Any]

    def save(self, folder: Path | str) -> "Run":
        """Keep the run in a folder of its own; the run that is kept there.

        Raises:
            InputError: if the folder is there already.
        """
        target = Path(folder)
        if target.exists():
            raise InputError(f"{target}: is there already; give a new folder")
        shutil.copytree(self.folder, target)
        return load_run(target)


def new_folder(root: Path, scenario: Scenario | ProblemDistribution) -> Path:
    """A fresh folder <scenario>-<time> below `root`, made."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    for suffix in ["", *(f"-{i}" for i in range(2, 1000))]:
        folder = root / f"{scenario.name}-{stamp}{suffix}"
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise InputError(f"{root}: too many runs with the time {stamp}")


def newest_run(root: Path) -> Path:
    """The folder of the newest run below `root`.

    Raises:
        InputError: if there is none.
    """
    runs = [folder for folder in root.glob("*") if (folder / CONFIG).is_file()]
    if not runs:
        raise InputError(
            f"{root}: no runs; train one with `hmarl train`, or name one with {argument('run')}"
        )
    return max(runs, key=lambda folder: (folder / CONFIG).stat().st_mtime)


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        InputError: if the file is missing or holds no JSON object.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; is this a run folder?") from None
    except ValueError as error:
        raise InputError(f"{file}: not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{file}: must hold a JSON object, got {type(content).__name__}")
    return content


def write_scenario(folder: Path, scenario: Scenario | ProblemDistribution) -> None:
    """Keep the scenario, and the demand it replays, in the run's folder."""
    if isinstance(scenario, ProblemDistribution):
        write_text(folder / SCENARIO, scenario.text)
        return
    if scenario.history is not None:
        demand_file = write_history(scenario.history, folder / "demand.csv")
        scenario = scenario.model_copy(update={"demand_file": demand_file})
    write_text(folder / SCENARIO, scenario_text(scenario))


def read_scenario(folder: Path) -> Scenario:
    """The scenario of a run.

    Raises:
        InputError: if it is no run, or was trained on a problem distribution.
    """
    found = read_problems(folder)
    if isinstance(found, ProblemDistribution):
        raise InputError(
            f"{folder}: trained on a problem distribution ({found.name}) and serves any chain; "
            f"name one with {argument('scenario')}"
        )
    return found


def read_problems(folder: Path) -> Scenario | ProblemDistribution:
    """The scenario or problem distribution of a run."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such run folder")
    if not (folder / SCENARIO).is_file():
        raise InputError(f"{folder}: not a run folder, {SCENARIO} is missing")
    return load_problems(folder / SCENARIO)


def write_config(folder: Path, *, seed: int, tensorboard: bool) -> None:
    """Keep what a training was asked."""
    write_json(folder / CONFIG, {"format": FORMAT, "seed": seed, "tensorboard": tensorboard})


def read_config(folder: Path) -> dict[str, Any]:
    """What a training was asked.

    Raises:
        InputError: if the run is of another format, or the file is not sound.
    """
    config = read_json(folder / CONFIG)
    written = config.get("format", 1)
    if written != FORMAT:
        raise InputError(
            f"{folder}: a run of format {written}, this version of hmarl reads format {FORMAT}; "
            "train it again, or use it with the version that made it"
        )
    if not isinstance(config.get("seed"), int):
        raise InputError(
            f"{folder / CONFIG}: seed: must be a whole number, got {config.get('seed')!r}"
        )
    return config


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Keep what is trained, for good."""
    write_text(folder / RECIPE, recipe.model_dump_json(indent=1) + "\n")


def read_recipe(folder: Path) -> Recipe:
    """What was trained.

    Raises:
        InputError: if the file is missing, or names what this version does not have.
    """
    file = folder / RECIPE
    try:
        return Recipe.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; is this a run folder?") from None
    except ValidationError as error:
        raise InputError(describe(error, str(file))) from None


def run_interface(folder: Path, recipe: Recipe, population: Population) -> Interface:
    """What a run's network sees and does.

    Raises:
        InputError: if this version or the chain cannot honour the recipe.
    """
    try:
        return Interface(recipe, shape_of(population))
    except InputError as error:
        raise InputError(f"{folder / RECIPE}: {str(error).removeprefix('recipe: ')}") from None


def write_tensors(file: Path, tensors: Tensors, notes: dict[str, Any]) -> None:
    """Write arrays and notes as one safetensors file, atomically."""
    whole = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    write_bytes(file, save(whole, metadata={"notes": json.dumps(notes)}))


def read_tensors(file: Path) -> tuple[Tensors, dict[str, Any]]:
    """Arrays and notes of a safetensors file.

    Raises:
        InputError: if the file is missing or not of that kind.
    """
    if not file.is_file():
        raise InputError(f"{file}: missing; the run has no such checkpoint")
    try:
        with safe_open(file, framework="numpy") as stored:
            notes = json.loads((stored.metadata() or {})["notes"])
            return {name: stored.get_tensor(name) for name in stored.keys()}, notes  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError):
        raise InputError(f"{file}: not a checkpoint (broken safetensors file)") from None


def network_tensors(network: ActorCriticPolicy) -> Tensors:
    """A network's weights as arrays, named policy.*."""
    return {f"policy.{name}": value.numpy() for name, value in network.state_dict().items()}


def load_weights(network: ActorCriticPolicy, tensors: Tensors) -> None:
    """Put weights into a network; RuntimeError if they are not of its shape."""
    network.load_state_dict(
        {
            name.removeprefix("policy."): torch.from_numpy(value.copy())
            for name, value in tensors.items()
            if name.startswith("policy.")
        }
    )


def load_network(network: ActorCriticPolicy, tensors: Tensors, file: Path) -> None:
    """Put a file's weights into a network.

    Raises:
        InputError: if they do not fit the recipe.
    """
    try:
        load_weights(network, tensors)
    except RuntimeError:
        raise InputError(f"{file}: weights do not fit the network of {RECIPE}") from None


def load_run(folder: Path) -> Run:
    """A run from its folder.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    scenario, config = read_scenario(folder), read_config(folder)
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder}: not trained to the end; hmarl train --resume {folder} does it")
    tensors, _ = read_tensors(folder / BEST)
    manifest = read_json(folder / MANIFEST)
    recipe = read_recipe(folder)
    interface = run_interface(folder, recipe, scenario)
    start = run_start(folder, recipe, scenario)
    network = empty_network(interface)
    load_network(network, tensors, folder / BEST)
    network.set_training_mode(False)
    seen = manifest.get("familiar")
    familiar = None if seen is None else Familiar.read(seen)
    learned = LearnedPolicy(interface, start, network, familiar=familiar)
    kept = ChainPolicy(KEPT_RULE, start, ()) if manifest.get("kept_rule") else None
    return Run(folder, scenario, recipe, config["seed"], start, kept or learned, learned, manifest)


def run_start(folder: Path, recipe: Recipe, scenario: Population) -> Policy:
    """What the run in a folder starts from: tuned rules, or the run that it builds on.

    Args:
        folder: of the run.
        recipe: its start rules.
        scenario: the chain.

    Raises:
        InputError: if the recipe's rules are none that this version has, or of another chain.
    """
    shape = shape_of(scenario)
    for start in recipe.start:
        sites = shape.columns(start.tier)
        for name, row in start.rule.levels.items():
            if len(row) != sites.stop - sites.start:
                raise InputError(
                    f"{folder / RECIPE}: start: {name} of the {start.tier} must have "
                    f"{sites.stop - sites.start} values, one a site, got {len(row)}"
                )
    try:
        return start_policy(recipe.start, run_others(folder)[0])
    except KeyError as error:
        raise InputError(f"{folder / RECIPE}: start: unknown rule or level {error}") from None


def run_others(folder: Path) -> tuple[Policy | None, tuple[Tier, ...]]:
    """The policy that a run builds on, if it does, and the tiers that it decides for."""
    others = folder / OTHERS
    return (load_run(others).policy, _tiers_decided(others)) if others.is_dir() else (None, ())


def _tiers_decided(folder: Path) -> tuple[Tier, ...]:
    """The tiers that a run decides for: all up to the highest that learned in it or before it."""
    tiers, before = shape_of(read_scenario(folder)).tiers, folder / OTHERS
    own = tiers[: tiers.index(read_recipe(folder).learns[-1]) + 1]
    return max(own, _tiers_decided(before), key=len) if before.is_dir() else own


def rule_book(run: Run) -> RuleBook:
    """The tuned rules of a run's chain, kept in its folder, if it was trained on that chain."""
    own = run.recipe.region is None
    return RuleBook(run.scenario, run.seed, run.folder / RULE_BOOK if own else None)


def check_others(scenario: Scenario, run: Path) -> None:
    """Refuse a run that another cannot build on.

    Raises:
        InputError: if it is no complete run on the same chain, or cannot be built on.
    """
    others = load_run(run)
    plain = others.scenario.model_copy(update={"training": scenario.training})
    if plain != scenario:
        raise InputError(
            f"{run}: trained on another chain ({others.scenario.name}); name a run on the same one"
        )
    if others.scenario.training.algorithm == "recurrent-ppo":
        raise InputError(
            f"{run}: a recurrent policy cannot be built on; name one of another learner"
        )


def keep_others(folder: Path, run: Path) -> None:
    """Copy a trained run into the folder of the one that builds on it."""
    left_out = shutil.ignore_patterns(LAST, "evaluation", "*.png", "events.*")
    shutil.copytree(run, folder / OTHERS, ignore=left_out)
