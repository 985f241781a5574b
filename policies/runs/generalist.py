"""A run that was trained on a problem distribution, and serves any chain of its shape."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.recipe import Recipe
from inventory_env.decision.region import chain_numbers, outside, problem_numbers
from inventory_env.description.population import Population
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.simulation.params import Params
from inventory_env.simulation.tape import Purpose, draw_tape
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import empty_network
from policies.learning.trust import saves
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.chain_start import KIND, searched_points
from policies.rules.rule_based import ChainPolicy, FittedRulePolicy
from policies.rules.rule_book import RuleBook
from policies.rules.start import start_policy
from policies.runs.run_folder import (
    BEST,
    KEPT_RULE,
    MANIFEST,
    Run,
    load_network,
    read_config,
    read_json,
    read_problems,
    read_recipe,
    read_tensors,
    run_interface,
)

GENERALIST = "generalist"  # name of the policy, and of the run that is shipped
COMPARED_WORLDS = 128  # of a chain's own demand, that tell which rule the network goes with
SHIPPED = (GENERALIST, "any-chain", "any-demand")  # runs in the package, in folders of these names


@dataclass(frozen=True)
class Generalist:
    """A run that was trained on a problem distribution, and serves any chain of its shape."""

    folder: Path
    problems: ProblemDistribution
    recipe: Recipe
    seed: int
    network: ActorCriticPolicy
    manifest: dict[str, Any]

    @property
    def start_rule(self) -> Policy:
        """What learning started from: a rule whose levels a formula gives for each chain."""
        return start_policy(self.recipe.start)

    @property
    def searched(self) -> bool:
        """Whether the start's levels are searched for each chain."""
        return any(start.rule.searched for start in self.recipe.start)

    def policy_for(self, population: Population, worlds: int = 1) -> Policy:
        """What the run recommends for some chains: the network's orders where they are surely
        cheaper than the rule's on demand of the chain's own law, else the rule's.

        Args:
            population: the chains.
            worlds: of each chain, side by side, where there are several chains.
        """
        trusted = saves(population, self.start_rule, self.learned(population))
        return self.learned(population, trusted=np.repeat(trusted, worlds, axis=0))

    def learned(
        self,
        population: Population,
        start: Policy | None = None,
        trusted: npt.NDArray[np.bool_] | None = None,
    ) -> LearnedPolicy:
        """The network, whether or not the run recommends it.

        Args:
            population: the chains.
            start: what offsets are taken from; left out, what training started from.
            trusted: (world or 1, store) for which stores it decides; left out, for all.
        """
        interface = run_interface(self.folder, self.recipe, population)
        rule = self.start_rule if start is None else start
        return LearnedPolicy(interface, rule, self.network, name=GENERALIST, trusted=trusted)

    def on(self, scenario: Scenario, book: RuleBook | None = None) -> "Run":
        """The run on one chain, without training for it.

        Args:
            scenario: the chain.
            book: its tuned rules; left out, those that are needed are searched.
        """
        if self.searched:
            book = RuleBook(scenario, self.seed) if book is None else book
            start: Policy = book.start()
            policy = self._over_tuned(scenario, start)
        else:
            start, policy = self.start_rule, self.policy_for(scenario)
        return Run(
            folder=self.folder,
            scenario=scenario,
            recipe=self.recipe,
            seed=self.seed,
            start_rule=start,
            policy=policy,
            learned=policy,
            manifest=self.manifest | {"kept_rule": isinstance(policy, ChainPolicy)},
        )

    def _over_tuned(self, scenario: Scenario, tuned: Policy) -> Policy:
        """What the run recommends for a chain whose rule is tuned for it: one whose stores share a
        stock, or learn their demand.

        The network may take offsets from the tuned rule, or from the one that training starts from;
        the chain's own validation demand tells the better. The tuned rule is kept where the network
        is not surely cheaper on fresh demand.
        """
        rule = ChainPolicy(KEPT_RULE, tuned, ())
        if self.strange(scenario):
            return rule
        starts = (tuned, FittedRulePolicy(KIND, searched_points(scenario, seed=self.seed)))
        tape = draw_tape(scenario, seed=self.seed, purpose=Purpose.VALIDATE, worlds=COMPARED_WORLDS)
        best = min(
            (self.learned(scenario, start) for start in starts),
            key=lambda policy: mean_costs(policy, scenario, tape).mean(),
        )
        return best if saves(scenario, tuned, best).all() else rule

    def told(self, run: "Run") -> list[str]:
        """What a user should know of the run on a chain: for which stores it follows its rule."""
        strange = self.strange(run.scenario)
        if strange:
            return [f"{words}; it follows the rule it started from" for words in strange]
        if not isinstance(run.learned, LearnedPolicy):
            return []
        follows = run.learned.follows_start(Params.of(run.scenario))
        return [
            f"store {store.name}: the network should save nothing here; it follows the rule it "
            "started from"
            for place, store in enumerate(run.scenario.stores)
            if follows is not None and follows[0, place]
        ]

    def strange(self, scenario: Scenario) -> list[str]:
        """What of a chain lies outside of all that the network was trained on, in words; its stores
        follow the start rule."""
        params, region = Params.of(scenario), self.recipe.region or {}
        numbers, found = problem_numbers(params), []
        of_chain = chain_numbers(params)
        for name, far in outside(region, params).items():
            low, high = region.get(name, (0.0, 0.0))
            places = np.flatnonzero(far[0])
            for place in places[:1] if name in of_chain else places:
                number = f"{numbers[name][0, place]:.4g}"
                where = "" if name in of_chain else f"store {scenario.stores[place].name}: "
                found.append(f"{where}{name} is {number}, training had {low:.4g} to {high:.4g}")
        return found


def run_named(name: Path | str) -> Path:
    """A run's folder; those of `SHIPPED`, unless a folder has that name."""
    folder = Path(name)
    if str(name) in SHIPPED and not folder.exists():
        return Path(str(resources.files("policies").joinpath(str(name))))
    return folder


def load_generalist(folder: Path) -> Generalist:
    """A run that was trained on a problem distribution, from its folder.

    Raises:
        InputError: naming the file that is missing or cannot be used.
    """
    problems, config = read_problems(folder), read_config(folder)
    if not isinstance(problems, ProblemDistribution):
        raise InputError(
            f"{folder}: trained on one chain ({problems.name}); a run on a problem distribution "
            "serves others"
        )
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder}: not trained to the end; hmarl train --resume {folder} does it")
    recipe = read_recipe(folder)
    network = empty_network(run_interface(folder, recipe, problems.example))
    load_network(network, read_tensors(folder / BEST)[0], folder / BEST)
    network.set_training_mode(False)
    manifest = read_json(folder / MANIFEST)
    return Generalist(folder, problems, recipe, config["seed"], network, manifest)
