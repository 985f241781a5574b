"""Tuned rules of one chain: each is searched once, then looked up and handed on."""

from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from inventory_env.decision.recipe import RuleLevels
from inventory_env.description.rules import OrderRule, levels_of, rule_of
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError
from inventory_env.files import write_bytes
from policies.policy import Policy
from policies.rules.baselines import (
    BASELINES,
    baseline_names,
    current_rule,
    formula_rule,
    start_kind,
)
from policies.rules.rule_based import RandomOrders, RulePolicy
from policies.rules.search import tuned_rules

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
        kept = self._found[kind]
        try:
            rule = read_rule(kept)
        except KeyError:
            rule = None
        stores = len(self.scenario.stores)
        if rule is None or any(len(row) != stores for row in kept.levels.values()):
            raise InputError(
                f"{self._file}: {kind}: not the levels of {stores} stores; delete the file to "
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
        """The tuned rule that learning starts from."""
        kind = start_kind(self.scenario)
        return RulePolicy(kind, self.rule(kind))

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
        if name not in BASELINES:
            return RulePolicy(name, current_rule(self.scenario))
        return RulePolicy(name, self.rule(name) if tuned else formula_rule(name, self.scenario))


def written_rule(rule: OrderRule) -> RuleLevels:
    """A rule as it is written down."""
    kind, levels = levels_of(rule)
    rows = {name: tuple(np.ravel(values).tolist()) for name, values in levels.items()}
    return RuleLevels(kind=kind, levels=rows)


def read_rule(written: RuleLevels) -> OrderRule:
    """The rule, with levels (1, site).

    Raises:
        KeyError: if there is no such kind of rule, or a level is missing.
    """
    return rule_of(written.kind, {name: np.array([row]) for name, row in written.levels.items()})
