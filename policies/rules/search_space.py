"""Where a search looks: the levels of some tiers' rules as points, and who decides at a point."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise

import numpy as np

from inventory_env.description.levels import (
    StandardRule,
    auto_levels,
    rule_at,
    standard_levels,
)
from inventory_env.description.need import Need
from inventory_env.description.population import Population, needs, shape_of
from inventory_env.description.rules import OrderRule
from inventory_env.description.settings import Tier
from inventory_env.frozen import Array
from inventory_env.simulation.one_store import is_one_store
from inventory_env.simulation.site_rule import SiteRule
from inventory_env.simulation.worlds import laid_out
from policies.policy import Policy
from policies.rules.fitted_levels import fitted_levels
from policies.rules.rule_based import ChainPolicy, RulePolicy


@dataclass(frozen=True)
class Searched:
    """A tier whose levels are searched: the kind of its rule, and the stock that it looks at."""

    tier: Tier
    kind: str
    echelon: bool = False


class Space:
    """What is searched: points (chain, ..., site, level) of all tiers, and the policy at a point.

    Sites of all tiers stand side by side; a level that a site's kind does not have is not used.
    """

    def __init__(
        self, population: Population, tiers: Sequence[Searched], below: Policy | None
    ) -> None:
        self.population, self.tiers, self._below = population, tiers, below
        self.shape = shape_of(population)
        self.levels = max(len(standard_levels(each.kind)) for each in tiers)
        self.columns = [self.shape.columns(each.tier) for each in tiers]
        ends = np.cumsum([0, *(c.stop - c.start for c in self.columns)])
        self._places = [slice(a, b) for a, b in pairwise(ends)]
        self.sites = int(ends[-1])
        self.tier_of = np.repeat(np.arange(len(tiers)), np.diff(ends))
        self.stores = np.array([tiers[int(number)].tier == "stores" for number in self.tier_of])
        self.needs = [
            needs(population, echelon=each.echelon).at(columns)
            for each, columns in zip(tiers, self.columns, strict=True)
        ]
        chains = len(population.members)
        self.auto = np.zeros((chains, self.sites, self.levels))
        self.low, self.high = np.zeros((2, self.sites, self.levels))
        for each, place, need in zip(tiers, self._places, self.needs, strict=True):
            known = standard_levels(each.kind)
            self.auto[:, place, : len(known)] = auto_levels(each.kind, need)
            self.low[place, : len(known)] = [level.low for level in known]
            self.high[place, : len(known)] = [level.high for level in known]

    @property
    def fitted(self) -> Array:
        """(chain, site, level) of the formula, for tiers that have one."""
        points = np.zeros_like(self.auto)
        for each, place, need in zip(self.tiers, self._places, self.needs, strict=True):
            found = fitted_levels(each.kind, need)
            points[:, place, : found.shape[-1]] = found
        return points

    @staticmethod
    def size_of(tiers: Sequence[Searched]) -> int:
        """Levels that are moved together."""
        return sum(len(standard_levels(each.kind)) for each in tiers)

    @cached_property
    def lean(self) -> bool:
        """Whether costs can be counted by the loop that has one store and nothing else."""
        return is_one_store(self.population)

    @property
    def separate(self) -> bool:
        """Whether no site's levels move another's cost."""
        return self.shape.tiers == ("stores",)

    def rules(self, points: Array) -> list[OrderRule]:
        """The tiers' rules at (chain, site, level), levels (chain, site)."""
        found: list[OrderRule] = []
        for each, place, need in zip(self.tiers, self._places, self.needs, strict=True):
            rule = StandardRule(each.kind, self._levels_of(each, points[:, place]))
            learned = self.shape.learns_demand
            found.append(rule if learned else rule.at(need, whole=self.shape.whole))
        return found

    def _levels_of(self, tier: Searched, points: Array) -> Array:
        """Those levels of points that a tier's kind has."""
        return points[..., : len(standard_levels(tier.kind))]

    def policy(self, points: Array, tapes: int) -> Policy:
        """Decides in worlds (chain, tape, candidate) by points (chain, candidate, site, level)."""
        found = self._below
        for each, place, need in zip(self.tiers, self._places, self.needs, strict=True):
            rule = self._in_worlds(each, need, points[:, :, place], tapes)
            if each.tier == "stores":
                found = RulePolicy(each.kind, rule)
            else:
                assert found is not None
                found = ChainPolicy("", found, (SiteRule(each.tier, rule, each.echelon),))
        assert found is not None
        return found

    def _in_worlds(self, tier: Searched, need: Need, points: Array, tapes: int) -> OrderRule:
        """A tier's rule in worlds (chain, tape, candidate)."""
        if self.shape.learns_demand:
            levels = np.moveaxis(self._levels_of(tier, points), -1, 0)
            wide = [of_worlds(level, tapes) for level in levels]
            return StandardRule(tier.kind, np.stack(wide, axis=-1))
        needed = Need(*(getattr(need, field.name)[:, None] for field in fields(Need)))
        rule = rule_at(tier.kind, needed, points, whole=self.shape.whole)
        names = [field.name for field in fields(rule)]  # type: ignore[arg-type]
        return type(rule)(**{name: of_worlds(getattr(rule, name), tapes) for name in names})

    def rule_of_candidates(self, points: Array, tapes: int) -> OrderRule:
        """The one tier's rule with levels (chain x tape, candidate), of chains with one site."""
        (each,), (need,) = self.tiers, self.needs
        wide = Need(*(getattr(need, field.name)[:, None] for field in fields(Need)))
        rule = rule_at(each.kind, wide, points, whole=self.shape.whole)
        return rule_of_worlds(
            type(rule)(*(getattr(rule, f.name)[..., 0] for f in fields(rule))),  # type: ignore[arg-type]
            tapes,
        )


def of_worlds(levels: Array, tapes: int) -> Array:
    """(chain x tape x candidate, site) of (chain, candidate, site) levels."""
    chains, candidates, sites = levels.shape
    repeated = np.broadcast_to(levels[:, None], (chains, tapes, candidates, sites))
    return laid_out(repeated.reshape(-1, sites))


def rule_of_worlds(rule: OrderRule, worlds: int) -> OrderRule:
    """The rule in so many worlds of each chain, side by side; its levels are (chain, site)."""
    if isinstance(rule, StandardRule):
        return StandardRule(rule.kind, np.repeat(rule.point, worlds, axis=0))
    names = [field.name for field in fields(rule)]  # type: ignore[arg-type]
    levels = {name: laid_out(np.repeat(getattr(rule, name), worlds, axis=0)) for name in names}
    return type(rule)(**levels)


def chosen(points: Array, place: Array) -> Array:
    """(chain, site, level) of the candidate chosen in each chain."""
    return np.asarray(points[np.arange(len(points)), place])
