"""Rules tuned for each row: the rivals of a network that is tuned for none.

Where a row's demand has a cycle, they are tuned for each of its slots too, as in the papers.
"""

import numpy as np

from benchmarks.measurement import EVALUATION_SEED
from inventory_env.description.population import Mixture
from inventory_env.description.rules import OrderRule
from inventory_env.frozen import Array
from inventory_env.simulation.tape import Purpose, Tape, draw_tape
from policies.policy import Policy
from policies.rollout import mean_costs
from policies.rules.by_slot import slots_of, tuned_by_slot
from policies.rules.rule_based import RulePolicy
from policies.rules.search import tuned_rules
from policies.rules.search_space import rule_of_worlds

TUNED_PERIODS = 16_000  # that a candidate level is judged on
CHOSEN_TAPES = 32  # of a row's tuning demand, that tell the better of two rules
CHOSEN_EPISODE = 3  # of tuning demand that no search has seen


def rival_costs(kind: str, by_slot: str, chains: Mixture, test: Tape) -> Array:
    """(chain, world) cost of the tuned rule of a kind; where a chain's demand has a cycle, of that
    or of one with levels by slot, whichever is cheaper on tuning demand.

    Args:
        kind: of rule.
        by_slot: kind of the rule with levels by slot.
        chains: of one store each.
        test: demand to be judged on, equally many worlds of each chain.
    """
    worlds = test.worlds // len(chains.members)
    rule = tuned_rules(kind, chains, seed=0, store_periods=TUNED_PERIODS)
    plain = RulePolicy(kind, rule_of_worlds(rule, worlds))
    costs = mean_costs(plain, chains, test).reshape(-1, worlds)
    cycles = [place for place, chain in enumerate(chains.members) if slots_of(chain) > 1]
    if not cycles:
        return np.asarray(costs)
    some = Mixture(tuple(chains.members[place] for place in cycles))
    slotted = tuned_by_slot(by_slot, some, seed=0, store_periods=TUNED_PERIODS)
    own = RulePolicy(kind, rule_of_worlds(_rows(rule, cycles), CHOSEN_TAPES))
    tuning = [_costs(each, some, CHOSEN_TAPES) for each in (own, slotted.in_worlds(CHOSEN_TAPES))]
    better = np.subtract(*tuning).mean(axis=1) > 0
    # A chain draws the same demand in any company.
    found = _costs(slotted.in_worlds(worlds), some, worlds, test=True)
    costs[cycles] = np.where(better[:, None], found, costs[cycles])
    return np.asarray(costs)


def _costs(policy: Policy, chains: Mixture, worlds: int, *, test: bool = False) -> Array:
    """(chain, world) cost on test demand, or on tuning demand that no search has seen."""
    count = worlds * len(chains.members)
    if test:
        tape = draw_tape(chains, seed=EVALUATION_SEED, purpose=Purpose.TEST, worlds=count)
    else:
        tape = draw_tape(chains, seed=0, purpose=Purpose.TUNE, worlds=count, episode=CHOSEN_EPISODE)
    return mean_costs(policy, chains, tape).reshape(-1, worlds)


def _rows(rule: OrderRule, places: list[int]) -> OrderRule:
    """The rule of some chains; levels are (chain, store)."""
    return type(rule)(**{name: levels[places] for name, levels in vars(rule).items()})
