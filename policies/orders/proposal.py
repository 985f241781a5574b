"""What to order on a morning: the rule's order, the policy's, and the planner's."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inventory_env.description.rules import OrderRule
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.frozen import Array
from inventory_env.simulation.facts import site_names
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.situation import Situation
from policies.learning.learned import Explanation, LearnedPolicy
from policies.orders.morning import Morning, Override
from policies.policy import Policy
from policies.rules.rule_based import ChainPolicy, FittedRulePolicy, RulePolicy
from policies.rules.rule_book import RuleBook
from policies.runs.run_folder import Run

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Decider:
    """Who proposes orders for a chain, and the rule that is shown beside them."""

    scenario: Scenario
    policy: Policy
    rule: Policy
    run: str  # name of the run; empty where a rule decides
    seed: int

    @classmethod
    def of_run(cls, run: Run) -> "Decider":
        """What a run recommends, beside the rule it started from."""
        return cls(run.scenario, run.policy, run.start_rule, run.folder.name, run.seed)

    @classmethod
    def of_rule(cls, book: RuleBook, name: str, run: str) -> "Decider":
        """A tuned rule of a chain, and the chain's own rules above the stores.

        Raises:
            InputError: if there is no such rule, or if it does not look at stock.
        """
        if name == "random":
            raise InputError("random orders are for comparisons; name a rule that looks at stock")
        policy = book.baseline(name)
        return cls(book.scenario, policy, policy, run, book.seed)

    @property
    def learned(self) -> LearnedPolicy | None:
        """The network, where one decides."""
        return self.policy if isinstance(self.policy, LearnedPolicy) else None


@dataclass(frozen=True)
class Proposal:
    """Orders of one morning; arrays have a value for each site, units."""

    decider: Decider
    morning: Morning
    situation: Situation
    sites: list[str]
    rule_wishes: Array
    rule_orders: Array
    wishes: Array  # before order constraints
    proposed: Array  # of the policy, or of the rule where the policy does not know the line
    orders: Array  # with overrides
    outside: Flags  # the line is beyond what the policy knows
    untrusted: Flags  # the policy leaves the line to the rule, as it should save nothing there
    explanation: Explanation | None

    @property
    def overrides(self) -> dict[int, Override]:
        """By number of the site."""
        return {self.sites.index(site): each for site, each in self.morning.overrides.items()}


def propose(decider: Decider, morning: Morning) -> Proposal:
    """The orders of a morning.

    Raises:
        InputError: if the policy cannot decide from facts alone.
    """
    scenario = decider.scenario
    situation = morning.facts.situation(scenario)
    rule_wishes = decider.rule.wishes(situation)
    wishes = rule_wishes
    explanation = None
    outside, untrusted = np.zeros((2, rule_wishes.shape[1]), dtype=bool)
    if decider.policy is not decider.rule:
        if decider.learned is not None:
            explanation = decider.learned.explain(situation)
            outside[explanation.sites] = explanation.outside
            untrusted[explanation.sites] = explanation.untrusted
        wishes = decider.policy.wishes(situation)
        wishes = np.where(outside, rule_wishes, wishes)
    proposed = situation.ordered(wishes)
    return Proposal(
        decider=decider,
        morning=morning,
        situation=situation,
        sites=site_names(scenario),
        rule_wishes=rule_wishes[0],
        rule_orders=situation.ordered(rule_wishes)[0],
        wishes=wishes[0],
        proposed=proposed[0],
        orders=_overridden(situation, site_names(scenario), wishes, proposed, morning)[0],
        outside=outside,
        untrusted=untrusted,
        explanation=explanation,
    )


def _overridden(
    situation: Situation, names: list[str], wishes: Array, proposed: Array, morning: Morning
) -> Array:
    """(1, site) the proposal with what planners typed; a factor keeps to order constraints."""
    wanted, typed = wishes.copy(), proposed.copy()
    for site, override in morning.overrides.items():
        if override.factor is not None:
            wanted[:, names.index(site)] *= override.factor
    factored = situation.ordered(wanted)
    for site, override in morning.overrides.items():
        place = names.index(site)
        if override.factor is not None:
            typed[:, place] = factored[:, place]
        else:
            typed[:, place] = 0.0 if override.quantity is None else override.quantity
    return typed


def rules_of(decider: Decider, situation: Situation) -> list[tuple[OrderRule, bool] | None]:
    """For each site the rule beside it, and whether that looks at echelon stock; None: a network of
    the run that this one builds on decides."""
    shape = situation.params.shape
    found: list[tuple[OrderRule, bool] | None] = [None] * shape.sites

    def put(rule: SiteRule) -> None:
        found[shape.columns(rule.tier).start] = (rule.rule, rule.echelon)

    for own in situation.params.rules:
        put(own)

    def walk(policy: Policy) -> None:
        if isinstance(policy, FittedRulePolicy):
            found[: shape.stores] = [(policy.rule(situation), False)] * shape.stores
        elif isinstance(policy, RulePolicy):
            found[: shape.stores] = [(policy.rule, False)] * shape.stores
        elif isinstance(policy, LearnedPolicy):
            walk(policy.start)
            for site in policy.sites:
                found[site] = None
        elif isinstance(policy, ChainPolicy):
            walk(policy.below)
            for rule in policy.rules:
                put(rule)

    walk(decider.rule)
    return found
