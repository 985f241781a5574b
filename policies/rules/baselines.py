"""The rules that policies are compared with, and the one that learning starts from."""

from collections.abc import Sequence

from inventory_env.description.levels import StandardRule, auto_levels
from inventory_env.description.need import Need
from inventory_env.description.population import needs
from inventory_env.description.rules import OrderRule
from inventory_env.description.scenario import Scenario
from inventory_env.errors import InputError

WHOLE_CHAIN = "whole-chain"  # stores, warehouse and supplier follow rules tuned together
BASELINES = (
    "reorder-point",
    "min-max",
    "base-stock",
    "capped-base-stock",
    "projected-inventory",
    "constant-order",
    "random",
)


def known_baselines(scenario: Scenario) -> list[str]:
    """Every baseline that a scenario has."""
    known = [*BASELINES]
    if len(scenario.deciding_tiers()) > 1:
        known.append(WHOLE_CHAIN)
    return [*known, "current"] if scenario.store_rule else known


def baseline_names(asked: Sequence[str], scenario: Scenario) -> list[str]:
    """The baselines asked for, each once; "all" is every one that the scenario has.

    Raises:
        InputError: if there is no such baseline.
    """
    known = known_baselines(scenario)
    for name in asked:
        if name not in [*known, "all"]:
            allowed = ", ".join([*known, "all"])
            raise InputError(f"baseline {name!r} is unknown; allowed: {allowed}")
    return known if "all" in asked else list(dict.fromkeys(asked))


def current_rule(scenario: Scenario) -> OrderRule:
    """The rule that the stores use today."""
    assert scenario.store_rule is not None
    return scenario.store_rule.build(store_needs(scenario))


def formula_rule(kind: str, scenario: Scenario) -> OrderRule:
    """A rule of this kind with "auto" levels, for the stores."""
    need = store_needs(scenario)
    rule = StandardRule(kind, auto_levels(kind, need))
    return rule if scenario.seen_before else rule.at(need, whole=scenario.whole)


def start_kinds(scenario: Scenario) -> tuple[str, ...]:
    """The rules that learning may start from: capped base-stock and projected inventory, or capped
    (s, S) where an order itself costs money or has a minimum."""
    lumpy = any(store.order_cost or store.orders.minimum for store in scenario.stores)
    return ("capped-min-max",) if lumpy else ("capped-base-stock", "projected-inventory")


def store_needs(scenario: Scenario) -> Need:
    """(1, store) what the stores cover."""
    return needs(scenario, echelon=False).at(slice(0, len(scenario.stores)))
