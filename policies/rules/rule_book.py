"""Tuned rules of one chain: each is searched once, then looked up and handed on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from inventory_env.decision.recipe import RuleLevels
from inventory_env.description.levels import SEARCHED, StandardRule
from inventory_env.description.population import shape_of
from inventory_env.description.rules import OrderRule, levels_of, rule_of
from inventory_env.description.scenario import Scenario
from inventory_env.description.settings import Tier
from inventory_env.errors import InputError, argument
from inventory_env.files import write_bytes
from inventory_env.simulation.site_rule import SiteRule
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.baselines import (
    BASELINES,
    WHOLE_CHAIN,
    baseline_names,
    current_rule,
    formula_rule,
    start_kinds,
)
from policies.rules.rule_based import ChainPolicy, RandomOrders, RulePolicy
from policies.rules.search import fresh_tape, search, tuned_rules
from policies.rules.search_space import Searched

START = "start"  # what the book calls the rule that learning starts from
_Rules = TypeVar("_Rules", bound=Policy)
_BOOK = TypeAdapter(dict[str, RuleLevels])


class RuleBook:
    """The stores' tuned rules by kind.

    Args:
        scenario: the chain.
        seed: of the tuning tapes.
        file: where what was found is kept, and looked for first; left out, in memory only.

    Raises:
        InputError: if the file is not a rule book.
    """

    def __init__(self, scenario: Scenario, seed: int, file: Path | None = None) -> None:
        self.scenario, self.seed, self._file = scenario, seed, file
        self._found: dict[str, RuleLevels] = {}
        if file is not None and file.exists():
            try:
                self._found = _BOOK.validate_json(file.read_bytes())
            except ValidationError:
                raise InputError(
                    f"{file}: not the levels of tuned rules; delete it to search them again"
                ) from None

    def rule(self, kind: str) -> OrderRule:
        """The tuned rule of a kind.

        Raises:
            InputError: if the file's levels are not this chain's.
        """
        if kind not in self._found:
            self.add(kind, tuned_rules(kind, self.scenario, seed=self.seed))
        return self._kept(kind, len(self.scenario.stores))

    def _kept(self, name: str, sites: int) -> OrderRule:
        """A rule that was found, with levels of so many sites."""
        kept = self._found[name]
        try:
            rule = read_rule(kept)
        except KeyError:
            rule = None
        if rule is None or any(len(row) != sites for row in kept.levels.values()):
            raise InputError(
                f"{self._file}: {name}: not the levels of {sites} sites; delete the file to "
                "search them again"
            )
        return rule

    def add(self, kind: str, rule: OrderRule) -> None:
        """Keep a rule that was found elsewhere."""
        self._found[kind] = written_rule(rule)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(self._file, _BOOK.dump_json(self._found, indent=2) + b"\n")

    def start(self) -> RulePolicy:
        """The tuned rule of the stores that learning starts from: the cheapest of `start_kinds` on
        fresh tuning tapes; projected inventory, the last of them, where demand is learned from what
        is seen, as a few dates tell too little of which is cheaper on others."""
        if START not in self._found:
            kinds = start_kinds(self.scenario)
            if self.scenario.seen_before:
                kinds = kinds[-1:]
            policies = [RulePolicy(kind, self.rule(kind)) for kind in kinds]
            self.add(START, self._cheapest(policies).rule)
        rule = self._kept(START, len(self.scenario.stores))
        return RulePolicy(self._found[START].kind, rule)

    def whole_chain(self) -> Policy:
        """Rules of stores, warehouse and supplier, tuned together: capped base-stock on echelon
        stock upstream, below it the better of the kinds that learning may start from."""
        tiers = shape_of(self.scenario).upstream
        if WHOLE_CHAIN not in self._found:
            above = [Searched(tier, "capped-base-stock", echelon=True) for tier in tiers]
            found = []
            for kind in start_kinds(self.scenario):
                searched = [Searched("stores", kind), *above]
                found.append((kind, search(self.scenario, searched, seed=self.seed)))
            policies = [_chain_policy(kind, rules, tiers) for kind, rules in found]
            rules = found[policies.index(self._cheapest(policies))][1]
            for name, rule in zip(("", *tiers), rules, strict=True):
                self.add(f"{WHOLE_CHAIN}/{name}" if name else WHOLE_CHAIN, rule)
        stores = self._kept(WHOLE_CHAIN, len(self.scenario.stores))
        upstream = [self._kept(f"{WHOLE_CHAIN}/{tier}", 1) for tier in tiers]
        return _chain_policy(WHOLE_CHAIN, [stores, *upstream], tiers)

    def _cheapest(self, policies: Sequence[_Rules]) -> _Rules:
        """The cheapest of some policies on fresh tuning tapes."""
        if len(policies) == 1:
            return policies[0]
        scenario = self.scenario
        tape = fresh_tape(scenario, self.seed)
        costs = [mean_costs(policy, scenario, tape).mean() for policy in policies]
        return policies[int(np.argmin(costs))]

    def baseline(self, name: str, *, tuned: bool = True) -> Policy:
        """A baseline by name.

        Args:
            name: one of BASELINES, or "current" for the scenario's own store rule.
            tuned: levels found by simulation; else from the formulas of `Need`.

        Raises:
            InputError: if there is no such baseline.
        """
        baseline_names([name], self.scenario)
        if name == "random":
            return RandomOrders(self.seed)
        if name == WHOLE_CHAIN and tuned:
            return self.whole_chain()
        if name == WHOLE_CHAIN:
            raise InputError(f"baseline {name!r} has no formula; leave {argument('untuned')} out")
        if name not in BASELINES:
            return RulePolicy(name, current_rule(self.scenario))
        return RulePolicy(name, self.rule(name) if tuned else formula_rule(name, self.scenario))


def _chain_policy(name: str, rules: Sequence[OrderRule], tiers: Sequence[Tier]) -> ChainPolicy:
    """Rules of the stores and of all tiers upstream, on echelon stock."""
    above = zip(tiers, rules[1:], strict=True)
    upstream = tuple(SiteRule(tier, rule, echelon=True) for tier, rule in above)
    return ChainPolicy(name, RulePolicy(name, rules[0]), upstream)


def written_rule(rule: OrderRule) -> RuleLevels:
    """A rule as it is written down."""
    if isinstance(rule, StandardRule):
        names = SEARCHED[rule.kind]
        points = {
            name: tuple(row.tolist()) for name, row in zip(names, rule.point[0].T, strict=True)
        }
        return RuleLevels(kind=rule.kind, levels=points, standard=True)
    kind, levels = levels_of(rule)
    rows = {name: tuple(np.ravel(values).tolist()) for name, values in levels.items()}
    return RuleLevels(kind=kind, levels=rows)


def read_rule(written: RuleLevels) -> OrderRule:
    """The rule, with levels (1, site).

    Raises:
        KeyError: if there is no such kind of rule, or a level is missing.
    """
    if written.standard:
        rows = [written.levels[name] for name in SEARCHED[written.kind]]
        return StandardRule(written.kind, np.array(rows).T[None])
    return rule_of(written.kind, {name: np.array([row]) for name, row in written.levels.items()})
