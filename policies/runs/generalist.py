"""A run that was trained on a problem distribution, and serves any chain of its shape."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.policies import ActorCriticPolicy

from inventory_env.decision.recipe import Recipe
from inventory_env.decision.region import chain_numbers, outside, problem_numbers
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.simulation.params import Params
from policies.intervals import student_interval
from policies.learning.learned import LearnedPolicy
from policies.learning.ppo import empty_network
from policies.learning.trust import Trust
from policies.policy import Policy
from policies.rules.chain_start import KIND, searched_points
from policies.rules.rule_based import ChainPolicy, FittedRulePolicy, RulePolicy
from policies.rules.rule_book import RuleBook
from policies.rules.start import start_policy
from policies.runs.judge import Judge
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
SHIPPED = {GENERALIST: "generalist", "any-chain": "any_chain"}  # runs, and their folders
JUDGED_WORLDS = 128  # of a chain's own demand, that tell whether its rule is kept
TRUST = "trust.json"


@dataclass(frozen=True)
class Generalist:
    """A run that was trained on a problem distribution, and serves any chain of its shape."""

    folder: Path
    problems: ProblemDistribution
    recipe: Recipe
    seed: int
    network: ActorCriticPolicy
    trust: Trust | None  # for which stores the network decides; None while it is being trained
    manifest: dict[str, Any]

    @property
    def start_rule(self) -> Policy:
        """What learning started from: a rule whose levels a formula gives for each chain."""
        return start_policy(self.recipe.start)

    @property
    def policy(self) -> Policy:
        """What the run recommends for chains of the distribution."""
        return self._policy(self.problems.example, self.start_rule)

    @property
    def searched(self) -> bool:
        """Whether the start's levels are searched for each chain."""
        return any(start.rule.searched for start in self.recipe.start)

    def _policy(self, scenario: Scenario, start: Policy) -> Policy:
        interface = run_interface(self.folder, self.recipe, scenario)
        learned = LearnedPolicy(interface, start, self.network, name=GENERALIST, trust=self.trust)
        kept = self.manifest.get("kept_rule")
        return ChainPolicy(KEPT_RULE, start, ()) if kept else learned

    def on(self, scenario: Scenario, book: RuleBook | None = None) -> "Run":
        """The run on one chain, without training for it.

        Args:
            scenario: the chain.
            book: its tuned rules; left out, those that are needed are searched.
        """
        if self.searched:
            book = RuleBook(scenario, self.seed) if book is None else book
            start, policy = self._cheapest(scenario, book)
        else:
            start = self.start_rule
            policy = self._policy(scenario, start)
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

    def _cheapest(self, scenario: Scenario, book: RuleBook) -> tuple[Policy, Policy]:
        """The tuned rule of a chain whose stores share a stock, and what the run recommends.

        The network may take offsets from the tuned rule, or from the one that training starts from;
        the chain's own validation demand is simulated once and tells the better. The tuned rule is
        kept where fresh demand cannot tell that the network is cheaper.
        """
        judge = Judge(scenario, book.start(), seed=self.seed, worlds=JUDGED_WORLDS)
        points = FittedRulePolicy(KIND, searched_points(scenario, seed=self.seed))
        starts = (book.start(), RulePolicy(KIND, points.rule(Params.of(scenario))))
        tried = [self._policy(scenario, start) for start in starts]
        best = min(tried, key=lambda policy: judge.validate(policy).cost)
        low, _ = student_interval(judge.gain(best))
        return book.start(), best if low > 0 else ChainPolicy(KEPT_RULE, book.start(), ())

    def told(self, scenario: Scenario) -> list[str]:
        """What a user should know of the run on a chain: for which stores it follows its rule."""
        strange = self.strange(scenario)
        if strange:
            return [f"{words}; it follows the rule it started from" for words in strange]
        if self.trust is None:
            return []
        decides = self.trust.decides(Params.of(scenario))[0]
        return [
            f"store {store.name}: the network should save nothing here; it follows the rule it "
            "started from"
            for store, own in zip(scenario.stores, decides, strict=True)
            if not own
        ]

    def strange(self, scenario: Scenario) -> list[str]:
        """What of a chain lies outside of all that the network was trained on, in words; its stores
        follow the start rule."""
        params, region = Params.of(scenario), self.recipe.region or {}
        numbers, found = problem_numbers(params), []
        of_chain = chain_numbers(params)
        for name, far in outside(region, params).items():
            low, high = region[name]
            places = np.flatnonzero(far[0])
            for place in places[:1] if name in of_chain else places:
                number = f"{numbers[name][0, place]:.4g}"
                where = "" if name in of_chain else f"store {scenario.stores[place].name}: "
                found.append(f"{where}{name} is {number}, training had {low:.4g} to {high:.4g}")
        return found


def run_named(name: Path | str) -> Path:
    """A run's folder; `generalist` and `any-chain` are shipped, unless a folder has that name."""
    folder = Path(name)
    if str(name) in SHIPPED and not folder.exists():
        return Path(str(resources.files("policies").joinpath(SHIPPED[str(name)])))
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
    trust = Trust(read_json(folder / TRUST)) if (folder / TRUST).is_file() else None
    manifest = read_json(folder / MANIFEST)
    return Generalist(folder, problems, recipe, config["seed"], network, trust, manifest)
