"""Who decides before anything is learned: tuned rules, or a trained run and rules above it."""

from inventory_env.decision.recipe import Recipe, StartRule
from inventory_env.description.population import shape_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import Tier
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.params import Params
from inventory_env.simulation.site_rule import SiteRule
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.fitted_levels import fingerprint
from policies.rules.rule_based import ChainPolicy, FittedRulePolicy, RulePolicy
from policies.rules.rule_book import RuleBook, read_rule, written_rule
from policies.rules.search import fresh_tape, search
from policies.rules.search_space import Searched


def find_start(
    recipe: Recipe,
    book: RuleBook,
    *,
    others: Policy | None = None,
    decided: tuple[Tier, ...] = (),
) -> tuple[StartRule, ...]:
    """The rules that training starts from, up to the highest site that learns.

    A learning site upstream starts from a tuned capped base-stock rule, on its echelon stock under
    shared information, on its own else; or from the scenario's own rule where that is no dearer.

    Args:
        recipe: who learns.
        book: the stores' tuned rules, and the chain.
        others: decides for stores, and perhaps for sites upstream; left out, the stores follow a
            tuned rule.
        decided: the tiers that `others` decides for.
    """
    scenario, tiers = book.scenario, shape_of(book.scenario).tiers
    highest = tiers.index(recipe.learns[-1])
    found: list[StartRule] = []
    if others is None:
        found.append(
            StartRule(tier="stores", position="local", rule=written_rule(book.start().rule))
        )
    for own in Params.of(scenario).rules:
        if own.tier not in decided and tiers.index(own.tier) <= highest:
            rule = own
            if own.tier in recipe.learns:
                below = start_policy(tuple(found), others)
                rule = tuned_site_rule(scenario, own, below, shared=recipe.shared, seed=book.seed)
            position = "echelon" if rule.echelon else "local"
            found.append(StartRule(tier=own.tier, position=position, rule=written_rule(rule.rule)))
    return tuple(found)


def start_policy(
    rules: tuple[StartRule, ...], others: Policy | None = None, points: Array | None = None
) -> Policy:
    """The policy that a recipe's start rules describe, on top of what `others` decides.

    Args:
        rules: of the recipe.
        others: decides for sites downstream.
        points: (chain, store, level) of levels that are searched for each chain.
    """
    policy = others
    for written in rules:
        if written.rule.formula is not None:
            ours = fingerprint(written.rule.kind)
            if written.rule.formula != ours:
                raise InputError(
                    f"start: levels of the formula {written.rule.formula}, this version of hmarl "
                    f"has {ours}; train it again, or use it with the version that made it"
                )
            policy = FittedRulePolicy(written.rule.kind)
            continue
        if written.rule.searched:
            assert points is not None
            policy = FittedRulePolicy(written.rule.kind, points)
            continue
        rule = read_rule(written.rule)
        if policy is None:
            policy = RulePolicy(written.rule.kind, rule)
        else:
            above = SiteRule(written.tier, rule, written.position == "echelon")
            policy = ChainPolicy(policy.name, policy, (above,))
    assert policy is not None
    return policy


def tuned_site_rule(
    scenario: Scenario, own: SiteRule, below: Policy, *, shared: bool, seed: int
) -> SiteRule:
    """A capped base-stock rule for a site upstream by simulation; its own if it is allowed and no
    dearer.

    Args:
        scenario: the chain.
        own: the rule that the scenario gives to the site.
        below: decides for the sites downstream.
        shared: whether the site may look at its echelon stock.
        seed: of the tuning tapes.
    """
    above = Searched(own.tier, "capped-base-stock", shared)
    (rule,) = search(scenario, [above], seed=seed, below=below)
    found = SiteRule(own.tier, rule, shared)
    if own.echelon and not shared:
        return found
    fresh = fresh_tape(scenario, seed)
    tried = (ChainPolicy("", below, (each,)) for each in (own, found))
    own_cost, cost = (mean_costs(policy, scenario, fresh).mean() for policy in tried)
    return found if cost < own_cost else own
