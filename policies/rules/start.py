"""Who decides before anything is learned: tuned rules, or a trained run and rules above it."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inventory_env.decision.agents import Agents
from inventory_env.description.rules import CappedBaseStock
from inventory_env.description.scenario import TIERS, Scenario
from inventory_env.errors import InputError
from inventory_env.files import write_json
from inventory_env.frozen import Array
from inventory_env.simulation.situation import Situation
from inventory_env.simulation.tape import Purpose, draw_tape
from inventory_env.simulation.upstream import UpstreamRule, UpstreamTier
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.search import RULES, minimise, start_rule

SEARCH_STORE_PERIODS = 24_000  # a candidate is judged on
FRESH = 4  # times as many, when the best is compared with the scenario's own rule


@dataclass(frozen=True)
class ChainPolicy:
    """A policy for the sites downstream, and rules for those above them."""

    name: str
    below: Policy
    rules: tuple[UpstreamRule, ...]

    def wishes(self, situation: Situation) -> Array:
        """(world, site) units the sites want, before order constraints."""
        above = [rule.wish(situation)[:, None] for rule in self.rules]
        return np.concatenate([self.below.wishes(situation), *above], axis=1)


def start_policy(
    scenario: Scenario,
    *,
    seed: int,
    cache: Path | None = None,
    others: Policy | None = None,
    decided: int = 0,
) -> Policy:
    """What training starts from: it decides for every site up to the highest that learns.

    Args:
        scenario: the chain.
        seed: of the tuning tapes.
        cache: folder in which found levels are kept, and looked for first.
        others: decides for stores, and perhaps for sites upstream; left out, the stores follow a
            tuned rule.
        decided: for how many sites `others` decides.

    A learning site upstream starts from a tuned capped base-stock rule, on its echelon stock under
    shared information, on its own else; or from the scenario's own rule where that is no dearer.
    """
    agents = Agents(scenario)
    start: Policy = start_rule(scenario, seed=seed, cache=cache) if others is None else others
    for site in range(max(decided, agents.stores), agents.least_sites):
        tier: UpstreamTier = "warehouse" if site == agents.stores else "supplier"
        rule = UpstreamRule.of(scenario, tier)
        if tier in agents.upstream:
            rule = _tuned(scenario, rule, start, seed, cache)
        start = ChainPolicy(start.name, start, (rule,))
    return start


def sites_decided(scenario: Scenario) -> int:
    """For how many sites a policy decides that learned this: all up to the highest that learns."""
    return len(scenario.stores) + TIERS.index(scenario.learning_tiers()[-1])


def _tuned(
    scenario: Scenario, own: UpstreamRule, below: Policy, seed: int, cache: Path | None
) -> UpstreamRule:
    """The tuned rule of a site upstream, looked up in or added to `cache`."""
    file = None if cache is None else cache / f"{own.tier}.json"
    if file is not None and file.exists():
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            if kept["scenario"]:
                return own
            levels = {name: np.array(kept[name], dtype=np.float64) for name in ("level", "cap")}
            return _capped(scenario, own.tier, CappedBaseStock(**levels))
        except (ValueError, KeyError, TypeError):
            raise InputError(
                f"{file}: not the levels of the {own.tier}; delete it to search them again"
            ) from None
    found = _search(scenario, own, below, seed)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        kept = {} if found is own else {name: float(x) for name, x in vars(found.rule).items()}
        write_json(file, {"scenario": found is own, **kept})
    return found


def _search(scenario: Scenario, own: UpstreamRule, below: Policy, seed: int) -> UpstreamRule:
    """Level and cap by simulation; the scenario's own rule if it is allowed and no dearer."""
    echelon = scenario.information == "shared"
    need = scenario.upstream_need(own.tier, echelon=echelon)
    levels = list(RULES["capped-base-stock"][1].values())  # level, cap
    periods = scenario.periods * len(scenario.stores)
    worlds = max(16, SEARCH_STORE_PERIODS // periods)
    tape = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=worlds)

    def rule(point: Array) -> CappedBaseStock:
        units = [np.asarray(each.units(need, x)) for each, x in zip(levels, point, strict=True)]
        return CappedBaseStock(*(np.rint(values) if scenario.whole else values for values in units))

    def costs(points: Array) -> Array:
        candidates = points.shape[1]
        one = rule(points)
        tiled = CappedBaseStock(np.tile(one.level, worlds), np.tile(one.cap, worlds))
        policy = ChainPolicy("", below, (_capped(scenario, own.tier, tiled),))
        found = mean_costs(policy, scenario, tape.repeated(candidates))
        return found.reshape(worlds, candidates).mean(axis=0)

    best = minimise(
        costs,
        [(level.low, level.high) for level in levels],
        start=np.array([level.auto(need) for level in levels]),
        seed=seed,
    )
    found = _capped(scenario, own.tier, rule(best))
    if own.echelon and not echelon:
        return found
    fresh = draw_tape(scenario, seed=seed, purpose=Purpose.TUNE, worlds=FRESH * worlds, episode=1)
    tried = (ChainPolicy("", below, (each,)) for each in (own, found))
    own_cost, cost = (mean_costs(policy, scenario, fresh).mean() for policy in tried)
    return found if cost < own_cost else own


def _capped(scenario: Scenario, tier: UpstreamTier, rule: CappedBaseStock) -> UpstreamRule:
    """The rule on the stock that the scenario's information lets the site see."""
    echelon = scenario.information == "shared"
    site = scenario.warehouse if tier == "warehouse" else scenario.supplier
    position = "echelon" if echelon else "local"
    like = site.model_copy(update={"rule": site.rule.model_copy(update={"position": position})})
    chain = scenario.model_copy(update={tier: like})
    return replace(UpstreamRule.of(chain, tier), rule=rule)
