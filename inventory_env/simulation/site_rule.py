"""A rule that orders for warehouse or supplier, and the stock it looks at."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from inventory_env.description.need import Need
from inventory_env.description.population import Population, shape_of
from inventory_env.description.rules import OrderRule
from inventory_env.description.settings import Tier


@dataclass(frozen=True)
class SiteRule:
    """A rule of a tier above the stores; its levels are (world or 1, 1)."""

    tier: Tier
    rule: OrderRule
    echelon: bool  # whether it looks at everything downstream too, or at its own stock


def own_rules(population: Population, need: Need, echelon_need: Need) -> tuple[SiteRule, ...]:
    """The rules that the scenarios give to the tiers above the stores."""
    shape, found = shape_of(population), []
    for tier in shape.upstream:
        configs = [getattr(chain, tier).rule for chain in population.members]
        echelon = configs[0].position == "echelon"
        seen = (echelon_need if echelon else need).at(shape.columns(tier))
        rows = [
            config.build(Need(*(getattr(seen, f.name)[[i]] for f in fields(Need))))
            for i, config in enumerate(configs)
        ]
        found.append(SiteRule(tier, stacked(rows), echelon))
    return tuple(found)


def stacked(rules: list[Any]) -> Any:
    """One rule whose levels are those of several of its kind, one after the other."""
    first = rules[0]
    return type(first)(
        *(np.concatenate([getattr(rule, f.name) for rule in rules]) for f in fields(first))
    )
