"""What is trained, for good: the recipes of a chain, of many, and of going on from many."""

from pathlib import Path
from typing import Any

from inventory_env.decision.recipe import Recipe, RuleLevels, StartRule
from inventory_env.decision.region import joined_region, region_of
from inventory_env.decision.resolve import resolve
from inventory_env.description.population import shape_of
from inventory_env.description.problem_distribution import ProblemDistribution
from inventory_env.description.scenario import Scenario
from inventory_env.simulation.params import Params
from policies.learning.ppo import with_reward_scale
from policies.rules.chain_start import KIND
from policies.rules.fitted_levels import fingerprint
from policies.rules.rule_book import RuleBook, written_rule
from policies.rules.start import find_start, start_policy
from policies.runs.generalist import Generalist
from policies.runs.run_folder import run_others

FINE: dict[str, Any] = {  # settings of a training that goes on from a network for many problems
    "steps": 400_000,
    "learning_rate": 1e-3,
    "exploration": 0.15,
    "final_exploration": 0.06,
    "validations": 2,
}


def recipe_of(folder: Path, scenario: Scenario, seed: int, book: RuleBook) -> Recipe:
    """What is trained, for good: settings resolved, the start found, rewards scaled."""
    others, decided = run_others(folder)
    recipe = resolve(scenario, scenario.training)
    rules = find_start(recipe, book, others=others, decided=decided)
    recipe = recipe.model_copy(update={"start": rules})
    return with_reward_scale(recipe, scenario, start_policy(rules, others), seed)


def recipe_from_generalist(start: Generalist, scenario: Scenario, seed: int) -> Recipe:
    """The recipe of a network for many problems, for one chain: rewards are the chain's, and what
    the scenario's settings say of steps, worlds and rates is heeded where it is said."""
    given = scenario.training.model_fields_set - {"actions", "observe", "reward", "hidden", "learn"}
    own = resolve(scenario, scenario.training)
    changes = FINE | {name: getattr(scenario.training, name) for name in given}
    names = ("worlds", "worlds_per_tape", "continuing", "reward")
    changes |= {name: getattr(own.settings, name) for name in names}
    settings = start.recipe.settings.model_copy(update=changes)
    update: dict[str, Any] = {"settings": settings, "region": None}
    update |= {"credit": own.credit, "rent": own.rent}
    if start.searched:
        rule = written_rule(RuleBook(scenario, seed).start().rule)
        update["start"] = (StartRule(tier="stores", position="local", rule=rule),)
    recipe = start.recipe.model_copy(update=update)
    return with_reward_scale(recipe, scenario, start_policy(recipe.start), seed)


def recipe_of_many(problems: ProblemDistribution) -> Recipe:
    """The same for many chains, which have no numbers in common: the start's levels come from a
    formula; where a warehouse can run out, or demand is learned, from a search for each chain."""
    groups, settings = problems.learned_from(), problems.training
    shape = shape_of(groups[0])
    searched = bool(shape.upstream) or shape.learns_demand
    formula = None if searched else fingerprint(KIND)
    rule = RuleLevels(kind=KIND, formula=formula, searched=searched)
    start = StartRule(tier="stores", position="local", rule=rule)
    region = joined_region([region_of(Params.of(chains)) for chains in groups])
    return resolve(groups[0], settings).model_copy(update={"start": (start,), "region": region})
