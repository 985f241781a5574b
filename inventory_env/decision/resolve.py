"""Resolves every "auto" of the training settings, once: the only place that knows how."""

from typing import Any

import numpy as np

from inventory_env.decision.agents import Agents, learning_tiers
from inventory_env.decision.feature import Facts, Yardstick
from inventory_env.decision.features import EXTRAS, features, telling
from inventory_env.decision.interface import Interface
from inventory_env.decision.recipe import Credit, Offsets, Recipe
from inventory_env.description.population import Mixture, Population, shape_of, sites_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import RuleOffset, Tier, TrainingSettings
from inventory_env.simulation.params import Params

ROWS = 1024  # learning sites of all worlds together, where worlds = "auto"
LEAST_WORLDS = 128  # where a site upstream learns: it is one row a world
MOST_STEPS = 10  # offsets on either side of 0, where none are asked for
MANY_TEAM_SHARE = 0.1  # with rent, of chains with unlike numbers of stores
LONG = 6  # periods; lead times from here on want larger offsets


def resolve(population: Population, settings: TrainingSettings) -> Recipe:
    """The recipe of a training that has not yet chosen its start.

    Args:
        population: the chain, or several of one shape.
        settings: as a user gives them.

    Raises:
        InputError: if a tier is to learn that orders nothing, or to see what it cannot.
    """
    chain, shape = population.members[0], shape_of(population)
    learns = learning_tiers(settings.learn, shape, chain.name)
    facts = Facts.of(population, learns, chain.information)
    agents, params = Agents(shape, learns), Params.of(population)
    extras = telling(facts) if settings.observe == "auto" else settings.observe
    critic = settings.critic
    if critic == "auto":
        alone = facts.shared or len(learns) == 1 or settings.algorithm != "ppo"
        critic = "own" if alone else "central"
    rent = _rent(population, settings, learns)
    share = team_share(chain, settings)
    if rent and settings.reward.team_share == "auto":
        # The chain's cost counts what the rent leaves out, but with all other stores' noise.
        share = MANY_TEAM_SHARE if isinstance(population, Mixture) else 1 / shape.stores
    changes: dict[str, Any] = {
        "learn": learns,
        "critic": critic,
        "worlds": _worlds(settings, agents),
        "continuing": (
            not isinstance(population, Mixture) and chain.homogeneous and shape.warm_up > 0
            if settings.continuing == "auto"
            else settings.continuing
        ),
        "observe": extras,
        "reward": settings.reward.model_copy(update={"team_share": share}),
    }
    offsets: Offsets | None = None
    if isinstance(settings.actions, RuleOffset):
        actions = _offset_settings(settings.actions, population, agents, params, facts)
        listed = settings.actions.steps != "auto" or bool(actions.zero_order)
        offsets = "listed" if listed or settings.algorithm == "maskable-ppo" else "real"
        changes["actions"] = actions
    recipe = Recipe(
        settings=settings.model_copy(update=changes),
        information=chain.information,
        credit=_credit(population, settings, params),
        rent=rent,
        offsets=offsets,
        features=features(facts, extras),
        critic_features=(EXTRAS["chain"].asked(facts),) if critic == "central" else (),
    )
    several = isinstance(population, Mixture)
    return recipe if several or shape.learns_demand else with_numbers(recipe, params)


def with_numbers(recipe: Recipe, params: Params) -> Recipe:
    """The recipe with the scales and sizes of one chain written out."""
    interface = Interface(recipe, params.shape)
    return recipe.model_copy(
        update={"columns": interface.columns(params), "sizes": interface.sizes(params)}
    )


def team_share(chain: Scenario, settings: TrainingSettings) -> float:
    """Share of the chain's mean in a store's reward, where stores pay no rent."""
    given = settings.reward.team_share
    if given != "auto":
        return given
    return 1.0 if settings.reward.preset == "cost" and not chain.warehouse.unlimited else 0.0


def _worlds(settings: TrainingSettings, agents: Agents) -> int:
    if settings.worlds != "auto":
        return settings.worlds
    group = settings.worlds_per_tape
    wanted = ROWS / agents.count
    if agents.upstream:
        wanted = max(wanted, LEAST_WORLDS)
    return max(round(wanted / group), 1) * group


def _offset_settings(
    given: RuleOffset, population: Population, agents: Agents, params: Params, facts: Facts
) -> RuleOffset:
    reach = given.reach if given.reach != "auto" else _reach(params, facts)
    steps = given.steps
    if steps == "auto":
        steps = MOST_STEPS
        if params.shape.whole:
            sized = given.model_copy(update={"reach": float(reach), "steps": 1})
            steps = int(min(_widest(agents, sized, params, facts), MOST_STEPS))
    zero_order = given.zero_order
    if zero_order == "auto":
        sites = [np.array(sites_of(chain))[agents.sites] for chain in population.members]
        zero_order = any(bool(s.order_cost or s.orders.minimum) for row in sites for s in row)
    return given.model_copy(
        update={"reach": float(reach), "steps": steps, "zero_order": zero_order}
    )


def _widest(agents: Agents, settings: RuleOffset, params: Params, facts: Facts) -> float:
    from inventory_env.decision.actions import ListedOffsets

    return float(
        ListedOffsets(agents, settings).sizes_of(Yardstick.of_law(params, facts.shared)).max()
    )


def _reach(params: Params, facts: Facts) -> float:
    """Standard deviations that an offset may reach.

    One is enough for a single site; more pays where forecasts vary, where links are long, and
    where stores share a stock.
    """
    if facts.seasonal or params.learns_demand or params.shape.upstream:
        return 2.0
    longest = float(params.need.lead_time[:, : params.stores].max())
    return 1.5 if longest >= LONG else 1.0


def _rent(population: Population, settings: TrainingSettings, learns: tuple[Tier, ...]) -> bool:
    """Whether stores pay rent: they share a stock that a rule keeps at a level of the echelon's
    whatever they order, and they alone learn."""
    shape, warehouse = shape_of(population), population.members[0].warehouse
    return (
        settings.reward.preset == "cost"
        and settings.reward.credit == "auto"
        and learns == ("stores",)
        and "warehouse" in shape.upstream
        and warehouse.rule.position == "echelon"
        and (isinstance(population, Mixture) or shape.stores > 1)
    )


def _credit(population: Population, settings: TrainingSettings, params: Params) -> Credit:
    if settings.reward.credit == "now" or not params.least_lead_time[:, : params.stores].any():
        return "now"
    chains = population.members
    known = all(chain.history is None and chain.drift is None for chain in chains)
    known = known and not all(chain.seasonal for chain in chains)
    return "expected" if settings.reward.preset == "cost" and known else "arrival"
